"""The request to judge a submission, the judgement, and the results of single tests."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from graphql_api.data.enums import Comparer, Verdict
from graphql_api.data.limits import SHOWN_OUTPUT_BYTES
from graphql_api.data.records import Checker, TestResult
from graphql_api.data.text import truncate_utf8
from judge.sandbox.report import Report
from judge.verdicts import Ruling

PAST_BUDGET = (
    "Not run, because the earlier tests have used up the {seconds} s that all tests of "
    "a submission may take."
)


class JudgeCancelled(Exception):
    """The caller's `cancelled()` returned True, and all programs of the submission have ended."""


@dataclass(frozen=True, slots=True)
class TestCaseFiles:
    """The files of one test: the program's input and the expected output."""

    number: int
    is_sample: bool
    input_path: Path
    expected_path: Path


@dataclass(frozen=True, slots=True)
class JudgeRequest:
    """A submission with its tests and the problem's limits.

    `language` is an id or an alias. The limits are those of the problem; the judge adds the
    language's `Grace`. `time_multiplier` replaces the language's multiplier of CPU time. The
    tolerances are used by the comparer FLOAT only, the checker by CHECKER and INTERACTIVE.
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
        """Whether the comparer needs the problem's checker or interactor."""
        return self.comparer.needs_checker

    @property
    def languages(self) -> frozenset[str]:
        """The languages of all programs that judging runs."""
        own = {self.checker.language} if self.checker and self.needs_checker else set()
        return frozenset({self.language} | own)


@dataclass(frozen=True, slots=True)
class Judgement:
    """The result of judging a submission.

    `verdict` is AC if all tests are AC, IE if any test is IE, else that of the first test that is
    not AC. A submission that does not compile gets CE, and all its tests are SKIPPED. Tests after
    an early stop are SKIPPED. If the time budget of the submission is used up, the remaining tests
    are SKIPPED, but the first of them is TLE if all tests before are AC.

    `results` has one result per test, in their order. `cpu_ms` and `peak_kb` are the maxima of all
    tests. `limit_backend` is the mechanism that enforced memory limits: `cgroup2`, `cgroup1` or
    `rlimits`. `queue_ms` is the time spent waiting for the first slot, `compile_ms` and `run_ms`
    are wall times; their sum is the time of the whole call.
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


def is_failure(result: TestResult) -> bool:
    """Return whether a test failed."""
    return result.verdict is not Verdict.AC


def make_result(test: TestCaseFiles, verdict: Verdict, message: str | None = None) -> TestResult:
    """Return the result of a test that has no report of a run."""
    return TestResult(
        number=test.number,
        is_sample=test.is_sample,
        verdict=verdict,
        output="",
        error="",
        expected="",
        message=message,
    )


def skip_test(test: TestCaseFiles) -> TestResult:
    """Return the result of a test that does not count."""
    return make_result(test, Verdict.SKIPPED)


def skip_past_budget(
    tests: Sequence[TestCaseFiles], seconds: int, results: Sequence[TestResult]
) -> list[TestResult]:
    """Return the results of tests that did not run because the time budget was used up.

    They are SKIPPED. If no test before (`results`) failed, the first of them is TLE.
    """
    message = PAST_BUDGET.format(seconds=seconds)
    skipped = [make_result(test, Verdict.SKIPPED, message) for test in tests]
    if skipped and not any(map(is_failure, results)):
        skipped[0] = replace(skipped[0], verdict=Verdict.TLE)
    return skipped


def read_beginning(path: Path) -> bytes:
    """Return the part of a file that results show, and one more byte if the file is longer."""
    with path.open("rb") as file:
        return file.read(SHOWN_OUTPUT_BYTES + 1)


def build_result(
    test: TestCaseFiles, report: Report, ruling: Ruling, expected: bytes
) -> TestResult:
    """Return the result of a test; `expected` is the beginning of the expected output."""
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
        output=_shorten(report.stdout.read(SHOWN_OUTPUT_BYTES + 1)),
        error=_shorten(report.stderr),
        expected=_shorten(expected),
        message=ruling.message or None,
        note=ruling.note or None,
        difference=ruling.difference,
    )


def _shorten(raw: bytes) -> str:
    return truncate_utf8(raw, SHOWN_OUTPUT_BYTES, "…")


def find_decisive(results: Sequence[TestResult]) -> TestResult | None:
    """Return the result that decides the verdict: the first IE, else the first failed test.

    None if no test failed.
    """
    failures = [test for test in results if test.verdict not in (Verdict.AC, Verdict.SKIPPED)]
    errors = [test for test in failures if test.verdict is Verdict.IE]
    return next(iter(errors or failures), None)
