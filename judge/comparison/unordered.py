"""Whether two outputs have the same lines in whatever order, without keeping the lines.

Equal sums of the lines' hashes say that they have: Python's hash of bytes is keyed by a secret of
the process, and no comparison shows one. Only outputs that differ are read again to say where. Of
an output with more lines than are expected as many are read, and one: one of those is wrong.
Lines without any text are left out.
"""

from collections.abc import Iterator
from itertools import chain, islice
from typing import IO, NamedTuple

from judge.comparison.tokenizer import lines_with_text

# Lines whose hashes agree in their last bits share a bucket.
BUCKETS = 1 << 16
# As many different lines are looked at for the first one that is wrong.
MOST_SUSPECTS = 50_000


class Wrong(NamedTuple):
    """The number, from 0, of a line that stands too often in the actual or the expected output.

    It is None where there is no such line among the first ones that could be it.
    """

    is_actual: bool
    number: int | None


class _Part(NamedTuple):
    """The first lines of an output after an offset."""

    file: IO[bytes]
    start: int
    most: int | None = None

    def blocks(self) -> Iterator[list[bytes]]:
        """Yield all lines, a list for each block that is read."""
        self.file.seek(self.start)
        return lines_with_text(self.file)

    def marks(self) -> Iterator[int]:
        """Yield the hashes of at most `most` lines."""
        return map(hash, islice(chain.from_iterable(self.blocks()), self.most))

    def sum(self) -> tuple[int, int]:
        """Return the number of lines and the sum of their hashes; so far, of more than `most`."""
        count = total = 0
        for lines in self.blocks():
            count += len(lines)
            if self.most is not None and count > self.most:
                break
            total += sum(map(hash, lines))
        return count, total


def first_wrong(expected: IO[bytes], actual: IO[bytes], start: int) -> Wrong | None:
    """Return a line after `start` that stands too often, in the actual output if there is one.

    None where both have the same lines.
    """
    wanted, given = _Part(expected, start), _Part(actual, start)
    count, total = wanted.sum()
    found, found_total = given._replace(most=count).sum()
    if (count, total) == (found, found_total):
        return None
    given = given._replace(most=count + 1)
    uneven = _uneven(wanted, given)
    number = _surplus(given, wanted, uneven)
    if number is not None or found > count:
        return Wrong(is_actual=True, number=number)
    return Wrong(is_actual=False, number=_surplus(wanted, given, uneven))


def _surplus(one: _Part, other: _Part, uneven: list[int]) -> int | None:
    """Return the number of the first line that stands more often in `one`."""
    counts: dict[int, int] = {}
    firsts: dict[int, int] = {}
    for number, mark in enumerate(one.marks()):
        if mark in counts:
            counts[mark] += 1
        elif len(counts) < MOST_SUSPECTS and uneven[mark % BUCKETS]:
            counts[mark], firsts[mark] = 1, number
    for mark in other.marks():
        if mark in counts:
            counts[mark] -= 1
    return next((firsts[mark] for mark, count in counts.items() if count > 0), None)


def _uneven(one: _Part, other: _Part) -> list[int]:
    """Return a number for each bucket; not 0 where the two have not the same lines in it."""
    sums = [0] * BUCKETS
    for part, sign in ((one, 1), (other, -1)):
        for mark in part.marks():
            sums[mark % BUCKETS] += sign * mark
    return sums
