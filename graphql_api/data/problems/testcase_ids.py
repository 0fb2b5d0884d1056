"""The identities of the test cases in a set.

A test is identified by the version of the set in which it was added, and by its number in that
version. Later versions keep the identity, although the number changes when an earlier test is
deleted. A test stores its identity if it was added in an earlier version of the set.

A set with such tests also has an item that lists all identities in order, so that a test is found
by its identity. In its text `3:1-10,12;9:12-13`, the first eleven tests were added in version 3,
and the last two in version 9.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from graphql_api.data.problems.samples import find_runs
from graphql_api.data.records import Problem, TestCase, TestCaseKey, TestId


def key_of(problem: Problem, test: TestCase) -> TestCaseKey:
    """Return the identity of a test in the problem's current set."""
    return TestCaseKey(*problem.key, *id_of(test, problem.test_version or 0))


def id_of(test: TestCase, version: int) -> TestId:
    """Return the identity of a test in one version of a set."""
    if test.added is None:
        return TestId(version, test.number)
    added_in, _, number = test.added.partition(".")
    return TestId(int(added_in), int(number))


def pack_ids(ids: Iterable[TestId]) -> str:
    """Return the text of identities in the order of the set."""
    parts: list[str] = []
    for version, group in groupby(ids, key=lambda test_id: test_id.version):
        runs = find_runs([test_id.number for test_id in group])
        texts = (str(first) if first == last else f"{first}-{last}" for first, last in runs)
        parts.append(f"{version}:{','.join(texts)}")
    return ";".join(parts)


def unpack_ids(text: str) -> list[TestId]:
    """Return the identities in a text of `pack_ids`."""
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
