"""The identities of test cases. The identity of a test does not change, but its number can change.

Each change of a problem's tests creates a new version of the test set. The identity of a test
consists of two numbers: the version in which the test was added, and the number of the test in this
version. When an earlier test is deleted, the number of the test decreases, but the identity stays.
A test that was added in an earlier version of the test set stores its identity.

A version with such tests also has an item with the identities of all its tests, in order. With this
item, a test can be found by its identity. Example of the stored text: `3:1-10,12;9:12-13` means
that the first eleven tests were added in version 3 and the last two tests in version 9.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from graphql_api.data.problems.samples import find_runs
from graphql_api.data.problems.testset_reader import LargeTest
from graphql_api.data.records import Problem, TestCase, TestCaseKey, TestId


def key_of(problem: Problem, test: TestCase | LargeTest) -> TestCaseKey:
    """Return the identity of a test in the problem's current set."""
    return TestCaseKey(*problem.id, *id_of(test, problem.test_version or 0))


def id_of(test: TestCase | LargeTest, version: int) -> TestId:
    """Return the identity of a test in one version of a problem's test set."""
    if test.added is None:
        return TestId(version, test.number)
    added_in, _, number = test.added.partition(".")
    return TestId(int(added_in), int(number))


def pack_ids(ids: Iterable[TestId]) -> str:
    """Convert identities to a text such as `3:1-10,12;9:12-13`. The order is kept."""
    parts: list[str] = []
    for version, group in groupby(ids, key=lambda test_id: test_id.version):
        runs = find_runs([test_id.number for test_id in group])
        texts = (str(first) if first == last else f"{first}-{last}" for first, last in runs)
        parts.append(f"{version}:{','.join(texts)}")
    return ";".join(parts)


def unpack_ids(text: str) -> list[TestId]:
    """Convert a result of `pack_ids` to identities."""
    return [
        TestId(version, number)
        for version, numbers in _parse(text)
        for first, _, last in (run.partition("-") for run in numbers)
        for number in range(int(first), int(last or first) + 1)
    ]


def _parse(text: str) -> Iterator[tuple[int, Sequence[str]]]:
    for part in text.split(";"):
        version, _, runs = part.partition(":")
        yield int(version), runs.split(",")
