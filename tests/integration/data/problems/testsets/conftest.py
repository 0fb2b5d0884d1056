"""The store of test sets, and the problem whose tests they are."""

import pytest

from graphql_api.data.dynamo.bodies import Bodies
from graphql_api.data.problems.inputs import NewProblem
from graphql_api.data.problems.store import ProblemStore
from graphql_api.data.problems.testsets import TestSetStore
from tests.support.problems import Ticks


@pytest.fixture
def clock():
    return Ticks()


@pytest.fixture
async def problems(dynamo, clock):
    store = ProblemStore(dynamo, Bodies(dynamo), clock)
    await store.create(NewProblem(platform="demo", number="1", title="Two sums"))
    return store


@pytest.fixture
def sets(dynamo, problems, clock):  # noqa: ARG001 - the problem is to be there
    return TestSetStore(dynamo, Bodies(dynamo), clock)
