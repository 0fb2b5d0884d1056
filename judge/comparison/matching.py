"""Search for the first token or line in which two outputs differ, batch by batch."""

import operator
from collections.abc import Callable
from typing import IO, NamedTuple

from judge.comparison import tokenizer
from judge.comparison.tokenizer import Batches


class MatchRule(NamedTuple):
    """The rule that decides whether two tokens or lines match.

    `match_batches` compares two whole lists, which is fast. If it returns False, `match` compares
    the items of the two lists pair by pair. `tokens` splits an output into tokens.
    """

    match_batches: Callable[[list[bytes], list[bytes]], bool]
    match: Callable[[bytes, bytes], bool]
    tokens: Callable[[IO[bytes]], Batches] = tokenizer.tokens


EXACT_MATCH = MatchRule(operator.eq, operator.eq)


def find_mismatch(
    expected: Batches, actual: Batches, rule: MatchRule, *, skips_blanks: bool = False
) -> int | None:
    """Return the index of the first token or line that differs, or None if all match.

    If `skips_blanks` is True, additional empty lines at the end of one output are ignored.
    """
    done = 0
    expected_items: list[bytes] = []
    actual_items: list[bytes] = []
    while True:
        expected_items = expected_items or next((batch for batch in expected if batch), [])
        actual_items = actual_items or next((batch for batch in actual if batch), [])
        if not (expected_items and actual_items):
            break
        count = min(len(expected_items), len(actual_items))
        at = _find_in_batch(expected_items[:count], actual_items[:count], rule)
        if at is not None:
            return done + at
        expected_items, actual_items = expected_items[count:], actual_items[count:]
        done += count
    rest, more = (expected_items, expected) if expected_items else (actual_items, actual)
    at = _find_non_empty(rest, more) if skips_blanks else (0 if rest else None)
    return None if at is None else done + at


def _find_in_batch(
    expected_items: list[bytes], actual_items: list[bytes], rule: MatchRule
) -> int | None:
    if rule.match_batches(expected_items, actual_items):
        return None
    matches = map(rule.match, expected_items, actual_items)
    return next((at for at, is_match in enumerate(matches) if not is_match), None)


def _find_non_empty(rest: list[bytes], more: Batches) -> int | None:
    """Return the index of the first item that is not empty, in `rest` and then in `more`.

    Return None if all items are empty.
    """
    passed = 0
    while rest:
        if any(rest):
            return passed + next(at for at, item in enumerate(rest) if item)
        passed += len(rest)
        rest = next((batch for batch in more if batch), [])
    return None
