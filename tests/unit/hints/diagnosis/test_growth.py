"""The growth of a program's costs."""

import math
from collections.abc import Callable

import pytest

from hints.diagnosis.growth import Point, estimate_growth

SIZES = (10, 100, 1000, 4000, 8000)


def points(cost: Callable[[int], float], limit: float = 1e9) -> list[Point]:
    """Return the tests of a program with this cost, which is stopped at a limit."""
    return [Point(size, min(cost(size), limit), cost(size) >= limit) for size in SIZES]


@pytest.mark.parametrize(
    ("cost", "exponent"),
    [(lambda n: 20 + n / 10, 1.0), (lambda n: 20 + n * n / 1000, 2.0), (lambda n: n**3 / 1e6, 3.0)],
)
def test_the_exponent_is_that_of_the_cost(cost: Callable[[int], float], exponent: float) -> None:
    growth = estimate_growth(points(cost), noise=15)
    assert growth is not None
    assert abs(growth.at_least - exponent) < 0.15
    assert growth.at_most == growth.at_least


def test_a_stopped_test_raises_the_exponent_to_the_lower_bound_that_follows_from_it() -> None:
    stopped = [
        Point(10, 20),
        Point(1000, 120),
        Point(2000, 2020, is_stopped=True),
        Point(8000, 2020, is_stopped=True),
    ]
    growth = estimate_growth(stopped, noise=15)
    # From size 1000 to size 2000, the cost grows at least by a factor of 20 = 2^4.32.
    assert growth is not None
    assert 4.3 < growth.at_least < 4.4
    assert growth.at_most == math.inf


def test_a_test_too_quick_to_measure_gives_a_lower_bound_only() -> None:
    quick = [Point(10, 20), Point(100, 21), Point(1000, 24), Point(10_000, 270)]
    growth = estimate_growth(quick, noise=5)
    # From size 1000 to size 10,000, the cost grows at least from 5 to 250: 50 = 10^1.7.
    assert growth is not None
    assert 1.69 < growth.at_least < 1.71
    assert growth.at_most == math.inf


def test_the_largest_costs_count_more_than_the_start_of_a_runtime() -> None:
    # The quadratic cost n^2 / 10^6, and up to 60 ms for the compilation of the code at run time.
    warm_up = {1000: 20, 2000: 40, 4000: 60, 8000: 60, 16_000: 60, 32_000: 60}
    started = [Point(10, 0), *(Point(n, n * n / 1e6 + more) for n, more in warm_up.items())]
    growth = estimate_growth(started, noise=15)
    assert growth is not None
    assert growth.at_least > 1.3


@pytest.mark.parametrize(
    "few",
    [
        [],
        [Point(10, 20), Point(1000, 500), Point(8000, 900)],
        [Point(100, 20), Point(110, 200), Point(120, 400), Point(130, 600)],
        [Point(10, 20), Point(100, 21), Point(1000, 22), Point(8000, 20)],
        [Point(0, 20), Point(0, 200), Point(0, 300), Point(0, 400)],
    ],
)
def test_too_few_or_too_similar_tests_give_no_exponent(few: list[Point]) -> None:
    assert estimate_growth(few, noise=15) is None
