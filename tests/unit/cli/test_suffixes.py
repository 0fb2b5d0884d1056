from pathlib import PurePath

import pytest

from graphql_api.cli.suffixes import known_suffixes, language_of, language_of_code
from judge.languages import LANGUAGES


@pytest.mark.parametrize("spec", LANGUAGES, ids=lambda spec: spec.id)
def test_a_file_name_of_the_judge_tells_the_first_language_that_uses_it(spec) -> None:
    first = next(one for one in LANGUAGES if one.file_name == spec.file_name)
    assert language_of(spec.file_name) == first.id


def test_every_ending_belongs_to_a_language_of_the_judge() -> None:
    ids = {spec.id for spec in LANGUAGES}

    assert {language_of(f"a{suffix}") for suffix in known_suffixes()} <= ids


def test_a_name_tells_its_language_in_any_case_or_not_at_all() -> None:
    assert language_of("A.CPP") == "cpp"
    assert language_of("Makefile") is None
    assert language_of(str(PurePath("a.b") / "c")) is None


def test_codes_of_packages_are_ids_or_known() -> None:
    assert language_of_code("python3") == "python"
    assert language_of_code("java") == "java"
    assert language_of_code("cobol") is None
