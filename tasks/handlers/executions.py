"""Handles executions, from the message to the verdict: claim, load, judge, complete.

The message of an execution may be delivered several times, even at the same time. Only one worker
gets the claim, which is the right to judge the execution. A claim is valid until its lease ends, so
the worker renews the lease while it works. Each claim has an attempt number, and the table accepts
writes only with the current number. So a worker that has lost its claim cannot change the
execution.
"""

import asyncio
import time
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from threading import Event
from typing import NamedTuple

import structlog
from ulid import ULID

from graphql_api.config import Settings
from graphql_api.data.clock import Clock, now_ms
from graphql_api.data.enums import ProblemState, TestVisibility, Verdict
from graphql_api.data.errors import Conflict, NotFound, Unavailable
from graphql_api.data.histories.executions import ExecutionStore, LeasedElsewhere, Outcome
from graphql_api.data.histories.redaction import list_shown, redact_results
from graphql_api.data.problems import language_limits
from graphql_api.data.records import (
    CheckerFault,
    Diagnosis,
    History,
    Problem,
    Results,
)
from graphql_api.data.stores import Stores
from hints.diagnosis.diagnose import diagnose
from judge.checkers import CheckerBroken
from judge.comparison.comparers import UnsupportedComparer
from judge.judge import Judge, LanguageUnavailable
from judge.models import Judgement, JudgeRequest
from tasks.handlers.concurrency import run_in_thread
from tasks.handlers.leases import WorkPaused, delay_until_expiry_ms, hold_lease
from tasks.handlers.loading import (
    ExecutionLoader,
    JudgeFailed,
    LoadedExecution,
    Unjudgeable,
)
from tasks.handlers.testset_cache import TestSetCache
from tasks.queue.cancellations import Cancellations
from tasks.queue.sender import TaskSender

# While the database is unavailable, the worker retries to store a finished verdict for at most this
# time.
COMPLETION_TIMEOUT_S = 30.0
COMPLETION_PAUSE_S = 0.3

# Messages for the user. A card contains the first 120 bytes of a message.
ATTEMPTS_EXHAUSTED = (
    "The judge failed to judge this code {cap} times. The execution was refunded. Submit the code "
    "again."
)
CHECKER_BROKEN = (
    "The problem's checker failed. Editors can see the reason. The execution was refunded."
)
NO_COMPARER = (
    "The code was not judged, because the judge does not support the comparer of this problem. "
    "The execution was refunded."
)

_log = structlog.stdlib.get_logger(__name__)


@dataclass(slots=True)
class Timings:
    """The times of the phases of one execution, in milliseconds."""

    started: float = field(default_factory=time.perf_counter)
    spent: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def measure(self, phase: str) -> Iterator[None]:
        """Measure the time of the block, and add it to the times as `phase`."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.spent[f"{phase}_ms"] = round((time.perf_counter() - started) * 1000)

    def report(self) -> dict[str, int]:
        """Return the times of all phases, and the total time since the start."""
        total = round((time.perf_counter() - self.started) * 1000)
        return {**self.spent, "total_ms": total}


class JudgedHistory(NamedTuple):
    """The judgement of an execution.

    `diagnosis` is the kind of mistake. It is None if the execution passed or has no diagnosis.
    """

    problem: Problem
    judgement: Judgement
    diagnosis: Diagnosis | None = None


@dataclass(frozen=True, slots=True)
class ExecutionLease:
    """The claim of this worker on an execution."""

    history: History
    store: ExecutionStore
    sender: TaskSender

    @property
    def log_fields(self) -> Mapping[str, str | int]:
        """The execution, its problem and the number of the attempt, for the log."""
        return _log_fields(self.history)

    async def renew(self, lease_ms: int) -> bool:
        """Set the lease to end in `lease_ms` milliseconds. Return False if the claim is lost."""
        history = self.history
        return await self.store.renew(history.uid, history.ulid, history.attempt, lease_ms)

    async def give_back(self, required: Collection[str]) -> bool:  # noqa: ARG002 - for jobs
        """Make the execution PENDING again, so that another worker can claim it.

        Return False if the claim is lost.
        """
        return await self.store.give_back(self.history)

    async def send(self, required: Collection[str], delay_ms: int | None) -> None:
        """Send the execution to a worker that also has the languages in `required`.

        `delay_ms` is the delay of the message (None: no delay).
        """
        history = self.history
        await self.sender.send_execution(
            history.uid, history.ulid, history.language, required=required, delay_ms=delay_ms
        )


class ExecutionHandler:
    """The handler of messages for executions."""

    def __init__(
        self,
        *,
        settings: Settings,
        stores: Stores,
        judge: Judge,
        files: TestSetCache,
        sender: TaskSender,
        threads: Executor,
        cancellations: Cancellations,
        clock: Clock = now_ms,
    ) -> None:
        self._stores, self._judge = stores, judge
        self._loader = ExecutionLoader(stores, files)
        self._cancellations = cancellations
        self._sender, self._threads, self._clock = sender, threads, clock
        self._lease_ms = settings.lease_seconds * 1000
        self._attempt_cap = settings.attempt_cap

    async def run(self, uid: str, ulid: str, *, sent_at_ms: int | None = None) -> None:
        """Judge an execution, unless it has ended.

        If another worker has claimed the execution, send the message again, with a delay until the
        lease of that worker ends. `sent_at_ms` is the time at which the message was sent (epoch
        milliseconds), only for the log.

        Raises:
            JudgeFailed: the judge failed. The claim was released for another attempt.
            Unavailable: the database did not answer.
        """
        timings = Timings()
        if sent_at_ms is not None:
            timings.spent["queue_ms"] = max(0, self._clock() - sent_at_ms)
        # Start watching before the claim, so that no cancellation after the claim is missed.
        with self._cancellations.watch(uid, ulid) as recheck:
            await self._claim_and_run(uid, ulid, timings, recheck)

    async def _claim_and_run(
        self, uid: str, ulid: str, timings: Timings, recheck: asyncio.Event
    ) -> None:
        with timings.measure("claim"):
            claim = await self._stores.executions.claim(
                uid, ulid, token=str(ULID()), lease_ms=self._lease_ms
            )
        if claim is None:
            _log.debug(
                "The execution needs no work, because it has already ended or was deleted.",
                uid=uid,
                ulid=ulid,
            )
        elif isinstance(claim, LeasedElsewhere):
            delay_ms = delay_until_expiry_ms(claim.until, self._clock())
            await self._sender.send_execution(uid, ulid, claim.language, delay_ms=delay_ms)
        elif claim.history.attempt > self._attempt_cap:
            await self._fail(claim.history, ATTEMPTS_EXHAUSTED.format(cap=self._attempt_cap))
        else:
            await self._run_claimed(claim.history, timings, recheck)

    async def _run_claimed(
        self, history: History, timings: Timings, recheck: asyncio.Event
    ) -> None:
        lease = ExecutionLease(history, self._stores.executions, self._sender)
        async with hold_lease(lease, self._lease_ms, recheck) as lost:
            try:
                judgement = await self._judge_and_complete(history, timings, lost)
            except Unjudgeable as error:
                await self._fail(history, str(error))
            except LanguageUnavailable as error:
                raise WorkPaused(error.required, str(error)) from error
            else:
                if judgement is not None:
                    _log_execution(history, judgement, timings)
                    await self._count_run(history)

    async def _judge_and_complete(
        self, history: History, timings: Timings, lost: Event
    ) -> Judgement | None:
        """Judge an execution and store the judgement.

        Return None if nothing was stored, because the execution ended in another way.
        """
        judged = await self.judge_history(history, lost, timings)
        with timings.measure("store"):
            is_stored = await self._complete(history, judged)
        return judged.judgement if is_stored else None

    async def judge_history(
        self,
        history: History,
        lost: Event,
        timings: Timings | None = None,
        *,
        owner: str | None = None,
    ) -> JudgedHistory:
        """Judge an execution with the current tests of its problem. Do not store the outcome.

        `owner` is the user whose share of the slots is used (default: the author of the code).

        Raises:
            JudgeFailed: the judge itself failed. Another attempt may succeed.
            LanguageUnavailable: this host does not have all required languages.
            Unjudgeable: another attempt would not help.
            JudgeCancelled: `lost` was set while judging.
        """
        timings = timings or Timings()
        with ExitStack() as open_sets:
            with timings.measure("fetch"):
                loaded = await self._loader.load(history, open_sets)
            try:
                request = replace(_request_for(history, loaded), owner=owner or history.uid)
                judgement = await self._judge_in_thread(request, lost)
                diagnosis = await self._diagnose_in_thread(request, judgement, loaded, history)
            except CheckerBroken as error:
                await self._note_fault(loaded.problem, error)
                raise Unjudgeable(CHECKER_BROKEN) from error
        timings.spent |= {
            "slot_ms": judgement.queue_ms,
            "compile_ms": judgement.compile_ms,
            "run_ms": judgement.run_ms,
        }
        if judgement.verdict is Verdict.IE:
            raise JudgeFailed(judgement.message)
        return JudgedHistory(loaded.problem, judgement, diagnosis)

    # Judging

    async def _judge_in_thread(self, request: JudgeRequest, lost: Event) -> Judgement:
        """Judge a submission in a thread.

        If the calling task is cancelled, the running programs are stopped.

        Raises:
            Unjudgeable: the judge does not support the comparer of the problem.
        """
        work = partial(self._judge.judge, request, cancelled=lost.is_set)
        try:
            return await run_in_thread(self._threads, work, lost)
        except UnsupportedComparer as error:
            raise Unjudgeable(NO_COMPARER) from error

    async def _diagnose_in_thread(
        self,
        request: JudgeRequest,
        judgement: Judgement,
        loaded: LoadedExecution,
        history: History,
    ) -> Diagnosis | None:
        """Make the diagnosis of a failed execution in a thread.

        Return None if the execution has no diagnosis. If the diagnosis fails, log the error and
        return None.
        """
        if judgement.verdict is Verdict.AC:
            return None
        policy = TestVisibility.ALL if history.by_editor else _visibility_of(loaded.problem)
        shown = list_shown(judgement.results, policy)
        loop = asyncio.get_running_loop()
        try:
            work = partial(diagnose, request, judgement, shown)
            return await loop.run_in_executor(self._threads, work)
        except Exception:  # noqa: BLE001 - the verdict does not depend on the diagnosis
            _log.exception("The execution has no diagnosis.", **_log_fields(history))
            return None

    async def _note_fault(self, problem: Problem, error: CheckerBroken) -> None:
        """Store the failure of the problem's checker, so that the editors can see the reason."""
        _log.error(
            "The checker of the problem failed.",
            problem="/".join(problem.key),
            test=error.test_number,
        )
        fault = CheckerFault(
            checker_hash=problem.checker_hash or "",
            message=error.message,
            test_number=error.test_number,
            created_at=self._clock(),
        )
        await self._stores.checkers.note_fault(problem.id, fault)

    # Ending

    async def _complete(self, history: History, judged: JudgedHistory) -> bool:
        """Store the outcome. Return False if the execution has ended in another way.

        While the database is unavailable, retry for at most `COMPLETION_TIMEOUT_S` seconds. Each
        write requires the current attempt number, so a retry is safe even after the lease has
        ended.
        """
        outcome = outcome_of(history, judged)
        gives_up_at = time.monotonic() + COMPLETION_TIMEOUT_S
        while True:
            try:
                current = await self._with_problem_state(history, outcome)
                await self._stores.executions.complete(history, current)
            except Unavailable:
                if time.monotonic() > gives_up_at:
                    raise
                await asyncio.sleep(COMPLETION_PAUSE_S)
            except (Conflict, NotFound) as error:
                _log.info(
                    "The verdict was discarded, because the execution ended in another way.",
                    reason=error.message,
                    **_log_fields(history),
                )
                return False
            else:
                return True

    async def _with_problem_state(self, history: History, outcome: Outcome) -> Outcome:
        """Return the outcome with the current state of the problem.

        The state of the problem decides whether the execution is in the feed (the public list of
        executions). The state is read again here, because the problem may have been deleted during
        the judging. A private execution is never in the feed, so its outcome is returned unchanged.
        Cost for a public execution: one read of 1 read unit.
        """
        if not history.is_public:
            return outcome
        problem = await self._stores.problems.get(history.platform, history.number, consistent=True)
        if problem is None or problem.id != history.problem_id:
            return replace(outcome, problem_public=False)
        is_deleted = problem.state is ProblemState.DELETED
        state = problem.state_before_deletion if is_deleted else problem.state
        return replace(
            outcome,
            problem_public=state is ProblemState.COMPLETED,
            problem_deleted=is_deleted,
        )

    async def _fail(self, history: History, message: str) -> None:
        try:
            await self._stores.executions.fail(history, message)
        except (Conflict, NotFound) as error:
            _log.info(
                "The failure was discarded, because the execution ended in another way.",
                reason=error.message,
                **_log_fields(history),
            )
        else:
            _log.warning(
                "The execution failed and was refunded.", message=message, **_log_fields(history)
            )

    async def _count_run(self, history: History) -> None:
        try:
            await self._stores.problems.add_run(history.problem_id)
        except Unavailable as error:
            _log.warning(
                "The execution was not counted in the problem's number of executions.",
                error=error.message,
                **_log_fields(history),
            )


def _log_execution(history: History, judgement: Judgement, timings: Timings) -> None:
    _log.info(
        "executed",
        **_log_fields(history),
        language=history.language,
        verdict=str(judgement.verdict),
        tests=len(judgement.results),
        **timings.report(),
    )


def _log_fields(history: History) -> dict[str, str | int]:
    return {
        "uid": history.uid,
        "ulid": history.ulid,
        "problem": f"{history.platform}/{history.number}",
        "attempt": history.attempt,
    }


def _request_for(history: History, loaded: LoadedExecution) -> JudgeRequest:
    problem = loaded.problem
    return JudgeRequest(
        language=history.language,
        code=loaded.code,
        tests=loaded.tests,
        time_limit_ms=problem.time_limit_ms,
        memory_limit_kb=problem.memory_limit_kb,
        comparer=problem.comparer,
        abs_tolerance=_parse_tolerance(problem.absolute_tolerance),
        rel_tolerance=_parse_tolerance(problem.relative_tolerance),
        checker=loaded.checker,
        time_multiplier=language_limits.unpack(problem.language_limits).get(history.language),
        stop_on_first_failure=bool(problem.stop_on_first_failure),
    )


def _parse_tolerance(text: str | None) -> float | None:
    return None if text is None else float(text)


def _visibility_of(problem: Problem) -> TestVisibility:
    return problem.test_visibility or TestVisibility.SAMPLES


def outcome_of(history: History, judged: JudgedHistory) -> Outcome:
    """Return the outcome to store for a judgement.

    The results of hidden tests are redacted (see `redact_results`), because the author of the
    submission may not see these results. If the author is an editor of the problem, nothing is
    redacted.
    """
    problem, judgement, diagnosis = judged
    results = Results(
        attempt=history.attempt,
        compile_output=judgement.compile_output or None,
        tests=tuple(judgement.results),
        limit_backend=judgement.limit_backend,
        visibility=_visibility_of(problem),
        diagnosis=diagnosis,
    )
    return Outcome(
        verdict=judgement.verdict,
        passed=judgement.passed,
        failed=judgement.failed,
        total=len(judgement.results),
        cpu_ms=judgement.cpu_ms,
        peak_kb=judgement.peak_kb,
        results=results if history.by_editor else redact_results(results),
        problem_public=problem.state is ProblemState.COMPLETED,
        test_version=problem.test_version,
    )
