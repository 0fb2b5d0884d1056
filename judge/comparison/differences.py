"""The result of a comparison, and a message that describes where two outputs differ."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, NamedTuple

from graphql_api.data.enums import DifferenceKind
from judge.comparison import tokenizer
from judge.comparison.tokenizer import Position

ENDS = "The output ends at {}, but more output is expected."
DIFFERS = "The output differs at {}."
SURPLUS = "The output is too long: it should end before {}."

# A function that returns an excerpt of a file. Its arguments are the file, the start of the token
# or line, and the offset of the difference.
Excerpt = Callable[[IO[bytes], int, int], str]


class Difference(NamedTuple):
    """The first difference between two outputs, as it is stored in the result of a test.

    `line` and `column` are the position in the actual output and count from 1. Both are 0 if the
    comparer gives no position.
    """

    line: int
    column: int
    expected: str
    actual: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """The result of a comparison: whether two outputs are equal, and where they differ.

    - `message` describes the position and never contains the expected output.
    - `position` is the position of the first difference in the actual output, or None if the
      comparer gives no position.
    - `expected` and `actual` are the tokens or lines that differ, each truncated to 200 characters.
      If one output ends at the difference, the text of this output is empty.
    - `kind` is the kind of difference, or None if the outputs are equal.
    """

    equal: bool
    message: str = ""
    expected: str = ""
    actual: str = ""
    position: Position | None = None
    kind: DifferenceKind | None = None

    @property
    def difference(self) -> Difference | None:
        """The first difference, or None if the outputs are equal."""
        if self.equal:
            return None
        line, column = self.position or (0, 0)
        return Difference(line, column, self.expected, self.actual)


EQUAL = Comparison(equal=True)


class Outputs(NamedTuple):
    """The expected and the actual output."""

    expected: IO[bytes]
    actual: IO[bytes]

    def seek(self, expected: int, actual: int) -> None:
        """Set the read position of each file to a byte offset from the start of the file."""
        self.expected.seek(expected)
        self.actual.seek(actual)


def describe_difference(
    outputs: Outputs, starts: tuple[int, int], common: int, excerpt: Excerpt
) -> Comparison:
    """Return the comparison for two outputs that differ in one token or line.

    `starts` contains the offset of this token or line in the expected and in the actual output.
    The first `common` bytes of the two tokens or lines are equal.
    """
    expected_start, actual_start = starts
    position = tokenizer.find_position(outputs.actual, actual_start + common)
    message = DIFFERS
    if actual_start + common == outputs.actual.seek(0, 2):
        message = ENDS
    elif expected_start + common == outputs.expected.seek(0, 2):
        message = SURPLUS
    return Comparison(
        equal=False,
        message=message.format(position),
        expected=excerpt(outputs.expected, expected_start, expected_start + common),
        actual=excerpt(outputs.actual, actual_start, actual_start + common),
        position=position,
    )
