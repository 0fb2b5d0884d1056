"""Whether two outputs have the same lines in whatever order, without keeping the lines.

Equal sums of the lines' hashes say that they have: Python's hash of bytes is keyed by a secret of
the process, and no comparison shows one. Only outputs that differ are read again to say where.
"""

from itertools import chain
from typing import IO

from tasks.sandbox.pieces import lines

# Lines whose hashes agree in their last bits share a bucket.
BUCKETS = 1 << 16
# As many different lines are looked at for the first one that is wrong.
MOST_SUSPECTS = 50_000


def same_lines(one: IO[bytes], other: IO[bytes], start: int) -> bool:
    """Tell whether what follows `start` has the same lines, those without any text left out."""
    return _sum(one, start) == _sum(other, start)


def _sum(file: IO[bytes], start: int) -> tuple[int, int]:
    file.seek(start)
    count = total = 0
    for part in lines(file):
        hashes = [hash(line) for line in part if line]
        count += len(hashes)
        total += sum(hashes)
    return count, total


def surplus(file: IO[bytes], other: IO[bytes], start: int) -> int | None:
    """Return the number, from 0, of the first line after `start` that stands too often in `file`.

    None where there is none among the first lines that could be it.
    """
    uneven = _uneven(file, other, start)
    counts: dict[int, int] = {}
    firsts: dict[int, int] = {}
    file.seek(start)
    for number, line in enumerate(chain.from_iterable(lines(file))):
        mark = hash(line)
        if mark in counts:
            counts[mark] += 1
        elif line and len(counts) < MOST_SUSPECTS and uneven[mark % BUCKETS]:
            counts[mark], firsts[mark] = 1, number
    other.seek(start)
    for line in chain.from_iterable(lines(other)):
        mark = hash(line)
        if mark in counts:
            counts[mark] -= 1
    return next((firsts[mark] for mark, count in counts.items() if count > 0), None)


def _uneven(file: IO[bytes], other: IO[bytes], start: int) -> list[int]:
    """Return a number for each bucket; not 0 where the two have not the same lines in it."""
    sums = [0] * BUCKETS
    for one, sign in ((file, 1), (other, -1)):
        one.seek(start)
        for line in chain.from_iterable(lines(one)):
            mark = hash(line)
            sums[mark % BUCKETS] += sign * mark
    return sums
