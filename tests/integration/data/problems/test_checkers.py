"""Failures of checkers, stored only for the current checker of a problem."""

from dataclasses import replace
from typing import Any

import pytest

from graphql_api.data.dynamo.bodies import Bodies
from graphql_api.data.dynamo.client import Dynamo
from graphql_api.data.dynamo.expressions import equals
from graphql_api.data.dynamo.meter import metered
from graphql_api.data.enums import CheckerConvention, Comparer
from graphql_api.data.keys import problem_partition
from graphql_api.data.problems.checkers import CheckerStore, digest_of
from graphql_api.data.problems.inputs import NewProblem, ProblemChanges
from graphql_api.data.problems.store import ProblemStore
from graphql_api.data.records import Checker, CheckerFault, ProblemKey
from tests.support.transport import FaultyTransport

pytestmark = pytest.mark.dynamodb

ONE = ProblemKey("demo", "1")
CHECKER = Checker(
    language="c", code="int main(void) { return 42; }", convention=CheckerConvention.ICPC
)
NEW = NewProblem(
    platform="demo", number="1", title="Any sum", comparer=Comparer.CHECKER, checker=CHECKER
)
FAULT = CheckerFault(checker_hash=digest_of(CHECKER), message="it crashed", created_at=5)


@pytest.fixture
def checkers(dynamo: Dynamo) -> CheckerStore:
    return CheckerStore(dynamo, Bodies(dynamo))


@pytest.fixture
def problems(dynamo: Dynamo) -> ProblemStore:
    return ProblemStore(dynamo, Bodies(dynamo))


async def left(dynamo: Dynamo) -> list[str]:
    """Return the sort keys of the items of the problem."""
    partition = equals("PK", problem_partition(*ONE))
    return [item["SK"] async for item in dynamo.query_all(partition, consistent=True)]


async def test_the_last_fault_is_kept_by_one_request(
    checkers: CheckerStore, problems: ProblemStore
) -> None:
    problem = await problems.create(NEW)
    later = replace(FAULT, created_at=6, test_number=2)
    await checkers.note_fault(problem.id, FAULT)
    with metered() as meter:
        await checkers.note_fault(problem.id, later)
    assert (meter.requests, meter.write_units) == (1, 4)
    assert await checkers.faults([problem.id]) == [replace(later, pid=problem.pid)]


async def test_a_fault_of_a_problem_that_is_gone_leaves_nothing(
    checkers: CheckerStore, problems: ProblemStore, dynamo: Dynamo
) -> None:
    problem = await problems.create(NEW)
    await problems.delete(*ONE)
    await checkers.note_fault(problem.id, FAULT)
    assert await left(dynamo) == []


async def test_faults_at_any_time_of_a_deletion_leave_nothing(
    checkers: CheckerStore, problems: ProblemStore, dynamo: Dynamo
) -> None:
    problem = await problems.create(NEW)
    faults = FaultyTransport(dynamo)

    async def note() -> None:
        await checkers.note_fault(problem.id, FAULT)

    for operation in ("TransactWriteItems", "TransactWriteItems", "BatchWriteItem", "Query"):
        faults.meanwhile(operation, note)
    await problems.delete(*ONE)
    assert await left(dynamo) == []


async def test_a_fault_of_a_checker_that_was_replaced_is_not_kept(
    checkers: CheckerStore, problems: ProblemStore
) -> None:
    problem = await problems.create(NEW)
    other: dict[str, Any] = {"checker": replace(CHECKER, code="int main(void) { return 43; }")}
    await problems.update(*ONE, ProblemChanges(**other))
    await checkers.note_fault(problem.id, FAULT)
    assert await checkers.faults([problem.id]) == [None]
