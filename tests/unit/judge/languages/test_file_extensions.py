from pathlib import PurePath

import pytest

from judge.languages import LANGUAGES, file_extensions, find_language_of_file


def language_id(name: str) -> str | None:
    spec = find_language_of_file(name)
    return None if spec is None else spec.id


@pytest.mark.parametrize("spec", LANGUAGES, ids=lambda spec: spec.id)
def test_a_source_file_of_the_judge_belongs_to_the_first_language_that_uses_its_name(spec) -> None:
    first = next(other for other in LANGUAGES if other.file_name == spec.file_name)

    assert find_language_of_file(spec.file_name) is first


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("A.CPP", "cpp"),
        ("a.cc", "cpp"),
        ("a.c++", "cpp"),
        ("a.cxx", "cpp"),
        ("a.py3", "python"),
        ("a.mjs", "javascript"),
        ("a.cl", "commonlisp"),
    ],
)
def test_further_endings_are_known_in_any_case(name, expected) -> None:
    assert language_id(name) == expected


@pytest.mark.parametrize("name", ["Makefile", "a.h", "a.txt", str(PurePath("a.b") / "c")])
def test_other_names_belong_to_no_language(name) -> None:
    assert find_language_of_file(name) is None


def test_the_known_endings_are_those_that_have_a_language() -> None:
    assert len(file_extensions()) == 29
    assert all(find_language_of_file(f"a{extension}") for extension in file_extensions())
