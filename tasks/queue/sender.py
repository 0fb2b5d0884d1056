"""Messages to workers: ids only. What they stand for lies in the table."""

import asyncio
import time
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import structlog
from dramatiq import BrokerConnectionError, Message
from redis import RedisError

from graphql_api.config import Settings
from graphql_api.data.clock import now_ms
from tasks.queue import fair_queue
from tasks.queue.broker import make_broker
from tasks.queue.cancellations import CHANNEL, JOB, signal
from tasks.queue.redis_broker import BlockingRedisBroker

EXECUTION_QUEUE = "execution"
EXECUTION_ACTOR = "execute_submission"
RUN_QUEUE = "run"
RUN_ACTOR = "run_code"
BULK_QUEUE = "bulk"
JOB_ACTOR = "work_on_job"

# At once, each bounded by the time-out of its Redis commands.
SENDERS = 4
# After a failure nothing is sent for so long, so that callers do not queue for one time-out each.
CIRCUIT_OPEN_S = 1.0

_SEND_ERRORS = (RedisError, BrokerConnectionError, OSError)

_log = structlog.stdlib.get_logger(__name__)


def execution_message(uid: str, ulid: str, required: Collection[str]) -> Message[Any]:
    """Return the message that has one execution judged by a worker with the languages it required."""
    return Message(
        queue_name=EXECUTION_QUEUE,
        actor_name=EXECUTION_ACTOR,
        args=(),
        kwargs={"uid": uid, "ulid": ulid, "sent_at_ms": now_ms()},
        options=fair_queue.options(uid, required, dedup_key=ulid),
    )


def run_message(uid: str, run_id: str, language: str) -> Message[Any]:
    """Return the message that has code run on its author's own input."""
    return Message(
        queue_name=RUN_QUEUE,
        actor_name=RUN_ACTOR,
        args=(),
        kwargs={"uid": uid, "run_id": run_id, "sent_at_ms": now_ms()},
        options=fair_queue.options(uid, {language}, dedup_key=run_id),
    )


def job_message(uid: str, ulid: str, required: Collection[str]) -> Message[Any]:
    """Return the message that has a job worked on; `uid` asked for it."""
    return Message(
        queue_name=BULK_QUEUE,
        actor_name=JOB_ACTOR,
        args=(),
        kwargs={"ulid": ulid},
        options=fair_queue.options(uid, required, dedup_key=ulid),
    )


class TaskSender:
    """Sends without blocking the event loop and without ever failing its caller.

    The record in the table is what counts: the sweeper sends again what was not sent.
    """

    def __init__(self, settings: Settings, broker: BlockingRedisBroker | None = None) -> None:
        self._broker = broker or make_broker(settings)
        self._owns_broker = broker is None
        self._threads = ThreadPoolExecutor(SENDERS, thread_name_prefix="sender")
        self._open_until = 0.0

    async def send_execution(
        self,
        uid: str,
        ulid: str,
        language: str,
        *,
        required: Collection[str] = (),
        delay_ms: int | None = None,
    ) -> None:
        """Ask for an execution to be judged, at the earliest after `delay_ms`.

        `required` are languages that its worker must have besides that of the submission.
        """
        message = execution_message(uid, ulid, {language, *required})
        enqueue = partial(self._broker.enqueue, message, delay=delay_ms)
        await self._send(enqueue, **message.kwargs)

    async def send_run(
        self, uid: str, run_id: str, language: str, *, delay_ms: int | None = None
    ) -> bool:
        """Ask for code to be run; False where that could not be sent, and nothing will come."""
        message = run_message(uid, run_id, language)
        enqueue = partial(self._broker.enqueue, message, delay=delay_ms)
        return await self._send(enqueue, **message.kwargs)

    async def send_job(
        self, uid: str, ulid: str, *, required: Collection[str] = (), delay_ms: int | None = None
    ) -> None:
        """Ask for a job to be worked on by a worker with those languages, after `delay_ms`."""
        message = job_message(uid, ulid, required)
        await self._send(partial(self._broker.enqueue, message, delay=delay_ms), job=ulid)

    async def send_job_end(self, ulid: str) -> None:
        """Let the worker that has a job notice at once that it was ended."""
        await self.send_end(JOB, ulid)

    async def send_end(self, uid: str, ulid: str) -> None:
        """Let the worker that has an execution notice at once that it was ended."""
        publish = partial(self._broker.client.publish, CHANNEL, signal(uid, ulid))
        await self._send(publish, uid=uid, ulid=ulid)

    async def _send(self, send: Callable[[], object], **names: Any) -> bool:
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._threads, self._try, send)
        except _SEND_ERRORS as error:
            _log.warning("message not sent", error=str(error), **names)
            return False
        return True

    def _try(self, send: Callable[[], object]) -> None:
        if time.monotonic() < self._open_until:
            raise BrokerConnectionError("Redis failed a moment ago")  # type: ignore[no-untyped-call]
        try:
            send()
        except _SEND_ERRORS:
            self._open_until = time.monotonic() + CIRCUIT_OPEN_S
            raise

    async def aclose(self) -> None:
        """Wait for what is being sent and close the connections."""
        await asyncio.to_thread(self._threads.shutdown)
        if self._owns_broker:
            self._broker.close()
