"""Test numbers: which tests of a set are samples, and which tests are on a page.

A problem's card contains the numbers of the samples as a short text such as `1-3,7`.
"""

from collections.abc import Iterator, Sequence

from graphql_api.data.dynamo.pages import PageWindow
from graphql_api.data.errors import InvalidInput
from graphql_api.data.limits import SAMPLES_CHARACTERS
from graphql_api.data.records import Problem


def pack_samples(is_sample: Sequence[bool]) -> str | None:
    """Return the numbers of the samples as a text such as `1-3,7`.

    Return None if no test is a sample. `is_sample` has one element per test, in the order of the
    tests.

    Raises:
        InvalidInput: the text is too long to be stored with the problem.
    """
    numbers = [number for number, flag in enumerate(is_sample, 1) if flag]
    text = ",".join(
        str(first) if first == last else f"{first}-{last}" for first, last in find_runs(numbers)
    )
    if len(text) > SAMPLES_CHARACTERS:
        raise InvalidInput(
            "The samples in `testCases` are too far apart. Put all samples next to each other in "
            "the list.",
            ("testCases",),
        )
    return text or None


def find_runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and the last number of each run of consecutive numbers.

    `numbers` must be sorted in ascending order.
    """
    start = 0
    for index, number in enumerate(numbers):
        if index + 1 == len(numbers) or numbers[index + 1] != number + 1:
            yield numbers[start], number
            start = index + 1


def list_numbers(problem: Problem, *, samples_only: bool) -> list[int]:
    """Return the numbers of all tests of a problem, or only the numbers of its samples."""
    if not samples_only:
        return list(range(1, problem.test_count + 1))
    numbers: list[int] = []
    for run in (problem.samples or "").split(","):
        first, _, last = run.partition("-")
        if first:
            numbers.extend(range(int(first), int(last or first) + 1))
    return numbers


def select_numbers(numbers: Sequence[int], window: PageWindow) -> list[int]:
    """Return the test numbers on one page. `window` is the request for the page."""
    inside = [
        number
        for number in numbers
        if (window.after is None or number > int(window.after))
        and (window.before is None or number < int(window.before))
    ]
    return inside[-window.size :] if window.from_end else inside[: window.size]
