"""A Redis broker whose idle consumers block until the next message arrives, instead of polling.

For each message, a token is pushed to the wake-up list of the message's queue. A consumer with an
empty queue blocks until a token arrives, so it fetches the message within milliseconds. If no token
arrives before the worker's idle time-out, the consumer fetches anyway. Each fetch also sends a
heartbeat and recovers the messages of dead workers.
"""

import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

import redis
from dramatiq import Consumer, Message, MessageProxy
from dramatiq.brokers.redis import RedisBroker
from dramatiq.common import q_name
from dramatiq.errors import ConnectionClosed
from dramatiq.middleware import Middleware

from graphql_api.data.redis.connection import connect_sync
from tasks.queue.fair_queue import MESSAGE_ID, FairQueue, Places

# Maximum length of a list of tokens. Each surplus token causes one empty fetch.
TOKENS_KEPT = 64
TOKEN_LIFE_S = 30
# Pause between two searches for messages while only reserved places are free.
RESERVED_POLL_S = 0.1
# Shortest wait, because a time-out of 0 makes BLPOP wait forever.
SHORTEST_WAIT_S = 0.01


class BlockingRedisBroker(RedisBroker):
    """Dramatiq's Redis broker with consumers that block until a message arrives.

    `places` maps the name of a queue to limits on the number of messages that this process holds.
    While `draining` is set, no messages are fetched.

    Parameters:
        url: the URL of Redis. The queues are not in the database of the URL but in the database
            with the next number, because dramatiq's maintenance reads all keys of a database.
        timeout_s: time-out of one command.
        heartbeat_timeout_ms: time without heartbeats after which a worker counts as dead.
        maintenance_chance: the number of fetches, out of a million, that also look for messages of
            dead workers.
        dead_message_life_ms: time for which a message is kept for inspection after its last attempt
            failed.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout_s: float,
        middleware: list[Middleware],
        heartbeat_timeout_ms: int,
        maintenance_chance: int,
        dead_message_life_ms: int,
    ) -> None:
        super().__init__(  # type: ignore[no-untyped-call]
            client=connect_sync(url, timeout_s=timeout_s, database_offset=1),
            middleware=middleware,
            heartbeat_timeout=heartbeat_timeout_ms,
            maintenance_chance=maintenance_chance,
            dead_message_ttl=dead_message_life_ms,
        )
        self.places: dict[str, Places] = {}
        self.fair_queue = FairQueue(self.client, self.namespace, self.broker_id)
        self.draining = threading.Event()
        self._url, self._timeout_s = url, timeout_s

    @property
    def consumer_class(self) -> type[Consumer]:
        """The class of this broker's consumers."""
        return BlockingRedisConsumer

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5000) -> Consumer:
        """Return a consumer of a queue.

        The consumer waits for a message for at most `timeout` milliseconds, and holds at most
        `prefetch` messages.
        """
        places = self.places.get(queue_name, Places(prefetch))
        bounded = replace(places, total=min(prefetch, places.total))
        return BlockingRedisConsumer(self, queue_name, bounded, timeout)

    def connect_blocking(self, longest_wait_s: float) -> redis.Redis:
        """Return a client whose commands may block for up to `longest_wait_s` seconds."""
        return connect_sync(
            self._url, timeout_s=self._timeout_s, block_s=longest_wait_s, database_offset=1
        )

    def wake_key(self, queue_name: str) -> str:
        """Return the Redis key of the list on which the idle consumers of a queue wait."""
        return f"{self.namespace}:{queue_name}.wake"

    def wake(self, queue_name: str) -> None:
        """Wake one idle consumer of a queue. Do nothing if Redis is unavailable."""
        key = self.wake_key(queue_name)
        pipeline = self.client.pipeline(transaction=False)
        pipeline.rpush(key, 1)
        pipeline.ltrim(key, -TOKENS_KEPT, -1)
        pipeline.expire(key, TOKEN_LIFE_S)
        with suppress(redis.RedisError):
            pipeline.execute()

    def do_enqueue(self, queue_name: str, message_id: str, data: bytes) -> None:
        """Add a message to its lane (the waiting messages of one user), and wake a consumer.

        A message without a lane is added to dramatiq's own queue. A delayed message is added to its
        lane only when it is due.
        """
        is_delayed = queue_name != q_name(queue_name)
        if is_delayed or not self.fair_queue.put(queue_name, message_id, data):
            self._dispatch("enqueue")(queue_name, message_id, data)  # type: ignore[no-untyped-call]
        self.wake(queue_name)

    def take(self, queue_name: str, room: int, places: Places) -> list[bytes]:
        """Return at most `room` messages and send a heartbeat.

        If `room` is 0, only send the heartbeat. A lane contains the waiting messages of one user.
        A message that a worker gave back goes to the beginning of its lane, and so does a message
        of a dead worker. A delayed message is not in a lane. The worker that fetches a delayed
        message holds the message until it is due.
        """
        given_back = self._dispatch("fetch")(queue_name, room)  # type: ignore[no-untyped-call]
        # A message has an id but no data if a worker that was considered dead has acknowledged the
        # message.
        returned = [data for data in given_back if data is not None]
        if queue_name != q_name(queue_name):
            return returned
        ours = [data for data in returned if not self.fair_queue.put_back(queue_name, data)]
        room -= len(ours)
        return ours + (self.fair_queue.take(queue_name, room, places) if room else [])

    def has_waiting(self, queue_name: str) -> bool:
        """Return whether a message is waiting in any lane of a queue (one lane for each user).

        Return False if Redis is unavailable.
        """
        with suppress(redis.RedisError):
            return self.fair_queue.has_waiting(queue_name)
        return False

    def close(self) -> None:
        """Close the connections to Redis."""
        self.client.close()


class BlockingRedisConsumer(Consumer):
    """A consumer of one queue, used by one thread. Any thread may acknowledge messages."""

    def __init__(
        self, broker: BlockingRedisBroker, queue_name: str, places: Places, timeout_ms: int
    ) -> None:
        self._broker = broker
        self._queue_name = queue_name
        self._places = places
        self._longest_wait_s = timeout_ms / 1000
        self._blocking = broker.connect_blocking(self._longest_wait_s)
        self._fetched: deque[Message[Any]] = deque()
        # The messages that this consumer holds: the id of each message and, for a delayed message,
        # the time at which it is due (epoch ms).
        self._held: dict[str, float | None] = {}
        self._freed = threading.Event()

    def __next__(self) -> MessageProxy | None:
        """Return the next message, or None if no message arrived within the time-out."""
        with _raise_connection_closed():
            if not self._fetched:
                self._fetched.extend(self._fetch())
            if not self._fetched:
                self._wait()
                return None
        message = self._fetched.popleft()
        self._held[_redis_id(message)] = message.options.get("eta")
        return MessageProxy(message)

    def ack(self, message: MessageProxy) -> None:
        """Remove a processed message."""
        self._finish("ack", message)

    def nack(self, message: MessageProxy) -> None:
        """Move a failed message to the dead-letter queue."""
        self._finish("nack", message)

    def requeue(self, messages: Iterable[MessageProxy]) -> None:
        """Give back messages that no thread has begun to process.

        Any worker can then fetch them.
        """
        self._requeue([_redis_id(message) for message in messages])

    def close(self) -> None:
        """Give back the fetched messages that have not started, and close the connection."""
        fetched = [_redis_id(message) for message in self._fetched]
        self._fetched.clear()
        with suppress(ConnectionClosed):
            self._requeue(fetched)
        self._blocking.close()

    def _fetch(self) -> list[Message[Any]]:
        """Fetch as many messages as this process can take now. Send a heartbeat in any case."""
        room = 0 if self._broker.draining.is_set() else max(0, self._free_places())
        taken = self._broker.take(self._queue_name, room, self._places)
        return [Message.decode(data) for data in taken]

    def _free_places(self) -> int:
        return self._places.total - len(self._held)

    def _wait(self) -> None:
        wait_s = max(SHORTEST_WAIT_S, min(self._longest_wait_s, self._until_due_s()))
        free = self._free_places()
        if not self._broker.draining.is_set() and free > self._places.reserved:
            self._blocking.blpop([self._broker.wake_key(self._queue_name)], timeout=wait_s)
            return
        # Do not take a token, because other workers may be able to take messages of all lanes.
        is_closed = self._broker.draining.is_set() or free <= 0
        self._freed.wait(wait_s if is_closed else min(wait_s, RESERVED_POLL_S))
        self._freed.clear()

    def _until_due_s(self) -> float:
        dues = [due for due in self._held.copy().values() if isinstance(due, int | float)]
        return min(dues) / 1000 - time.time() if dues else self._longest_wait_s

    def _finish(self, command: str, message: MessageProxy) -> None:
        message_id = _redis_id(message)
        try:
            with _raise_connection_closed():
                getattr(self._broker, f"do_{command}")(self._queue_name, message_id)
        finally:
            self._held.pop(message_id, None)
            self._freed.set()

    def _requeue(self, message_ids: list[str]) -> None:
        if not message_ids:
            return
        with _raise_connection_closed():
            self._broker.do_requeue(self._queue_name, *message_ids)
            for _ in message_ids:
                self._broker.wake(self._queue_name)
        for message_id in message_ids:
            self._held.pop(message_id, None)


def _redis_id(message: Message[Any] | MessageProxy) -> str:
    # The message's own id stays the same when the message is retried. This id is different for each
    # retry.
    return str(message.options[MESSAGE_ID])


@contextmanager
def _raise_connection_closed() -> Iterator[None]:
    """Convert each Redis error to ConnectionClosed. dramatiq then opens a new connection.

    Any other exception would end dramatiq's consumer thread. A Redis that is full or read-only for
    a short time must not end a worker.

    Raises:
        ConnectionClosed: Redis is unavailable, did not answer in time, or rejected the command.
    """
    try:
        yield
    except redis.RedisError as error:
        raise ConnectionClosed(error) from None  # type: ignore[no-untyped-call]
