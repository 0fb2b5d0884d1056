"""One execution from message to verdict: claim, load, judge, complete.

Safe to run twice, also at once: the claim lets one in, its lease is renewed while it works, and
everything written carries the attempt that it belongs to. Whoever lost the claim discards its work.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Executor
from contextlib import (
    AsyncExitStack,
    ExitStack,
    asynccontextmanager,
    contextmanager,
    nullcontext,
    suppress,
)
from dataclasses import dataclass, field, replace
from functools import partial
from threading import Event
from weakref import WeakValueDictionary

import structlog
from ulid import ULID

from graphql_api.config import Settings
from graphql_api.data.clock import Clock, now_ms
from graphql_api.data.enums import ProblemState, Verdict
from graphql_api.data.errors import Conflict, DomainError, NotFound, Unavailable
from graphql_api.data.histories.executions import LeasedElsewhere, Outcome
from graphql_api.data.problems import language_limits
from graphql_api.data.problems.checkers import digest_of
from graphql_api.data.records import (
    Checker,
    CheckerFault,
    History,
    Problem,
    ProblemKey,
    Results,
)
from graphql_api.data.stores import Stores
from judge.checkers import CheckerBroken
from judge.comparison.comparers import UnsupportedComparer
from judge.judge import Judge, LanguageUnavailable
from judge.models import JudgeCancelled, Judgement, JudgeRequest, TestCaseFiles
from tasks.handlers.concurrency import in_thread
from tasks.handlers.leases import PASSED_ON_MS, RELEASED_MS, keep_renewed
from tasks.handlers.testset_cache import DamagedSet, OpenedSet, TestSetCache
from tasks.queue.cancellations import Cancellations
from tasks.queue.sender import TaskSender

# A verdict is held back while the database is away: it is tried again until this has passed.
COMPLETION_PATIENCE_S = 30.0
COMPLETION_PAUSE_S = 0.3

# A card keeps 120 bytes of them.
ATTEMPTS_EXHAUSTED = (
    "The judge failed {cap} times on this code. Your quota was not used. Submit it again."
)
PROBLEM_GONE = "The problem was deleted before the code was judged. Your quota was not used."
NO_TESTS = "The problem has no test cases, so the code was not judged. Your quota was not used."
CODE_GONE = "The code was deleted before it was judged. Your quota was not used."
CHECKER_BROKEN = "The problem's checker failed. Its editors can see why. Your quota was not used."
NO_COMPARER = "The judge cannot compare outputs of this problem. Your quota was not used."

_log = structlog.stdlib.get_logger(__name__)


class Unjudgeable(Exception):
    """Judging again would not help; the message is for the user."""


class JudgeFailed(Exception):
    """The judge itself failed; another attempt may succeed."""


@dataclass(slots=True)
class Timings:
    """Where one execution's time went, in milliseconds."""

    started: float = field(default_factory=time.perf_counter)
    spent: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def of(self, phase: str) -> Iterator[None]:
        """Take the time of a phase."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.spent[f"{phase}_ms"] = round((time.perf_counter() - started) * 1000)

    def report(self) -> dict[str, int]:
        """Return all phases and the total."""
        total = round((time.perf_counter() - self.started) * 1000)
        return {**self.spent, "total_ms": total}


@dataclass(frozen=True, slots=True)
class Loaded:
    """What judging required besides the card."""

    problem: Problem
    tests: tuple[TestCaseFiles, ...]
    checker: Checker | None
    code: str


class Execution:
    """Executions on one worker process."""

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
        self._stores, self._judge, self._files = stores, judge, files
        self._nudges = cancellations
        self._sender, self._threads, self._clock = sender, threads, clock
        self._lease_ms = settings.lease_seconds * 1000
        self._attempt_cap = settings.attempt_cap
        # Of executions that find a set missing at once, one fetches it.
        self._fetching: WeakValueDictionary[ProblemKey, asyncio.Lock] = WeakValueDictionary()

    async def run(self, uid: str, ulid: str, *, sent_at_ms: int | None = None) -> None:
        """Judge an execution unless it is finished; when another worker has it, look again later.

        Raises:
            JudgeFailed: the judge failed; the claim is given up, for another attempt.
            Unavailable: the database did not answer.
        """
        timings = Timings()
        if sent_at_ms is not None:
            timings.spent["queue_ms"] = max(0, self._clock() - sent_at_ms)
        # Signals are listened for before the claim: none that comes right after it is missed.
        with self._nudges.on(uid, ulid) as notify:
            await self._claim_and_run(uid, ulid, timings, notify)

    async def _claim_and_run(
        self, uid: str, ulid: str, timings: Timings, notify: asyncio.Event
    ) -> None:
        with timings.of("claim"):
            claim = await self._stores.executions.claim(
                uid, ulid, token=str(ULID()), lease_ms=self._lease_ms
            )
        if claim is None:
            _log.debug("nothing to judge", uid=uid, ulid=ulid)
        elif isinstance(claim, LeasedElsewhere):
            delay_ms = max(0, claim.until - self._clock()) + 1
            await self._sender.send_execution(uid, ulid, claim.language, delay_ms=delay_ms)
        elif claim.history.attempt > self._attempt_cap:
            await self._fail(claim.history, ATTEMPTS_EXHAUSTED.format(cap=self._attempt_cap))
        else:
            await self._run_claimed(claim.history, timings, notify)

    async def _run_claimed(self, history: History, timings: Timings, notify: asyncio.Event) -> None:
        async with AsyncExitStack() as stack:
            lost = await stack.enter_async_context(self._leased(history, notify))
            try:
                judgement = await self._judge_and_complete(history, timings, lost)
            except JudgeCancelled:
                _log.warning("claim lost while judging", **_names(history))
            except Unjudgeable as error:
                await self._fail(history, str(error))
            except LanguageUnavailable as error:
                # Renewals end first: the claim they would keep is given back.
                await stack.aclose()
                await self._pass_on(history, error)
            except BaseException:
                # Renewals end first: a late one would take the claim back.
                await stack.aclose()
                await self._release(history)
                raise
            else:
                if judgement is not None:
                    _log.info(
                        "executed",
                        **_names(history),
                        language=history.language,
                        verdict=str(judgement.verdict),
                        tests=len(judgement.results),
                        **timings.report(),
                    )
                    await self._count_run(history)

    async def _judge_and_complete(
        self, history: History, timings: Timings, lost: Event
    ) -> Judgement | None:
        """Return what was judged and stored; None when somebody else's outcome stands."""
        problem, judgement = await self.judged(history, lost, timings)
        with timings.of("store"):
            is_stored = await self._complete(history, problem, judgement)
        return judgement if is_stored else None

    async def judged(
        self, history: History, lost: Event, timings: Timings | None = None
    ) -> tuple[Problem, Judgement]:
        """Judge a history by its problem as it is now, and write nothing.

        Raises:
            JudgeFailed: the judge itself failed; another attempt may succeed.
            LanguageUnavailable: another worker is needed.
            Unjudgeable: judging again would not help.
            JudgeCancelled: `lost` was set meanwhile.
        """
        timings = timings or Timings()
        with ExitStack() as held:
            with timings.of("fetch"):
                loaded = await self._load(history, held)
            try:
                judgement = await self._judged(_request(history, loaded), lost)
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
        return loaded.problem, judgement

    # Loading

    async def _load(self, history: History, held: ExitStack) -> Loaded:
        reading = asyncio.ensure_future(self._stores.histories.code(history.uid, history.ulid))
        try:
            problem, kept = await self._set(history.platform, history.number, held)
            code = await reading
        finally:
            reading.cancel()
        if code is None:
            raise Unjudgeable(CODE_GONE)
        return Loaded(problem, kept.tests, kept.checker, code)

    async def _set(self, platform: str, number: str, held: ExitStack) -> tuple[Problem, OpenedSet]:
        """Return the current set: one read of the card when it is on disk, else one query."""
        fetching = self._fetching.setdefault((platform, number), asyncio.Lock())
        async with fetching if not self._files.knows(platform, number) else nullcontext():
            return await self._set_in_turn(platform, number, held)

    async def _set_in_turn(
        self, platform: str, number: str, held: ExitStack
    ) -> tuple[Problem, OpenedSet]:
        if self._files.knows(platform, number):
            problem = _judgeable(await self._stores.problems.get(platform, number))
            kept = await asyncio.to_thread(held.enter_context, self._files.opened(problem))
            if kept is not None:
                return problem, await self._with_checker(problem, kept)
        found = await self._stores.tests.with_problem(platform, number)
        problem = _judgeable(found.problem if found else None)
        assert found is not None
        await asyncio.to_thread(self._files.keep, problem, found.tests)
        kept = await asyncio.to_thread(held.enter_context, self._files.opened(problem))
        if kept is None:
            raise DamagedSet
        if found.checker is not None:
            await asyncio.to_thread(self._files.keep_checker, problem, found.checker)
        return problem, replace(kept, checker=found.checker)

    async def _with_checker(self, problem: Problem, kept: OpenedSet) -> OpenedSet:
        """Return the set with the problem's checker: one read more where it is not on disk."""
        if problem.checker_hash is None or kept.checker is not None:
            return kept
        name = problem.platform, problem.number
        checker = await self._stores.checkers.get(*name, consistent=True)
        if checker is None or digest_of(checker) != problem.checker_hash:
            raise JudgeFailed("the problem's checker changed meanwhile")
        await asyncio.to_thread(self._files.keep_checker, problem, checker)
        return replace(kept, checker=checker)

    # Judging

    async def _judged(self, request: JudgeRequest, lost: Event) -> Judgement:
        """Judge in a thread; when this task is cancelled, the programs are ended first."""
        work = partial(self._judge.judge, request, cancelled=lost.is_set)
        try:
            return await in_thread(self._threads, work, lost)
        except UnsupportedComparer as error:
            raise Unjudgeable(NO_COMPARER) from error

    async def _note_fault(self, problem: Problem, error: CheckerBroken) -> None:
        """Leave word of a broken checker where the problem's editors look."""
        name = problem.platform, problem.number
        _log.error("checker failed", problem="/".join(name), test=error.test_number)
        fault = CheckerFault(
            checker_hash=problem.checker_hash or "",
            message=error.message,
            test_number=error.test_number,
            created_at=self._clock(),
        )
        await self._stores.checkers.note_fault(*name, fault)

    @asynccontextmanager
    async def _leased(self, history: History, notify: asyncio.Event) -> AsyncIterator[Event]:
        """Renew the claim while the block runs; the event given is set when it is lost."""

        async def renew(lease_ms: int) -> bool:
            executions = self._stores.executions
            return await executions.renew(history.uid, history.ulid, history.attempt, lease_ms)

        async with keep_renewed(renew, self._lease_ms, notify) as lost:
            yield lost

    async def _release(self, history: History) -> None:
        """Give up a claim, so that the next attempt need not wait for the lease to end."""
        with suppress(DomainError):
            await self._stores.executions.renew(
                history.uid, history.ulid, history.attempt, RELEASED_MS
            )

    async def _pass_on(self, history: History, error: LanguageUnavailable) -> None:
        """Leave an execution to a worker that has all it required."""
        if await self._stores.executions.give_back(history):
            _log.info("passed on", reason=str(error), **_names(history))
            await self._sender.send_execution(
                history.uid,
                history.ulid,
                history.language,
                required=error.required,
                delay_ms=PASSED_ON_MS,
            )

    # Ending

    async def _complete(self, history: History, problem: Problem, judgement: Judgement) -> bool:
        """Store the outcome; False when the execution has ended otherwise meanwhile.

        The attempt in every condition makes it safe to try again, even past the lease.
        """
        outcome = outcome_of(history, problem, judgement)
        gives_up_at = time.monotonic() + COMPLETION_PATIENCE_S
        while True:
            try:
                await self._stores.executions.complete(history, outcome)
            except Unavailable:
                if time.monotonic() > gives_up_at:
                    raise
                await asyncio.sleep(COMPLETION_PAUSE_S)
            except (Conflict, NotFound) as error:
                _log.info("verdict discarded", reason=error.message, **_names(history))
                return False
            else:
                return True

    async def _fail(self, history: History, message: str) -> None:
        try:
            await self._stores.executions.fail(history, message)
        except (Conflict, NotFound) as error:
            _log.info("failure discarded", reason=error.message, **_names(history))
        else:
            _log.warning("failed and refunded", message=message, **_names(history))

    async def _count_run(self, history: History) -> None:
        try:
            await self._stores.problems.add_run(history.platform, history.number)
        except Unavailable as error:
            _log.warning("run not counted", error=error.message, **_names(history))


def _names(history: History) -> dict[str, str | int]:
    return {
        "uid": history.uid,
        "ulid": history.ulid,
        "problem": f"{history.platform}/{history.number}",
        "attempt": history.attempt,
    }


def _judgeable(problem: Problem | None) -> Problem:
    if problem is None or problem.state is ProblemState.DELETED:
        raise Unjudgeable(PROBLEM_GONE)
    if problem.test_version is None or problem.test_count == 0:
        raise Unjudgeable(NO_TESTS)
    return problem


def _request(history: History, loaded: Loaded) -> JudgeRequest:
    problem = loaded.problem
    return JudgeRequest(
        language=history.language,
        code=loaded.code,
        tests=loaded.tests,
        time_limit_ms=problem.time_limit_ms,
        memory_limit_kb=problem.memory_limit_kb,
        comparer=problem.comparer,
        abs_tolerance=_number(problem.absolute_tolerance),
        rel_tolerance=_number(problem.relative_tolerance),
        checker=loaded.checker,
        time_multiplier=language_limits.unpack(problem.language_limits).get(history.language),
        stop_on_first_failure=bool(problem.stop_on_first_failure),
    )


def _number(text: str | None) -> float | None:
    return None if text is None else float(text)


def outcome_of(history: History, problem: Problem, judgement: Judgement) -> Outcome:
    """Return what a judgement says, as it is stored."""
    return Outcome(
        verdict=judgement.verdict,
        passed=judgement.passed,
        failed=judgement.failed,
        total=len(judgement.results),
        cpu_ms=judgement.cpu_ms,
        peak_kb=judgement.peak_kb,
        results=Results(
            attempt=history.attempt,
            compile_output=judgement.compile_output or None,
            tests=tuple(judgement.results),
            limit_backend=judgement.limit_backend,
        ),
        problem_public=problem.state is ProblemState.COMPLETED,
        test_version=problem.test_version,
    )
