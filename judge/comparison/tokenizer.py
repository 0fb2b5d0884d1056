"""Splits outputs into tokens and lines, block by block, and finds positions in outputs.

No function loads a whole output into memory. An item (a token or a line) longer than `LONGEST` is
represented by its beginning and a digest. White space means ASCII white space. Offsets are in bytes
from the start of the file.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import IO, NamedTuple

from graphql_api.data.text import truncate_characters

BLOCK = 1 << 18
# LONGEST must be at least BLOCK, because an item that is inside one block is never shortened.
LONGEST = 1 << 18
SHOWN_CHARACTERS = 200
# If a difference is far from the start of its token or line, the excerpt begins this number of
# bytes before the difference.
CONTEXT_BYTES = 60

# The tokens or lines of an output, as one list for each block.
Batches = Iterator[list[bytes]]

_WHITE = (b"\n", b" ", b"\t", b"\r", b"\x0b", b"\x0c")
WHITE_SPACE = b"".join(_WHITE)
_TOKEN = re.compile(rb"[^ \t\n\r\x0b\x0c]+")
_CONTINUATION = bytes(range(0x80, 0xC0))


class Position(NamedTuple):
    """A line number and a column number, both from 1. A column is one character."""

    line: int
    column: int

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}"


class _PartialItem:
    """A token or line that continues in the next block of the file.

    White space at the end of the item is removed.
    """

    def __init__(self) -> None:
        self._kept = b""
        self._size = self._solid = 0
        self._digest = self._solid_digest = hashlib.blake2b()

    def add(self, part: bytes) -> None:
        """Append the next part of the item."""
        self._kept += part[: LONGEST - len(self._kept)]
        solid = part.rstrip()
        self._digest.update(solid)
        if solid:
            self._solid = self._size + len(solid)
            self._solid_digest = self._digest.copy()
        self._digest.update(part[len(solid) :])
        self._size += len(part)

    def whole(self) -> bytes:
        """Return the item. If it is longer than `LONGEST`, return its beginning and a digest.

        A line end separates the beginning from the digest. No other item contains a line end.
        """
        if self._solid <= LONGEST:
            return self._kept[: self._solid]
        return self._kept[:SHOWN_CHARACTERS] + b"\n" + self._solid_digest.digest()


def tokens(file: IO[bytes]) -> Batches:
    """Yield the tokens from the file's current offset on, as one list for each block."""
    return _tokens(file, _cut_into_tokens)


def lower_tokens(file: IO[bytes]) -> Batches:
    """Yield the tokens as `tokens` does, but with ASCII letters in lower case.

    A token longer than `LONGEST` is replaced by its beginning and a digest. Both are taken from the
    lower-case token.
    """
    return _tokens(file, lambda block: _cut_into_tokens(block.lower()))


def _tokens(file: IO[bytes], cut: Callable[[bytes], list[bytes]]) -> Batches:
    for batch in _cut_blocks(file, cut):
        yield batch if batch[0] else batch[1:]


def lines(file: IO[bytes]) -> Batches:
    """Yield lists that together contain all lines from the file's current offset on.

    White space at the end of each line is removed. The text after the last line end counts as a
    line, even if this text is empty.
    """
    return _cut_blocks(file, _cut_into_lines)


def lines_with_text(file: IO[bytes]) -> Batches:
    """Yield the lines as `lines` does, but without empty lines."""
    for batch in _cut_blocks(file, _cut_into_lines_with_text):
        yield list(filter(None, batch))


def _cut_blocks(file: IO[bytes], cut: Callable[[bytes], list[bytes]]) -> Batches:
    """Yield the tokens or lines of the file, as one list for each block.

    `cut` splits a block into items. An item that continues in the next block is put together here.
    """
    partial = _PartialItem()
    while block := file.read(BLOCK):
        first, *whole = cut(block)
        partial.add(first)
        if whole:
            whole.insert(0, partial.whole())
            partial = _PartialItem()
            partial.add(whole.pop())
            yield whole
    yield [partial.whole()]


def _cut_into_tokens(block: bytes) -> list[bytes]:
    words = block.split()
    if block[:1].isspace():
        words.insert(0, b"")
    if block[-1:].isspace():
        words.append(b"")
    return words


def _cut_into_lines(block: bytes) -> list[bytes]:
    first, whole, last = _split_block(block)
    if whole.isspace():
        return [first, *[b""] * whole.count(b"\n"), *last]
    return [first, *map(bytes.rstrip, whole.split(b"\n")[:-1]), *last]


def _cut_into_lines_with_text(block: bytes) -> list[bytes]:
    first, whole, last = _split_block(block)
    full = [] if whole.isspace() else whole.split(b"\n")
    return [first, *filter(None, map(bytes.rstrip, filter(None, full))), *last]


def _split_block(block: bytes) -> tuple[bytes, bytes, list[bytes]]:
    """Split a block into three parts.

    The parts are the rest of the current line, the complete lines, and the beginning of the next
    line. The third part is a list with one item, or an empty list if the block has no line end.
    """
    first, end, rest = block.partition(b"\n")
    at = rest.rfind(b"\n") + 1
    return first, rest[:at], [rest[at:]] if end else []


def same_beginning(expected: IO[bytes], actual: IO[bytes], *, without: bytes = b"") -> int | None:
    """Return how many bytes of two files are equal from their current offsets on.

    Return None if all bytes are equal. `without` is a word of three lower-case letters, or empty.
    The files are read in blocks. The count stops before the first block that contains this word in
    lower or upper case.
    """
    same, before = 0, b""
    while True:
        block, other = expected.read(BLOCK), actual.read(BLOCK)
        if block != other:
            return same + _common_length(block, other)
        if not block:
            return None
        if without and without in (before + block).lower():
            return max(0, same - len(before))
        same, before = same + len(block), (before + block)[-2:]


def _common_length(one: bytes, other: bytes) -> int:
    """Return the number of equal bytes at the beginning of two byte strings, by bisection."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def start_of_token(file: IO[bytes], offset: int) -> int:
    """Return the start offset of the token that contains `offset` or ends at `offset`."""
    return _after_last(file, offset, _WHITE)


def start_of_line(file: IO[bytes], offset: int) -> int:
    """Return the start offset of the line that contains `offset`."""
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
    """Return the offset of the token `number`. The first token from `start` on is token 0."""
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
    """Return the offset of the line `number`. The line that begins at `start` is line 0."""
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
    """Return the offset of the line `number`. The first line with text from `start` on is line 0.

    Empty lines are not counted.
    """
    file.seek(start)
    before = 0
    for batch in lines(file):
        count = len(batch) - batch.count(b"")
        if count > number:
            within = (at for at, line in enumerate(batch) if line)
            return nth_line(file, start, before + next(islice(within, number, None)))
        number -= count
        before += len(batch)
    return start


def find_position(file: IO[bytes], offset: int) -> Position:
    """Return the line and the column of a byte offset."""
    file.seek(0)
    line, column, left = 1, 1, offset
    while left and (block := file.read(min(BLOCK, left))):
        left -= len(block)
        ends = block.count(b"\n")
        rest = block[block.rfind(b"\n") + 1 :]
        characters = len(rest.translate(None, _CONTINUATION))
        line, column = line + ends, characters + (1 if ends else column)
    return Position(line, column)


def excerpt(file: IO[bytes], begin: int, different: int, ends: tuple[bytes, ...] = _WHITE) -> str:
    """Return the token or line that starts at `begin`, as text of at most 200 characters.

    The token or line ends before the first occurrence of a byte string in `ends` (default: white
    space). `different` is the offset of the difference. If the difference is far from `begin`, the
    excerpt starts shortly before the difference.
    """
    is_near = different - begin <= 2 * CONTEXT_BYTES
    file.seek(begin if is_near else different - CONTEXT_BYTES)
    part = file.read(4 * SHOWN_CHARACTERS + 4)
    if not is_near:
        part = part.lstrip(_CONTINUATION)
    stops = [at for end in ends if (at := part.find(end)) >= 0]
    text = part[: min(stops, default=len(part))]
    return ("" if is_near else "…") + truncate_characters(text, SHOWN_CHARACTERS, "…")


def excerpt_of_line(file: IO[bytes], begin: int, different: int) -> str:
    """Return an excerpt of the line that starts at `begin`, as `excerpt` does for tokens."""
    return excerpt(file, begin, different, _WHITE[:1]).rstrip()
