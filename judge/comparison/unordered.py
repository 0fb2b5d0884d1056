"""The comparer UNORDERED_LINES: the same lines, equally often, in any order.

No lines are kept in memory. Two outputs match if the sums of the hashes of their lines are equal.
Python's hash of bytes has a secret key in each process, and no comparison reveals a hash. Outputs
that differ are read again to find a wrong line. If the actual output has more lines than expected,
only one line more than expected is read, because one of these is wrong. Empty lines do not count.
"""

from collections.abc import Iterator
from itertools import chain, islice
from typing import IO, NamedTuple

from judge.comparison import tokenizer
from judge.comparison.differences import EQUAL, Comparison, Outputs
from judge.comparison.tokenizer import lines_with_text

# Lines are grouped into buckets by the last bits of their hashes.
BUCKETS = 1 << 16
# At most this many different lines are examined to find the first wrong one.
MOST_SUSPECTS = 50_000

STRANGE = "The line at {} is not expected, or occurs too often."
LACKS = "A line is missing."
UNLIKE = "The lines differ from the expected lines."


class WrongLine(NamedTuple):
    """A line that occurs too often in the actual or in the expected output.

    `number` counts from 0; None if the line is not among the examined ones.
    """

    is_actual: bool
    number: int | None


class _Part(NamedTuple):
    """The lines of an output after an offset, at most the first `most`."""

    file: IO[bytes]
    start: int
    most: int | None = None

    def blocks(self) -> Iterator[list[bytes]]:
        """Yield all lines, one list for each block."""
        self.file.seek(self.start)
        return lines_with_text(self.file)

    def hashes(self) -> Iterator[int]:
        """Yield the hashes of at most `most` lines."""
        return map(hash, islice(chain.from_iterable(self.blocks()), self.most))

    def sum(self) -> tuple[int, int]:
        """Return the number of lines and the sum of their hashes; stop after `most` lines."""
        count = total = 0
        for lines in self.blocks():
            count += len(lines)
            if self.most is not None and count > self.most:
                break
            total += sum(map(hash, lines))
        return count, total


def compare_unordered(outputs: Outputs, same: int) -> Comparison:
    """Compare the lines of two outputs that have their first `same` bytes in common."""
    start = tokenizer.start_of_line(outputs.expected, same)
    wrong = find_wrong_line(*outputs, start)
    if wrong is None:
        return EQUAL
    if wrong.number is None:
        return Comparison(equal=False, message=UNLIKE)
    file = outputs.actual if wrong.is_actual else outputs.expected
    begin = tokenizer.nth_line_with_text(file, start, wrong.number)
    text = tokenizer.excerpt_of_line(file, begin, begin)
    if not wrong.is_actual:
        return Comparison(equal=False, message=LACKS, expected=text)
    position = tokenizer.find_position(file, begin)
    return Comparison(equal=False, message=STRANGE.format(position), actual=text, position=position)


def find_wrong_line(expected: IO[bytes], actual: IO[bytes], start: int) -> WrongLine | None:
    """Return a line after `start` that occurs too often, in the actual output if there is one.

    None if both outputs have the same lines.
    """
    expected_part, actual_part = _Part(expected, start), _Part(actual, start)
    count, total = expected_part.sum()
    actual_count, actual_total = actual_part._replace(most=count).sum()
    if (count, total) == (actual_count, actual_total):
        return None
    actual_part = actual_part._replace(most=count + 1)
    uneven = _compare_buckets(expected_part, actual_part)
    number = _find_surplus(actual_part, expected_part, uneven)
    if number is not None or actual_count > count:
        return WrongLine(is_actual=True, number=number)
    return WrongLine(is_actual=False, number=_find_surplus(expected_part, actual_part, uneven))


def _find_surplus(part: _Part, other: _Part, uneven: list[int]) -> int | None:
    """Return the number of the first line that occurs more often in `part` than in `other`."""
    counts: dict[int, int] = {}
    firsts: dict[int, int] = {}
    for number, line_hash in enumerate(part.hashes()):
        if line_hash in counts:
            counts[line_hash] += 1
        elif len(counts) < MOST_SUSPECTS and uneven[line_hash % BUCKETS]:
            counts[line_hash], firsts[line_hash] = 1, number
    for line_hash in other.hashes():
        if line_hash in counts:
            counts[line_hash] -= 1
    return next((firsts[line_hash] for line_hash, count in counts.items() if count > 0), None)


def _compare_buckets(part: _Part, other: _Part) -> list[int]:
    """Return a number for each bucket: 0 if both parts have the same lines in it."""
    sums = [0] * BUCKETS
    for lines, sign in ((part, 1), (other, -1)):
        for line_hash in lines.hashes():
            sums[line_hash % BUCKETS] += sign * line_hash
    return sums
