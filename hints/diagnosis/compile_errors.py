"""Finds the kind and the line of the first error in the output of a compiler.

A kind is recognised by texts that the compiler prints. The first matching text decides, so specific
texts come before general texts. The kind of an unknown error is COMPILE_ERROR. The same is true for
all errors in a language without an `ErrorFormat`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

from graphql_api.data.enums import DiagnosisKind
from graphql_api.data.records import Diagnosis

# Only the beginning of the output is read.
READ_CHARACTERS = 16_384
MESSAGE_CHARACTERS = 200
LINE_DIGITS = 7

_Texts = Sequence[tuple[str, DiagnosisKind]]


@dataclass(frozen=True, slots=True)
class ErrorFormat:
    """The form of a compiler's errors.

    - `place` is the text before a line number, such as `main.cpp:`.
    - `marker` is a text that every error contains. Lines without it, such as warnings, are ignored.
    - `texts` contains pairs: a text that an error can contain, and the kind of such an error.
    """

    place: str
    marker: str
    texts: _Texts

    def find_error(self, output: str) -> str:
        """Return the first line with an error, or an empty text."""
        return next((line for line in output.splitlines() if self.marker in line), "")

    def find_line(self, output: str, error: str) -> int | None:
        """Return the number of the line of code that the error names.

        If `error` contains no line number, return the first line number in the output. Return None
        if the output contains no line number either.
        """
        for text in (error, output):
            _, _, rest = text.partition(self.place)
            digits = "".join(takewhile(_is_digit, rest[:LINE_DIGITS]))
            if digits:
                return int(digits)
        return None


def _is_digit(character: str) -> bool:
    return character in "0123456789"


_PYTHON = ErrorFormat(
    'main.py", line ',
    "Error: ",
    (
        ("TabError", DiagnosisKind.COMPILE_INDENTATION),
        ("IndentationError", DiagnosisKind.COMPILE_INDENTATION),
        ("unterminated", DiagnosisKind.COMPILE_UNTERMINATED_TEXT),
        ("EOL while scanning", DiagnosisKind.COMPILE_UNTERMINATED_TEXT),
        ("EOF while scanning", DiagnosisKind.COMPILE_UNTERMINATED_TEXT),
        ("was never closed", DiagnosisKind.COMPILE_UNBALANCED_BRACKET),
        ("unmatched", DiagnosisKind.COMPILE_UNBALANCED_BRACKET),
        ("does not match opening", DiagnosisKind.COMPILE_UNBALANCED_BRACKET),
        ("unexpected EOF", DiagnosisKind.COMPILE_UNBALANCED_BRACKET),
        ("outside function", DiagnosisKind.COMPILE_MISPLACED_STATEMENT),
        ("outside loop", DiagnosisKind.COMPILE_MISPLACED_STATEMENT),
        ("not properly in loop", DiagnosisKind.COMPILE_MISPLACED_STATEMENT),
        ("cannot assign to", DiagnosisKind.COMPILE_CONSTANT_CHANGED),
        ("duplicate argument", DiagnosisKind.COMPILE_DUPLICATE_NAME),
        ("positional argument follows", DiagnosisKind.COMPILE_WRONG_ARGUMENTS),
        ("keyword argument repeated", DiagnosisKind.COMPILE_WRONG_ARGUMENTS),
        ("Missing parentheses in call", DiagnosisKind.COMPILE_WRONG_ARGUMENTS),
        ("SyntaxError", DiagnosisKind.COMPILE_SYNTAX),
    ),
)
_C_FAMILY: _Texts = (
    ("No such file or directory", DiagnosisKind.COMPILE_MISSING_LIBRARY),
    ("undefined reference to `main'", DiagnosisKind.COMPILE_MISSING_MAIN),
    ("undefined reference", DiagnosisKind.COMPILE_UNKNOWN_NAME),
    ("missing terminating", DiagnosisKind.COMPILE_UNTERMINATED_TEXT),
    # After a missing quote, the compiler reads the escapes of the next text as code.
    ("stray '\\'", DiagnosisKind.COMPILE_UNTERMINATED_TEXT),
    ("expected ';'", DiagnosisKind.COMPILE_MISSING_SEMICOLON),
    ("expected ',' or ';'", DiagnosisKind.COMPILE_MISSING_SEMICOLON),
    ("expected '}'", DiagnosisKind.COMPILE_UNBALANCED_BRACKET),
    ("expected ')' before ';'", DiagnosisKind.COMPILE_UNBALANCED_BRACKET),
    ("expected ')' before '{'", DiagnosisKind.COMPILE_UNBALANCED_BRACKET),
    ("expected ')' before '}'", DiagnosisKind.COMPILE_UNBALANCED_BRACKET),
    ("expected declaration or statement at end", DiagnosisKind.COMPILE_UNBALANCED_BRACKET),
    ("expected declaration before", DiagnosisKind.COMPILE_UNBALANCED_BRACKET),
    ("was not declared", DiagnosisKind.COMPILE_UNKNOWN_NAME),
    ("undeclared", DiagnosisKind.COMPILE_UNKNOWN_NAME),
    ("implicit declaration", DiagnosisKind.COMPILE_UNKNOWN_NAME),
    ("does not name a type", DiagnosisKind.COMPILE_UNKNOWN_NAME),
    ("unknown type name", DiagnosisKind.COMPILE_UNKNOWN_NAME),
    ("has no member named", DiagnosisKind.COMPILE_UNKNOWN_NAME),
    ("is not a member of", DiagnosisKind.COMPILE_UNKNOWN_NAME),
    ("redefinition of", DiagnosisKind.COMPILE_DUPLICATE_NAME),
    ("redeclaration of", DiagnosisKind.COMPILE_DUPLICATE_NAME),
    ("redeclared as", DiagnosisKind.COMPILE_DUPLICATE_NAME),
    ("conflicting types", DiagnosisKind.COMPILE_DUPLICATE_NAME),
    ("conflicting declaration", DiagnosisKind.COMPILE_DUPLICATE_NAME),
    ("multiple definition", DiagnosisKind.COMPILE_DUPLICATE_NAME),
    ("read-only", DiagnosisKind.COMPILE_CONSTANT_CHANGED),
    ("discards qualifiers", DiagnosisKind.COMPILE_CONSTANT_CHANGED),
    ("lvalue required", DiagnosisKind.COMPILE_CONSTANT_CHANGED),
    ("too few arguments", DiagnosisKind.COMPILE_WRONG_ARGUMENTS),
    ("too many arguments", DiagnosisKind.COMPILE_WRONG_ARGUMENTS),
    ("no matching function", DiagnosisKind.COMPILE_WRONG_ARGUMENTS),
    ("no return statement", DiagnosisKind.COMPILE_MISSING_RETURN),
    ("return-statement with no value", DiagnosisKind.COMPILE_MISSING_RETURN),
    ("with no value", DiagnosisKind.COMPILE_MISSING_RETURN),
    ("not within loop", DiagnosisKind.COMPILE_MISPLACED_STATEMENT),
    ("not within a loop", DiagnosisKind.COMPILE_MISPLACED_STATEMENT),
    ("without a previous", DiagnosisKind.COMPILE_MISPLACED_STATEMENT),
    ("cannot convert", DiagnosisKind.COMPILE_WRONG_TYPE),
    ("invalid conversion", DiagnosisKind.COMPILE_WRONG_TYPE),
    ("incompatible type", DiagnosisKind.COMPILE_WRONG_TYPE),
    ("invalid operands", DiagnosisKind.COMPILE_WRONG_TYPE),
    ("no match for", DiagnosisKind.COMPILE_WRONG_TYPE),
    ("invalid type", DiagnosisKind.COMPILE_WRONG_TYPE),
    ("makes integer from pointer", DiagnosisKind.COMPILE_WRONG_TYPE),
    ("makes pointer from integer", DiagnosisKind.COMPILE_WRONG_TYPE),
    ("conversion from", DiagnosisKind.COMPILE_WRONG_TYPE),
    ("expected", DiagnosisKind.COMPILE_SYNTAX),
    ("stray", DiagnosisKind.COMPILE_SYNTAX),
)
_JAVA = ErrorFormat(
    "Main.java:",
    "error: ",
    (
        ("';' expected", DiagnosisKind.COMPILE_MISSING_SEMICOLON),
        ("reached end of file", DiagnosisKind.COMPILE_UNBALANCED_BRACKET),
        ("')' expected", DiagnosisKind.COMPILE_UNBALANCED_BRACKET),
        ("']' expected", DiagnosisKind.COMPILE_UNBALANCED_BRACKET),
        ("')' or ','", DiagnosisKind.COMPILE_UNBALANCED_BRACKET),
        ("class, interface", DiagnosisKind.COMPILE_UNBALANCED_BRACKET),
        ("unclosed", DiagnosisKind.COMPILE_UNTERMINATED_TEXT),
        ("cannot find symbol", DiagnosisKind.COMPILE_UNKNOWN_NAME),
        ("does not exist", DiagnosisKind.COMPILE_MISSING_LIBRARY),
        ("incompatible types", DiagnosisKind.COMPILE_WRONG_TYPE),
        ("bad operand types", DiagnosisKind.COMPILE_WRONG_TYPE),
        ("cannot be applied to", DiagnosisKind.COMPILE_WRONG_ARGUMENTS),
        ("no suitable", DiagnosisKind.COMPILE_WRONG_ARGUMENTS),
        ("missing return statement", DiagnosisKind.COMPILE_MISSING_RETURN),
        ("already defined", DiagnosisKind.COMPILE_DUPLICATE_NAME),
        ("duplicate class", DiagnosisKind.COMPILE_DUPLICATE_NAME),
        ("might not have been initialized", DiagnosisKind.COMPILE_UNASSIGNED_VARIABLE),
        ("unreported exception", DiagnosisKind.COMPILE_UNHANDLED_EXCEPTION),
        ("cannot assign a value to final", DiagnosisKind.COMPILE_CONSTANT_CHANGED),
        ("might already have been assigned", DiagnosisKind.COMPILE_CONSTANT_CHANGED),
        ("should be declared in a file named", DiagnosisKind.COMPILE_MISSING_MAIN),
        ("outside switch or loop", DiagnosisKind.COMPILE_MISPLACED_STATEMENT),
        ("outside of loop", DiagnosisKind.COMPILE_MISPLACED_STATEMENT),
        ("unreachable statement", DiagnosisKind.COMPILE_MISPLACED_STATEMENT),
        ("illegal start", DiagnosisKind.COMPILE_SYNTAX),
        ("not a statement", DiagnosisKind.COMPILE_SYNTAX),
        ("expected", DiagnosisKind.COMPILE_SYNTAX),
    ),
)
_JAVASCRIPT = ErrorFormat(
    "main.js:",
    "SyntaxError: ",
    (
        ("has already been declared", DiagnosisKind.COMPILE_DUPLICATE_NAME),
        ("Invalid or unexpected token", DiagnosisKind.COMPILE_UNTERMINATED_TEXT),
        ("Unterminated", DiagnosisKind.COMPILE_UNTERMINATED_TEXT),
        ("missing )", DiagnosisKind.COMPILE_UNBALANCED_BRACKET),
        ("Unexpected end of input", DiagnosisKind.COMPILE_UNBALANCED_BRACKET),
        ("Unexpected token ')'", DiagnosisKind.COMPILE_UNBALANCED_BRACKET),
        ("Unexpected token '}'", DiagnosisKind.COMPILE_UNBALANCED_BRACKET),
        ("Unexpected token ']'", DiagnosisKind.COMPILE_UNBALANCED_BRACKET),
        ("Illegal return", DiagnosisKind.COMPILE_MISPLACED_STATEMENT),
        ("Illegal break", DiagnosisKind.COMPILE_MISPLACED_STATEMENT),
        ("Illegal continue", DiagnosisKind.COMPILE_MISPLACED_STATEMENT),
        ("await is only valid", DiagnosisKind.COMPILE_MISPLACED_STATEMENT),
        ("Missing initializer", DiagnosisKind.COMPILE_UNASSIGNED_VARIABLE),
        ("Invalid left-hand side", DiagnosisKind.COMPILE_CONSTANT_CHANGED),
        ("import statement outside", DiagnosisKind.COMPILE_MISSING_LIBRARY),
        ("SyntaxError", DiagnosisKind.COMPILE_SYNTAX),
    ),
)
_C_MARKER = "error: "
_CPP = ErrorFormat("main.cpp:", _C_MARKER, _C_FAMILY)
_FORMATS: Mapping[str, ErrorFormat] = {
    "python": _PYTHON,
    "pypy": _PYTHON,
    "c": ErrorFormat("main.c:", _C_MARKER, _C_FAMILY),
    "cpp": _CPP,
    "cpp14": _CPP,
    "cpp17": _CPP,
    "cpp23": _CPP,
    "java": _JAVA,
    "javascript": _JAVASCRIPT,
}
_PLAIN_QUOTES = str.maketrans("\u2018\u2019", "''")
# The linker prints these errors, and it does not mark them.
_LINKER = ("undefined reference", "multiple definition")


def diagnose_compilation(language: str, output: str, code: str) -> Diagnosis:
    """Return the diagnosis of a program that does not compile.

    `language` is the id of the language, `output` the output of the compiler, and `code` the
    source code.
    """
    form = _FORMATS.get(language)
    if form is None:
        return Diagnosis(kind=DiagnosisKind.COMPILE_ERROR)
    beginning = output[:READ_CHARACTERS].translate(_PLAIN_QUOTES)
    error = _find_linker_error(beginning) or form.find_error(beginning)
    kinds = (kind for text, kind in form.texts if text in error)
    kind = next(kinds, DiagnosisKind.COMPILE_ERROR)
    lines = dict(enumerate(code.split("\n"), 1))
    line = form.find_line(beginning, error)
    if kind is DiagnosisKind.COMPILE_SYNTAX and line and _has_open_quote(lines.get(line, "")):
        kind = DiagnosisKind.COMPILE_UNTERMINATED_TEXT
    return Diagnosis(
        kind=kind,
        line=line if line in lines else None,
        parameters={"message": error[:MESSAGE_CHARACTERS].strip()} if error else None,
    )


def _has_open_quote(line: str) -> bool:
    """Return whether a line of code ends inside a text in quotes."""
    quote = ""
    for character in line.replace("\\\\", "").replace('\\"', "").replace("\\'", ""):
        if character == quote:
            quote = ""
        elif character in "\"'" and not quote:
            quote = character
    return bool(quote)


def _find_linker_error(output: str) -> str:
    lines = output.splitlines()
    return next((line for line in lines if any(text in line for text in _LINKER)), "")
