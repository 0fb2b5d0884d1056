"""The parts of a runtime's messages that a hidden test may reveal."""

import pytest

from judge.languages import LANGUAGES, find_language
from judge.languages.failures import Failure

CODE = "one\ntwo\nthree"
TRACE = b"""Traceback (most recent call last):
  File "/box/main.py", line 3, in <module>
    three
  File "/usr/lib/python3/x.py", line 1, in f
%s
"""


def read(messages: bytes, code: str = CODE, language: str = "python") -> Failure:
    spec = find_language(language)
    assert spec is not None
    return spec.failures.read(messages, code)


def test_the_last_frame_of_the_program_itself_is_its_line() -> None:
    assert read(TRACE % b"ValueError: secret") == Failure("ValueError", 3)


@pytest.mark.parametrize("name", [b"Secret42", b"SecretError: 42", b"valueerror", b"json.Error: x"])
def test_a_class_that_is_not_built_in_has_no_name(name: bytes) -> None:
    assert read(TRACE % name) == Failure(None, 3)


@pytest.mark.parametrize("line", [0, 4, 31415926, 10**30])
def test_a_program_cannot_forge_a_line_that_it_does_not_have(line: int) -> None:
    forged = b'  File "/box/main.py", line %d\nKeyError' % line
    assert read(forged) == Failure("KeyError", None)


@pytest.mark.parametrize("spec", LANGUAGES, ids=lambda spec: spec.id)
def test_of_any_other_text_nothing_is_read(spec: object) -> None:
    language = getattr(spec, "id", "")
    assert read(b"the answer is 42\n\xff\x00\n", language=language) == Failure()


@pytest.mark.parametrize("spec", LANGUAGES, ids=lambda spec: spec.id)
def test_messages_of_the_largest_size_are_read_in_time_linear_in_their_size(spec: object) -> None:
    language = getattr(spec, "id", "")
    for text in (b"A", b"\tat ", b"main.rs:1:", b"(A", b" in /box/main.php", b"\n", b"a.b"):
        read(text * (65_536 // len(text)), language=language)
