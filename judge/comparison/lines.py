"""The comparers LINES (line by line) and EXACT (byte by byte)."""

from functools import partial

from judge.comparison import tokenizer
from judge.comparison.differences import EQUAL, Comparison, Outputs, describe_difference
from judge.comparison.matching import EXACT_MATCH, find_mismatch


def compare_lines(outputs: Outputs, same: int) -> Comparison:
    """Compare the lines of two outputs whose first `same` bytes are equal.

    White space at the end of a line and empty lines at the end of an output are ignored.
    """
    start = tokenizer.start_of_line(outputs.expected, same)
    outputs.seek(start, start)
    lines = tokenizer.lines(outputs.expected), tokenizer.lines(outputs.actual)
    number = find_mismatch(*lines, EXACT_MATCH, skips_blanks=True)
    if number is None:
        return EQUAL
    starts = (
        tokenizer.nth_line(outputs.expected, start, number),
        tokenizer.nth_line(outputs.actual, start, number),
    )
    outputs.seek(*starts)
    common = tokenizer.same_beginning(*outputs) or 0
    return describe_difference(outputs, starts, common, tokenizer.excerpt_of_line)


def compare_bytes(outputs: Outputs, same: int) -> Comparison:
    """Describe the difference of two outputs whose first `same` bytes are equal.

    The next byte differs, or one output ends there.
    """
    start = tokenizer.start_of_line(outputs.expected, same)
    excerpt = partial(tokenizer.excerpt, ends=())
    return describe_difference(outputs, (start, start), same - start, excerpt)
