"""Cutting outputs into words and lines, block by block, and finding places in them.

Nothing here holds a whole output: of a piece longer than `LONGEST` only its beginning and a digest
are kept. White space is ASCII's; offsets are in bytes from the start of the file.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import IO, NamedTuple

from graphql_api.data.text import truncate_characters

BLOCK = 1 << 18
# No less than a block: within one, pieces stay as they are.
LONGEST = 1 << 18
SHOWN_CHARACTERS = 200
# What is shown before a difference that is far from the beginning of its piece.
CONTEXT_BYTES = 60

Pieces = Iterator[list[bytes]]

_WHITE = (b"\n", b" ", b"\t", b"\r", b"\x0b", b"\x0c")
_TOKEN = re.compile(rb"[^ \t\n\r\x0b\x0c]+")
_CONTINUATION = bytes(range(0x80, 0xC0))


class Place(NamedTuple):
    """A place as people name it: line and column from 1, columns in characters."""

    line: int
    column: int

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}"


class _Cut:
    """A piece that a block's end cuts; white space at its own end does not belong to it."""

    def __init__(self) -> None:
        self._kept = b""
        self._size = self._solid = 0
        self._digest = self._solid_digest = hashlib.blake2b()

    def add(self, part: bytes) -> None:
        """Go on with the piece."""
        self._kept += part[: LONGEST - len(self._kept)]
        solid = part.rstrip()
        self._digest.update(solid)
        if solid:
            self._solid = self._size + len(solid)
            self._solid_digest = self._digest.copy()
        self._digest.update(part[len(solid) :])
        self._size += len(part)

    def whole(self) -> bytes:
        """Return the piece, or what stands for a long one; no short one holds a line's end."""
        if self._solid <= LONGEST:
            return self._kept[: self._solid]
        return self._kept[:SHOWN_CHARACTERS] + b"\n" + self._solid_digest.digest()


def tokens(file: IO[bytes]) -> Pieces:
    """Yield the words from where the file stands, a list for each block."""
    return _tokens(file, _cut_into_tokens)


def lower_tokens(file: IO[bytes]) -> Pieces:
    """The same with ASCII's letters in lower case, also in what stands for a long one."""
    return _tokens(file, lambda block: _cut_into_tokens(block.lower()))


def _tokens(file: IO[bytes], cut: Callable[[bytes], list[bytes]]) -> Pieces:
    for words in _pieces(file, cut):
        yield words if words[0] else words[1:]


def lines(file: IO[bytes]) -> Pieces:
    """Yield the lines from where the file stands, without white space at their ends.

    What follows the last line's end is a line, too, if an empty one.
    """
    return _pieces(file, _cut_into_lines)


def lines_with_text(file: IO[bytes]) -> Pieces:
    """The same without those in which nothing stands."""
    for part in _pieces(file, _cut_into_lines_with_text):
        yield list(filter(None, part))


def _pieces(file: IO[bytes], cut: Callable[[bytes], list[bytes]]) -> Pieces:
    """Yield pieces; the first part of a cut block goes on with a piece, the last one begins one."""
    last = _Cut()
    while block := file.read(BLOCK):
        first, *whole = cut(block)
        last.add(first)
        if whole:
            whole.insert(0, last.whole())
            last = _Cut()
            last.add(whole.pop())
            yield whole
    yield [last.whole()]


def _cut_into_tokens(block: bytes) -> list[bytes]:
    words = block.split()
    if block[:1].isspace():
        words.insert(0, b"")
    if block[-1:].isspace():
        words.append(b"")
    return words


def _cut_into_lines(block: bytes) -> list[bytes]:
    first, whole, last = _parted(block)
    if whole.isspace():
        return [first, *[b""] * whole.count(b"\n"), *last]
    return [first, *map(bytes.rstrip, whole.split(b"\n")[:-1]), *last]


def _cut_into_lines_with_text(block: bytes) -> list[bytes]:
    first, whole, last = _parted(block)
    found = [] if whole.isspace() else whole.split(b"\n")
    return [first, *filter(None, map(bytes.rstrip, filter(None, found))), *last]


def _parted(block: bytes) -> tuple[bytes, bytes, list[bytes]]:
    """Return what ends a line, the whole lines after it, and the beginning of one, if there is."""
    first, end, rest = block.partition(b"\n")
    at = rest.rfind(b"\n") + 1
    return first, rest[:at], [rest[at:]] if end else []


def same_beginning(one: IO[bytes], other: IO[bytes], *, without: bytes = b"") -> int | None:
    """Return how many bytes are the same from where both stand; None if all are.

    The beginning ends before a block with `without`, of three letters in lower case, in any case.
    """
    same, before = 0, b""
    while True:
        block, others = one.read(BLOCK), other.read(BLOCK)
        if block != others:
            return same + _common_length(block, others)
        if not block:
            return None
        if without and without in (before + block).lower():
            return max(0, same - len(before))
        same, before = same + len(block), (before + block)[-2:]


def _common_length(one: bytes, other: bytes) -> int:
    """Length of the common beginning, by halving."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def start_of_token(file: IO[bytes], offset: int) -> int:
    """Return where the word begins that `offset` is in or right after."""
    return _after_last(file, offset, _WHITE)


def start_of_line(file: IO[bytes], offset: int) -> int:
    """Return where the line begins that `offset` is in."""
    return _after_last(file, offset, _WHITE[:1])


def _after_last(file: IO[bytes], offset: int, ends: tuple[bytes, ...]) -> int:
    while offset > 0:
        begin = max(0, offset - BLOCK)
        file.seek(begin)
        part = file.read(offset - begin)
        if (at := max(map(part.rfind, ends))) >= 0:
            return begin + at + 1
        offset = begin
    return 0


def nth_token(file: IO[bytes], start: int, number: int) -> int:
    """Return where the word of that number from `start` on begins, counted from 0."""
    file.seek(start)
    inside = False
    while block := file.read(BLOCK):
        begun = len(block.split()) - (inside and not block[:1].isspace())
        if begun > number:
            skipped = number + (inside and not block[:1].isspace())
            return start + next(islice(_TOKEN.finditer(block), skipped, None)).start()
        number -= begun
        start += len(block)
        inside = not block[-1:].isspace()
    return start


def nth_line(file: IO[bytes], start: int, number: int) -> int:
    """Return where the line of that number from `start` on begins, counted from 0."""
    file.seek(start)
    while number and (block := file.read(BLOCK)):
        ends = block.count(b"\n")
        if ends >= number:
            at = -1
            for _ in range(number):
                at = block.index(b"\n", at + 1)
            return start + at + 1
        number -= ends
        start += len(block)
    return start


def nth_line_with_text(file: IO[bytes], start: int, number: int) -> int:
    """The same, of those in which something stands."""
    file.seek(start)
    before = 0
    for part in lines(file):
        found = len(part) - part.count(b"")
        if found > number:
            within = (at for at, line in enumerate(part) if line)
            return nth_line(file, start, before + next(islice(within, number, None)))
        number -= found
        before += len(part)
    return start


def place_of(file: IO[bytes], offset: int) -> Place:
    """Return the place of an offset."""
    file.seek(0)
    line, column, left = 1, 1, offset
    while left and (block := file.read(min(BLOCK, left))):
        left -= len(block)
        ends = block.count(b"\n")
        rest = block[block.rfind(b"\n") + 1 :]
        characters = len(rest.translate(None, _CONTINUATION))
        line, column = line + ends, characters + (1 if ends else column)
    return Place(line, column)


def excerpt(file: IO[bytes], begin: int, different: int, ends: tuple[bytes, ...] = _WHITE) -> str:
    """Return the piece that begins at `begin` as text of at most 200 characters.

    Of a piece that differs far from its beginning only what is near that is shown.
    """
    is_near = different - begin <= 2 * CONTEXT_BYTES
    file.seek(begin if is_near else different - CONTEXT_BYTES)
    part = file.read(4 * SHOWN_CHARACTERS + 4)
    if not is_near:
        part = part.lstrip(_CONTINUATION)
    stops = [at for end in ends if (at := part.find(end)) >= 0]
    piece = part[: min(stops, default=len(part))]
    return ("" if is_near else "…") + truncate_characters(piece, SHOWN_CHARACTERS, "…")


def excerpt_of_line(file: IO[bytes], begin: int, different: int) -> str:
    """The same of a line."""
    return excerpt(file, begin, different, _WHITE[:1]).rstrip()
