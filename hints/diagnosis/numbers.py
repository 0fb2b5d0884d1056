"""Finds the relation between a wrong number and the expected number, such as a wrong sign."""

import math
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import partial

from graphql_api.data.enums import DiagnosisKind
from hints.diagnosis.evidence import Finding

# Numbers with more characters are not examined.
LONGEST_NUMBER = 60
# Relative difference up to which two numbers differ only by their precision.
CLOSE = Decimal("1e-4")
# A `double` can represent all integers up to this number, but only some larger integers.
EXACT = 2**53
# A few roundings of a `double` change a number by less than this part of it.
ROUNDED = 2**48


def find_relation(expected: str, actual: str) -> Finding | None:
    """Return the relation between two different words.

    Return None if a word is not a number, or if the numbers have no known relation.
    """
    if _is_separated(expected, actual):
        return Finding(DiagnosisKind.NUMBER_FORMAT, {"expected": expected, "actual": actual})
    left, right = _parse(expected), _parse(actual)
    if left is None or right is None:
        return None
    kind = _relate_integers(left, right) if _are_integers(left, right) else None
    kind = kind or _relate_decimals(expected, actual, left, right)
    return Finding(kind, {"expected": expected, "actual": actual}) if kind else None


def _is_separated(expected: str, actual: str) -> bool:
    """Return whether `actual` is the expected number, written with commas.

    The commas separate thousands or decimals.
    """
    is_number = _parse(expected) is not None and "," in actual
    return is_number and expected in (actual.replace(",", ""), actual.replace(",", "."))


def _parse(text: str) -> Decimal | None:
    if not text or len(text) > LONGEST_NUMBER:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    is_usable = number.is_finite() and abs(number.adjusted()) <= LONGEST_NUMBER
    return number if is_usable else None


def _are_integers(*numbers: Decimal) -> bool:
    return all(number == number.to_integral_value() for number in numbers)


def _relate_integers(expected: Decimal, actual: Decimal) -> DiagnosisKind | None:
    left, right = int(expected), int(actual)
    if left == right:
        return None
    return next((kind for kind, holds in _RELATIONS if holds(left, right)), None)


def _is_wrapped(expected: int, actual: int, bits: int) -> bool:
    """Return whether `actual` is the value of `expected` in an integer type of `bits` bits.

    The type may be signed or unsigned.
    """
    low = expected & ((1 << bits) - 1)
    signed = low - (1 << bits) if low >> (bits - 1) else low
    return actual in (low, signed)


def _is_rounded(expected: int, actual: int) -> bool:
    """Return whether `actual` is `expected`, rounded to the precision of a `double`."""
    return abs(expected) > EXACT and abs(expected - actual) * ROUNDED <= abs(expected)


def _is_power_of_two_factor(left: int, right: int) -> bool:
    small, large = sorted((abs(left), abs(right)))
    if small == 0 or left * right < 0 or large % small:
        return False
    factor = large // small
    return factor > 1 and factor & (factor - 1) == 0


# A wrapped number of 32 bits is also equal modulo 2^32, so the larger modulus comes first.
_RELATIONS: tuple[tuple[DiagnosisKind, Callable[[int, int], bool]], ...] = (
    (DiagnosisKind.OVERFLOW_64, partial(_is_wrapped, bits=64)),
    (DiagnosisKind.OVERFLOW_32, partial(_is_wrapped, bits=32)),
    (DiagnosisKind.WRONG_SIGN, lambda left, right: left == -right),
    (DiagnosisKind.OFF_BY_ONE, lambda left, right: abs(left - right) == 1),
    (DiagnosisKind.PRECISION, _is_rounded),
    (DiagnosisKind.POWER_OF_TWO_FACTOR, _is_power_of_two_factor),
)


def _relate_decimals(
    expected: str, actual: str, left: Decimal, right: Decimal
) -> DiagnosisKind | None:
    if left == right:
        return DiagnosisKind.NUMBER_FORMAT
    if _are_integers(left, right) and not _has_exponent(actual):
        return None
    if _has_exponent(actual) and not _has_exponent(expected):
        return DiagnosisKind.NUMBER_FORMAT
    difference = abs(left - right) / max(abs(left), Decimal(1))
    is_shortened = _decimals(actual) < _decimals(expected) and _shortens(left, right, actual)
    is_cut = right == int(left)
    return DiagnosisKind.PRECISION if is_shortened or is_cut or difference <= CLOSE else None


def _has_exponent(text: str) -> bool:
    return "e" in text.lower()


def _decimals(text: str) -> int:
    return len(text.partition(".")[2])


def _shortens(expected: Decimal, actual: Decimal, text: str) -> bool:
    """Return whether `actual` is `expected` with fewer decimals, either rounded or truncated."""
    return abs(expected - actual) < Decimal(1).scaleb(-_decimals(text)) and not math.isnan(actual)
