"""The texts of diagnoses."""

import string

import pytest

from graphql_api.data.enums import DiagnosisKind, Locale
from graphql_api.data.records import Diagnosis
from hints.diagnosis import texts_en, texts_ko
from hints.diagnosis.explanation import explain

TEXTS = {Locale.EN: texts_en.TEXTS, Locale.KO: texts_ko.TEXTS}


def names_in(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


@pytest.mark.parametrize("locale", Locale)
def test_every_kind_has_texts_in_every_language(locale: Locale) -> None:
    assert TEXTS[locale].keys() == set(DiagnosisKind)
    for text in TEXTS[locale].values():
        assert text.title
        assert text.explanation.endswith(".")
        assert text.suggestion.endswith(".")


def test_both_languages_contain_the_same_values() -> None:
    for kind in DiagnosisKind:
        english, korean = (TEXTS[locale][kind].detail for locale in Locale)
        assert names_in(english) == names_in(korean), kind


@pytest.mark.parametrize("locale", Locale)
@pytest.mark.parametrize("kind", DiagnosisKind)
def test_an_explanation_with_values_also_exists_without_them(
    kind: DiagnosisKind, locale: Locale
) -> None:
    values = {name: f"<{name}>" for name in names_in(TEXTS[locale][kind].detail)}
    with_values = explain(Diagnosis(kind=kind, parameters=values or None), locale)
    without = explain(Diagnosis(kind=kind), locale)
    assert all(value in with_values.explanation for value in values.values())
    assert with_values.explanation.startswith(without.explanation)
    assert not any(character in without.explanation for character in "{}<>")


def test_a_value_that_looks_like_a_template_is_printed_as_it_is() -> None:
    values = {"expected": "{actual.__class__}", "actual": "{0}"}
    shown = explain(Diagnosis(kind=DiagnosisKind.OFF_BY_ONE, parameters=values), Locale.EN)
    assert "Expected is {actual.__class__}, but your program wrote {0}." in shown.explanation


def test_values_of_another_version_of_the_program_are_left_out() -> None:
    values = {"expected": "3", "added_later": "4"}
    shown = explain(Diagnosis(kind=DiagnosisKind.OFF_BY_ONE, parameters=values), Locale.EN)
    assert shown == explain(Diagnosis(kind=DiagnosisKind.OFF_BY_ONE), Locale.EN)
    missing = explain(
        Diagnosis(kind=DiagnosisKind.OFF_BY_ONE, parameters={"expected": "3"}), Locale.EN
    )
    assert missing == shown
