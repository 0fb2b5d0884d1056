"""Handles jobs: claims a job, runs the handler of its kind, and stores the result of the job.

A worker stops immediately when its job is cancelled or when another worker has claimed the job. An
interrupted job continues from the last checkpoint that its handler has saved.
"""

import asyncio
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from threading import Event
from typing import Any, Protocol

import structlog
from ulid import ULID

from graphql_api.config import Settings
from graphql_api.data.clock import Clock, now_ms
from graphql_api.data.enums import JobKind, JobStatus
from graphql_api.data.errors import Conflict, NotFound
from graphql_api.data.jobs import JobStore
from graphql_api.data.records import Job
from judge.models import JudgeCancelled
from tasks.handlers.leases import delay_until_expiry_ms, hold_lease
from tasks.queue.cancellations import JOB, Cancellations
from tasks.queue.sender import TaskSender

ATTEMPTS_EXHAUSTED = (
    "The job has failed, because it was started {cap} times without progress. Start a new job."
)
# A long job stores its progress after this time. After a crash, the next attempt continues from the
# stored progress.
CHECKPOINT_S = 2.0
# If other jobs are waiting, a long job pauses after this time.
JOB_SLICE_S = 60.0
# Wait before a job's first listing, so that the indexes contain the writes made before the job.
INDEX_LAG_S = 2.0
# A job that waits for running executions checks their status at this interval.
POLL_S = 0.5

_log = structlog.stdlib.get_logger(__name__)


class JobFailed(Exception):
    """The job failed, and another attempt would not help. The message is for the user."""


@dataclass(frozen=True, slots=True)
class JobAttempt:
    """One attempt at a job. `lost` is set when this worker has lost its claim on the job."""

    job: Job
    parameters: Mapping[str, Any]
    lost: Event
    store: JobStore

    async def progress(
        self, message: str, percent: int, checkpoint: Mapping[str, Any] | None = None
    ) -> None:
        """Store the progress of the job and, if given, the checkpoint for the next attempt.

        `percent` is the finished part of the job, from 0 to 100.

        Raises:
            JudgeCancelled: this worker has lost the claim on the job.
        """
        try:
            await self.store.progress(
                self.job.ulid, self.job.attempt, message, percent, checkpoint=checkpoint
            )
        except (Conflict, NotFound):
            self.lost.set()
        self.check()

    def check(self) -> None:
        """Check that this worker still has the claim on the job.

        Raises:
            JudgeCancelled: this worker has lost the claim on the job.
        """
        if self.lost.is_set():
            raise JudgeCancelled


class JobKindHandler(Protocol):
    """The handler of one kind of job, such as rejudges."""

    async def work(self, attempt: JobAttempt) -> Mapping[str, Any]:
        """Do the work of a job and return its result.

        Raises:
            JobFailed: the job must end as FAILED.
            WorkPaused: the job must continue later, or on another worker.
            JudgeCancelled: this worker has lost the claim on the job.
        """


@dataclass(frozen=True, slots=True)
class JobLease:
    """The claim of this worker on a job. See `Lease`."""

    job: Job
    store: JobStore
    sender: TaskSender

    @property
    def log_fields(self) -> Mapping[str, str | int]:
        """The job, its kind and the number of the attempt, for the log."""
        job = self.job
        return {"job": job.ulid, "kind": str(job.kind), "attempt": job.attempt}

    async def renew(self, lease_ms: int) -> bool:
        """Set the lease to end in `lease_ms` milliseconds. Return False if the claim is lost."""
        return await self.store.renew(self.job.ulid, self.job.attempt, lease_ms)

    async def give_back(self, required: Collection[str]) -> bool:
        """End the claim, so that another worker can claim the job.

        `required` contains the languages that the next worker must support. If it is not empty,
        store a message about these languages in the job, so that users see what the job is waiting
        for. Return False if the claim is lost.
        """
        languages = ", ".join(sorted(required))
        why = f"The job is waiting for a worker that supports {languages}." if required else None
        return await self.store.pause(self.job.ulid, self.job.attempt, why)

    async def send(self, required: Collection[str], delay_ms: int | None) -> None:
        """Send the job to a worker that has the languages in `required`.

        `delay_ms` is the delay of the message (None: no delay).
        """
        job = self.job
        await self.sender.send_job(job.uid, job.ulid, required=required, delay_ms=delay_ms)


class JobHandler:
    """The handler of messages for jobs. It has one `JobKindHandler` for each kind of job."""

    def __init__(
        self,
        *,
        settings: Settings,
        store: JobStore,
        sender: TaskSender,
        cancellations: Cancellations,
        handlers: Mapping[JobKind, JobKindHandler],
        clock: Clock = now_ms,
    ) -> None:
        self._store, self._sender, self._cancellations = store, sender, cancellations
        self._handlers, self._clock = handlers, clock
        self._lease_ms = settings.lease_seconds * 1000
        self._attempt_cap = settings.attempt_cap

    async def run(self, ulid: str) -> None:
        """Work on a job, unless it has ended.

        If another worker has claimed the job, send the message again, with a delay until the lease
        of that worker ends.

        Raises:
            Unavailable: the database did not answer. The claim was released.
        """
        # Start watching before the claim, so that no cancellation after the claim is missed.
        with self._cancellations.watch(JOB, ulid) as recheck:
            await self._claim_and_run(ulid, recheck)

    async def _claim_and_run(self, ulid: str, recheck: asyncio.Event) -> None:
        job = await self._store.claim(ulid, token=str(ULID()), lease_ms=self._lease_ms)
        if job is None:
            await self._try_later(ulid)
        elif job.attempt - (job.checkpoint_attempt or 0) > self._attempt_cap:
            await self._fail(job, ATTEMPTS_EXHAUSTED.format(cap=self._attempt_cap))
        else:
            await self._run_claimed(job, recheck)

    async def _try_later(self, ulid: str) -> None:
        job = await self._store.get(ulid, consistent=True)
        if job is not None and job.status is JobStatus.RUNNING:
            delay_ms = delay_until_expiry_ms(job.lease_expires_at or 0, self._clock())
            await self._sender.send_job(job.uid, ulid, delay_ms=delay_ms)

    async def _run_claimed(self, job: Job, recheck: asyncio.Event) -> None:
        lease = self._lease(job)
        async with hold_lease(lease, self._lease_ms, recheck) as lost:
            try:
                await self._work(job, lost)
            except JobFailed as error:
                await self._fail(job, str(error))

    async def _work(self, job: Job, lost: Event) -> None:
        handler = self._handlers.get(job.kind)
        if handler is None:
            raise JobFailed(f"This worker does not support jobs of the kind {job.kind}.")
        parameters = await self._store.parameters(job.ulid)
        if parameters is None:
            raise JobFailed("The parameters of the job have expired. Start a new job.")
        result = await handler.work(JobAttempt(job, parameters, lost, self._store))
        with suppress(Conflict, NotFound):
            await self._store.finish(job.ulid, job.attempt, result)
            _log.info("The job was completed.", **self._lease(job).log_fields)

    async def _fail(self, job: Job, message: str) -> None:
        with suppress(Conflict, NotFound):
            await self._store.fail(job.ulid, job.attempt, message)
            _log.warning("The job failed.", message=message, **self._lease(job).log_fields)

    def _lease(self, job: Job) -> JobLease:
        return JobLease(job, self._store, self._sender)
