"""Connections to Redis. All clients have the same retry policy and time-out.

If Redis has closed a connection, the client reconnects once, without a pause. A command that timed
out is not repeated. So if Redis is unreachable, the caller waits for one time-out only. The number
of connections of an asynchronous client is limited. If all connections are in use, a command waits
for a free connection.
"""

from typing import Any

import redis
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.retry import Retry

from graphql_api.config import Settings

RECONNECTS = 1
# Connections of one client. Commands take less than a millisecond, so few connections are enough
# for many callers.
MAX_CONNECTIONS = 16
# Maximum time that a command waits for a free connection.
POOL_WAIT_S = 5.0


def connect(
    settings: Settings, *, reconnects: int = RECONNECTS, health_check_s: float = 0
) -> Redis:
    """Return an asynchronous client of the Redis server in the settings.

    The client connects at the first command. If all `MAX_CONNECTIONS` connections are in use, a
    command waits for a free connection for up to `POOL_WAIT_S` seconds. `reconnects` is the number
    of reconnects after a lost connection. A connection that was idle for `health_check_s` seconds
    is checked before its next use. With 0, connections are not checked.
    """
    pool = BlockingConnectionPool.from_url(
        settings.redis_url,
        max_connections=MAX_CONNECTIONS,
        timeout=POOL_WAIT_S,
        health_check_interval=health_check_s,
        **_options(AsyncRetry, settings.redis_timeout_ms / 1000, reconnects=reconnects),
    )
    return Redis.from_pool(pool)


def connect_sync(
    url: str, *, timeout_s: float, block_s: float = 0, database_offset: int = 0
) -> redis.Redis:
    """Return a synchronous client whose commands may block for up to `block_s` seconds.

    `database_offset` is added to the database number in the URL.
    """
    pool = redis.ConnectionPool.from_url(url, **_options(Retry, timeout_s, block_s=block_s))
    pool.connection_kwargs["db"] = int(pool.connection_kwargs.get("db") or 0) + database_offset
    return redis.Redis(connection_pool=pool)


def _options(
    retry: type[Retry | AsyncRetry],
    timeout_s: float,
    *,
    block_s: float = 0,
    reconnects: int = RECONNECTS,
) -> dict[str, Any]:
    return {
        "socket_connect_timeout": timeout_s,
        "socket_timeout": timeout_s + block_s,
        "retry": retry(NoBackoff(), reconnects, supported_errors=(RedisConnectionError,)),
    }
