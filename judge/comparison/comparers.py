"""Holding a program's output against the expected one, block by block.

Outputs of any size are compared without being held in memory. What both begin with is passed over
as bytes; the rest is cut into words or lines, which are compared a block's worth at a time, and one
by one only where they differ.
"""

import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import IO, NamedTuple

from graphql_api.data.enums import Comparer
from judge.comparison import tokenizer, unordered
from judge.comparison.tokenizer import Pieces, Place

DEFAULT_TOLERANCE = 1e-6
ENDS = "The output ends at {}, but more is expected."
DIFFERS = "The output differs at {}."
SURPLUS = "The output should have ended before {}."
STRANGE = "The line at {} is not expected, or occurs too often."
LACKS = "A line is missing."
UNLIKE = "The lines differ from the expected lines."
WHITE = " Only white space differs."

_NUMBER = re.compile(rb"[+-]?(\d++\.?\d*+|\.\d++)([eE][+-]?\d++)?")
_NANS = frozenset(
    "".join(letters).encode() for letters in product(("", "+", "-"), "nN", "aA", "nN")
)


class Difference(NamedTuple):
    """The first place where two outputs differ, as results store it.

    `line` and `column` count from 1; both are 0 where the output has no such place.
    """

    line: int
    column: int
    expected: str
    actual: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Whether the outputs agree.

    Where they do not, `message` says where, without telling what was expected; `place` is the first
    difference in the actual output. `expected` and `actual` are the pieces that differ, at most 200
    characters each, empty where an output has ended.
    """

    equal: bool
    message: str = ""
    expected: str = ""
    actual: str = ""
    place: Place | None = None

    @property
    def difference(self) -> Difference | None:
        """The first difference; None if the outputs agree."""
        if self.equal:
            return None
        line, column = self.place or (0, 0)
        return Difference(line, column, self.expected, self.actual)


class UnsupportedComparer(Exception):
    """This comparer needs a program of the problem's own; the message says which are built in."""


class _Rule(NamedTuple):
    """When pieces are the same: many at once, and one by one where those are not.

    `tokens` cuts an output into words that can be held against each other so.
    """

    all_same: Callable[[list[bytes], list[bytes]], bool]
    same: Callable[[bytes, bytes], bool]
    tokens: Callable[[IO[bytes]], Pieces] = tokenizer.tokens


class _Outputs(NamedTuple):
    """The two outputs."""

    expected: IO[bytes]
    actual: IO[bytes]

    def seek(self, expected: int, actual: int) -> None:
        """Put each at an offset of its own."""
        self.expected.seek(expected)
        self.actual.seek(actual)


SUPPORTED = frozenset(Comparer) - {Comparer.CHECKER, Comparer.INTERACTIVE}
EQUAL = Comparison(equal=True)
_BYTES = _Rule(operator.eq, operator.eq)
Excerpt = Callable[[IO[bytes], int, int], str]


def compare(
    comparer: Comparer,
    expected: IO[bytes],
    actual: IO[bytes],
    *,
    abs_tolerance: float | None = None,
    rel_tolerance: float | None = None,
) -> Comparison:
    """Compare two outputs, both seekable, from their beginning.

    FLOAT accepts a number within either tolerance (both 1e-6 when neither is given), never NaN, and
    compares what is no number, or too large for a double, as a token. Raises UnsupportedComparer
    for CHECKER and INTERACTIVE.
    """
    check_supported(comparer)
    outputs = _Outputs(expected, actual)
    outputs.seek(0, 0)
    without = b"nan" if comparer is Comparer.FLOAT else b""
    same = tokenizer.same_beginning(expected, actual, without=without)
    if same is None:
        return EQUAL
    if comparer is Comparer.EXACT:
        start = tokenizer.start_of_line(expected, same)
        excerpt = partial(tokenizer.excerpt, ends=())
        return _with_hint(_differing(outputs, (start, start), same - start, excerpt), outputs)
    if comparer is Comparer.LINES:
        return _with_hint(_compare_lines(outputs, same), outputs)
    if comparer is Comparer.UNORDERED_LINES:
        return _compare_unordered(outputs, same)
    return _compare_tokens(outputs, same, _rule(comparer, abs_tolerance, rel_tolerance))


def check_supported(comparer: Comparer) -> None:
    """Raise UnsupportedComparer for one that is not built in."""
    if comparer not in SUPPORTED:
        raise UnsupportedComparer(
            f"The comparer {comparer} needs a program of the problem's own; those that need none "
            f"are {', '.join(sorted(SUPPORTED))}."
        )


def _rule(comparer: Comparer, abs_tolerance: float | None, rel_tolerance: float | None) -> _Rule:
    if comparer is Comparer.TOKENS_IGNORE_CASE:
        return _Rule(operator.eq, _same_letters, tokenizer.lower_tokens)
    if comparer is Comparer.FLOAT:
        if abs_tolerance is None and rel_tolerance is None:
            return _close_to(DEFAULT_TOLERANCE, DEFAULT_TOLERANCE)
        return _close_to(abs_tolerance or 0.0, rel_tolerance or 0.0)
    return _BYTES


def _same_letters(expected: bytes, actual: bytes) -> bool:
    return (
        expected.decode("utf-8", "surrogateescape").casefold()
        == actual.decode("utf-8", "surrogateescape").casefold()
    )


def _close_to(absolute: float, relative: float) -> _Rule:
    def close(expected: bytes, actual: bytes) -> bool:
        if actual in _NANS:
            return False
        if expected == actual:
            return True
        if not (_NUMBER.fullmatch(expected) and _NUMBER.fullmatch(actual)):
            return False
        wanted, given = float(expected), float(actual)
        if math.isinf(wanted) or math.isinf(given):
            return False
        return abs(wanted - given) <= max(absolute, relative * abs(wanted))

    def all_close(expected: list[bytes], actual: list[bytes]) -> bool:
        return expected == actual and _NANS.isdisjoint(actual)

    return _Rule(all_close, close)


def _compare_tokens(outputs: _Outputs, same: int, rule: _Rule) -> Comparison:
    start = tokenizer.start_of_token(outputs.expected, same)
    outputs.seek(start, start)
    words = rule.tokens(outputs.expected), rule.tokens(outputs.actual)
    number = _first_unlike(*words, rule)
    if number is None:
        return EQUAL
    begins = (
        tokenizer.nth_token(outputs.expected, start, number),
        tokenizer.nth_token(outputs.actual, start, number),
    )
    outputs.seek(*begins)
    common = (tokenizer.same_beginning(*outputs) or 0) if rule is _BYTES else 0
    # A word is told from its beginning, unless one would not see there what is different.
    far = common if common > 2 * tokenizer.CONTEXT_BYTES else 0
    return _differing(outputs, begins, far, tokenizer.excerpt)


def _compare_lines(outputs: _Outputs, same: int) -> Comparison:
    start = tokenizer.start_of_line(outputs.expected, same)
    outputs.seek(start, start)
    lines = tokenizer.lines(outputs.expected), tokenizer.lines(outputs.actual)
    number = _first_unlike(*lines, _BYTES, skips_blanks=True)
    if number is None:
        return EQUAL
    begins = (
        tokenizer.nth_line(outputs.expected, start, number),
        tokenizer.nth_line(outputs.actual, start, number),
    )
    outputs.seek(*begins)
    return _differing(
        outputs, begins, tokenizer.same_beginning(*outputs) or 0, tokenizer.excerpt_of_line
    )


def _differing(
    outputs: _Outputs, begins: tuple[int, int], common: int, excerpt: Excerpt
) -> Comparison:
    """Tell of pieces that begin at these offsets and have so many bytes in common."""
    wanted, given = begins
    place = tokenizer.place_of(outputs.actual, given + common)
    message = DIFFERS
    if given + common == outputs.actual.seek(0, 2):
        message = ENDS
    elif wanted + common == outputs.expected.seek(0, 2):
        message = SURPLUS
    return Comparison(
        equal=False,
        message=message.format(place),
        expected=excerpt(outputs.expected, wanted, wanted + common),
        actual=excerpt(outputs.actual, given, given + common),
        place=place,
    )


def _compare_unordered(outputs: _Outputs, same: int) -> Comparison:
    start = tokenizer.start_of_line(outputs.expected, same)
    wrong = unordered.first_wrong(*outputs, start)
    if wrong is None:
        return EQUAL
    if wrong.number is None:
        return Comparison(equal=False, message=UNLIKE)
    file = outputs.actual if wrong.is_actual else outputs.expected
    begin = tokenizer.nth_line_with_text(file, start, wrong.number)
    shown = tokenizer.excerpt_of_line(file, begin, begin)
    if not wrong.is_actual:
        return Comparison(equal=False, message=LACKS, expected=shown)
    place = tokenizer.place_of(file, begin)
    return Comparison(equal=False, message=STRANGE.format(place), actual=shown, place=place)


def _first_unlike(
    expected: Pieces, actual: Pieces, rule: _Rule, *, skips_blanks: bool = False
) -> int | None:
    """Return the number, from 0, of the first piece that differs.

    After the shorter's end empty pieces may follow if it `skips_blanks`.
    """
    done = 0
    wanted: list[bytes] = []
    given: list[bytes] = []
    while True:
        wanted = wanted or next((part for part in expected if part), [])
        given = given or next((part for part in actual if part), [])
        if not (wanted and given):
            break
        count = min(len(wanted), len(given))
        at = _unlike(wanted[:count], given[:count], rule)
        if at is not None:
            return done + at
        wanted, given, done = wanted[count:], given[count:], done + count
    left, more = (wanted, expected) if wanted else (given, actual)
    at = _first_solid(left, more) if skips_blanks else (0 if left else None)
    return None if at is None else done + at


def _unlike(wanted: list[bytes], given: list[bytes], rule: _Rule) -> int | None:
    if rule.all_same(wanted, given):
        return None
    alike = map(rule.same, wanted, given)
    return next((at for at, is_same in enumerate(alike) if not is_same), None)


def _first_solid(left: list[bytes], more: Pieces) -> int | None:
    """Return the number of the first piece that is not empty."""
    seen = 0
    while left:
        if any(left):
            return seen + next(at for at, piece in enumerate(left) if piece)
        seen += len(left)
        left = next((part for part in more if part), [])
    return None


def _with_hint(found: Comparison, outputs: _Outputs) -> Comparison:
    """Say so where nothing but white space is wrong."""
    if found.equal or not compare(Comparer.TOKENS, *outputs).equal:
        return found
    return replace(found, message=found.message + WHITE)
