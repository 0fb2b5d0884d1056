"""Feed jobs, which remove the executions of a deleted problem from the feed.

The feed is the public list of executions. After the problem is restored, another feed job puts the
executions back into the feed.

Each problem has a list of its executions. The job first changes the executions in this list, in
order. Then it changes the executions that were being judged or published when the job started. If
the problem is restored or deleted again in the meantime, the job ends. Another job then makes the
opposite change.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from threading import Event
from typing import Any, Self

from graphql_api.config import Settings
from graphql_api.data.clock import CLOCK_SKEW_MS
from graphql_api.data.enums import HistoryStatus, JobKind
from graphql_api.data.histories.problem_feed import FeedChange, ProblemStateChanged
from graphql_api.data.records import HistoryKey
from graphql_api.data.stores import Stores
from tasks.handlers.jobs import (
    CHECKPOINT_S,
    INDEX_LAG_S,
    JOB_SLICE_S,
    POLL_S,
    JobAttempt,
)
from tasks.handlers.leases import WorkPaused

# Publishing an execution takes at most this number of store operations: one read of the problem,
# one read of the execution, and eight attempts to write.
PUBLISHING_OPERATIONS = 10
# If other jobs are waiting, a feed job pauses after this time while it has nothing to do except
# wait for executions or requests.
WAITING_SLICE_S = 5.0

_DONE = {True: "Executions removed from the feed: {}.", False: "Executions back in the feed: {}."}
_ENDED_EARLY = {
    True: "The problem was restored, so another job returns its executions to the feed.",
    False: "The problem was deleted again, so another job removes its executions from the feed.",
}


@dataclass(frozen=True, slots=True)
class FeedProgress:
    """The progress of a feed job.

    - `running` contains the executions that were RUNNING when the job started.
    - `after` is the position of the last processed execution in the list of the problem's
      executions (None: the job has processed no execution).
    - `is_listed` is True if the job has processed all executions in the list.
    - `seen` is the number of processed executions, and `changed` the number of changed executions.
    - `waited_ms` is the total time of all attempts so far, in milliseconds.
    """

    running: tuple[HistoryKey, ...] = ()
    after: str | None = None
    is_listed: bool = False
    seen: int = 0
    changed: int = 0
    waited_ms: int = 0

    @classmethod
    def from_checkpoint(cls, checkpoint: Mapping[str, Any]) -> Self:
        """Return the progress that is stored in a checkpoint."""
        running = tuple(HistoryKey(*key) for key in checkpoint["running"])
        return cls(**{**checkpoint, "running": running})

    def to_checkpoint(self) -> dict[str, Any]:
        """Convert the progress to a checkpoint, from which the next attempt continues."""
        return {**asdict(self), "running": [list(key) for key in self.running]}


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedJobHandler:
    """The handler of feed jobs.

    `draining` is set when the process shuts down. `others_wait()` returns whether other jobs are
    waiting. This function reads Redis and blocks, so it is called in a thread. `publishing_s` is
    the longest time in seconds that a request takes to publish an execution, from the read of the
    problem to the last write.
    """

    stores: Stores
    draining: Event
    others_wait: Callable[[], bool]
    publishing_s: float
    index_lag_s: float = INDEX_LAG_S

    async def work(self, attempt: JobAttempt) -> Mapping[str, Any]:
        """Remove the problem's executions from the public feed, or add them to it again.

        Return the number of changed executions, and whether the job ended early. See
        `JobKindHandler.work` for the exceptions.
        """
        run = _FeedJobRun(self, attempt)
        hides, note = run.change.hides, ""
        try:
            await run.change_all()
        except ProblemStateChanged:
            note = f" {_ENDED_EARLY[hides]}"
        except WorkPaused:
            await run.save()
            raise
        await attempt.progress(_DONE[hides].format(run.progress.changed) + note, 99)
        return {"changed": run.progress.changed, "ended_early": bool(note)}


def publishing_time_s(settings: Settings) -> float:
    """Return the longest time in seconds that a request takes to publish an execution."""
    return PUBLISHING_OPERATIONS * settings.dynamodb_deadline_ms / 1000


class _FeedJobRun:
    """One attempt at a feed job."""

    def __init__(self, handler: FeedJobHandler, attempt: JobAttempt) -> None:
        job, checkpoint = attempt.job, attempt.job.checkpoint
        self.change = FeedChange(job.problem_id, hides=job.kind is JobKind.REMOVE_FROM_FEED)
        self.progress = FeedProgress.from_checkpoint(checkpoint) if checkpoint else FeedProgress()
        self._is_first = checkpoint is None
        self._handler, self._attempt, self._stores = handler, attempt, handler.stores
        self._began = self._saved_at = time.monotonic()
        self._waited_before_ms = self.progress.waited_ms

    async def change_all(self) -> None:
        """Remove all executions of the problem from the public feed, or add them to it again.

        Raises:
            ProblemStateChanged: the problem was restored or deleted in the meantime.
            WorkPaused: the job must continue later.
            JudgeCancelled: this worker has lost the claim on the job.
        """
        if self._is_first:
            await asyncio.sleep(self._handler.index_lag_s)
            running = await self._stores.executions.running(self.change.problem)
            self.progress = replace(self.progress, running=tuple(running))
        while not self.progress.is_listed:
            await self._change_page()
            await self._yield_to_others(JOB_SLICE_S)
        for key in self.progress.running:
            while await self._is_running(key):
                await self._wait()
        await self._apply(self.progress.running)
        if self.change.hides:
            await self._hide_late_publications()

    async def save(self) -> None:
        """Store the progress, from which the next attempt continues."""
        self._saved_at = time.monotonic()
        self.progress = replace(self.progress, waited_ms=self._measure_waited_ms())
        seen = self.progress.seen
        expected = await self._stores.problems.run_count(self.change.problem)
        percent = 100 * seen // max(expected, seen, 1)
        message = _DONE[self.change.hides].format(self.progress.changed)
        await self._attempt.progress(message, min(98, percent), self.progress.to_checkpoint())

    async def _change_page(self) -> None:
        page = await self._stores.rejudges.of_problem(
            self.change.problem, after=self.progress.after
        )
        await self._apply(page.histories)
        self.progress = replace(
            self.progress,
            after=page.end,
            is_listed=page.end is None,
            seen=self.progress.seen + len(page.histories),
        )
        if time.monotonic() - self._saved_at > CHECKPOINT_S:
            await self.save()

    async def _apply(self, histories: Sequence[HistoryKey]) -> None:
        self._attempt.check()
        changed = await self._stores.problem_feed.apply(self.change, histories)
        self.progress = replace(self.progress, changed=self.progress.changed + changed)

    async def _hide_late_publications(self) -> None:
        """Hide the executions that were published while this job was working.

        A request may read the problem before the problem is deleted, and publish an execution
        afterwards. So the job first waits until no such request can still be running.
        """
        publishing_ms = round(self._handler.publishing_s * 1000)
        while self._measure_waited_ms() < publishing_ms:
            await self._wait()
        since = self._attempt.job.created_at - publishing_ms - CLOCK_SKEW_MS
        await self._apply(await self._stores.feed.published_since(self.change.problem, since))

    async def _is_running(self, key: HistoryKey) -> bool:
        card = await self._stores.histories.get(*key, consistent=True)
        return card is not None and card.status is HistoryStatus.RUNNING

    async def _wait(self) -> None:
        """Wait for a moment, then check that the job may continue.

        Raises:
            WorkPaused: the job must continue later.
            JudgeCancelled: this worker has lost the claim on the job.
        """
        await asyncio.sleep(POLL_S)
        self._attempt.check()
        await self._yield_to_others(WAITING_SLICE_S)

    async def _yield_to_others(self, slice_s: float) -> None:
        if self._handler.draining.is_set():
            raise WorkPaused
        is_over = time.monotonic() - self._began > slice_s
        if is_over and await asyncio.to_thread(self._handler.others_wait):
            raise WorkPaused

    def _measure_waited_ms(self) -> int:
        return self._waited_before_ms + round((time.monotonic() - self._began) * 1000)
