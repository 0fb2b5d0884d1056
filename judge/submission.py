"""A submission while it is judged: its compiled program, its tests, its checker and its limits.

A submission is compiled and tested in slot sessions. In a session, a thread holds a slot of the
host and runs programs one after the other. The first session compiles the submission and then runs
tests. The other sessions only run tests. After `SLOT_SLICE_S`, a thread releases its slot if
another submission should get the slot (judge/sandbox/slots.py). So submissions that are judged at
the same time share the host. The methods block, so call them from threads.
"""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event

from graphql_api.data.enums import Comparer, Verdict
from graphql_api.data.records import TestResult
from judge.build import Build
from judge.checkers import CheckerBroken, CheckerProgram, read_small_file
from judge.interactors import build_interactor, interactor_limits, judge_interaction
from judge.languages.failures import Failure
from judge.models import (
    JudgeCancelled,
    JudgeRequest,
    TestCaseFiles,
    build_result,
    is_failure,
    make_result,
    read_beginning,
    skip_past_budget,
    skip_test,
)
from judge.sandbox.report import Outcome, Program, Report, RunLimits
from judge.sandbox.sandbox import Sandbox, SlotSession
from judge.sandbox.slots import WaitCancelled
from judge.scheduler import ResultCollector, TestScheduler, TimeBudget, WorkPool
from judge.toolchains.compiler import CompileCancelled
from judge.toolchains.installed import Installed, run_limits
from judge.verdicts import Ruling, decide_verdict, judge_output, rule_on_end

# The programs of a cancelled submission are stopped within this time.
CANCEL_POLL_S = 0.1
# Time for which a session keeps its slot while others wait for a slot.
SLOT_SLICE_S = 0.05

_Scheduler = TestScheduler[TestCaseFiles, TestResult]


class Ticket:
    """A marker for a session that waits for a slot.

    After the wait, the session's thread holds a slot and runs programs of one submission.
    """


@dataclass(slots=True, kw_only=True)
class Submission:
    """A submission and the state of its judging.

    The callbacks `on_result` and `cancelled` are called in the thread that calls `run`. `queue_ms`
    and `compile_ms` together are the time until the programs are compiled. `queue_ms` is the part
    of this time spent waiting for slots.
    """

    request: JudgeRequest
    installed: Installed
    build: Build
    sandbox: Sandbox
    pool: WorkPool
    budget: TimeBudget
    on_result: Callable[[TestResult], None] | None = None
    cancelled: Callable[[], bool] | None = None
    began: float = field(default_factory=time.monotonic)
    stopped: Event = field(default_factory=Event)
    checker_faults: dict[int, CheckerBroken] = field(default_factory=dict)
    sessions: set[SlotSession] = field(default_factory=set)
    waiting_sessions: set[Ticket] = field(default_factory=set)
    queue_ms: int = 0
    compile_ms: int = 0

    @property
    def limits(self) -> RunLimits:
        """The limits of the program in each test."""
        return run_limits(
            self.installed.spec,
            self.request.time_limit_ms,
            self.request.memory_limit_kb,
            self.request.time_multiplier,
        )

    def run(self) -> list[TestResult]:
        """Compile the program and run the tests. Return one result per test, in order.

        If the program does not compile, all tests are SKIPPED.

        Raises:
            JudgeCancelled: `cancelled()` returned True.
            CheckerBroken: the checker does not compile, or it failed on a test whose result counts.
            CompilerBroken: the sandbox failed while compiling.
        """
        request = self.request
        stops = request.stop_on_first_failure
        scheduler = _Scheduler(request.tests, is_failure if stops else None)
        results = ResultCollector[TestResult](self.on_result, in_order=stops)
        running: set[Future[None]] = set()
        try:
            while not (self.build.is_done and results.has_all(scheduler.needed_count)):
                if self._needs_session(scheduler, running):
                    self.waiting_sessions.add(ticket := Ticket())
                    running.add(self.pool.submit(self._run_session, scheduler, ticket))
                for at, result in scheduler.drain_results(CANCEL_POLL_S):
                    results.add(at, result, scheduler.needed_count)
                running -= _pop_ended(running)
                self._stop_if_cancelled()
        except (CompileCancelled, WaitCancelled):
            raise JudgeCancelled from None
        finally:
            self._stop()
            wait(running)
        counted = results.first(scheduler.needed_count)
        self._raise_checker_fault(counted)
        return [*counted, *self._skip_rest(request.tests[scheduler.needed_count :], counted)]

    def _stop_if_cancelled(self) -> None:
        if self.cancelled is not None and self.cancelled():
            self._stop()
            raise JudgeCancelled

    def _stop(self) -> None:
        self.stopped.set()
        self.sandbox.slots.recheck_cancelled()

    def _needs_session(self, scheduler: _Scheduler, running: Collection[Future[None]]) -> bool:
        """Return whether to start another session of the submission.

        A session waits for a slot and then runs tests. At most one session of a submission waits at
        a time. Before the submission is compiled, it has only one session.
        """
        if not self.build.is_done:
            return not running
        is_possible = len(self.sessions) < self.pool.sessions and not self.waiting_sessions
        return is_possible and scheduler.waiting_count > 0

    def _run_session(self, scheduler: _Scheduler, ticket: Ticket) -> None:
        """Wait for a slot, compile the programs if they are not compiled yet, and run tests."""
        try:
            if not self.build.is_done:
                self.build.prepare(self.stopped.is_set)
            with self._open_session() as session:
                if self.build.is_done or self._compile(session, scheduler):
                    self._run_tests(session, scheduler, ticket)
        finally:
            self.waiting_sessions.discard(ticket)
            scheduler.wake()

    def _compile(self, session: SlotSession, scheduler: _Scheduler) -> bool:
        """Compile the program and the checker. Return whether the tests can run."""
        is_runnable = self.build.run(session)
        self.queue_ms = session.queue_ms
        self.compile_ms = elapsed_ms(self.began) - self.queue_ms
        if is_runnable:
            session.give_way()
        else:
            scheduler.stop_after(-1)
        return is_runnable

    def _run_tests(self, session: SlotSession, scheduler: _Scheduler, ticket: Ticket) -> None:
        """Run tests until no test is left, or until the time slice of the slot is over."""
        while (taken := scheduler.take()) is not None:
            if self.budget.is_spent:
                scheduler.stop_after(taken.at - 1)
                return
            self._end_wait(ticket, scheduler)
            is_last = _is_slice_over(session)
            upcoming = None if is_last else scheduler.peek_next(len(self.sessions))
            try:
                result = self._run_test(session, taken.test, upcoming)
            except CheckerBroken as error:
                result = self._replace_result(taken.test, error)
            self.budget.spend(result.wall_ms)
            scheduler.report(taken, result)
            if _is_slice_over(session):
                return

    def _end_wait(self, ticket: Ticket, scheduler: _Scheduler) -> None:
        """Record that a session no longer waits for a slot.

        `ticket` identifies the session. Only one session waits at a time, so the next session can
        begin to wait.
        """
        if ticket in self.waiting_sessions:
            self.waiting_sessions.discard(ticket)
            scheduler.wake()

    @contextmanager
    def _open_session(self) -> Iterator[SlotSession]:
        with self.sandbox.open_session(self.stopped.is_set, self.request.owner) as session:
            self.sessions.add(session)
            try:
                yield session
            finally:
                self.sessions.discard(session)

    def _run_test(
        self, session: SlotSession, test: TestCaseFiles, upcoming: TestCaseFiles | None
    ) -> TestResult:
        """Run one test. `upcoming` is the test that the session will probably run next."""
        program, checker = self.build.program, self.build.checker
        assert program is not None
        if checker is not None and self.request.comparer is Comparer.INTERACTIVE:
            return self._run_interaction(checker, program, session, test)
        prepared = upcoming.input_path if upcoming and checker is None else None
        with session.run(program, test.input_path, self.limits, then=prepared) as report:
            verdict = self._decide_verdict(report)
            try:
                ruling = self._judge_output(session, test, report, verdict)
                expected = read_beginning(test.expected_path)
            except OSError as error:
                ruling, expected = (
                    Ruling(Verdict.IE, f"The stored expected output cannot be read: {error}."),
                    b"",
                )
            return build_result(test, report, ruling, expected, self._read_failure(report))

    def _decide_verdict(self, report: Report) -> Verdict:
        return decide_verdict(
            _require_finished(report), self.limits, self.installed.spec.memory_errors
        )

    def _read_failure(self, report: Report) -> Failure:
        if report.outcome not in (Outcome.NONZERO_EXIT, Outcome.SIGNALLED):
            return Failure()
        return self.installed.spec.failures.read(report.stderr, self.request.code)

    def _judge_output(
        self, session: SlotSession, test: TestCaseFiles, report: Report, verdict: Verdict
    ) -> Ruling:
        request, checker = self.request, self.build.checker
        if verdict is not Verdict.AC:
            return rule_on_end(report, verdict)
        if checker is not None:
            output = read_small_file(report.stdout)
            program, stdin = checker.build_checker(test.input_path, output, test.expected_path)
            with session.run(program, stdin, checker.limits) as checked:
                return checker.judge(_require_finished(checked), test.number)
        with test.expected_path.open("rb") as expected:
            return judge_output(
                request.comparer,
                expected,
                report.stdout,
                request.abs_tolerance,
                request.rel_tolerance,
            )

    def _run_interaction(
        self,
        interactor: CheckerProgram,
        program: Program,
        session: SlotSession,
        test: TestCaseFiles,
    ) -> TestResult:
        partner = build_interactor(interactor, test.input_path, test.expected_path)
        programs = program, partner
        limits = self.limits, interactor_limits(interactor, self.limits)
        own, other = session.run_pair(programs, limits)
        with own, other:
            verdict = self._decide_verdict(own)
            _require_finished(other)
            ruling = judge_interaction(interactor, verdict, (own, other), test.number)
            return build_result(test, own, ruling, b"", self._read_failure(own))

    def _replace_result(self, test: TestCaseFiles, error: CheckerBroken) -> TestResult:
        """Return a placeholder for the result of a test on which the checker failed.

        With `stop_on_first_failure`, the checker's failure counts only if all earlier tests are AC.
        This is not known yet, so the failure is kept until all results have arrived.

        Raises:
            CheckerBroken: the request has no `stop_on_first_failure`, so the failure counts.
        """
        if not self.request.stop_on_first_failure:
            raise error
        self.checker_faults[test.number] = error
        return make_result(test, Verdict.IE)

    def _raise_checker_fault(self, results: Sequence[TestResult]) -> None:
        for result in results:
            if result.number in self.checker_faults:
                raise self.checker_faults[result.number]

    def _skip_rest(
        self, tests: Sequence[TestCaseFiles], results: Sequence[TestResult]
    ) -> list[TestResult]:
        """Return one result for each of `tests`. These tests did not run.

        `results` contains the results of the tests that ran.
        """
        stopped = self.request.stop_on_first_failure and any(map(is_failure, results))
        if stopped or not self.budget.is_spent:
            return [skip_test(test) for test in tests]
        return skip_past_budget(tests, self.budget.seconds, results)


def elapsed_ms(began: float) -> int:
    """Return the milliseconds since `began`, a value of time.monotonic()."""
    return round((time.monotonic() - began) * 1000)


def _is_slice_over(session: SlotSession) -> bool:
    return time.monotonic() - session.turn_began > SLOT_SLICE_S and session.is_wanted


def _pop_ended(running: set[Future[None]]) -> set[Future[None]]:
    """Remove and return the sessions that have ended. Raise the exception of a failed session."""
    ended = {future for future in running if future.done()}
    for future in ended:
        future.result()
    return ended


def _require_finished(report: Report) -> Report:
    """Return the report unchanged if the run was not cancelled.

    Raises:
        WaitCancelled: the run was cancelled.
    """
    if report.outcome is Outcome.CANCELLED:
        raise WaitCancelled
    return report
