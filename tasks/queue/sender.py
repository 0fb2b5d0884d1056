"""The sender of messages to workers. Messages contain only ids, and the data is in the table."""

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
from tasks.queue.cancellations import CHANNEL, JOB, format_cancellation
from tasks.queue.redis_broker import BlockingRedisBroker

EXECUTION_QUEUE = "execution"
EXECUTION_ACTOR = "execute_submission"
RUN_QUEUE = "run"
RUN_ACTOR = "run_code"
BULK_QUEUE = "bulk"
JOB_ACTOR = "work_on_job"

# Maximum number of messages that are sent at the same time. The time-out of Redis commands limits
# the time of each send.
SENDERS = 4
# A circuit breaker: after a failure of Redis, nothing is sent for this time. Otherwise each caller
# would wait until its own command times out.
CIRCUIT_OPEN_S = 1.0

_SEND_ERRORS = (RedisError, BrokerConnectionError, OSError)

_log = structlog.stdlib.get_logger(__name__)


def execution_message(uid: str, ulid: str, required: Collection[str]) -> Message[Any]:
    """Return the message for an execution, for a worker that has the languages in `required`."""
    return Message(
        queue_name=EXECUTION_QUEUE,
        actor_name=EXECUTION_ACTOR,
        args=(),
        kwargs={"uid": uid, "ulid": ulid, "sent_at_ms": now_ms()},
        options=fair_queue.message_options(uid, required, dedup_key=ulid),
    )


def run_message(uid: str, run_id: str, language: str) -> Message[Any]:
    """Return the message for a custom run, for a worker that has the language `language`."""
    return Message(
        queue_name=RUN_QUEUE,
        actor_name=RUN_ACTOR,
        args=(),
        kwargs={"uid": uid, "run_id": run_id, "sent_at_ms": now_ms()},
        options=fair_queue.message_options(uid, {language}, dedup_key=run_id),
    )


def job_message(uid: str, ulid: str, required: Collection[str]) -> Message[Any]:
    """Return the message that sends a job to a worker with the languages in `required`.

    `uid` is the user who has started the job.
    """
    return Message(
        queue_name=BULK_QUEUE,
        actor_name=JOB_ACTOR,
        args=(),
        kwargs={"ulid": ulid},
        options=fair_queue.message_options(uid, required, dedup_key=ulid),
    )


class TaskSender:
    """A sender of messages that does not block the event loop and raises no exceptions.

    If the message of an execution or job was not sent, the sweeper sends a new message later.
    Custom runs and cancellations are not sent again.
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
        """Send an execution to the workers.

        `required` contains the languages that the worker must have in addition to `language`.
        `delay_ms` is the delay of the message (None: no delay).
        """
        message = execution_message(uid, ulid, {language, *required})
        enqueue = partial(self._broker.enqueue, message, delay=delay_ms)
        await self._send(enqueue, **message.kwargs)

    async def send_run(
        self, uid: str, run_id: str, language: str, *, delay_ms: int | None = None
    ) -> bool:
        """Send a custom run to the workers.

        `delay_ms` is the delay of the message (None: no delay). Return False if the message was not
        sent. In this case, no worker will execute the run.
        """
        message = run_message(uid, run_id, language)
        enqueue = partial(self._broker.enqueue, message, delay=delay_ms)
        return await self._send(enqueue, **message.kwargs)

    async def send_job(
        self, uid: str, ulid: str, *, required: Collection[str] = (), delay_ms: int | None = None
    ) -> None:
        """Send a job to a worker that has the languages in `required`.

        `delay_ms` is the delay of the message (None: no delay).
        """
        message = job_message(uid, ulid, required)
        await self._send(partial(self._broker.enqueue, message, delay=delay_ms), job=ulid)

    async def send_job_cancellation(self, ulid: str) -> None:
        """Notify the job's worker that the job has ended."""
        await self.send_cancellation(JOB, ulid)

    async def send_cancellation(self, uid: str, ulid: str) -> None:
        """Notify the execution's worker that the execution has ended."""
        publish = partial(self._broker.client.publish, CHANNEL, format_cancellation(uid, ulid))
        await self._send(publish, uid=uid, ulid=ulid)

    async def _send(self, send: Callable[[], object], **log_fields: Any) -> bool:
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._threads, self._try, send)
        except _SEND_ERRORS as error:
            _log.warning("The message was not sent.", error=str(error), **log_fields)
            return False
        return True

    def _try(self, send: Callable[[], object]) -> None:
        if time.monotonic() < self._open_until:
            raise BrokerConnectionError(  # type: ignore[no-untyped-call]
                f"The message was not sent, because Redis failed less than {CIRCUIT_OPEN_S:g} s "
                "ago."
            )
        try:
            send()
        except _SEND_ERRORS:
            self._open_until = time.monotonic() + CIRCUIT_OPEN_S
            raise

    async def aclose(self) -> None:
        """Wait until the started send operations have ended, and close the connections."""
        await asyncio.to_thread(self._threads.shutdown)
        if self._owns_broker:
            self._broker.close()
