"""The kind of mistake of a program that failed."""

from typing import Any

import pytest

from graphql_api.data.enums import DiagnosisKind, Verdict
from graphql_api.data.records import TestResult
from hints.diagnosis.crashes import find_in_crash

K = DiagnosisKind


def failed(**more: Any) -> TestResult:
    return TestResult(number=1, verdict=Verdict.RE, **more)


@pytest.mark.parametrize(
    ("exception", "error", "kind"),
    [
        ("TypeError", "cannot unpack non-iterable NoneType object", K.NULL_ERROR),
        ("TypeError", "Cannot read properties of undefined (reading '0')", K.NULL_ERROR),
        ("TypeError", "'int' object is not iterable", K.UNCAUGHT_EXCEPTION),
        ("ValueError", "invalid literal for int() with base 10: ''", K.CONVERSION_ERROR),
        ("ValueError", "not enough values to unpack", K.UNCAUGHT_EXCEPTION),
        ("RangeError", "Maximum call stack size exceeded", K.RECURSION_DEPTH),
        ("RangeError", "Invalid array length", K.UNCAUGHT_EXCEPTION),
        (
            "java.util.NoSuchElementException",
            "\tat java.base/java.util.Scanner.throwFor(Scanner.java:937)",
            K.READ_PAST_END,
        ),
        ("java.util.NoSuchElementException", "\tat java.util.ArrayDeque.pop", K.INDEX_ERROR),
        ("java.util.NoSuchElementException", "No value present", K.NULL_ERROR),
        ("EOFError", "EOF when reading a line", K.READ_PAST_END),
    ],
)
def test_the_message_of_an_exception_decides_if_its_class_says_too_little(
    exception: str, error: str, kind: DiagnosisKind
) -> None:
    finding = find_in_crash(failed(exception=exception, error=error, exit_code=1))
    assert (finding.kind, finding.parameters) == (kind, {"exception": exception})


@pytest.mark.parametrize(
    ("end", "kind"),
    [
        ({"signal": "SIGSEGV"}, K.INVALID_MEMORY_ACCESS),
        ({"signal": "SIGFPE"}, K.ZERO_DIVISION),
        ({"signal": "SIGABRT"}, K.ABORTED),
        ({"signal": "SIGSYS"}, K.SIGNAL),
        ({"exit_code": 3}, K.EXIT_CODE),
        ({"exit_code": 1, "code_line": 4}, K.UNCAUGHT_EXCEPTION),
    ],
)
def test_a_program_without_a_known_exception_is_judged_by_its_end(
    end: dict[str, Any], kind: DiagnosisKind
) -> None:
    assert find_in_crash(failed(**end)).kind is kind
