"""The result of a comparison, and the message that describes where two outputs differ."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, NamedTuple

from judge.comparison import tokenizer
from judge.comparison.tokenizer import Position

ENDS = "The output ends at {}, but more is expected."
DIFFERS = "The output differs at {}."
SURPLUS = "The output should have ended before {}."

# Returns an excerpt of a file: (file, start of the token or line, offset of the difference).
Excerpt = Callable[[IO[bytes], int, int], str]


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
    """Whether two outputs are equal and, if not, where they differ.

    `message` describes the position and never contains the expected output. `position` is the first
    difference in the actual output. `expected` and `actual` are the tokens or lines that differ, at
    most 200 characters each; empty where an output has ended.
    """

    equal: bool
    message: str = ""
    expected: str = ""
    actual: str = ""
    position: Position | None = None

    @property
    def difference(self) -> Difference | None:
        """The first difference; None if the outputs are equal."""
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
        """Move each file to an offset."""
        self.expected.seek(expected)
        self.actual.seek(actual)


def describe_difference(
    outputs: Outputs, starts: tuple[int, int], common: int, excerpt: Excerpt
) -> Comparison:
    """Return the comparison of outputs whose tokens or lines at the offsets `starts` differ.

    These have their first `common` bytes in common.
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
