"""Telling workers that an execution or a job has ended without them, so that they stop at once.

A signal only makes the worker that has it look at its claim now instead of at its next renewal. The
table decides: a signal that is lost, late or false does no harm.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import redis.asyncio
import structlog
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from graphql_api.config import Settings

CHANNEL = "algoitny:ended"
# How long one wait for a signal lasts, and the pause before a lost connection is made anew.
LISTEN_S = 5.0
RECONNECT_S = 1.0
# Stands in the place of the user id where a job has ended.
JOB = "job"

_log = structlog.stdlib.get_logger(__name__)


def signal(uid: str, ulid: str) -> str:
    """Return what is published on `CHANNEL` when an execution, or a job, has ended."""
    return f"{uid} {ulid}"


class Cancellations:
    """What this process works on, each with the event that makes it look."""

    def __init__(self) -> None:
        self._events: dict[str, set[asyncio.Event]] = {}

    @contextmanager
    def on(self, uid: str, ulid: str) -> Iterator[asyncio.Event]:
        """Return an event that is set whenever a signal names this; of a job `uid` is `JOB`."""
        name, event = signal(uid, ulid), asyncio.Event()
        self._events.setdefault(name, set()).add(event)
        try:
            yield event
        finally:
            self._events[name].discard(event)
            if not self._events[name]:
                del self._events[name]

    def notify(self, name: str) -> None:
        """Let those that work on what a signal names look; mostly there are none."""
        for event in self._events.get(name, ()):
            event.set()

    def notify_all(self) -> None:
        """Let all look: signals may have been missed."""
        for name in self._events:
            self.notify(name)


async def listen_for_ever(settings: Settings, cancellations: Cancellations) -> None:
    """Pass signals on until cancelled; while Redis is away, only renewals notice an end."""
    timeout_s = settings.redis_timeout_ms / 1000
    client = redis.asyncio.Redis.from_url(
        settings.redis_url,
        socket_connect_timeout=timeout_s,
        socket_timeout=timeout_s,
        health_check_interval=LISTEN_S,
        retry=Retry(NoBackoff(), 0),
    )
    async with client:
        while True:
            try:
                await _listen(client, cancellations)
            except RedisError as error:
                _log.warning("signals not heard", reason=str(error))
                await asyncio.sleep(RECONNECT_S)


async def _listen(client: redis.asyncio.Redis, cancellations: Cancellations) -> None:
    async with client.pubsub() as subscription:
        await subscription.subscribe(CHANNEL)
        while True:
            message = await subscription.get_message(timeout=LISTEN_S)
            if message is None:
                continue
            if message["type"] == "subscribe":
                # Whatever was published before this was not heard.
                cancellations.notify_all()
            else:
                cancellations.notify(message["data"].decode())
