"""Finds the kind of difference between two outputs, such as a different order of the words.

A kind may be shown to every user, because it reveals neither a position nor a text of the outputs.

The outputs are read in blocks. Each kind has a check. The check stops reading at the first
difference that its kind does not allow. Missing and extra lines are recognised only if the expected
output has at most `MOST_LINES` lines. If the expected output has N lines, the check for extra lines
reads at most N + `MOST_EXTRA_LINES` lines of the actual output.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import IO

from graphql_api.data.enums import Comparer, DifferenceKind
from judge.comparison import tokenizer
from judge.comparison.differences import Outputs
from judge.comparison.floats import is_number
from judge.comparison.matching import EXACT_MATCH, find_mismatch
from judge.comparison.tokens import IGNORE_CASE

MOST_LINES = 200_000
MOST_EXTRA_LINES = 10_000

_Check = Callable[[Outputs], bool]


def find_kind(comparer: Comparer, outputs: Outputs, words: tuple[str, str]) -> DifferenceKind:
    """Return the kind of difference between two outputs that a comparer has rejected.

    `words` contains the expected and the actual text of the first difference.
    """
    if comparer is Comparer.FLOAT and words[0] == words[1]:
        return DifferenceKind.OTHER  # two equal words differ only if they are NaN
    checks = _UNORDERED if comparer is Comparer.UNORDERED_LINES else _ORDERED
    for kind, holds in checks:
        outputs.seek(0, 0)
        if holds(outputs):
            return kind
    is_wrong_number = comparer is not Comparer.UNORDERED_LINES and all(map(is_number, words))
    return DifferenceKind.NUMBER if is_wrong_number else DifferenceKind.OTHER


def _differ_in_white_space(outputs: Outputs) -> bool:
    expected, actual = map(_solid_blocks, outputs)
    left = right = b""
    while True:
        left = left or next(expected, b"")
        right = right or next(actual, b"")
        if not (left and right):
            return left == right
        count = min(len(left), len(right))
        if left[:count] != right[:count]:
            return False
        left, right = left[count:], right[count:]


def _solid_blocks(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the blocks of a file after removing all white space.

    Skip blocks that contain only white space.
    """
    while block := file.read(tokenizer.BLOCK):
        if solid := block.translate(None, tokenizer.WHITE_SPACE):
            yield solid


def _differ_in_case(outputs: Outputs) -> bool:
    words = IGNORE_CASE.tokens(outputs.expected), IGNORE_CASE.tokens(outputs.actual)
    return find_mismatch(*words, IGNORE_CASE) is None


def _differ_in_order(outputs: Outputs) -> bool:
    """Return whether both outputs contain the same words, in any order.

    The total size of the words is compared first, because this is fast and usually sufficient.
    """
    size = sum(map(len, _solid_blocks(outputs.expected)))
    for block in _solid_blocks(outputs.actual):
        size -= len(block)
        if size < 0:
            return False
    if size:
        return False
    outputs.seek(0, 0)
    return _sum_words(outputs.expected) == _sum_words(outputs.actual)


def _sum_words(file: IO[bytes]) -> tuple[int, int]:
    """Return the number of words and the sum of their hashes (see `unordered`)."""
    count = total = 0
    for batch in EXACT_MATCH.tokens(file):
        words = list(filter(None, batch))
        count, total = count + len(words), total + sum(map(hash, words))
    return count, total


def _lack_lines(outputs: Outputs) -> bool:
    if _count_lines(outputs.expected) > MOST_LINES:
        return False
    outputs.seek(0, 0)
    rest = _lines(outputs.expected, MOST_LINES)
    return all(line in rest for line in _lines(outputs.actual, MOST_LINES + 1))


def _have_extra_lines(outputs: Outputs) -> bool:
    count = _count_lines(outputs.expected)
    if count > MOST_LINES:
        return False
    outputs.seek(0, 0)
    rest = _lines(outputs.actual, count + MOST_EXTRA_LINES)
    return all(line in rest for line in _lines(outputs.expected, MOST_LINES))


def _lack_lines_in_any_order(outputs: Outputs) -> bool:
    counts = _hash_lines(outputs.expected, MOST_LINES + 1)
    if counts.total() > MOST_LINES:
        return False
    return _hash_lines(outputs.actual, counts.total() + 1) <= counts


def _have_extra_lines_in_any_order(outputs: Outputs) -> bool:
    counts = _hash_lines(outputs.expected, MOST_LINES + 1)
    if counts.total() > MOST_LINES:
        return False
    return counts <= _hash_lines(outputs.actual, counts.total() + MOST_EXTRA_LINES)


def _hash_lines(file: IO[bytes], most: int) -> Counter[int]:
    """Count how often each line occurs. The keys of the result are the hashes of the lines.

    Empty lines are ignored. At most `most` lines are read.
    """
    return Counter(map(hash, _lines(file, most)))


def _count_lines(file: IO[bytes]) -> int:
    """Return the number of lines that contain text. Stop counting at `MOST_LINES` + 1."""
    return sum(1 for _ in _lines(file, MOST_LINES + 1))


def _lines(file: IO[bytes], most: int) -> Iterator[bytes]:
    """Yield the first `most` lines of a file that contain text."""
    return islice(chain.from_iterable(tokenizer.lines_with_text(file)), most)


_WORDS: tuple[tuple[DifferenceKind, _Check], ...] = (
    (DifferenceKind.WHITE_SPACE, _differ_in_white_space),
    (DifferenceKind.LETTER_CASE, _differ_in_case),
    (DifferenceKind.ORDER, _differ_in_order),
)
_ORDERED = (
    *_WORDS,
    (DifferenceKind.MISSING_LINES, _lack_lines),
    (DifferenceKind.EXTRA_LINES, _have_extra_lines),
)
_UNORDERED = (
    *_WORDS,
    (DifferenceKind.MISSING_LINES, _lack_lines_in_any_order),
    (DifferenceKind.EXTRA_LINES, _have_extra_lines_in_any_order),
)
