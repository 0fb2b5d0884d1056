"""The time limit multipliers of a problem: one per language, all stored as one short text."""

from collections.abc import Mapping

from graphql_api.data import keys
from graphql_api.data.errors import InvalidInput
from graphql_api.data.limits import MAX_LANGUAGE_LIMITS, TIME_MULTIPLIER

PATH = ("languageLimits",)


def pack(multipliers: Mapping[str, float]) -> str | None:
    """Convert multipliers to a text such as `java:1.5,python:4`, or to None for an empty mapping.

    Raises:
        InvalidInput: the mapping has too many languages, or a multiplier is out of range or has
            more than two decimal places.
    """
    if len(multipliers) > MAX_LANGUAGE_LIMITS:
        raise InvalidInput(
            f"`languageLimits` must contain at most {MAX_LANGUAGE_LIMITS} languages.", PATH
        )
    return ",".join(_pack_one(*item) for item in sorted(multipliers.items())) or None


def _pack_one(language: str, multiplier: float) -> str:
    if "," in keys.part(language, PATH[0]):
        raise InvalidInput("`language` must not contain a comma.", PATH)
    smallest, largest = TIME_MULTIPLIER
    if not smallest <= multiplier <= largest or round(multiplier, 2) != multiplier:
        raise InvalidInput(
            f"`timeMultiplier` must be from {smallest:g} to {largest:g}, with at most two decimal "
            "places.",
            PATH,
        )
    return f"{language}:{multiplier:g}"


def unpack(text: str | None) -> dict[str, float]:
    """Convert a text from `pack` to a mapping from language ids to time limit multipliers.

    Return an empty mapping for None.
    """
    pairs = (pair.split(":") for pair in text.split(",")) if text else ()
    return {language: float(multiplier) for language, multiplier in pairs}
