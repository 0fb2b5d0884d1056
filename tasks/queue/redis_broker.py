"""A Redis broker whose idle workers are woken by the next message instead of polling for it.

Each message pushes a token on its queue's wake-up list. A consumer that finds its queue empty
waits for a token, so that it fetches within milliseconds; without one it looks again after the
worker's idle time-out, which keeps heartbeats and the recovery of dead workers' messages going.
"""

import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import redis
from dramatiq import Consumer, Message, MessageProxy
from dramatiq.brokers.redis import RedisBroker
from dramatiq.common import q_name
from dramatiq.errors import ConnectionClosed
from dramatiq.middleware import Middleware

from graphql_api.data.redis.connection import connect_sync
from tasks.queue.fair_queue import FairQueue

# A list of tokens is at most this long, as each costs an idle consumer one empty fetch.
TOKENS_KEPT = 64
TOKEN_LIFE_S = 30
# BLPOP takes 0 for ever.
SHORTEST_WAIT_S = 0.01


class BlockingRedisBroker(RedisBroker):
    """Dramatiq's Redis broker with consumers that wait for a wake-up.

    `prefetch` is the most messages of a queue that this process holds at once, by queue name;
    while `draining` is set nothing is fetched.

    Parameters:
        url: the Redis; the queues lie in its next database, as maintenance lists all keys there.
        timeout_s: time-out of one command.
        maintenance_chance: commands of a million that look for dead workers' messages.
        dead_message_life_ms: how long what failed for good is kept for people to look at.
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
        self.prefetch: dict[str, int] = {}
        self.fair_queue = FairQueue(self.client, self.namespace)
        self.draining = threading.Event()
        self._url, self._timeout_s = url, timeout_s

    @property
    def consumer_class(self) -> type[Consumer]:
        """The consumer that waits for a wake-up."""
        return BlockingRedisConsumer

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5000) -> Consumer:
        """Return a consumer of a queue that idles for at most `timeout` milliseconds."""
        bounded = min(prefetch, self.prefetch.get(queue_name, prefetch))
        return BlockingRedisConsumer(self, queue_name, bounded, timeout)

    def connect_waiting(self, longest_wait_s: float) -> redis.Redis:
        """Return a client whose commands may block for that long."""
        return connect_sync(
            self._url, timeout_s=self._timeout_s, block_s=longest_wait_s, database_offset=1
        )

    def wake_key(self, queue_name: str) -> str:
        """Return the key of a queue's wake-up tokens."""
        return f"{self.namespace}:{queue_name}.wake"

    def wake(self, queue_name: str) -> None:
        """Let one idle consumer of a queue look; does nothing while Redis is away."""
        key = self.wake_key(queue_name)
        pipeline = self.client.pipeline(transaction=False)
        pipeline.rpush(key, 1)
        pipeline.ltrim(key, -TOKENS_KEPT, -1)
        pipeline.expire(key, TOKEN_LIFE_S)
        with suppress(redis.RedisError):
            pipeline.execute()

    def do_enqueue(self, queue_name: str, message_id: str, data: bytes) -> None:
        """Append a message to its lane, or to the queue if it names none; wake a consumer.

        Delayed messages have no fair_queue: they enter theirs when they are due.
        """
        is_delayed = queue_name != q_name(queue_name)
        if is_delayed or not self.fair_queue.put(queue_name, message_id, data):
            self._dispatch("enqueue")(queue_name, message_id, data)  # type: ignore[no-untyped-call]
        self.wake(queue_name)

    def take(self, queue_name: str, room: int) -> list[bytes]:
        """Return at most `room` messages; with no room it still is a heartbeat.

        What was given back, or was a dead worker's, comes before the fair_queue: it had its turn. What
        of it this process is not able to run goes into its lane. Delayed messages have no fair_queue:
        whoever finds one holds it until it is due.
        """
        given_back = self._dispatch("fetch")(queue_name, room)  # type: ignore[no-untyped-call]
        # A message acknowledged by a worker that had been taken for dead has an id and no data.
        found = [data for data in given_back if data is not None]
        acks = f"{self.namespace}:__acks__.{self.broker_id}.{queue_name}"
        has_lanes = queue_name == q_name(queue_name)
        ours = [data for data in found if not has_lanes or self.fair_queue.can_run(data)]
        for data in found:
            if data not in ours:
                message_id = Message.decode(data).options["redis_message_id"]
                self.do_enqueue(queue_name, message_id, data)
                self.client.srem(acks, message_id)
        room -= len(ours)
        return ours + (self.fair_queue.take(queue_name, acks, room) if has_lanes and room else [])

    def others_wait(self, queue_name: str) -> bool:
        """Tell whether messages wait in fair_queue of a queue; False while Redis is away."""
        with suppress(redis.RedisError):
            return self.fair_queue.has_waiting(queue_name)
        return False

    def close(self) -> None:
        """Close the connections."""
        self.client.close()


class BlockingRedisConsumer(Consumer):
    """Messages of one queue, for one consumer thread; acknowledged from any thread."""

    def __init__(
        self, broker: BlockingRedisBroker, queue_name: str, prefetch: int, timeout_ms: int
    ) -> None:
        self._broker = broker
        self._queue_name = queue_name
        self._prefetch = prefetch
        self._longest_wait_s = timeout_ms / 1000
        self._waiting = broker.connect_waiting(self._longest_wait_s)
        self._fetched: deque[Message[Any]] = deque()
        # Ids of the messages handed out, and when those that are delayed are due (epoch ms).
        self._held: dict[str, float | None] = {}
        self._freed = threading.Event()

    def __next__(self) -> MessageProxy | None:
        """Return the next message, or None after having waited for one."""
        with _as_closed():
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
        """Give messages back unprocessed, for any worker."""
        self._requeue([_redis_id(message) for message in messages])

    def close(self) -> None:
        """Give back what was fetched and not handed out, and close the connection."""
        fetched = [_redis_id(message) for message in self._fetched]
        self._fetched.clear()
        with suppress(ConnectionClosed):
            self._requeue(fetched)
        self._waiting.close()

    def _fetch(self) -> list[Message[Any]]:
        """Fetch what this process has room for; with no room it still is a heartbeat."""
        room = 0 if self._broker.draining.is_set() else self._prefetch - len(self._held)
        return [Message.decode(data) for data in self._broker.take(self._queue_name, max(0, room))]

    def _wait(self) -> None:
        wait_s = max(SHORTEST_WAIT_S, min(self._longest_wait_s, self._until_due_s()))
        if self._broker.draining.is_set() or len(self._held) >= self._prefetch:
            self._freed.wait(wait_s)
            self._freed.clear()
        else:
            self._waiting.blpop([self._broker.wake_key(self._queue_name)], timeout=wait_s)

    def _until_due_s(self) -> float:
        dues = [due for due in self._held.copy().values() if isinstance(due, int | float)]
        return min(dues) / 1000 - time.time() if dues else self._longest_wait_s

    def _finish(self, command: str, message: MessageProxy) -> None:
        message_id = _redis_id(message)
        try:
            with _as_closed():
                getattr(self._broker, f"do_{command}")(self._queue_name, message_id)
        finally:
            self._held.pop(message_id, None)
            self._freed.set()

    def _requeue(self, message_ids: list[str]) -> None:
        if not message_ids:
            return
        with _as_closed():
            self._broker.do_requeue(self._queue_name, *message_ids)
            for _ in message_ids:
                self._broker.wake(self._queue_name)
        for message_id in message_ids:
            self._held.pop(message_id, None)


def _redis_id(message: Message[Any] | MessageProxy) -> str:
    # A message keeps its own id over retries; this one names its place in the queue.
    return str(message.options["redis_message_id"])


@contextmanager
def _as_closed() -> Iterator[None]:
    """Name every failure of Redis in the way that makes dramatiq connect again.

    Of the others it lets a consumer thread die: a Redis that is full for a moment, or a replica for
    a moment, must not end a worker.

    Raises:
        ConnectionClosed: Redis went away, did not answer in time, or refused.
    """
    try:
        yield
    except redis.RedisError as error:
        raise ConnectionClosed(error) from None  # type: ignore[no-untyped-call]
