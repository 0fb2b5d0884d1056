"""The store of problems."""

import pytest

from graphql_api.data.dynamo.bodies import Bodies
from graphql_api.data.problems.store import ProblemStore
from tests.support.problems import Ticks


@pytest.fixture
def problems(dynamo):
    return ProblemStore(dynamo, Bodies(dynamo), Ticks())
