"""The comparer FLOAT: numbers match if they differ by at most an absolute or relative tolerance."""

import math
import re
from itertools import product

from judge.comparison.matching import MatchRule

DEFAULT_TOLERANCE = 1e-6

_NUMBER = re.compile(rb"[+-]?(\d++\.?\d*+|\.\d++)([eE][+-]?\d++)?")
_NANS = frozenset(
    "".join(letters).encode() for letters in product(("", "+", "-"), "nN", "aA", "nN")
)


def is_number(text: str) -> bool:
    """Return whether the comparer FLOAT treats a token as a number."""
    return _NUMBER.fullmatch(text.encode()) is not None


def float_rule(abs_tolerance: float | None, rel_tolerance: float | None) -> MatchRule:
    """Return the rule that matches numbers within the absolute or the relative tolerance.

    Both tolerances are 1e-6 if neither is given. If only one is given, the other is 0. NaN never
    matches. Tokens that are not numbers, or that are too large for a double, must be equal.
    """
    if abs_tolerance is None and rel_tolerance is None:
        return _rule_within(DEFAULT_TOLERANCE, DEFAULT_TOLERANCE)
    return _rule_within(abs_tolerance or 0.0, rel_tolerance or 0.0)


def _rule_within(absolute: float, relative: float) -> MatchRule:
    def match(expected: bytes, actual: bytes) -> bool:
        if actual in _NANS:
            return False
        if expected == actual:
            return True
        if not (_NUMBER.fullmatch(expected) and _NUMBER.fullmatch(actual)):
            return False
        expected_number, actual_number = float(expected), float(actual)
        if math.isinf(expected_number) or math.isinf(actual_number):
            return False
        tolerance = max(absolute, relative * abs(expected_number))
        return abs(expected_number - actual_number) <= tolerance

    def match_batches(expected: list[bytes], actual: list[bytes]) -> bool:
        return expected == actual and _NANS.isdisjoint(actual)

    return MatchRule(match_batches, match)
