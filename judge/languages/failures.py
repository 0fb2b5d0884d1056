"""Finds the exception class and the line of the failure in the messages that a runtime writes.

A program can write such a message itself. So a class is returned only if it is one of the built-in
exception classes that are listed for the language. A line number is returned only if the program
has a line with this number.
"""

import builtins
import re
from dataclasses import dataclass
from typing import NamedTuple

_NO_CLASSES: frozenset[str] = frozenset()


class Failure(NamedTuple):
    """The failure of a program, as far as it is known.

    `exception` is the class of the built-in exception that ended the program. `line` is the number
    of the source line that failed, counted from 1. An unknown value is None.
    """

    exception: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class FailureFormat:
    """The form of the messages that a runtime writes to standard error when a program fails.

    - `exception` is a pattern. Its group 1 is the name of an exception class. Only names in
      `classes` are used. None means that the messages contain no class.
    - `line` is a pattern. Its group 1 is the number of a line of the program. None means that the
      messages contain no line of the program.
    - `is_innermost_last` is True if the runtime writes the innermost stack frame last, and False if
      it writes this frame first. The program failed in the innermost frame.
    """

    classes: frozenset[str] = _NO_CLASSES
    exception: re.Pattern[bytes] | None = None
    line: re.Pattern[bytes] | None = None
    is_innermost_last: bool = False

    def read(self, messages: bytes, code: str) -> Failure:
        """Return the failure that the runtime's `messages` describe.

        `code` is the source code of the program.
        """
        names = [name.decode("ascii", "replace") for name in _find(self.exception, messages)]
        known = [name for name in names if name in self.classes]
        last = code.count("\n") + 1
        lines = [int(text) for text in _find(self.line, messages) if len(text) <= len(str(last))]
        lines = [line for line in lines if 1 <= line <= last]
        at = -1 if self.is_innermost_last else 0
        return Failure(known[at] if known else None, lines[at] if lines else None)


def _find(pattern: re.Pattern[bytes] | None, messages: bytes) -> list[bytes]:
    return [] if pattern is None else pattern.findall(messages)


def _pattern(text: bytes) -> re.Pattern[bytes]:
    return re.compile(text, re.MULTILINE)


def _names(text: str, prefix: str = "") -> frozenset[str]:
    return frozenset(prefix + name for name in text.split())


PYTHON = FailureFormat(
    classes=frozenset(
        name
        for name, value in vars(builtins).items()
        if isinstance(value, type) and issubclass(value, BaseException)
    ),
    exception=_pattern(rb"^([A-Z]\w{2,40})(?=:|$)"),
    line=_pattern(rb'^  File "(?:/box/)?main\.py", line (\d{1,7})\b'),
    is_innermost_last=True,
)

_JAVA_CLASSES = (
    _names(
        "ArithmeticException ArrayIndexOutOfBoundsException ArrayStoreException AssertionError "
        "ClassCastException CloneNotSupportedException Error Exception "
        "IllegalArgumentException IllegalMonitorStateException IllegalStateException "
        "IndexOutOfBoundsException InterruptedException NegativeArraySizeException "
        "NullPointerException NumberFormatException OutOfMemoryError "
        "RuntimeException StackOverflowError StringIndexOutOfBoundsException "
        "UnsupportedOperationException",
        "java.lang.",
    )
    | _names(
        "ConcurrentModificationException EmptyStackException InputMismatchException "
        "MissingResourceException NoSuchElementException IllegalFormatException",
        "java.util.",
    )
    | _names("EOFException IOException UncheckedIOException", "java.io.")
)
_JAVA_EXCEPTION = _pattern(rb'^Exception in thread "main" ([\w.]{3,80})(?=:|$)')
JAVA = FailureFormat(
    classes=_JAVA_CLASSES,
    exception=_JAVA_EXCEPTION,
    line=_pattern(rb"^\tat [^\n]{1,200}\(Main\.java:(\d{1,7})\)$"),
)
KOTLIN = FailureFormat(
    classes=_JAVA_CLASSES
    | _names(
        "KotlinNullPointerException NoWhenBranchMatchedException NotImplementedError "
        "UninitializedPropertyAccessException",
        "kotlin.",
    ),
    exception=_JAVA_EXCEPTION,
    line=_pattern(rb"^\tat [^\n]{1,200}\(main\.kt:(\d{1,7})\)$"),
)
CSHARP = FailureFormat(
    classes=_names(
        "AccessViolationException ArgumentException ArgumentNullException "
        "ArgumentOutOfRangeException ArithmeticException ArrayTypeMismatchException "
        "DivideByZeroException Exception FormatException IndexOutOfRangeException "
        "InvalidCastException InvalidOperationException NotImplementedException "
        "NotSupportedException NullReferenceException OutOfMemoryException OverflowException "
        "StackOverflowException",
        "System.",
    )
    | {"System.Collections.Generic.KeyNotFoundException", "System.IO.EndOfStreamException"},
    exception=_pattern(rb"^(?:\[ERROR\] FATAL UNHANDLED EXCEPTION: )?(System\.[\w.]{3,80})(?=:|$)"),
)
_JAVASCRIPT_CLASSES = _names(
    "AggregateError Error EvalError RangeError ReferenceError SyntaxError TypeError URIError"
)
_JAVASCRIPT_EXCEPTION = _pattern(rb"^(?:Uncaught )?([A-Z]\w{2,40})(?=:|$)")
JAVASCRIPT = FailureFormat(
    classes=_JAVASCRIPT_CLASSES,
    exception=_JAVASCRIPT_EXCEPTION,
    line=_pattern(rb"/box/main\.js:(\d{1,7})\b"),
)
# `line` is not set, because the messages of Node.js contain lines of the compiled program.
TYPESCRIPT = FailureFormat(classes=_JAVASCRIPT_CLASSES, exception=_JAVASCRIPT_EXCEPTION)
RUBY = FailureFormat(
    classes=_names(
        "ArgumentError EncodingError EOFError FiberError FloatDomainError FrozenError IndexError "
        "IOError KeyError LocalJumpError Math::DomainError NameError NoMatchingPatternError "
        "NoMemoryError NoMethodError NotImplementedError RangeError RegexpError RuntimeError "
        "ScriptError StandardError StopIteration SyntaxError SystemStackError ThreadError "
        "TypeError UncaughtThrowError ZeroDivisionError"
    ),
    exception=_pattern(rb"\(([A-Z][\w:]{2,40})\)$"),
    line=_pattern(rb"\bmain\.rb:(\d{1,7}):in "),
)
PHP = FailureFormat(
    classes=_names(
        "ArgumentCountError ArithmeticError AssertionError BadFunctionCallException "
        "DivisionByZeroError DomainException Error ErrorException Exception "
        "InvalidArgumentException JsonException LengthException LogicException "
        "OutOfBoundsException OutOfRangeException OverflowException RangeException "
        "RuntimeException TypeError UnderflowException UnexpectedValueException "
        "UnhandledMatchError ValueError"
    ),
    exception=_pattern(rb"Uncaught ([A-Z]\w{2,40})(?=:| in )"),
    line=_pattern(rb" in /box/main\.php(?: on line |:)(\d{1,7})\b"),
)
CPP = FailureFormat(
    classes=_names(
        "bad_alloc bad_any_cast bad_array_new_length bad_cast bad_function_call "
        "bad_optional_access bad_typeid bad_variant_access bad_weak_ptr domain_error exception "
        "invalid_argument length_error logic_error out_of_range overflow_error range_error "
        "runtime_error underflow_error",
        "std::",
    ),
    exception=_pattern(rb"^terminate called after throwing an instance of '([\w:]{3,40})'"),
)
D = FailureFormat(
    classes=_names(
        "AssertError ArrayIndexError ArraySliceError FinalizeError InvalidMemoryOperationError "
        "OutOfMemoryError RangeError UnicodeException",
        "core.exception.",
    )
    | {"object.Error", "object.Exception", "std.conv.ConvException", "std.stdio.StdioException"},
    exception=_pattern(rb"^([a-z][\w.]{3,60})@"),
    line=_pattern(rb"@main\.d\((\d{1,7})\)"),
)
NIM = FailureFormat(
    classes=_names(
        "AccessViolationDefect ArithmeticDefect AssertionDefect CatchableError DivByZeroDefect "
        "EOFError Exception FieldDefect FloatDivByZeroDefect IndexDefect IOError KeyError "
        "NilAccessDefect ObjectAssignmentDefect ObjectConversionDefect OSError OutOfMemDefect "
        "OverflowDefect RangeDefect ReraiseDefect StackOverflowDefect ValueError"
    ),
    exception=_pattern(rb"\[([A-Z]\w{2,40})\]$"),
)
OCAML = FailureFormat(
    classes=_names(
        "Assert_failure Division_by_zero End_of_file Failure Invalid_argument Match_failure "
        "Not_found Out_of_memory Stack_overflow Stdlib.Exit Sys_error"
    ),
    exception=_pattern(rb"^Fatal error: exception ([A-Z][\w.]{2,40})"),
)
COMMON_LISP = FailureFormat(
    classes=_names(
        "ARITHMETIC-ERROR CELL-ERROR CONTROL-ERROR DIVISION-BY-ZERO END-OF-FILE FILE-ERROR "
        "FLOATING-POINT-INEXACT FLOATING-POINT-OVERFLOW PARSE-ERROR PROGRAM-ERROR SIMPLE-ERROR "
        "STREAM-ERROR TYPE-ERROR UNBOUND-VARIABLE UNDEFINED-FUNCTION"
    ),
    exception=_pattern(rb"^Unhandled (?:COMMON-LISP:)?([A-Z][A-Z-]{3,40})(?=:| )"),
)
GO = FailureFormat(line=_pattern(rb"\bmain\.go:(\d{1,7})\b"))
RUST = FailureFormat(line=_pattern(rb"\bmain\.rs:(\d{1,7}):"))
PERL = FailureFormat(line=_pattern(rb" at main\.pl line (\d{1,7})\b"))
LUA = FailureFormat(line=_pattern(rb"\bmain\.lua:(\d{1,7}):"))
BASH = FailureFormat(line=_pattern(rb"\bmain\.sh: line (\d{1,7}):"), is_innermost_last=True)
AWK = FailureFormat(line=_pattern(rb"^g?awk: main\.awk:(\d{1,7}):"))
FORTRAN = FailureFormat(line=_pattern(rb"^At line (\d{1,7}) of file main\.f90"))

NO_FAILURES = FailureFormat()
