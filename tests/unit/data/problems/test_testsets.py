import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphql_api.data.dynamo.pages import PageWindow
from graphql_api.data.errors import InvalidInput
from graphql_api.data.limits import TEST_BYTES
from graphql_api.data.problems.samples import list_numbers, pack_samples, select_numbers
from graphql_api.data.problems.testsets import (
    NewTest,
    _check,
)
from graphql_api.data.records import Problem

EMPTY = NewTest(input=b"", output=b"")


def problem_with(count: int, samples: str | None) -> Problem:
    return Problem(
        platform="demo",
        number="1",
        title="Sums",
        test_count=count,
        samples=samples,
        created_at=1,
        updated_at=1,
    )


@pytest.mark.parametrize(
    ("samples", "text"),
    [
        ([], None),
        ([False, False], None),
        ([True], "1"),
        ([True, True, True, False, True], "1-3,5"),
        ([False, True, True], "2-3"),
    ],
)
def test_samples_are_kept_as_ranges(samples, text):
    assert pack_samples(samples) == text


@given(st.lists(st.booleans(), max_size=12))
def test_ranges_read_back_as_the_numbers_of_the_samples(samples):
    problem = problem_with(len(samples), pack_samples(samples))
    assert list_numbers(problem, samples_only=True) == [
        n for n, one in enumerate(samples, 1) if one
    ]
    assert list_numbers(problem, samples_only=False) == list(range(1, len(samples) + 1))


def test_samples_strewn_over_a_large_set_are_refused():
    with pytest.raises(InvalidInput):
        pack_samples([n % 2 == 0 for n in range(100)])


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        (PageWindow(size=3), [1, 2, 3]),
        (PageWindow(size=3, after="3"), [4, 5, 6]),
        (PageWindow(size=3, after="9"), [10]),
        (PageWindow(size=3, after="10"), []),
        (PageWindow(size=3, from_end=True), [8, 9, 10]),
        (PageWindow(size=3, before="8", from_end=True), [5, 6, 7]),
        (PageWindow(size=9, after="2", before="5"), [3, 4]),
    ],
)
def test_a_window_holds_numbers_and_not_strings(window, expected):
    assert select_numbers(range(1, 11), window) == expected


def test_sets_beyond_the_limits_are_refused():
    with pytest.raises(InvalidInput):
        _check([EMPTY] * 2001)
    large = NewTest(input=bytes(TEST_BYTES), output=b"x")
    with pytest.raises(InvalidInput) as caught:
        _check([EMPTY, large])
    assert caught.value.path == ("testCases", "1")
    half = NewTest(input=bytes(TEST_BYTES), output=b"")
    with pytest.raises(InvalidInput):
        _check([half] * 5)
