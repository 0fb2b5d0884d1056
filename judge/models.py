"""What a submission is judged by, and what comes of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from graphql_api.data.enums import Comparer, Verdict
from graphql_api.data.limits import SHOWN_OUTPUT_BYTES
from graphql_api.data.records import Checker, TestResult
from graphql_api.data.text import truncate_utf8
from judge.sandbox.report import Report
from judge.verdicts import Ruling

PAST_BUDGET = "Not run: the tests had already used the {seconds} s that a submission may take."


class JudgeCancelled(Exception):
    """The caller's `cancelled()` returned True, and all programs of the submission have ended."""


@dataclass(frozen=True, slots=True)
class TestCaseFiles:
    """One test on the worker's disk: what the program reads and what it should write."""

    number: int
    is_sample: bool
    input_path: Path
    expected_path: Path


@dataclass(frozen=True, slots=True)
class JudgeRequest:
    """A submission with its tests and the problem's limits.

    `language` is an id or an alias. The limits are the problem's own; what the language gets on
    top (`Grace`) is added here, its share of time by `time_multiplier` if that is given. The
    tolerances matter to `Comparer.FLOAT` only, the checker to CHECKER and INTERACTIVE.
    """

    language: str
    code: str
    tests: Sequence[TestCaseFiles]
    time_limit_ms: int
    memory_limit_kb: int
    comparer: Comparer = Comparer.TOKENS
    abs_tolerance: float | None = None
    rel_tolerance: float | None = None
    checker: Checker | None = None
    time_multiplier: float | None = None
    stop_on_first_failure: bool = False

    @property
    def needs_checker(self) -> bool:
        """Whether a program of the problem decides."""
        return self.comparer.needs_checker

    @property
    def languages(self) -> frozenset[str]:
        """The languages of all programs that are to run."""
        own = {self.checker.language} if self.checker and self.needs_checker else set()
        return frozenset({self.language} | own)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a submission gave: `results` in the order of the tests.

    `verdict` is AC when all tests are, else that of the first test that is not; CE when it does not
    compile (every test SKIPPED). Tests after an early stop are SKIPPED, run or not; so are those
    for which no time was left, of which the first is TLE where all before are AC. `cpu_ms` and
    `peak_kb` are the largest of all tests. `limit_backend` says what enforced memory: `cgroup2`,
    `cgroup1` or `rlimits`. `queue_ms` is the time waited for a first free slot, `compile_ms` and
    `run_ms` are wall times; the three together are the call's.
    """

    verdict: Verdict
    compile_output: str
    results: list[TestResult]
    passed: int
    failed: int
    cpu_ms: int
    peak_kb: int
    limit_backend: str
    message: str
    queue_ms: int
    compile_ms: int
    run_ms: int


def shown(raw: bytes) -> str:
    """Return at most 1 KB of text."""
    return truncate_utf8(raw, SHOWN_OUTPUT_BYTES, "…")


def is_failure(outcome: TestResult) -> bool:
    """Tell whether a test was not passed."""
    return outcome.verdict is not Verdict.AC


def not_judged(test: TestCaseFiles, verdict: Verdict, message: str | None = None) -> TestResult:
    """Return the result of a test for which there is no report."""
    return TestResult(
        number=test.number,
        is_sample=test.is_sample,
        verdict=verdict,
        output="",
        error="",
        expected="",
        message=message,
    )


def skipped(test: TestCaseFiles) -> TestResult:
    """Return the outcome of a test that does not count."""
    return not_judged(test, Verdict.SKIPPED)


def past_budget(
    tests: Sequence[TestCaseFiles], seconds: int, results: Sequence[TestResult]
) -> list[TestResult]:
    """Return the outcomes of tests that were not begun; `results` are those of the tests before.

    A submission that passed all these was too slow at the next one.
    """
    message = PAST_BUDGET.format(seconds=seconds)
    found = [replace(skipped(test), message=message) for test in tests]
    if found and not any(map(is_failure, results)):
        found[0] = replace(found[0], verdict=Verdict.TLE)
    return found


def beginning(path: Path) -> bytes:
    """Return as much of a file as is shown, and one byte more if there is more."""
    with path.open("rb") as file:
        return file.read(SHOWN_OUTPUT_BYTES + 1)


def outcome_of(test: TestCaseFiles, report: Report, ruling: Ruling, expected: bytes) -> TestResult:
    """Return what a test gave; `expected` is the beginning of the right output."""
    report.stdout.seek(0)
    return TestResult(
        number=test.number,
        is_sample=test.is_sample,
        verdict=ruling.verdict,
        cpu_ms=report.cpu_ms,
        wall_ms=report.wall_ms,
        peak_kb=report.peak_kb,
        exit_code=report.exit_code,
        signal=report.signal,
        output=shown(report.stdout.read(SHOWN_OUTPUT_BYTES + 1)),
        error=shown(report.stderr),
        expected=shown(expected),
        message=ruling.message or None,
        note=ruling.note or None,
        difference=ruling.difference,
    )


def decisive(results: Sequence[TestResult]) -> TestResult | None:
    """The first test that is internal error, else the first that is not accepted."""
    failed = [one for one in results if one.verdict not in (Verdict.AC, Verdict.SKIPPED)]
    broken = [one for one in failed if one.verdict is Verdict.IE]
    return next(iter(broken or failed), None)
