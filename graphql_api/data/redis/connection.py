"""Connections to Redis. All clients have the same retry policy and time-out.

If Redis has closed a connection, the client connects again once, without a pause. A command that
timed out is not repeated, so an unreachable Redis costs the caller one time-out.
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


def connect(
    settings: Settings, *, reconnects: int = RECONNECTS, health_check_s: float = 0
) -> Redis:
    """Return a client of the Redis that the settings name. It connects at its first command.

    A connection that was idle for `health_check_s` seconds is checked before its next use. With 0,
    connections are not checked.
    """
    client: Redis = Redis.from_url(
        settings.redis_url,
        health_check_interval=health_check_s,
        **_options(AsyncRetry, settings.redis_timeout_ms / 1000, reconnects=reconnects),
    )
    return client


def connect_blocking(settings: Settings, *, block_s: float, max_connections: int) -> Redis:
    """Return a client whose commands may block for up to `block_s` seconds.

    If all connections are in use, a command waits up to `block_s` seconds for a free connection.
    """
    options = _options(AsyncRetry, settings.redis_timeout_ms / 1000, block_s=block_s)
    pool = BlockingConnectionPool.from_url(
        settings.redis_url, max_connections=max_connections, timeout=block_s, **options
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
