"""Finds the mistake of a program that ended with an exception, a signal or an exit code."""

from collections.abc import Mapping, Sequence

from graphql_api.data.enums import DiagnosisKind
from graphql_api.data.records import Diagnosis, TestResult
from hints.diagnosis.evidence import Evidence, Finding
from hints.diagnosis.sources import reads_elsewhere

_EXCEPTIONS: Mapping[DiagnosisKind, str] = {
    DiagnosisKind.RECURSION_DEPTH: (
        "RecursionError java.lang.StackOverflowError System.StackOverflowException "
        "SystemStackError StackOverflowDefect Stack_overflow"
    ),
    DiagnosisKind.INDEX_ERROR: (
        "IndexError java.lang.ArrayIndexOutOfBoundsException java.lang.IndexOutOfBoundsException "
        "java.lang.StringIndexOutOfBoundsException java.lang.NegativeArraySizeException "
        "System.IndexOutOfRangeException System.ArgumentOutOfRangeException std::out_of_range "
        "IndexDefect core.exception.ArrayIndexError core.exception.ArraySliceError "
        "core.exception.RangeError"
    ),
    DiagnosisKind.KEY_ERROR: "KeyError System.Collections.Generic.KeyNotFoundException Not_found",
    DiagnosisKind.NULL_ERROR: (
        "java.lang.NullPointerException kotlin.KotlinNullPointerException "
        "System.NullReferenceException NilAccessDefect"
    ),
    DiagnosisKind.ZERO_DIVISION: (
        "ZeroDivisionError System.DivideByZeroException DivisionByZeroError DivByZeroDefect "
        "Division_by_zero DIVISION-BY-ZERO"
    ),
    DiagnosisKind.CONVERSION_ERROR: (
        "java.lang.NumberFormatException java.util.InputMismatchException System.FormatException "
        "std.conv.ConvException java.lang.ClassCastException System.InvalidCastException"
    ),
    DiagnosisKind.READ_PAST_END: (
        "EOFError java.io.EOFException System.IO.EndOfStreamException End_of_file END-OF-FILE"
    ),
}
_KINDS = {name: kind for kind, names in _EXCEPTIONS.items() for name in names.split()}

# Texts in the messages of exceptions whose class alone does not determine the kind of mistake.
_MESSAGES: Mapping[str, tuple[tuple[str, DiagnosisKind], ...]] = {
    "ValueError": (
        ("invalid literal for int()", DiagnosisKind.CONVERSION_ERROR),
        ("could not convert string to float", DiagnosisKind.CONVERSION_ERROR),
    ),
    "TypeError": (
        ("NoneType", DiagnosisKind.NULL_ERROR),
        ("of null", DiagnosisKind.NULL_ERROR),
        ("of undefined", DiagnosisKind.NULL_ERROR),
        ("it is undefined", DiagnosisKind.NULL_ERROR),
        ("undefined or null", DiagnosisKind.NULL_ERROR),
        ("undefined is not iterable", DiagnosisKind.NULL_ERROR),
        ("null is not iterable", DiagnosisKind.NULL_ERROR),
    ),
    "AttributeError": (("NoneType", DiagnosisKind.NULL_ERROR),),
    "NoMethodError": (("for nil", DiagnosisKind.NULL_ERROR),),
    "RangeError": (("call stack", DiagnosisKind.RECURSION_DEPTH),),
    "SyntaxError": (("BigInt", DiagnosisKind.CONVERSION_ERROR),),
    "java.lang.ArithmeticException": (("/ by zero", DiagnosisKind.ZERO_DIVISION),),
    # Also an empty collection throws this exception.
    "java.util.NoSuchElementException": (
        ("java.util.Scanner", DiagnosisKind.READ_PAST_END),
        ("java.util.StringTokenizer", DiagnosisKind.READ_PAST_END),
        ("No line found", DiagnosisKind.READ_PAST_END),
        ("No value present", DiagnosisKind.NULL_ERROR),
        ("", DiagnosisKind.INDEX_ERROR),
    ),
    "ArgumentError": (("invalid value for", DiagnosisKind.CONVERSION_ERROR),),
    "std::invalid_argument": (("sto", DiagnosisKind.CONVERSION_ERROR),),
}
_SIGNALS = {
    "SIGSEGV": DiagnosisKind.INVALID_MEMORY_ACCESS,
    "SIGBUS": DiagnosisKind.INVALID_MEMORY_ACCESS,
    "SIGFPE": DiagnosisKind.ZERO_DIVISION,
    "SIGABRT": DiagnosisKind.ABORTED,
}


def diagnose_crash(evidence: Evidence, failed: Sequence[TestResult]) -> Diagnosis:
    """Return the diagnosis of an execution whose program failed.

    `failed` contains the results with the verdict RE.
    """
    test = failed[0]
    if test.is_input_unread and reads_elsewhere(evidence.request.code):
        return evidence.tell(test, Finding(DiagnosisKind.INPUT_NOT_READ))
    return evidence.tell(test, find_in_crash(test))


def find_in_crash(test: TestResult) -> Finding:
    """Return the kind of mistake in one failed test."""
    if test.exception is not None:
        kind = _KINDS.get(test.exception) or _find_in_message(test)
        return Finding(kind or DiagnosisKind.UNCAUGHT_EXCEPTION, {"exception": test.exception})
    if test.signal is not None:
        kind = _SIGNALS.get(test.signal, DiagnosisKind.SIGNAL)
        return Finding(kind, {"signal": test.signal})
    if test.code_line is not None:
        # The runtime reported a line, but the class of the exception is not one of the language's.
        return Finding(DiagnosisKind.UNCAUGHT_EXCEPTION)
    return Finding(DiagnosisKind.EXIT_CODE, {"exit_code": str(test.exit_code)})


def _find_in_message(test: TestResult) -> DiagnosisKind | None:
    messages = _MESSAGES.get(test.exception or "", ())
    error = test.error or ""
    return next((kind for text, kind in messages if text in error), None)
