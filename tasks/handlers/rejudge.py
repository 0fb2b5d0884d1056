"""Rejudge jobs: the executions of a problem are judged again, one after the other.

This is bulk work. Before each execution, the job waits until the process handles no submissions and
no custom runs. This wait ends after at most `IDLE_WAIT_S` seconds.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from threading import Event
from typing import Any, Self

import structlog

from graphql_api.data.clock import CLOCK_SKEW_MS, ulid_at
from graphql_api.data.enums import HistoryStatus, ProblemState
from graphql_api.data.histories.rejudges import summary_of
from graphql_api.data.records import UNREADABLE, HistoryKey, Job, Problem
from graphql_api.data.stores import Stores
from judge.judge import LanguageUnavailable
from tasks.handlers.executions import ExecutionHandler, outcome_of
from tasks.handlers.idle_gate import IdleGate
from tasks.handlers.jobs import (
    CHECKPOINT_S,
    INDEX_LAG_S,
    JOB_SLICE_S,
    POLL_S,
    JobAttempt,
    JobFailed,
)
from tasks.handlers.leases import WorkPaused
from tasks.handlers.loading import JudgeFailed, Unjudgeable

# The owner of the slots that rejudges use. So all jobs of a host together get the share of one
# user.
JOBS_OWNER = "jobs"
# Maximum wait for an idle process before each history.
IDLE_WAIT_S = 5.0
# The progress is also stored after this number of histories.
CHECKPOINT_HISTORIES = 25
# Maximum wait for the end of an execution that was RUNNING when the rejudge began.
MAX_RUNNING_WAIT_S = 600.0
# Maximum number of attempts at one history, because a failure of the judge may be temporary.
JUDGE_ATTEMPTS = 2

_log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Tally:
    """The progress of a rejudge.

    - `after` is the position of the last finished execution in the problem's list (None: no
      execution is finished).
    - `running` contains the executions that were RUNNING when an attempt of the rejudge began.
      Executions that have finished since then are not included.
    - `judged` is the number of executions that were judged again. `changed` of them have a new
      verdict.
    - `skipped` is the number of executions that could no longer be judged again, for example
      because they were deleted. `failed` is the number of executions on which judging failed.
    """

    after: str | None = None
    running: tuple[HistoryKey, ...] = ()
    judged: int = 0
    changed: int = 0
    skipped: int = 0
    failed: int = 0

    @classmethod
    def from_checkpoint(cls, checkpoint: Mapping[str, Any]) -> Self:
        """Return the progress that is stored in a checkpoint."""
        running = tuple(HistoryKey(*key) for key in checkpoint.get("running", ()))
        return cls(**{**checkpoint, "running": running})

    def to_checkpoint(self) -> dict[str, Any]:
        """Convert the progress to a checkpoint, from which the next attempt continues."""
        running = {"running": [list(key) for key in self.running]} if self.running else {}
        return {"after": self.after, **self.counts(), **running}

    def add_running(self, running: Iterable[HistoryKey]) -> Self:
        """Return the progress with additional RUNNING executions."""
        return replace(self, running=tuple(dict.fromkeys((*self.running, *running))))

    def advance(self, position: str, key: HistoryKey) -> Self:
        """Return the progress after an execution has finished.

        The next attempt continues after `position`, a place in the problem's list of executions.
        """
        running = tuple(other for other in self.running if other != key)
        return replace(self, after=position, running=running)

    @property
    def done(self) -> int:
        """The number of finished executions."""
        return self.judged + self.skipped + self.failed

    def counts(self) -> dict[str, int]:
        """Return the four counters by name."""
        positions = ("after", "running")
        return {name: count for name, count in asdict(self).items() if name not in positions}


class RejudgeHandler:
    """The handler of rejudge jobs.

    `draining` is set when the process shuts down. `others_wait()` returns whether other jobs are
    waiting. This function reads Redis and blocks, so it is called in a thread.
    """

    def __init__(
        self,
        *,
        stores: Stores,
        executions: ExecutionHandler,
        idle_gate: IdleGate,
        draining: Event,
        others_wait: Callable[[], bool],
        index_lag_s: float = INDEX_LAG_S,
    ) -> None:
        self._index_lag_s = index_lag_s
        self._stores, self._executions = stores, executions
        self._idle_gate, self._draining, self._others_wait = idle_gate, draining, others_wait

    async def work(self, attempt: JobAttempt) -> Mapping[str, Any]:
        """Judge the executions of the job's problem again, and return the counters.

        See `JobKindHandler.work` for the exceptions.
        """
        saved = Tally.from_checkpoint(attempt.job.checkpoint or {})
        problem = await self._read_problem(attempt.job)
        if attempt.job.checkpoint is None:
            await asyncio.sleep(self._index_lag_s)
        expected = await self._stores.problems.run_count(problem.id)
        began = saved_at = time.monotonic()
        tally = saved.add_running(await self._list_running(attempt, problem))
        try:
            async for position, key in self._iterate_histories(attempt, tally):
                await self._idle_gate.wait(IDLE_WAIT_S)
                attempt.check()
                tally = (await self._judge_and_count(attempt, key, tally)).advance(position, key)
                is_time = time.monotonic() - saved_at > CHECKPOINT_S
                if is_time or tally.done - saved.done >= CHECKPOINT_HISTORIES:
                    await _save_progress(attempt, tally, expected)
                    saved_at, saved = time.monotonic(), tally
                await self._pause_for_others(began)
        except WorkPaused:
            if tally != saved:
                await _save_progress(attempt, tally, expected)
            raise
        await _save_progress(attempt, tally, tally.done)
        return tally.counts()

    async def _pause_for_others(self, began: float) -> None:
        """Check that the job does not have to pause for other jobs.

        `began` is the start of the job's time slice.

        Raises:
            WorkPaused: the time slice is over and other jobs are waiting.
        """
        if time.monotonic() - began > JOB_SLICE_S and await asyncio.to_thread(self._others_wait):
            raise WorkPaused

    async def _list_running(self, attempt: JobAttempt, problem: Problem) -> Sequence[HistoryKey]:
        """Return the executions that a worker may have judged with the previous tests.

        These executions are RUNNING, or they were completed so recently that the problem's
        list of executions may not contain them.

        The clock of an API host may be ahead. An execution from this host then seems to be later
        than the job, although it was submitted earlier. So in the first attempt of the job,
        this method also returns the executions with times up to `CLOCK_SKEW_MS` after the job. Some
        of these executions may be judged twice, which does no harm.
        """
        if "ulid" in attempt.parameters:
            return ()
        job, until = attempt.job, ulid_at(attempt.job.created_at + CLOCK_SKEW_MS)
        running = await self._stores.executions.running(problem.id)
        keys = [key for key in running if key.ulid < until]
        if job.checkpoint is None:
            keys += [key async for key in self._list_histories(job, job.ulid, until)]
        return list(dict.fromkeys(keys))

    async def _read_problem(self, job: Job) -> Problem:
        wanted = job.problem_id
        problem = await self._stores.problems.get(*wanted.key, consistent=True)
        is_same = problem is not None and problem.id == wanted
        if problem is None or not is_same or problem.state is ProblemState.DELETED:
            raise JobFailed(
                "The rejudge was stopped, because the problem was deleted. Results that were "
                "already changed stay changed."
            )
        if problem.test_version is None or problem.test_count == 0:
            raise JobFailed(
                "The rejudge was stopped, because the problem has no test cases. Results that "
                "were already changed stay changed."
            )
        return problem

    async def _iterate_histories(
        self, attempt: JobAttempt, tally: Tally
    ) -> AsyncIterator[tuple[str, HistoryKey]]:
        """Yield each execution that must be judged again, as a position and a key.

        An interrupted job continues after the position of the last finished execution.

        If the job is for one execution, yield only this execution. Otherwise yield all executions
        of the problem that were submitted before the job was created. The executions in
        `tally.running` come last. Each of them is yielded only when it is no longer RUNNING.
        """
        after = tally.after
        if "ulid" in attempt.parameters:
            key = HistoryKey(attempt.parameters["uid"], attempt.parameters["ulid"])
            if after is None:
                yield key.ulid, key
            return
        async for key in self._list_histories(attempt.job, after, attempt.job.ulid):
            yield key.ulid, key
        for key in tally.running:
            if await self._wait_for_execution(attempt, key):
                yield attempt.job.ulid, key

    async def _list_histories(
        self, job: Job, after: str | None, until: str
    ) -> AsyncIterator[HistoryKey]:
        """Yield the COMPLETED executions of the problem, in the order of their ULIDs.

        Start after the position `after` (None: at the beginning), and stop after the ULID `until`.
        """
        while True:
            page = await self._stores.rejudges.of_problem(job.problem_id, after=after)
            for key in page.histories:
                if key.ulid > until:
                    return
                yield key
            after = page.end
            if after is None:
                return

    async def _wait_for_execution(self, attempt: JobAttempt, key: HistoryKey) -> bool:
        """Wait until an execution is no longer RUNNING. Return whether it must be judged again.

        Raises:
            WorkPaused: this worker shuts down, or the execution is still RUNNING after 600 s.
        """
        gives_up_at = time.monotonic() + MAX_RUNNING_WAIT_S
        while True:
            card = await self._stores.histories.get(*key, consistent=True)
            if card is None or card.status is not HistoryStatus.RUNNING:
                break
            attempt.check()
            if self._draining.is_set() or time.monotonic() > gives_up_at:
                raise WorkPaused
            await asyncio.sleep(POLL_S)
        return (
            card is not None
            and card.status is HistoryStatus.COMPLETED
            and card.rejudged_by != attempt.job.ulid
        )

    async def _judge_and_count(self, attempt: JobAttempt, key: HistoryKey, tally: Tally) -> Tally:
        """Judge one execution again, and return the progress with the updated counters.

        Raises:
            WorkPaused: this worker shuts down, or it does not have the language of the submission
                or of the checker.
        """
        if self._draining.is_set():
            raise WorkPaused
        for _ in range(JUDGE_ATTEMPTS):
            try:
                changed = await self._judge(attempt, key)
            except LanguageUnavailable as error:
                raise WorkPaused(error.required, str(error)) from error
            except JudgeFailed as error:
                _log.warning(
                    "The execution was not judged again.", ulid=key.ulid, reason=str(error)
                )
                continue
            except Unjudgeable as error:
                _log.warning(
                    "The execution was not judged again.", ulid=key.ulid, reason=str(error)
                )
                break
            except UNREADABLE:
                _log.exception("The execution was not judged again.", ulid=key.ulid)
                break
            if changed is None:
                return replace(tally, skipped=tally.skipped + 1)
            return replace(tally, judged=tally.judged + 1, changed=tally.changed + changed)
        return replace(tally, failed=tally.failed + 1)

    async def _judge(self, attempt: JobAttempt, key: HistoryKey) -> bool | None:
        """Judge one execution again and store the outcome.

        Return whether the verdict has changed, or None if the execution cannot be judged again.
        """
        job = attempt.job.ulid
        history = await self._stores.rejudges.begin(*key, job)
        if history is None:
            return None
        if history.rejudged_by == job:
            # An earlier attempt of this job has judged the history, but the attempt ended before it
            # saved its progress.
            return False
        judged = await self._executions.judge_history(history, attempt.lost, owner=JOBS_OWNER)
        outcome = outcome_of(history, judged)
        outcome = replace(
            outcome, results=replace(outcome.results, attempt=history.rejudge_attempt or 0)
        )
        rejudged = await self._stores.rejudges.complete(history, outcome, job)
        return None if rejudged is None else rejudged.verdict is not history.verdict


async def _save_progress(attempt: JobAttempt, tally: Tally, expected: int) -> None:
    percent = 100 * tally.done // max(expected, tally.done, 1)
    await attempt.progress(summary_of(tally.counts()), min(99, percent), tally.to_checkpoint())
