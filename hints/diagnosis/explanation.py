"""The texts of diagnoses, in each language."""

from collections.abc import Mapping
from typing import NamedTuple

from graphql_api.data.enums import DiagnosisKind, Locale
from graphql_api.data.records import Diagnosis
from hints.diagnosis.texts import Text
from hints.diagnosis.texts_en import TEXTS as ENGLISH
from hints.diagnosis.texts_ko import TEXTS as KOREAN

_TEXTS: Mapping[Locale, Mapping[DiagnosisKind, Text]] = {
    Locale.EN: ENGLISH,
    Locale.KO: KOREAN,
}


class Explanation(NamedTuple):
    """The texts of one diagnosis: a title, an explanation of the mistake, and advice."""

    title: str
    explanation: str
    suggestion: str


def explain(diagnosis: Diagnosis, locale: Locale) -> Explanation:
    """Return the texts of a diagnosis. Values are included only if the diagnosis contains them."""
    text = _TEXTS[locale][diagnosis.kind]
    detail = _fill(text.detail, diagnosis.parameters or {})
    return Explanation(text.title, f"{text.explanation} {detail}".strip(), text.suggestion)


def _fill(template: str, values: Mapping[str, str]) -> str:
    """Return the template with its values, or an empty text if a value is missing.

    A value can be missing if another version of the program wrote the diagnosis.
    """
    try:
        return template.format(**values)
    except KeyError:
        return ""
