"""Estimates how a program's time grows with the size of the input."""

import math
from collections.abc import Sequence
from typing import NamedTuple

# Minimum number of tests for an estimate.
FEWEST_POINTS = 4
# Minimum ratio of the largest input size to the smallest input size for an estimate.
SIZE_RATIO = 8
# Tests with at least this share of the largest cost suffice if their sizes differ by this ratio.
MAIN_SHARE = 0.1
MAIN_SIZE_RATIO = 3


class Point(NamedTuple):
    """The size of a test's input, and the cost of the test, such as its time in milliseconds.

    `is_stopped` is True for a test that was stopped at a limit. The cost is then a lower bound.
    """

    size: int
    cost: float
    is_stopped: bool = False


class Growth(NamedTuple):
    """The range of the exponent `e` in the formula `cost = c * size^e`."""

    at_least: float
    at_most: float


def estimate_growth(points: Sequence[Point], noise: float) -> Growth | None:
    """Return the range of the exponent (see `Growth`), or None if nothing is known about it.

    The smallest cost is treated as the cost of an empty program and subtracted from each cost. A
    remaining cost below `noise` is not measurable. The upper bound is finite only if at least two
    tests of different sizes ended and have measurable costs.
    """
    if len(points) < FEWEST_POINTS or not _is_wide(points):
        return None
    base = min(point.cost for point in points)
    net = [point._replace(cost=point.cost - base) for point in points if point.size > 0]
    ended = sorted(point for point in net if not point.is_stopped)
    measured = _choose_main([point for point in ended if point.cost >= noise])
    bounds = _find_bounds(net, ended, noise)
    if len({point.size for point in measured}) > 1:
        highest = max([_fit(measured), *bounds])
        return Growth(highest, highest)
    return Growth(max(bounds), math.inf) if bounds else None


def _choose_main(measured: Sequence[Point]) -> Sequence[Point]:
    """Return the points with the largest costs. If their sizes are too similar, return all points.

    Small costs are less useful. A large part of them is other work, such as the compilation of the
    code at run time.
    """
    largest = max((point.cost for point in measured), default=0)
    main = [point for point in measured if point.cost >= MAIN_SHARE * largest]
    sizes = [point.size for point in main]
    return main if main and max(sizes) >= MAIN_SIZE_RATIO * min(sizes) else measured


def _is_wide(points: Sequence[Point]) -> bool:
    sizes = [point.size for point in points]
    return max(sizes) >= SIZE_RATIO * max(min(sizes), 1)


def _fit(points: Sequence[Point]) -> float:
    """Return the slope of a straight line through the logarithms of size and cost.

    The line is fitted by the method of least squares.
    """
    xs = [math.log(point.size) for point in points]
    ys = [math.log(point.cost) for point in points]
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - mean_x) ** 2 for x in xs)
    return sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / spread


def _find_bounds(net: Sequence[Point], ended: Sequence[Point], noise: float) -> list[float]:
    """Return up to two lower bounds of the exponent `e` in `cost = c * size^e`.

    The test T with the largest input of all tests that ended is compared with two other tests:

    - the largest test that is smaller than T and whose cost is below `noise`
    - the smallest test that is larger than T and was stopped

    Each comparison gives one bound. A bound that is not positive is left out.
    """
    if not ended:
        return []
    largest = ended[-1]
    quick = [point for point in ended if point.cost < noise and point.size < largest.size]
    stopped = [point for point in net if point.is_stopped and point.size > largest.size]
    pairs = [(max(quick), largest)] if quick else []
    pairs += [(largest, min(stopped))] if stopped else []
    slopes = [_slope(small, large, noise) for small, large in pairs]
    return [slope for slope in slopes if slope > 0]


def _slope(small: Point, large: Point, noise: float) -> float:
    costs = max(small.cost, noise), max(large.cost, noise)
    return math.log(costs[1] / costs[0]) / math.log(large.size / small.size)
