"""Test sets of the problem `ONE`, and helpers that read them from the table."""

from graphql_api.data import keys
from graphql_api.data.dynamo.client import Dynamo, Item
from graphql_api.data.dynamo.expressions import equals
from graphql_api.data.problems.testsets import NewTest, TestSetStore
from graphql_api.data.records import TestCase, TestCaseKey
from tests.support.problems import ONE


def new(*names: str, samples: int = 1) -> list[NewTest]:
    return [
        NewTest(input=f"in {name}".encode(), output=f"out {name}".encode(), is_sample=n < samples)
        for n, name in enumerate(names)
    ]


def contents(tests: list[TestCase]) -> list[tuple[int, bool, str, str]]:
    return [(one.number, one.is_sample, one.input.decode(), one.output.decode()) for one in tests]


def names(tests: list[TestCase]) -> list[str]:
    return [one.input.decode().removeprefix("in ") for one in tests]


async def current(sets: TestSetStore) -> list[TestCase]:
    found = await sets.with_problem(*ONE, consistent=True)
    assert found is not None
    return found[1]


async def key(sets: TestSetStore, version: int, number: int) -> TestCaseKey:
    """Return the key of the test that was added in this version with this number."""
    found = await sets.with_problem(*ONE, consistent=True)
    assert found is not None
    return TestCaseKey(*found.problem.id, version, number)


async def sorts(dynamo: Dynamo, prefix: str) -> list[str]:
    items = await partition(dynamo)
    return [item["SK"] for item in items if item["SK"].startswith(prefix)]


async def partition(dynamo: Dynamo) -> list[Item]:
    condition = equals("PK", keys.problem_partition(*ONE))
    return [item async for item in dynamo.query_all(condition, consistent=True)]
