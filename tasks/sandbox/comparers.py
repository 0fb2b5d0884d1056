"""Holding a program's output against the expected one, block by block.

Outputs of any size are compared without being held in memory: the tokens or lines of a block are
compared as a whole, and only where they differ one by one. White space is ASCII's.
"""

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import IO

from graphql_api.data.words import Comparer

BLOCK = 1 << 20
SHOWN_CHARACTERS = 200
DEFAULT_TOLERANCE = 1e-6

_NUMBER = re.compile(rb"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_NAN = re.compile(rb"[+-]?nan", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Whether the outputs agree.

    Where they do not, `message` says where, without telling what was expected; `expected` and
    `actual` are the first pieces that differ, at most 200 characters (empty at an output's end).
    """

    equal: bool
    message: str = ""
    expected: str = ""
    actual: str = ""


class UnsupportedComparer(Exception):
    """This comparer needs a program of the problem's own; the message says which are built in."""


SUPPORTED = frozenset(Comparer) - {Comparer.CHECKER, Comparer.INTERACTIVE}
EQUAL = Comparison(equal=True)
Same = Callable[[bytes, bytes], bool]
Pieces = Iterator[list[bytes]]


def shorten(piece: bytes, limit: int = SHOWN_CHARACTERS) -> str:
    """Return at most `limit` characters of text, the last an ellipsis where some are missing."""
    text = piece[: 4 * limit + 4].decode("utf-8", "replace")
    return text if len(text) <= limit else text[: limit - 1] + "…"


def compare(
    comparer: Comparer,
    expected: IO[bytes],
    actual: IO[bytes],
    *,
    abs_tolerance: float | None = None,
    rel_tolerance: float | None = None,
) -> Comparison:
    """Compare two outputs, both positioned at their start and seekable.

    FLOAT accepts a number within either tolerance (both 1e-6 when neither is given), never NaN, and
    compares what is no number as a token. Raises UnsupportedComparer for CHECKER and INTERACTIVE.
    """
    if comparer is Comparer.EXACT:
        return _with_hint(_compare_exact(expected, actual), expected, actual)
    if comparer is Comparer.LINES:
        found = _compare_pieces("line", _lines(expected), _lines(actual), _never, padding=b"")
        return _with_hint(found, expected, actual)
    same = _predicate(comparer, abs_tolerance, rel_tolerance)
    refuses_nan = comparer is Comparer.FLOAT
    return _compare_pieces(
        "token", _tokens(expected), _tokens(actual), same, refuses_nan=refuses_nan
    )


def _predicate(
    comparer: Comparer, abs_tolerance: float | None, rel_tolerance: float | None
) -> Same:
    if comparer is Comparer.TOKENS:
        return _never
    if comparer is Comparer.TOKENS_IGNORE_CASE:
        return _same_letters
    if comparer is Comparer.FLOAT:
        if abs_tolerance is None and rel_tolerance is None:
            return _close_to(DEFAULT_TOLERANCE, DEFAULT_TOLERANCE)
        return _close_to(abs_tolerance or 0.0, rel_tolerance or 0.0)
    raise UnsupportedComparer(
        f"The comparer {comparer} needs a program of the problem's own, which this judge does not "
        f"run; use {', '.join(sorted(SUPPORTED))}."
    )


def check_supported(comparer: Comparer) -> None:
    """Raise UnsupportedComparer for one that is not built in."""
    if comparer not in (Comparer.LINES, Comparer.EXACT):
        _predicate(comparer, None, None)


def _never(expected: bytes, actual: bytes) -> bool:
    """Nothing but equal bytes is the same."""
    return expected == actual


def _same_letters(expected: bytes, actual: bytes) -> bool:
    return (
        expected.decode("utf-8", "surrogateescape").casefold()
        == actual.decode("utf-8", "surrogateescape").casefold()
    )


def _close_to(absolute: float, relative: float) -> Same:
    def close(expected: bytes, actual: bytes) -> bool:
        if _NAN.fullmatch(actual):
            return False
        if expected == actual:
            return True
        if not (_NUMBER.fullmatch(expected) and _NUMBER.fullmatch(actual)):
            return False
        wanted, given = float(expected), float(actual)
        if math.isinf(wanted) or math.isinf(given):
            return wanted == given
        return abs(wanted - given) <= max(absolute, relative * abs(wanted))

    return close


def _tokens(file: IO[bytes]) -> Pieces:
    rest = b""
    while block := file.read(BLOCK):
        tokens = (rest + block).split()
        rest = b"" if block[-1:].isspace() or not tokens else tokens.pop()
        yield tokens
    if rest:
        yield [rest]


def _lines(file: IO[bytes]) -> Pieces:
    rest = b""
    while block := file.read(BLOCK):
        lines = (rest + block).split(b"\n")
        rest = lines.pop()
        yield [line.rstrip() for line in lines]
    if rest:
        yield [rest.rstrip()]


def _compare_pieces(
    name: str,
    expected: Pieces,
    actual: Pieces,
    same: Same,
    *,
    padding: bytes | None = None,
    refuses_nan: bool = False,
) -> Comparison:
    """Compare two streams of pieces; after the shorter's end, `padding` stands for what lacks."""
    done = 0
    wanted: list[bytes] = []
    given: list[bytes] = []
    while True:
        wanted = wanted or next((part for part in expected if part), [])
        given = given or next((part for part in actual if part), [])
        if not (wanted and given):
            break
        count = min(len(wanted), len(given))
        at = _first_difference(wanted[:count], given[:count], same, refuses_nan=refuses_nan)
        if at is not None:
            return _differing(name, done + at + 1, wanted[at], given[at])
        wanted, given, done = wanted[count:], given[count:], done + count
    return _compare_ends(name, done, (wanted, expected), (given, actual), padding)


def _first_difference(
    wanted: list[bytes], given: list[bytes], same: Same, *, refuses_nan: bool
) -> int | None:
    if wanted == given and not (refuses_nan and any(map(_NAN.fullmatch, given))):
        return None
    for at, (one, other) in enumerate(zip(wanted, given, strict=True)):
        if not same(one, other):
            return at
    return None


def _compare_ends(
    name: str,
    done: int,
    expected: tuple[list[bytes], Pieces],
    actual: tuple[list[bytes], Pieces],
    padding: bytes | None,
) -> Comparison:
    """At most one of the two has something left."""
    missing, surplus = _first_not(padding, *expected), _first_not(padding, *actual)
    if missing is not None:
        place = f"the output ends after {name} {done}; more is expected"
        return Comparison(equal=False, message=place, expected=shorten(missing[1]))
    if surplus is not None:
        at, piece = surplus
        place = f"{name} {done + at + 1} is one too many"
        return Comparison(equal=False, message=place, actual=shorten(piece))
    return EQUAL


def _first_not(
    padding: bytes | None, pieces: list[bytes], more: Pieces
) -> tuple[int, bytes] | None:
    seen = 0
    while pieces:
        for at, piece in enumerate(pieces):
            if padding is None or piece != padding:
                return seen + at, piece
        seen += len(pieces)
        pieces = next((part for part in more if part), [])
    return None


def _differing(name: str, number: int, wanted: bytes, given: bytes) -> Comparison:
    return Comparison(
        equal=False,
        message=f"{name} {number} differs",
        expected=shorten(wanted),
        actual=shorten(given),
    )


def _compare_exact(expected: IO[bytes], actual: IO[bytes]) -> Comparison:
    line = 1
    while True:
        wanted, given = expected.read(BLOCK), actual.read(BLOCK)
        if wanted != given:
            at = _common_length(wanted, given)
            line += wanted.count(b"\n", 0, at)
            rest, other = wanted[at:], given[at:]
            message = f"line {line} differs"
            if not other:
                message = f"the output ends in line {line}; more is expected"
            return Comparison(
                equal=False, message=message, expected=shorten(rest), actual=shorten(other)
            )
        if not wanted:
            return EQUAL
        line += wanted.count(b"\n")


def _common_length(one: bytes, other: bytes) -> int:
    """Length of the common beginning, by halving."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[:middle] == other[:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _with_hint(found: Comparison, expected: IO[bytes], actual: IO[bytes]) -> Comparison:
    """Say so where nothing but white space is wrong."""
    if found.equal:
        return found
    expected.seek(0)
    actual.seek(0)
    if compare(Comparer.TOKENS, expected, actual).equal:
        return replace(found, message=f"{found.message}; only white space is different")
    return found
