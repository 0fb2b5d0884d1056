"""Judging one submission: compile once, run the tests in parallel, compare, decide.

Blocking code: call it from threads. One `Judge` serves a whole process.
"""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from types import MappingProxyType
from typing import Self, TypeVar

from graphql_api.config import Settings
from graphql_api.data.languages import LanguageInfo
from graphql_api.data.records import Checker
from graphql_api.data.words import Comparer, Verdict
from tasks.budget import Budget
from tasks.checking import CheckerBroken, OwnProgram, contents_of
from tasks.judgements import (
    Judgement,
    JudgeRequest,
    TestCaseFiles,
    TestOutcome,
    beginning,
    decisive,
    is_failure,
    outcome_of,
    past_budget,
    skipped,
)
from tasks.rulings import Ruling, on_end, on_output, verdict_of
from tasks.sandbox.comparers import check_supported
from tasks.sandbox.compiling import CompileCancelled, Compiled, Compiler, CompilerBroken
from tasks.sandbox.detection import Languages, detect_languages
from tasks.sandbox.languages import find_language
from tasks.sandbox.limits import LimitsHeld
from tasks.sandbox.report import Outcome, Program, Report, RunLimits
from tasks.sandbox.sandbox import Sandbox, Turn, open_sandbox
from tasks.sandbox.slots import WaitCancelled
from tasks.sandbox.toolchains import Installed, run_limits
from tasks.test_queue import Gathered, TestQueue

__all__ = [
    "Judge",
    "JudgeCancelled",
    "JudgeRequest",
    "Judgement",
    "LanguageUnavailable",
    "TestCaseFiles",
    "TestOutcome",
]

# How soon a cancelled submission's programs are stopped, at the latest.
CANCEL_POLL_S = 0.1
# A submission keeps a slot so long before another one's tests get it.
TURN_S = 0.05

T = TypeVar("T")


class LanguageUnavailable(Exception):
    """This host does not run a language asked for; the message says why and what helps.

    `needs` are all languages that what was asked for takes, whether they are here or not.
    """

    def __init__(self, message: str, needs: Collection[str]) -> None:
        super().__init__(message)
        self.needs = frozenset(needs)


class JudgeCancelled(Exception):
    """`cancelled()` answered True, and every program of this submission is gone."""


@dataclass(slots=True)
class _Submission:
    """One submission while it is judged."""

    request: JudgeRequest
    installed: Installed
    budget: Budget
    on_result: Callable[[TestOutcome], None] | None
    cancelled: Callable[[], bool] | None
    own: OwnProgram | None = None
    stopped: Event = field(default_factory=Event)
    broken: dict[int, CheckerBroken] = field(default_factory=dict)
    turns: set[Turn] = field(default_factory=set)
    queue_ms: int = 0
    compile_ms: int = 0

    @contextmanager
    def counted(self, turn: Turn) -> Iterator[None]:
        """Keep a turn among those of this submission while the block runs."""
        self.turns.add(turn)
        try:
            yield
        finally:
            self.turns.discard(turn)

    @property
    def limits(self) -> RunLimits:
        """What each test may use."""
        return run_limits(
            self.installed.spec,
            self.request.time_limit_ms,
            self.request.memory_limit_kb,
            self.request.time_multiplier,
        )

    def verdict_of(self, report: Report) -> Verdict:
        """Return what a run's end means. Raises WaitCancelled."""
        return verdict_of(_finished(report), self.limits, self.installed.spec.memory_errors)

    def not_checked(self, test: TestCaseFiles, error: CheckerBroken) -> TestOutcome:
        """Return what stands for the result of a test that a broken checker should have given.

        Raises CheckerBroken itself unless a failure of a test before may make it irrelevant.
        """
        if not self.request.stop_on_first_failure:
            raise error
        self.broken[test.number] = error
        return TestOutcome(test.number, test.is_sample, Verdict.IE)

    def raise_broken(self, results: Sequence[TestOutcome]) -> None:
        """Raise CheckerBroken if one of these results should have come of a broken checker."""
        for one in results:
            if one.number in self.broken:
                raise self.broken[one.number]

    def left_out(
        self, tests: Sequence[TestCaseFiles], results: Sequence[TestOutcome]
    ) -> list[TestOutcome]:
        """Return the outcomes of the tests after those that have `results`."""
        stopped = self.request.stop_on_first_failure and any(map(is_failure, results))
        if stopped or not self.budget.is_spent:
            return [skipped(test) for test in tests]
        return past_budget(tests, self.budget.seconds, results)

    def stop_if_cancelled(self) -> None:
        """Raise JudgeCancelled, and stop what runs, when the caller has lost interest."""
        if self.cancelled is not None and self.cancelled():
            self.stopped.set()
            raise JudgeCancelled


_Queue = TestQueue[TestCaseFiles, TestOutcome]


class Judge:
    """The host's judge: `start()` once, `judge()` from any thread, `close()` at the end.

    All processes of a host with the same `WORK_DIR` share its slots, so that no more programs run
    at once than `JUDGE_SLOTS` (the number of cores): CPU times would lie. `forced` takes that kind
    of limits instead of the best there is.
    """

    def __init__(self, settings: Settings, forced: LimitsHeld | None = None) -> None:
        self._settings = settings
        self._forced = forced
        self._languages = Languages({}, {})
        self._closing = ExitStack()
        self._closed = Event()
        self._waiting: set[object] = set()

    def start(self, found: Callable[[], None] | None = None) -> Self:
        """Check the sandbox and find the languages.

        With `found` it does not wait for languages for which something has to be made on this host
        first: another thread adds them. `found()` is called each time that `languages` changed.
        Raises `tasks.sandbox.errors.SandboxUnavailable` naming what to install.
        """
        root = self._settings.work_dir / "sandbox"
        self._sandbox = open_sandbox(root, self._settings.judge_slots, self._forced)
        self._closing.callback(self._sandbox.close)
        self._compiler = Compiler(self._sandbox)
        self._languages = detect_languages(
            self._sandbox,
            self._compiler,
            self._settings.judge_languages,
            patient=found is None,
        )
        self._pool = ThreadPoolExecutor(len(self._sandbox.slots), thread_name_prefix="judge")
        self._closing.callback(self._pool.shutdown)
        if found is not None:
            found()
            preparing = Thread(target=self._prepare, args=(found,), name="languages")
            preparing.start()
            self._closing.callback(preparing.join)
        return self

    def _prepare(self, found: Callable[[], None]) -> None:
        if not self._languages.unprepared:
            return
        try:
            more = detect_languages(
                self._sandbox,
                self._compiler,
                self._languages.unprepared,
                cancelled=self._closed.is_set,
            )
        except (CompileCancelled, WaitCancelled):
            return
        self._languages = self._languages.joined(more)
        found()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def languages(self) -> Mapping[str, LanguageInfo]:
        """The languages that this host runs, by id."""
        return MappingProxyType({k: one.toolchain for k, one in self._languages.installed.items()})

    @property
    def missing_languages(self) -> Mapping[str, str]:
        """Why each of the other languages cannot be offered, by id."""
        return MappingProxyType(self._languages.missing)

    @property
    def limits_held(self) -> str:
        """What enforces memory: `cgroup2`, `cgroup1` or `rlimits`."""
        return str(self._sandbox.limits_held)

    def close(self) -> None:
        """End the helper processes and remove the slots' groups, after what still runs."""
        self._closed.set()
        self._closing.close()

    def judge(
        self,
        request: JudgeRequest,
        on_result: Callable[[TestOutcome], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Judgement:
        """Judge a submission; `on_result` gets each test as it ends.

        With an early stop in the order of the tests. Both callbacks are called in the calling
        thread only. Raises `LanguageUnavailable`, `UnsupportedComparer` where a checker lacks,
        `CheckerBroken`, and `JudgeCancelled` soon after `cancelled()` is True.
        """
        if request.checker is None:
            check_supported(request.comparer)
        for language in request.languages:
            self._find(language, request.languages)
        submission = _Submission(
            request,
            self._find(request.language),
            Budget(self._settings.judge_submission_seconds),
            on_result,
            cancelled,
        )
        began = time.monotonic()
        try:
            compiled = self._compile(submission, submission.installed, request.code)
            if request.checker is not None and request.needs_checker and compiled.directory:
                submission.own = self._own_program(submission, request.checker)
        except CompilerBroken as error:
            return self._nothing_ran(submission, Verdict.IE, "", str(error))
        submission.queue_ms = compiled.queue_ms
        submission.compile_ms = _since(began) - compiled.queue_ms
        if compiled.directory is None:
            return self._nothing_ran(submission, Verdict.CE, compiled.output, "")
        began = time.monotonic()
        try:
            results = self._run_all(submission, compiled)
        except WaitCancelled:
            raise JudgeCancelled from None
        return self._judgement(submission, compiled.output, results, run_ms=_since(began))

    def parts(self, language: str) -> tuple[Sandbox, Compiler, Installed]:
        """Return what a run without tests is made with. Raises `LanguageUnavailable`."""
        return self._sandbox, self._compiler, self._find(language)

    def _find(self, language: str, needs: Collection[str] = ()) -> Installed:
        spec = find_language(language)
        installed = self._languages.installed.get(spec.id) if spec else None
        if installed is not None:
            return installed
        why = self._languages.missing.get(spec.id) if spec else "there is no such language"
        ids = [found.id if (found := find_language(one)) else one for one in (language, *needs)]
        raise LanguageUnavailable(f"This worker does not run {language!r}: {why}", ids)

    def _own_program(self, submission: _Submission, checker: Checker) -> OwnProgram:
        """Return the problem's own program, compiled."""
        installed = self._find(checker.language)
        compiled = self._compile(submission, installed, checker.code)
        if compiled.directory is None:
            raise CheckerBroken(f"it does not compile\n{compiled.output}")
        return OwnProgram.of(checker, installed, compiled.directory)

    def _compile(self, submission: _Submission, installed: Installed, code: str) -> Compiled:
        """Compile in a pool thread, so that this one can look after the cancellation."""
        source = code.encode("utf-8", "surrogatepass")
        future = self._submit(self._compiler.compile, installed, source, submission.stopped.is_set)
        try:
            while not wait([future], CANCEL_POLL_S).done:
                submission.stop_if_cancelled()
            return future.result()
        except (CompileCancelled, WaitCancelled):
            raise JudgeCancelled from None
        finally:
            wait([future])

    def _run_all(self, submission: _Submission, compiled: Compiled) -> list[TestOutcome]:
        """Run the tests in turns, at most as many at once as there are slots, and tell each result.

        No more are handed to the pool, so submissions judged at the same time take turns.
        """
        request = submission.request
        stops = request.stop_on_first_failure
        queue: _Queue = TestQueue(request.tests, is_failure if stops else None)
        gathered = Gathered(submission.on_result, in_order=stops)
        program = self._program(submission, compiled)
        running: set[Future[None]] = set()
        try:
            while not gathered.has_all(queue.wanted):
                for _ in range(min(len(self._sandbox.slots) - len(running), queue.waiting)):
                    running.add(self._submit(self._run_turn, submission, program, queue))
                for at, outcome in queue.told(CANCEL_POLL_S):
                    gathered.add(at, outcome, queue.wanted)
                running -= _ended(running)
                submission.stop_if_cancelled()
        finally:
            submission.stopped.set()
            wait(running)
        results = gathered.first(queue.wanted)
        submission.raise_broken(results)
        return [*results, *submission.left_out(request.tests[queue.wanted :], results)]

    def _program(self, submission: _Submission, compiled: Compiled) -> Program:
        command = submission.installed.command(submission.request.memory_limit_kb)
        return Program(command, compiled.directory)

    def _submit(self, work: Callable[..., T], *arguments: object) -> Future[T]:
        """Have work done by the pool, and count it while it waits there."""
        mark = object()
        self._waiting.add(mark)

        def begin() -> T:
            self._waiting.discard(mark)
            return work(*arguments)

        return self._pool.submit(begin)

    def _run_turn(self, submission: _Submission, program: Program, queue: _Queue) -> None:
        """Run tests one after the other until there is none, or the turn is another's."""
        try:
            with (
                self._sandbox.turn(submission.stopped.is_set) as turn,
                submission.counted(turn),
            ):
                began = time.monotonic()
                while (taken := queue.take()) is not None:
                    if submission.budget.is_spent:
                        queue.stop_after(taken.at - 1)
                        return
                    is_last = self._is_over(began)
                    then = None if is_last else queue.following(len(submission.turns))
                    try:
                        outcome = self._run_test(submission, program, turn, taken.test, then)
                    except CheckerBroken as error:
                        outcome = submission.not_checked(taken.test, error)
                    submission.budget.spend(outcome.wall_ms)
                    queue.tell(taken, outcome)
                    if self._is_over(began):
                        return
        finally:
            queue.wake()

    def _is_over(self, began: float) -> bool:
        """Tell whether a turn has lasted long enough and somebody waits for the slot."""
        is_long = time.monotonic() - began > TURN_S
        return is_long and (bool(self._waiting) or self._sandbox.slots.has_waiting())

    def _run_test(
        self,
        submission: _Submission,
        program: Program,
        turn: Turn,
        test: TestCaseFiles,
        then: TestCaseFiles | None,
    ) -> TestOutcome:
        request, own = submission.request, submission.own
        limits = submission.limits
        if own is not None and request.comparer is Comparer.INTERACTIVE:
            return self._run_talk(submission, own, program, turn, test)
        following = then.input_path if then is not None and own is None else None
        with turn.run(program, test.input_path, limits, then=following) as report:
            verdict = submission.verdict_of(report)
            try:
                ruling = self._ruling(submission, turn, test, report, verdict)
                expected = beginning(test.expected_path)
            except OSError as error:
                ruling, expected = Ruling(Verdict.IE, f"expected output: {error}"), b""
            return outcome_of(test, report, ruling, expected)

    def _ruling(
        self,
        submission: _Submission,
        turn: Turn,
        test: TestCaseFiles,
        report: Report,
        verdict: Verdict,
    ) -> Ruling:
        request, own = submission.request, submission.own
        if verdict is not Verdict.AC:
            return on_end(report, verdict)
        if own is not None:
            written = contents_of(report.stdout)
            program, stdin = own.checking(test.input_path, written, test.expected_path)
            with turn.run(program, stdin, own.limits) as checked:
                return own.ruling(_finished(checked), test.number)
        with test.expected_path.open("rb") as expected:
            return on_output(
                request.comparer,
                expected,
                report.stdout,
                request.abs_tolerance,
                request.rel_tolerance,
            )

    def _run_talk(
        self,
        submission: _Submission,
        own: OwnProgram,
        program: Program,
        turn: Turn,
        test: TestCaseFiles,
    ) -> TestOutcome:
        limits = submission.limits
        programs = program, own.talking(test.input_path, test.expected_path)
        one, other = turn.run_pair(programs, (limits, own.talking_limits(limits)))
        with one, other:
            verdict = submission.verdict_of(one)
            ruling = own.ruling_on_talk(verdict, one, _finished(other), test.number)
            return outcome_of(test, one, ruling, b"")

    def _nothing_ran(
        self, submission: _Submission, verdict: Verdict, output: str, message: str
    ) -> Judgement:
        """The judgement of a submission that no test could be given to."""
        results = list(map(skipped, submission.request.tests))
        return self._judgement(submission, output, results, verdict=verdict, message=message)

    def _judgement(
        self,
        submission: _Submission,
        output: str,
        results: list[TestOutcome],
        *,
        verdict: Verdict | None = None,
        message: str = "",
        run_ms: int = 0,
    ) -> Judgement:
        passed = sum(one.verdict is Verdict.AC for one in results)
        failed = sum(one.verdict not in (Verdict.AC, Verdict.SKIPPED) for one in results)
        worst = decisive(results)
        return Judgement(
            verdict=verdict or (worst.verdict if worst else Verdict.AC),
            compile_output=output,
            results=results,
            passed=passed,
            failed=failed,
            cpu_ms=max((one.cpu_ms for one in results), default=0),
            peak_kb=max((one.peak_kb for one in results), default=0),
            limits_held=self.limits_held,
            message=message or (worst.message if worst else ""),
            queue_ms=submission.queue_ms,
            compile_ms=submission.compile_ms,
            run_ms=run_ms,
        )


def _ended(running: set[Future[None]]) -> set[Future[None]]:
    """Return the turns that have ended; raises what one of them has raised."""
    ended = {future for future in running if future.done()}
    for future in ended:
        future.result()
    return ended


def _finished(report: Report) -> Report:
    """Return the report of a run that was not cancelled. Raises WaitCancelled."""
    if report.outcome is Outcome.CANCELLED:
        raise WaitCancelled
    return report


def _since(began: float) -> int:
    """Milliseconds since `began`, a reading of time.monotonic()."""
    return round((time.monotonic() - began) * 1000)
