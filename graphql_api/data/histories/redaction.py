"""Redaction of test results: removal of all data that the user may not see.

The problem's policy (`TestVisibility`) determines which tests are hidden. The redacted result of a
hidden test contains the verdict, the times, the rounded memory, the exit code or signal, the name
and code line of an exception, and the kind of difference from the expected output. The redacted
result contains no text from a program or a checker, and no position in an output. Redaction is
idempotent, so results can be redacted before they are stored and again when they are read.
"""

from collections.abc import Sequence
from dataclasses import replace

from graphql_api.data.enums import TestVisibility, Verdict
from graphql_api.data.records import Diagnosis, Results, TestResult

PEAK_STEP_KB = 1024
# The messages of these verdicts are not hidden. They come from the judge itself and contain only
# limits of the problem.
_FIXED_MESSAGES = frozenset({Verdict.TLE, Verdict.ILE, Verdict.MLE, Verdict.OLE, Verdict.SKIPPED})
_PASSED = frozenset({Verdict.AC, Verdict.SKIPPED})


def redact_results(results: Results) -> Results:
    """Return a copy of the results in which the hidden tests are redacted."""
    shown = list_shown(results.tests, results.visibility)
    tests = tuple(
        replace(test, note=None) if test.number in shown else redact_test(test)
        for test in results.tests
    )
    return replace(results, tests=tests, diagnosis=_redact_diagnosis(results.diagnosis, shown))


def _redact_diagnosis(diagnosis: Diagnosis | None, shown: set[int]) -> Diagnosis | None:
    """Return the diagnosis, without its parameters if the diagnosis concerns a hidden test.

    `shown` contains the numbers of the tests that are not hidden.
    """
    if diagnosis is None or diagnosis.test_number is None or diagnosis.test_number in shown:
        return diagnosis
    return replace(diagnosis, parameters=None)


def redact_test(test: TestResult) -> TestResult:
    """Return the redacted result of a hidden test. An exit code other than 0 becomes 1."""
    return TestResult(
        number=test.number,
        is_sample=test.is_sample,
        verdict=test.verdict,
        cpu_ms=test.cpu_ms,
        wall_ms=test.wall_ms,
        peak_kb=round_peak_kb(test.peak_kb),
        exit_code=None if test.exit_code is None else int(test.exit_code != 0),
        signal=test.signal,
        message=test.message if test.verdict in _FIXED_MESSAGES else None,
        difference_kind=test.difference_kind,
        exception=test.exception,
        code_line=test.code_line,
    )


def round_peak_kb(peak_kb: int) -> int:
    """Round an amount of memory up to a multiple of 1 MB. Argument and result are in KB."""
    return -(-peak_kb // PEAK_STEP_KB) * PEAK_STEP_KB


def list_shown(tests: Sequence[TestResult], visibility: TestVisibility) -> set[int]:
    """Return the numbers of the tests that are not hidden."""
    if visibility is TestVisibility.ALL:
        return {test.number for test in tests}
    shown = {test.number for test in tests if test.is_sample}
    if visibility is TestVisibility.FIRST_FAILED:
        failed = (test.number for test in tests if test.verdict not in _PASSED)
        shown |= set(list(failed)[:1])
    return shown
