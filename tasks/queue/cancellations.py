"""Cancellations: notifications that an execution or a job has ended, so that its worker stops.

A worker that receives a cancellation checks its claim immediately instead of at the next renewal.
Only the table decides whether the claim is lost. So a missing, late or wrong cancellation does no
harm.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import redis.asyncio
import structlog
from redis.exceptions import RedisError

from graphql_api.config import Settings
from graphql_api.data.redis.connection import connect

CHANNEL = "algoitny:ended"
# Maximum wait for one notification.
LISTEN_S = 5.0
# Pause before a lost connection is opened again.
RECONNECT_S = 1.0
# Used instead of the user id in the cancellation of a job.
JOB = "job"

_log = structlog.stdlib.get_logger(__name__)


def format_cancellation(uid: str, ulid: str) -> str:
    """Return the text that is published on `CHANNEL` when an execution or a job has ended.

    For a job, `uid` is `JOB`.
    """
    return f"{uid} {ulid}"


class Cancellations:
    """The executions and jobs on which this process works, each with an event.

    When the event is set, the process checks whether it still has the claim (the right to work on
    the execution or job).
    """

    def __init__(self) -> None:
        self._events: dict[str, set[asyncio.Event]] = {}

    @contextmanager
    def watch(self, uid: str, ulid: str) -> Iterator[asyncio.Event]:
        """Yield an event that is set by each cancellation of this execution or job.

        For a job, `uid` is `JOB`.
        """
        cancellation, event = format_cancellation(uid, ulid), asyncio.Event()
        self._events.setdefault(cancellation, set()).add(event)
        try:
            yield event
        finally:
            self._events[cancellation].discard(event)
            if not self._events[cancellation]:
                del self._events[cancellation]

    def notify(self, cancellation: str) -> None:
        """Set the events of the execution or job that the text `cancellation` names.

        Do nothing if this process is not working on this execution or job.
        """
        for event in self._events.get(cancellation, ()):
            event.set()

    def notify_all(self) -> None:
        """Set all events, because cancellations may have been missed."""
        for cancellation in self._events:
            self.notify(cancellation)


async def listen_forever(settings: Settings, cancellations: Cancellations) -> None:
    """Receive cancellations until this task is cancelled.

    While Redis is unavailable, no cancellations arrive. A worker that has lost a claim
    then detects this only when it tries to renew the claim.
    """
    # The client does not reconnect by itself, so that the loop below can log each lost connection.
    client = connect(settings, reconnects=0, health_check_s=LISTEN_S)
    async with client:
        while True:
            try:
                await _listen(client, cancellations)
            except RedisError as error:
                _log.warning(
                    "The worker does not receive cancellations, because the connection to Redis "
                    "failed. The worker connects again.",
                    reason=str(error),
                )
                await asyncio.sleep(RECONNECT_S)


async def _listen(client: redis.asyncio.Redis, cancellations: Cancellations) -> None:
    async with client.pubsub() as subscription:
        await subscription.subscribe(CHANNEL)
        while True:
            message = await subscription.get_message(timeout=LISTEN_S)
            if message is None:
                continue
            if message["type"] == "subscribe":
                # Cancellations that were published before the subscription were not received.
                cancellations.notify_all()
            else:
                cancellations.notify(message["data"].decode())
