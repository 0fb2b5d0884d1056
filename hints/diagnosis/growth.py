"""Estimates how a program's time or memory grows with the size of the input."""

import math
from collections.abc import Sequence
from typing import NamedTuple

# The estimate needs at least this number of tests, and this ratio of the largest to the smallest.
FEWEST_POINTS = 4
SIZE_RATIO = 8


class Point(NamedTuple):
    """The size of a test's input and the cost of the test: milliseconds or kilobytes.

    For a test that was stopped at a limit, `is_stopped` is True and the cost is a lower bound.
    """

    size: int
    cost: float
    is_stopped: bool = False


def estimate_exponent(points: Sequence[Point], noise: float) -> float | None:
    """Return the exponent e of the growth `cost = c * size^e`, or None if it is unknown.

    The smallest cost is the cost of an empty program, so it is subtracted. Costs of less than
    `noise` above it are not used. If stopped tests allow only a larger exponent, the lower bound
    that follows from them is returned.
    """
    if len(points) < FEWEST_POINTS or not _is_wide(points):
        return None
    base = min(point.cost for point in points)
    usable = [point for point in points if point.cost - base >= noise and point.size > 0]
    ended = [point for point in usable if not point.is_stopped]
    fitted = _fit(ended, base) if _spans(ended) else None
    bound = _bound(ended, [point for point in usable if point.is_stopped], base)
    known = [exponent for exponent in (fitted, bound) if exponent is not None]
    return max(known, default=None)


def _is_wide(points: Sequence[Point]) -> bool:
    sizes = [point.size for point in points]
    return max(sizes) >= SIZE_RATIO * max(min(sizes), 1)


def _spans(points: Sequence[Point]) -> bool:
    return len({point.size for point in points}) > 1


def _fit(points: Sequence[Point], base: float) -> float:
    """Return the slope of the line of least squares through the logarithms."""
    xs = [math.log(point.size) for point in points]
    ys = [math.log(point.cost - base) for point in points]
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - mean_x) ** 2 for x in xs)
    return sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / spread


def _bound(ended: Sequence[Point], stopped: Sequence[Point], base: float) -> float | None:
    """Return the smallest exponent from the largest ended test to the smallest stopped test."""
    if not ended or not stopped:
        return None
    last = max(ended)
    above = [point for point in stopped if point.size > last.size]
    if not above:
        return None
    first = min(above)
    return math.log((first.cost - base) / (last.cost - base)) / math.log(first.size / last.size)
