"""The request to judge a submission, the judgement, and the results of single tests."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from graphql_api.data.enums import Comparer, Verdict
from graphql_api.data.limits import SHOWN_OUTPUT_BYTES
from graphql_api.data.records import Checker, TestResult
from graphql_api.data.text import truncate_utf8
from judge.languages.failures import Failure
from judge.sandbox.report import Report
from judge.sandbox.slots import NO_OWNER
from judge.verdicts import Ruling

PAST_BUDGET = (
    "The test was not run, because the earlier tests used up the {seconds} s that all tests of a "
    "submission together may take."
)


class JudgeCancelled(Exception):
    """The caller's function `cancelled()` returned True, so the judging was stopped.

    All programs of the submission have ended when this exception is raised.
    """


@dataclass(frozen=True, slots=True)
class TestCaseFiles:
    """The files of one test: the input of the program and the expected output."""

    number: int
    is_sample: bool
    input_path: Path
    expected_path: Path


@dataclass(frozen=True, slots=True)
class JudgeRequest:
    """A submission with its tests and the limits of the problem.

    - `language` is an id or an alias. The judge adjusts the limits for the language (see `Grace`).
    - `time_multiplier` replaces the language's multiplier of the CPU time (None: no replacement).
    - `abs_tolerance` and `rel_tolerance` are used only by the comparer FLOAT.
    - `checker` is used only by the comparers CHECKER and INTERACTIVE.
    - `stop_on_first_failure`: start no more tests after the first test that is not AC.
    - `owner` is any text, for example the id of a user. The host's slots are shared between owners.
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
    owner: str = NO_OWNER

    @property
    def languages(self) -> frozenset[str]:
        """The languages of the submission and, if one is used, of the checker or interactor."""
        own = {self.checker.language} if self.checker and self.comparer.needs_checker else set()
        return frozenset({self.language} | own)


@dataclass(frozen=True, slots=True)
class Judgement:
    """The result of judging a submission.

    `verdict` is one of these verdicts:

    - CE if the submission does not compile. All tests are then SKIPPED.
    - IE if the result of any test is IE.
    - Otherwise the verdict of the first test that is not AC, or AC if all tests are AC.

    With `stop_on_first_failure`, all tests after the first failed test are SKIPPED. If the time
    budget of the submission is used up, the remaining tests are SKIPPED. But if all finished tests
    are AC, the first remaining test gets TLE.

    `results` has one result per test, in the order of the tests. `cpu_ms` and `peak_kb` are the
    maxima of all tests. `limit_backend` is the mechanism that enforced memory limits: `cgroup2`,
    `cgroup1` or `rlimits`. `queue_ms` is the time spent waiting for slots before the end of the
    compilation. Later waits are part of `run_ms`. `compile_ms` and `run_ms` are wall times. The sum
    of `queue_ms`, `compile_ms` and `run_ms` is the time of the whole call.
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
    """Return whether the verdict of a test is not AC."""
    return result.verdict is not Verdict.AC


def make_result(test: TestCaseFiles, verdict: Verdict, message: str | None = None) -> TestResult:
    """Return a result that contains only a verdict and a message, but no values of a run."""
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
    """Return the SKIPPED result of a test."""
    return make_result(test, Verdict.SKIPPED)


def skip_past_budget(
    tests: Sequence[TestCaseFiles], seconds: int, results: Sequence[TestResult]
) -> list[TestResult]:
    """Return the results of the tests that did not run because the time budget was used up.

    `tests` are the tests that did not run, and `results` are the results of the other tests. The
    verdict is SKIPPED. But if no test in `results` failed, the first test in `tests` gets TLE.
    """
    message = PAST_BUDGET.format(seconds=seconds)
    skipped = [make_result(test, Verdict.SKIPPED, message) for test in tests]
    if skipped and not any(map(is_failure, results)):
        skipped[0] = replace(skipped[0], verdict=Verdict.TLE)
    return skipped


def read_beginning(path: Path) -> bytes:
    """Return the first 1,025 bytes of a file.

    A test result contains at most 1,024 bytes of a file. The additional byte shows whether the file
    is longer.
    """
    with path.open("rb") as file:
        return file.read(SHOWN_OUTPUT_BYTES + 1)


def build_result(
    test: TestCaseFiles, report: Report, ruling: Ruling, expected: bytes, failure: Failure
) -> TestResult:
    """Return the result of a test from the report and the ruling of its run.

    `expected` is the beginning of the expected output (see `read_beginning`).
    """
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
        difference_kind=ruling.difference_kind,
        exception=failure.exception,
        code_line=failure.line,
        is_input_unread=report.is_input_unread or None,
    )


def _shorten(raw: bytes) -> str:
    return truncate_utf8(raw, SHOWN_OUTPUT_BYTES, "…")


def find_decisive(results: Sequence[TestResult]) -> TestResult | None:
    """Return the result that decides the verdict: the first IE, otherwise the first failed test.

    Return None if no test failed.
    """
    failures = [test for test in results if test.verdict not in (Verdict.AC, Verdict.SKIPPED)]
    errors = [test for test in failures if test.verdict is Verdict.IE]
    return next(iter(errors or failures), None)
