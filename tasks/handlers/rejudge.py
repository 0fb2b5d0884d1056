"""Judging the histories of a problem again, one after the other, as a job.

Bulk work: before each history it waits until nobody waits for this process, for a while at most.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from threading import Event
from typing import Any, Self

import structlog

from graphql_api.data.enums import HistoryStatus, ProblemState
from graphql_api.data.histories.rejudges import summary_of
from graphql_api.data.histories.store import HistoryKey
from graphql_api.data.records import Job, Problem
from graphql_api.data.stores import Stores
from judge.judge import LanguageUnavailable
from tasks.handlers.executions import Execution, JudgeFailed, Unjudgeable, outcome_of
from tasks.handlers.idle_gate import IdleGate
from tasks.handlers.jobs import Attempt, JobFailed, JobPaused

# However busy the process is, one history is judged in this time.
PATIENCE_S = 5.0
# Progress is told this often, and the work is repeated from there after a crash.
CHECKPOINT_S = 2.0
CHECKPOINT_HISTORIES = 25
# When other jobs wait, a rejudging works for so long at a time.
JOB_SLICE_S = 60.0
# What was running at first is looked at this often; after so long other jobs have a turn.
LOOK_S = 0.5
LONGEST_RUN_S = 600.0
# The judge may fail on a history for a moment.
TRIES = 2

_log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Tally:
    """How far a rejudging is: `after` is the last history of the problem's list that is done.

    `running` are those that were, when an attempt began, and are not done.
    """

    after: str | None = None
    running: tuple[HistoryKey, ...] = ()
    judged: int = 0
    changed: int = 0
    skipped: int = 0
    failed: int = 0

    @classmethod
    def of(cls, checkpoint: Mapping[str, Any]) -> Self:
        """Return what `checkpoint` has returned."""
        running = tuple((uid, ulid) for uid, ulid in checkpoint.get("running", ()))
        return cls(**{**checkpoint, "running": running})

    def checkpoint(self) -> dict[str, Any]:
        """Return where the next attempt is to begin."""
        running = {"running": [list(key) for key in self.running]} if self.running else {}
        return {"after": self.after, **self.counts(), **running}

    def knowing(self, running: Iterable[HistoryKey]) -> Self:
        """Return the same with more of those that run."""
        return replace(self, running=tuple(dict.fromkeys((*self.running, *running))))

    def past(self, position: str, key: HistoryKey) -> Self:
        """Return the same with a history done that has this place in the list."""
        running = tuple(one for one in self.running if one != key)
        return replace(self, after=position, running=running)

    @property
    def done(self) -> int:
        """Histories that were looked at."""
        return self.judged + self.skipped + self.failed

    def counts(self) -> dict[str, int]:
        """Return the figures alone."""
        places = ("after", "running")
        return {name: count for name, count in asdict(self).items() if name not in places}


class Rejudging:
    """Rejudges on one worker process.

    `draining` is set when the process is to end soon; `others_wait()` asks Redis for other jobs.
    """

    def __init__(
        self,
        *,
        stores: Stores,
        execution: Execution,
        quiet: IdleGate,
        draining: Event,
        others_wait: Callable[[], bool],
    ) -> None:
        self._stores, self._execution = stores, execution
        self._quiet, self._draining, self._others_wait = quiet, draining, others_wait

    async def work(self, attempt: Attempt) -> Mapping[str, Any]:
        """Judge what a job names again; see `tasks.handlers.jobs.Handler`."""
        told = Tally.of(attempt.job.checkpoint or {})
        problem = await self._problem(attempt.job)
        expected = await self._stores.problems.run_count(problem.platform, problem.number)
        began = told_at = time.monotonic()
        tally = told.knowing(await self._running(attempt, problem))
        try:
            async for position, key in self._wanted(attempt, tally):
                await self._quiet.wait(PATIENCE_S)
                attempt.check()
                tally = (await self._counted(attempt, key, tally)).past(position, key)
                is_time = time.monotonic() - told_at > CHECKPOINT_S
                if is_time or tally.done - told.done >= CHECKPOINT_HISTORIES:
                    await _tell(attempt, tally, expected)
                    told_at, told = time.monotonic(), tally
                await self._give_way(began)
        except JobPaused:
            if tally != told:
                await _tell(attempt, tally, expected)
            raise
        await _tell(attempt, tally, tally.done)
        return tally.counts()

    async def _give_way(self, began: float) -> None:
        """Raise JobPaused when it is another job's turn."""
        if time.monotonic() - began > JOB_SLICE_S and await asyncio.to_thread(self._others_wait):
            raise JobPaused

    async def _running(self, attempt: Attempt, problem: Problem) -> Sequence[HistoryKey]:
        """Return what may be judged with the tests of before."""
        if "ulid" in attempt.parameters:
            return ()
        found = await self._stores.executions.running(problem.platform, problem.number)
        return [key for key in found if key[1] < attempt.job.ulid]

    async def _problem(self, job: Job) -> Problem:
        found = await self._stores.problems.get(job.platform or "", job.number or "")
        if found is None or found.state is ProblemState.DELETED:
            raise JobFailed("The problem was removed, so its results stay as they are.")
        if found.test_version is None or found.test_count == 0:
            raise JobFailed("The problem has no test cases, so its results stay as they are.")
        return found

    async def _wanted(
        self, attempt: Attempt, tally: Tally
    ) -> AsyncIterator[tuple[str, HistoryKey]]:
        """Yield each history with its place in the list, those submitted after the job left out.

        What was running comes last, once it is judged.
        """
        after = tally.after
        if "ulid" in attempt.parameters:
            key = attempt.parameters["uid"], attempt.parameters["ulid"]
            if after is None:
                yield key[1], key
            return
        async for key in self._listed(attempt.job, after):
            yield key[1], key
        for key in tally.running:
            if await self._is_left(attempt, key):
                yield attempt.job.ulid, key

    async def _listed(self, job: Job, after: str | None) -> AsyncIterator[HistoryKey]:
        while True:
            page = await self._stores.rejudges.of_problem(
                job.platform or "", job.number or "", after=after
            )
            for key in page.histories:
                if key[1] > job.ulid:
                    return
                yield key
            after = page.end
            if after is None:
                return

    async def _is_left(self, attempt: Attempt, key: HistoryKey) -> bool:
        """Wait until a history is not RUNNING, and tell whether it is to be judged again.

        Raises:
            JobPaused: this worker is to end soon, or has waited for long.
        """
        gives_up_at = time.monotonic() + LONGEST_RUN_S
        while True:
            card = await self._stores.histories.get(*key, consistent=True)
            if card is None or card.status is not HistoryStatus.RUNNING:
                break
            attempt.check()
            if self._draining.is_set() or time.monotonic() > gives_up_at:
                raise JobPaused
            await asyncio.sleep(LOOK_S)
        return (
            card is not None
            and card.status is HistoryStatus.COMPLETED
            and card.rejudged_by != attempt.job.ulid
        )

    async def _counted(self, attempt: Attempt, key: HistoryKey, tally: Tally) -> Tally:
        """Judge one history again, and count it.

        Raises:
            JobPaused: this worker is to end soon, or lacks a language that it takes.
        """
        if self._draining.is_set():
            raise JobPaused
        for _ in range(TRIES):
            try:
                changed = await self._judge(attempt, key)
            except LanguageUnavailable as error:
                raise JobPaused(error.required) from error
            except JudgeFailed as error:
                _log.warning("not judged again", ulid=key[1], reason=str(error))
                continue
            except Unjudgeable as error:
                _log.warning("not judged again", ulid=key[1], reason=str(error))
                break
            if changed is None:
                return replace(tally, skipped=tally.skipped + 1)
            return replace(tally, judged=tally.judged + 1, changed=tally.changed + changed)
        return replace(tally, failed=tally.failed + 1)

    async def _judge(self, attempt: Attempt, key: HistoryKey) -> bool | None:
        """Return whether the verdict is another; None where there is nothing to judge."""
        job = attempt.job.ulid
        begun = await self._stores.rejudges.begin(*key, job)
        if begun is None:
            return None
        if begun.rejudged_by == job:
            # By an attempt that ended before it could say so.
            return False
        problem, judgement = await self._execution.judged(begun, attempt.lost)
        outcome = outcome_of(begun, problem, judgement)
        outcome = replace(
            outcome, results=replace(outcome.results, attempt=begun.rejudge_attempt or 0)
        )
        done = await self._stores.rejudges.complete(begun, outcome, job)
        return None if done is None else done.verdict is not begun.verdict


async def _tell(attempt: Attempt, tally: Tally, expected: int) -> None:
    percent = 100 * tally.done // max(expected, tally.done, 1)
    await attempt.progress(summary_of(tally.counts()), min(99, percent), tally.checkpoint())
