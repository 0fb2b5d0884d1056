"""Jobs on a worker: claimed with a lease, worked on by the handler of their kind, ended once.

A job that is cancelled, or whose lease another worker took, is left alone at once. One that is
interrupted goes on from the last checkpoint that its handler left.
"""

import asyncio
from collections.abc import Collection, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from threading import Event
from typing import Any, Protocol

import structlog
from ulid import ULID

from graphql_api.config import Settings
from graphql_api.data.clock import Clock, now_ms
from graphql_api.data.enums import JobKind, JobStatus
from graphql_api.data.errors import Conflict, DomainError, NotFound
from graphql_api.data.jobs import JobStore
from graphql_api.data.records import Job
from judge.models import JudgeCancelled
from tasks.handlers.leases import PASSED_ON_MS, RELEASED_MS, keep_renewed
from tasks.queue.cancellations import JOB, Cancellations
from tasks.queue.sender import TaskSender

ATTEMPTS_EXHAUSTED = "This was begun {cap} times without getting on, so it was given up."

_log = structlog.stdlib.get_logger(__name__)


class JobFailed(Exception):
    """Working on it again would not help; the message is for people."""


class JobPaused(Exception):
    """The work is to go on from its checkpoint, by a worker with the languages that it `required`."""

    def __init__(self, required: Collection[str] = ()) -> None:
        super().__init__(*required)
        self.required = required


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at a job; `lost` is set when the job is not this worker's any more."""

    job: Job
    parameters: Mapping[str, Any]
    lost: Event
    store: JobStore

    async def progress(
        self, message: str, percent: int, checkpoint: Mapping[str, Any] | None = None
    ) -> None:
        """Tell how far the work is; with a checkpoint, where the next attempt begins.

        Raises:
            JudgeCancelled: the job is not this worker's any more.
        """
        try:
            await self.store.progress(
                self.job.ulid, self.job.attempt, message, percent, checkpoint=checkpoint
            )
        except (Conflict, NotFound):
            self.lost.set()
        self.check()

    def check(self) -> None:
        """Raise JudgeCancelled when the job is not this worker's any more."""
        if self.lost.is_set():
            raise JudgeCancelled


class Handler(Protocol):
    """Works on jobs of one kind."""

    async def work(self, attempt: Attempt) -> Mapping[str, Any]:
        """Return the result.

        Raises:
            JobFailed: it is to end as FAILED.
            JobPaused: it is to go on later, or elsewhere.
            JudgeCancelled: the job is not this worker's any more.
        """


class Jobs:
    """Jobs on one worker process."""

    def __init__(
        self,
        *,
        settings: Settings,
        store: JobStore,
        sender: TaskSender,
        cancellations: Cancellations,
        handlers: Mapping[JobKind, Handler],
        clock: Clock = now_ms,
    ) -> None:
        self._store, self._sender, self._nudges = store, sender, cancellations
        self._handlers, self._clock = handlers, clock
        self._lease_ms = settings.lease_seconds * 1000
        self._attempt_cap = settings.attempt_cap

    async def run(self, ulid: str) -> None:
        """Work on a job unless it has ended; when another worker has it, look again later.

        Raises:
            Unavailable: the database did not answer; the claim is given up.
        """
        # Signals are listened for before the claim: none that comes right after it is missed.
        with self._nudges.on(JOB, ulid) as notify:
            await self._claim_and_run(ulid, notify)

    async def _claim_and_run(self, ulid: str, notify: asyncio.Event) -> None:
        job = await self._store.claim(ulid, token=str(ULID()), lease_ms=self._lease_ms)
        if job is None:
            await self._look_again(ulid)
        elif job.attempt - (job.checkpoint_attempt or 0) > self._attempt_cap:
            await self._fail(job, ATTEMPTS_EXHAUSTED.format(cap=self._attempt_cap))
        else:
            await self._run_claimed(job, notify)

    async def _look_again(self, ulid: str) -> None:
        job = await self._store.get(ulid, consistent=True)
        if job is not None and job.status is JobStatus.RUNNING:
            delay_ms = max(0, (job.lease_expires_at or 0) - self._clock()) + 1
            await self._sender.send_job(job.uid, ulid, delay_ms=delay_ms)

    async def _run_claimed(self, job: Job, notify: asyncio.Event) -> None:
        async def renew(lease_ms: int) -> bool:
            return await self._store.renew(job.ulid, job.attempt, lease_ms)

        async with AsyncExitStack() as stack:
            lost = await stack.enter_async_context(keep_renewed(renew, self._lease_ms, notify))
            try:
                await self._work(job, lost)
            except JudgeCancelled:
                _log.info("job left", **_names(job))
            except JobFailed as error:
                await self._fail(job, str(error))
            except JobPaused as paused:
                await stack.aclose()
                await self._pass_on(job, paused)
            except BaseException:
                # Renewals end first: a late one would take the claim back.
                await stack.aclose()
                await self._release(job)
                raise

    async def _work(self, job: Job, lost: Event) -> None:
        handler = self._handlers.get(job.kind)
        parameters = await self._store.parameters(job.ulid)
        if handler is None or parameters is None:
            raise JobFailed("no worker knows how to do this")
        result = await handler.work(Attempt(job, parameters, lost, self._store))
        with suppress(Conflict, NotFound):
            await self._store.finish(job.ulid, job.attempt, result)
            _log.info("job done", **_names(job))

    async def _pass_on(self, job: Job, paused: JobPaused) -> None:
        required, delay_ms = paused.required, PASSED_ON_MS if paused.required else None
        why = (
            f"It waits for a worker that runs {', '.join(sorted(required))}." if required else None
        )
        if await self._store.pause(job.ulid, job.attempt, why):
            _log.info("job passed on", required=sorted(required), **_names(job))
            await self._sender.send_job(job.uid, job.ulid, required=required, delay_ms=delay_ms)

    async def _fail(self, job: Job, message: str) -> None:
        with suppress(Conflict, NotFound):
            await self._store.fail(job.ulid, job.attempt, message)
            _log.warning("job failed", message=message, **_names(job))

    async def _release(self, job: Job) -> None:
        with suppress(DomainError, asyncio.CancelledError):
            await self._store.renew(job.ulid, job.attempt, RELEASED_MS)


def _names(job: Job) -> dict[str, str | int]:
    return {"job": job.ulid, "kind": str(job.kind), "attempt": job.attempt}
