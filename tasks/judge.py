"""Judging one submission: compile once, run the tests in parallel, compare, decide.

Blocking code: call it from threads. One `Judge` serves a whole process.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from types import MappingProxyType
from typing import NamedTuple, Self, TypeVar

from graphql_api.config import Settings
from graphql_api.data.languages import LanguageInfo
from graphql_api.data.words import Comparer, Verdict
from tasks.sandbox.comparers import Comparison, check_supported, compare
from tasks.sandbox.compiling import CompileCancelled, Compiled, Compiler, CompilerBroken
from tasks.sandbox.detection import Languages, detect_languages
from tasks.sandbox.languages import find_language
from tasks.sandbox.limits import LimitsHeld
from tasks.sandbox.report import Outcome, Program, Report, RunLimits
from tasks.sandbox.sandbox import Sandbox, Turn, open_sandbox
from tasks.sandbox.slots import WaitCancelled
from tasks.sandbox.toolchains import Installed, fill, run_limits
from tasks.test_queue import TestQueue

SHOWN_BYTES = 1024
# How soon a cancelled submission's programs are stopped, at the latest.
CANCEL_POLL_S = 0.1
# A submission keeps a slot so long before another one's tests get it.
TURN_S = 0.05

T = TypeVar("T")


class LanguageUnavailable(Exception):
    """This host does not run the language asked for; the message says why and what helps."""


class JudgeCancelled(Exception):
    """`cancelled()` answered True, and every program of this submission is gone."""


@dataclass(frozen=True, slots=True)
class TestCaseFiles:
    """One test on the worker's disk: what the program reads and what it should write."""

    __test__ = False

    number: int
    is_sample: bool
    input_path: Path
    expected_path: Path


@dataclass(frozen=True, slots=True)
class JudgeRequest:
    """A submission with its tests and the problem's limits.

    `language` is an id or an alias. The limits are the problem's own; what the language gets on
    top (`Grace`) is added here. The tolerances matter to `Comparer.FLOAT` only.
    """

    language: str
    code: str
    tests: Sequence[TestCaseFiles]
    time_limit_ms: int
    memory_limit_kb: int
    comparer: Comparer = Comparer.TOKENS
    abs_tolerance: float | None = None
    rel_tolerance: float | None = None


@dataclass(frozen=True, slots=True)
class TestOutcome:
    """What one test gave. `output`, `error` and `expected` are shortened to 1 KB.

    `difference` says where the output of a WA is wrong, if its comparer can tell.
    """

    __test__ = False

    number: int
    is_sample: bool
    verdict: Verdict
    cpu_ms: int = 0
    wall_ms: int = 0
    peak_kb: int = 0
    exit_code: int | None = None
    signal: str | None = None
    output: str = ""
    error: str = ""
    expected: str = ""
    message: str = ""
    difference: Comparison | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a submission gave: `results` in the order of the tests.

    `verdict` is AC when all tests are, else that of the first test that is not; CE when it does not
    compile (every test SKIPPED). `cpu_ms` and `peak_kb` are the largest of all tests. `limits_held`
    says what enforced memory: `cgroup2`, `cgroup1` or `rlimits`. `queue_ms` is the time waited for
    a first free slot, `compile_ms` and `run_ms` are wall times; the three together are the call's.
    """

    verdict: Verdict
    compile_output: str
    results: list[TestOutcome]
    passed: int
    failed: int
    cpu_ms: int
    peak_kb: int
    limits_held: str
    message: str
    queue_ms: int
    compile_ms: int
    run_ms: int


_VERDICTS = {
    Outcome.CPU_LIMIT: Verdict.TLE,
    Outcome.MEMORY: Verdict.MLE,
    Outcome.OUTPUT: Verdict.OLE,
    Outcome.NONZERO_EXIT: Verdict.RE,
    Outcome.SIGNALLED: Verdict.RE,
    Outcome.INTERNAL: Verdict.IE,
}


def verdict_of(report: Report, limits: RunLimits, memory_errors: Sequence[bytes]) -> Verdict:
    """Return what a run's end means; AC when there is nothing against it but its output.

    A program stopped by the wall limit is slow (TLE) when it had used half its CPU time, else idle
    (ILE). A runtime that says that it ran out of memory and gives up is out of memory (MLE).
    """
    if report.outcome is Outcome.OK:
        return Verdict.AC
    if report.outcome is Outcome.WALL_LIMIT:
        return Verdict.TLE if 2 * report.cpu_ms >= limits.cpu_ms else Verdict.ILE
    verdict = _VERDICTS[report.outcome]
    if verdict is Verdict.RE and any(text in report.stderr for text in memory_errors):
        return Verdict.MLE
    return verdict


def _shown(raw: bytes) -> str:
    """Return at most 1 KB of text."""
    text = raw[: SHOWN_BYTES + 1].decode("utf-8", "replace")
    if len(raw) <= SHOWN_BYTES and len(text.encode()) <= SHOWN_BYTES:
        return text
    cut = text.encode()[: SHOWN_BYTES - 3].decode("utf-8", "ignore")
    return f"{cut}…"


@dataclass(slots=True)
class _Submission:
    """One submission while it is judged."""

    request: JudgeRequest
    installed: Installed
    on_result: Callable[[TestOutcome], None] | None
    cancelled: Callable[[], bool] | None
    stopped: Event = field(default_factory=Event)
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
        self._waiting: set[object] = set()

    def start(self) -> Self:
        """Check the sandbox and find the languages.

        Raises `tasks.sandbox.errors.SandboxUnavailable` naming what to install.
        """
        root = self._settings.work_dir / "sandbox"
        self._sandbox = open_sandbox(root, self._settings.judge_slots, self._forced)
        self._closing.callback(self._sandbox.close)
        self._compiler = Compiler(self._sandbox)
        self._languages = detect_languages(
            self._sandbox, self._compiler, self._settings.judge_languages
        )
        self._pool = ThreadPoolExecutor(len(self._sandbox.slots), thread_name_prefix="judge")
        self._closing.callback(self._pool.shutdown)
        return self

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
        self._closing.close()

    def judge(
        self,
        request: JudgeRequest,
        on_result: Callable[[TestOutcome], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Judgement:
        """Judge a submission; `on_result` gets each test as it ends.

        Both callbacks are called in the calling thread only. Raises `LanguageUnavailable`,
        `UnsupportedComparer`, and `JudgeCancelled` soon after `cancelled()` is True.
        """
        check_supported(request.comparer)
        submission = _Submission(request, self._find(request.language), on_result, cancelled)
        began = time.monotonic()
        try:
            compiled = self._compile(submission)
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

    def _find(self, language: str) -> Installed:
        spec = find_language(language)
        installed = self._languages.installed.get(spec.id) if spec else None
        if installed is not None:
            return installed
        why = self._languages.missing.get(spec.id) if spec else "there is no such language"
        raise LanguageUnavailable(f"This worker does not run {language!r}: {why}")

    def _compile(self, submission: _Submission) -> Compiled:
        """Compile in a pool thread, so that this one can look after the cancellation."""
        code = submission.request.code.encode("utf-8", "surrogatepass")
        future = self._submit(
            self._compiler.compile, submission.installed, code, submission.stopped.is_set
        )
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
        queue: _Queue = TestQueue(submission.request.tests)
        program = self._program(submission, compiled)
        running: set[Future[None]] = set()
        results: dict[int, TestOutcome] = {}
        try:
            while len(results) < len(submission.request.tests):
                for _ in range(min(len(self._sandbox.slots) - len(running), queue.waiting)):
                    running.add(self._submit(self._run_turn, submission, program, queue))
                for at, outcome in queue.told(CANCEL_POLL_S):
                    results[at] = outcome
                    if submission.on_result is not None:
                        submission.on_result(outcome)
                running -= _ended(running)
                submission.stop_if_cancelled()
        finally:
            submission.stopped.set()
            wait(running)
        return [results[at] for at in sorted(results)]

    def _program(self, submission: _Submission, compiled: Compiled) -> Program:
        installed, memory_kb = submission.installed, submission.request.memory_limit_kb
        return Program(fill(installed.spec.run, installed.tools, memory_kb), compiled.directory)

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
            with self._sandbox.turn(submission.stopped.is_set) as turn, submission.counted(turn):
                began = time.monotonic()
                while (taken := queue.take()) is not None:
                    # The others, too, want one each.
                    goes_on = queue.waiting >= len(submission.turns) and not self._is_over(began)
                    outcome = self._run_test(submission, program, turn, taken.test, again=goes_on)
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
        *,
        again: bool,
    ) -> TestOutcome:
        request, spec = submission.request, submission.installed.spec
        limits = run_limits(spec, request.time_limit_ms, request.memory_limit_kb)
        with turn.run(program, test.input_path, limits, again=again) as report:
            if report.outcome is Outcome.CANCELLED:
                raise WaitCancelled
            verdict = verdict_of(report, limits, spec.memory_errors)
            try:
                found = _compared(request, test, report, verdict)
            except OSError as error:
                found = _Compared(Verdict.IE, f"expected output: {error}", b"")
            report.stdout.seek(0)
            return TestOutcome(
                number=test.number,
                is_sample=test.is_sample,
                verdict=found.verdict,
                cpu_ms=report.cpu_ms,
                wall_ms=report.wall_ms,
                peak_kb=report.peak_kb,
                exit_code=report.exit_code,
                signal=report.signal,
                output=_shown(report.stdout.read(SHOWN_BYTES + 1)),
                error=_shown(report.stderr),
                expected=_shown(found.expected),
                message=found.message,
                difference=found.difference,
            )

    def _nothing_ran(
        self, submission: _Submission, verdict: Verdict, output: str, message: str
    ) -> Judgement:
        """The judgement of a submission that no test could be given to."""
        results = [
            TestOutcome(test.number, test.is_sample, Verdict.SKIPPED)
            for test in submission.request.tests
        ]
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
        decisive = _decisive(results)
        return Judgement(
            verdict=verdict or (decisive.verdict if decisive else Verdict.AC),
            compile_output=output,
            results=results,
            passed=passed,
            failed=failed,
            cpu_ms=max((one.cpu_ms for one in results), default=0),
            peak_kb=max((one.peak_kb for one in results), default=0),
            limits_held=self.limits_held,
            message=message or (decisive.message if decisive else ""),
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


def _decisive(results: Sequence[TestOutcome]) -> TestOutcome | None:
    """The first test that is internal error, else the first that is not accepted."""
    failed = [one for one in results if one.verdict not in (Verdict.AC, Verdict.SKIPPED)]
    broken = [one for one in failed if one.verdict is Verdict.IE]
    return next(iter(broken or failed), None)


class _Compared(NamedTuple):
    """The final verdict, what to say of it, and the beginning of the expected output."""

    verdict: Verdict
    message: str
    expected: bytes
    difference: Comparison | None = None


def _compared(
    request: JudgeRequest, test: TestCaseFiles, report: Report, verdict: Verdict
) -> _Compared:
    with test.expected_path.open("rb") as expected:
        beginning = expected.read(SHOWN_BYTES + 1)
        if verdict is not Verdict.AC:
            is_told = verdict is Verdict.MLE and report.outcome is not Outcome.MEMORY
            said = "it ran out of memory" if is_told else report.message
            return _Compared(verdict, said, beginning)
        found = compare(
            request.comparer,
            expected,
            report.stdout,
            abs_tolerance=request.abs_tolerance,
            rel_tolerance=request.rel_tolerance,
        )
        if found.equal:
            return _Compared(Verdict.AC, "", beginning)
        return _Compared(Verdict.WA, found.message, beginning, found)


def _since(began: float) -> int:
    """Milliseconds since `began`, a reading of time.monotonic()."""
    return round((time.monotonic() - began) * 1000)
