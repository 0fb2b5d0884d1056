"""Kinds of compile errors, from recorded outputs of compilers."""

import pytest

from graphql_api.data.enums import DiagnosisKind
from hints.diagnosis.compile_errors import READ_CHARACTERS, diagnose_compilation

K = DiagnosisKind
CODE = "\n" * 20


CASES = [
    (
        "python",
        "File \"main.py\", line 3\n  x = (\nSyntaxError: '(' was never closed",
        (K.COMPILE_UNBALANCED_BRACKET, 3),
    ),
    (
        "python",
        'File "main.py", line 2\nIndentationError: unexpected indent',
        (K.COMPILE_INDENTATION, 2),
    ),
    (
        "cpp",
        (
            "main.cpp: In function 'int main()':\n"
            "main.cpp:5:3: error: 'x' was not declared in this scope"
        ),
        (K.COMPILE_UNKNOWN_NAME, 5),
    ),
    (
        "cpp",
        (
            "main.cpp:4:2: warning: unused\n"
            "main.cpp:7:1: error: expected \u2018;\u2019 before \u2018}\u2019 token"
        ),
        (K.COMPILE_MISSING_SEMICOLON, 7),
    ),
    (
        "c",
        (
            "/usr/bin/ld: main.o: in function `main':\n"
            "main.c:(.text+0xe): undefined reference to `foo'"
        ),
        (K.COMPILE_UNKNOWN_NAME, None),
    ),
    (
        "java",
        "Main.java:6: error: incompatible types: String cannot be converted to int",
        (K.COMPILE_WRONG_TYPE, 6),
    ),
    (
        "javascript",
        "/box/main.js:9\nlet a\n    ^\nSyntaxError: Identifier 'a' has already been declared",
        (K.COMPILE_DUPLICATE_NAME, 9),
    ),
    ("cpp", "main.cpp:999:1: error: something new", (K.COMPILE_ERROR, None)),
    ("haskell", "Main.hs:1:1: error: parse error", (K.COMPILE_ERROR, None)),
    ("python", "", (K.COMPILE_ERROR, None)),
]


@pytest.mark.parametrize(("language", "output", "found"), CASES)
def test_the_kind_and_the_line_of_the_first_error_are_found(
    language: str, output: str, found: tuple[DiagnosisKind, int | None]
) -> None:
    diagnosis = diagnose_compilation(language, output, CODE)
    assert (diagnosis.kind, diagnosis.line) == found
    assert diagnosis.test_number is None


def test_an_output_of_any_size_is_read_only_at_its_beginning() -> None:
    late = "x" * READ_CHARACTERS + "\nmain.cpp:5:3: error: 'x' was not declared in this scope"
    assert diagnose_compilation("cpp", late, CODE).kind is K.COMPILE_ERROR
    long = "main.cpp:5:3: error: " + "y" * 100_000
    message = (diagnose_compilation("cpp", long, CODE).parameters or {})["message"]
    assert len(message) == 200


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("console.log(leap ? 'Yes : 'No');", K.COMPILE_UNTERMINATED_TEXT),
        ("console.log(leap ? 'Yes' 'No');", K.COMPILE_SYNTAX),
        ("console.log('it\\'s' \"don't\");", K.COMPILE_SYNTAX),
    ],
)
def test_a_syntax_error_in_a_line_with_an_open_quote_is_an_unterminated_text(
    code: str, kind: DiagnosisKind
) -> None:
    output = f"main.js:1\n{code}\n^^\nSyntaxError: Unexpected identifier 'No'"
    assert diagnose_compilation("javascript", output, code).kind is kind
