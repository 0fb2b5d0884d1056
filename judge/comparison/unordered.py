"""The comparer UNORDERED_LINES: both outputs have the same lines, each equally often, in any order.

The lines are not kept in memory. Instead, each line is hashed. Two outputs match if they have the
same number of lines and the same sum of hashes. A submission cannot construct a wrong output with
the same sum: Python's hash of bytes depends on a secret key of the process, and no result of a
comparison reveals a hash.

If the outputs differ, they are read again to find a wrong line. Suppose that the expected output
has N lines. Then at most N + 1 lines of the actual output are read, because at least one of N + 1
lines is wrong. Empty lines are ignored.
"""

from collections.abc import Iterator
from itertools import chain, islice
from typing import IO, NamedTuple

from judge.comparison import tokenizer
from judge.comparison.differences import EQUAL, Comparison, Outputs
from judge.comparison.tokenizer import lines_with_text

# Number of buckets. The last bits of a line's hash select its bucket.
BUCKETS = 1 << 16
# Maximum number of different lines that are examined to find the first wrong line.
MOST_SUSPECTS = 50_000

STRANGE = "The line at {} is not expected, or it occurs too often."
LACKS = "A line of the expected output is missing."
UNLIKE = "The lines differ from the expected lines."


class WrongLine(NamedTuple):
    """A line that occurs more often in one output than in the other.

    `is_actual` is True if the line occurs more often in the actual output, and False if it occurs
    more often in the expected output. `number` is the index (from 0) of the line in the output that
    contains it more often. It is None if the outputs differ but the line was not found.
    """

    is_actual: bool
    number: int | None


class _Part(NamedTuple):
    """The lines of an output that begin at or after the offset `start`.

    `most` limits the number of lines (None: no limit).
    """

    file: IO[bytes]
    start: int
    most: int | None = None

    def blocks(self) -> Iterator[list[bytes]]:
        """Yield all lines from `start` on, as one list for each block read from the file."""
        self.file.seek(self.start)
        return lines_with_text(self.file)

    def hashes(self) -> Iterator[int]:
        """Yield the hashes of the first `most` lines."""
        return map(hash, islice(chain.from_iterable(self.blocks()), self.most))

    def sum(self) -> tuple[int, int]:
        """Return the number of lines and the sum of their hashes.

        If there are more than `most` lines, reading stops. The returned number is then above
        `most`, and the returned sum is incomplete.
        """
        count = total = 0
        for lines in self.blocks():
            count += len(lines)
            if self.most is not None and count > self.most:
                break
            total += sum(map(hash, lines))
        return count, total


def compare_unordered(outputs: Outputs, same: int) -> Comparison:
    """Compare the lines of two outputs, ignoring their order.

    The first `same` bytes of the outputs are equal.
    """
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
    """Return a line that is more frequent in one output than in the other.

    Only the lines from the offset `start` on are compared. A line of the actual output is preferred
    to a line of the expected output. Return None if both outputs have the same lines.
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
    """Return the index of the first line that occurs more often in `part` than in `other`.

    `uneven` contains the difference of each bucket of lines (see `_compare_buckets`). A line is
    skipped if the difference of its bucket is 0. Of the other lines of `part`, only the first
    `MOST_SUSPECTS` distinct lines are examined. Return None if no examined line occurs more often.
    """
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
    """Return the difference of the two parts in each of the `BUCKETS` buckets.

    The hash of a line decides to which bucket the line belongs. The difference is the sum of the
    hashes of the lines in `part` minus the same sum for `other`. It is 0 if both parts have the
    same lines in the bucket.
    """
    sums = [0] * BUCKETS
    for lines, sign in ((part, 1), (other, -1)):
        for line_hash in lines.hashes():
            sums[line_hash % BUCKETS] += sign * line_hash
    return sums
