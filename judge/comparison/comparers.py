"""The function `compare`, which calls the comparer that a problem uses.

Outputs of any size are compared without loading them into memory. The equal beginning of both
outputs is skipped. The rest is split into tokens or lines, which are compared in batches. Only if
two batches differ, their items are compared one by one.
"""

from dataclasses import replace
from typing import IO

from graphql_api.data.enums import Comparer
from judge.comparison import tokenizer
from judge.comparison.differences import EQUAL, Comparison, Outputs
from judge.comparison.floats import float_rule
from judge.comparison.lines import compare_bytes, compare_lines
from judge.comparison.matching import EXACT_MATCH
from judge.comparison.tokens import IGNORE_CASE, compare_tokens
from judge.comparison.unordered import compare_unordered

WHITE = " Only white space differs."
SUPPORTED = frozenset(comparer for comparer in Comparer if not comparer.needs_checker)


class UnsupportedComparer(Exception):
    """The comparer needs a checker. The message lists the comparers that need no checker."""


def check_supported(comparer: Comparer) -> None:
    """Check that a comparer is built in.

    Raises:
        UnsupportedComparer: the comparer needs a checker or an interactor.
    """
    if comparer not in SUPPORTED:
        raise UnsupportedComparer(
            f"The comparer {comparer} requires a checker. These comparers do not require one: "
            f"{', '.join(sorted(SUPPORTED))}."
        )


def compare(
    comparer: Comparer,
    expected: IO[bytes],
    actual: IO[bytes],
    *,
    abs_tolerance: float | None = None,
    rel_tolerance: float | None = None,
) -> Comparison:
    """Compare two seekable outputs from their beginning.

    Only FLOAT uses the tolerances (see `floats.float_rule`).

    Raises:
        UnsupportedComparer: the comparer is CHECKER or INTERACTIVE.
    """
    check_supported(comparer)
    outputs = Outputs(expected, actual)
    outputs.seek(0, 0)
    without = b"nan" if comparer is Comparer.FLOAT else b""
    same = tokenizer.same_beginning(expected, actual, without=without)
    if same is None:
        return EQUAL
    match comparer:
        case Comparer.EXACT:
            comparison = _add_hint(compare_bytes(outputs, same), outputs)
        case Comparer.LINES:
            comparison = _add_hint(compare_lines(outputs, same), outputs)
        case Comparer.UNORDERED_LINES:
            comparison = compare_unordered(outputs, same)
        case Comparer.TOKENS_IGNORE_CASE:
            comparison = compare_tokens(outputs, same, IGNORE_CASE)
        case Comparer.FLOAT:
            rule = float_rule(abs_tolerance, rel_tolerance)
            comparison = compare_tokens(outputs, same, rule)
        case _:
            comparison = compare_tokens(outputs, same, EXACT_MATCH)
    return comparison


def _add_hint(comparison: Comparison, outputs: Outputs) -> Comparison:
    """Add a sentence to the message if the outputs differ only in white space."""
    if comparison.equal or not compare(Comparer.TOKENS, *outputs).equal:
        return comparison
    return replace(comparison, message=comparison.message + WHITE)
