"""The function `compare`, which calls the comparer that a problem uses.

Outputs of any size are compared without loading them into memory. The equal beginning of both
outputs is skipped. The rest is split into tokens or lines, and these are compared in batches. If
two batches differ, their tokens or lines are compared one by one.
"""

from dataclasses import replace
from typing import IO

from graphql_api.data.enums import Comparer, DifferenceKind
from judge.comparison import tokenizer
from judge.comparison.differences import EQUAL, Comparison, Outputs
from judge.comparison.floats import float_rule
from judge.comparison.kinds import find_kind
from judge.comparison.lines import compare_bytes, compare_lines
from judge.comparison.matching import EXACT_MATCH, MatchRule
from judge.comparison.tokens import IGNORE_CASE, compare_tokens
from judge.comparison.unordered import compare_unordered

WHITE = " Only white space differs."
SUPPORTED = frozenset(comparer for comparer in Comparer if not comparer.needs_checker)


class UnsupportedComparer(Exception):
    """The comparer needs a checker. The message lists the comparers that need no checker."""


def check_supported(comparer: Comparer) -> None:
    """Check that a comparer needs neither a checker nor an interactor.

    Raises:
        UnsupportedComparer: the comparer is CHECKER or INTERACTIVE.
    """
    if comparer not in SUPPORTED:
        raise UnsupportedComparer(
            f"The comparer {comparer} requires a checker. The following comparers do not require "
            f"a checker: {', '.join(sorted(SUPPORTED))}."
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
    rule = float_rule(abs_tolerance, rel_tolerance)
    comparison = _compare(comparer, outputs, same, rule)
    return comparison if comparison.equal else _add_kind(comparer, comparison, outputs)


def _compare(
    comparer: Comparer, outputs: Outputs, same: int, float_tolerance: MatchRule
) -> Comparison:
    match comparer:
        case Comparer.EXACT:
            return compare_bytes(outputs, same)
        case Comparer.LINES:
            return compare_lines(outputs, same)
        case Comparer.UNORDERED_LINES:
            return compare_unordered(outputs, same)
        case Comparer.TOKENS_IGNORE_CASE:
            return compare_tokens(outputs, same, IGNORE_CASE)
        case Comparer.FLOAT:
            return compare_tokens(outputs, same, float_tolerance)
        case _:
            return compare_tokens(outputs, same, EXACT_MATCH)


def _add_kind(comparer: Comparer, comparison: Comparison, outputs: Outputs) -> Comparison:
    """Find the kind of difference, and return the comparison with this kind.

    If EXACT or LINES rejects an output that differs only in white space, the message also says so.
    """
    kind = find_kind(comparer, outputs, (comparison.expected, comparison.actual))
    is_white = kind is DifferenceKind.WHITE_SPACE and comparer in (Comparer.EXACT, Comparer.LINES)
    return replace(comparison, kind=kind, message=comparison.message + WHITE * is_white)
