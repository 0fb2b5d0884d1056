"""Messages to workers: ids only. What they stand for lies in the table."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import structlog
from dramatiq import Broker, BrokerConnectionError, Message
from redis import RedisError

from graphql_api.config import Settings
from graphql_api.data.clock import now_ms
from tasks.broker import make_broker

EXECUTION_QUEUE = "execution"
EXECUTION_ACTOR = "execute_submission"

# At once, each bounded by the time-out of its Redis commands.
SENDERS = 4
# After a failure nothing is sent for so long, so that callers do not queue for one time-out each.
REST_S = 1.0

_SEND_ERRORS = (RedisError, BrokerConnectionError, OSError)

_log = structlog.stdlib.get_logger(__name__)


def execution_message(uid: str, ulid: str) -> Message[Any]:
    """Return the message that has one execution judged."""
    return Message(
        queue_name=EXECUTION_QUEUE,
        actor_name=EXECUTION_ACTOR,
        args=(),
        kwargs={"uid": uid, "ulid": ulid, "sent_at_ms": now_ms()},
        options={},
    )


class DramatiqOutbox:
    """Sends without blocking the event loop and without ever failing its caller.

    The record in the table is what counts: the sweeper sends again what was not sent.
    """

    def __init__(self, settings: Settings, broker: Broker | None = None) -> None:
        self._broker = broker or make_broker(settings)
        self._owns_broker = broker is None
        self._threads = ThreadPoolExecutor(SENDERS, thread_name_prefix="outbox")
        self._rests_until = 0.0

    async def send_execution(self, uid: str, ulid: str, *, delay_ms: int | None = None) -> None:
        """Ask for an execution to be judged, at the earliest after `delay_ms`."""
        await self._send(execution_message(uid, ulid), delay_ms)

    async def _send(self, message: Message[Any], delay_ms: int | None) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._threads, self._enqueue, message, delay_ms)
        except _SEND_ERRORS as error:
            _log.warning("message not sent", error=str(error), **message.kwargs)

    def _enqueue(self, message: Message[Any], delay_ms: int | None) -> None:
        if time.monotonic() < self._rests_until:
            raise BrokerConnectionError("Redis failed a moment ago")  # type: ignore[no-untyped-call]
        try:
            self._broker.enqueue(message, delay=delay_ms)
        except _SEND_ERRORS:
            self._rests_until = time.monotonic() + REST_S
            raise

    async def aclose(self) -> None:
        """Wait for what is being sent and close the connections."""
        await asyncio.to_thread(self._threads.shutdown)
        if self._owns_broker:
            self._broker.close()
