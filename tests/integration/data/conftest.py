"""Fixtures of the store tests."""

from collections.abc import Callable

import pytest

from graphql_api.data.dynamo.client import Dynamo
from tests.support.stores import StoreHarness
from tests.support.transport import FaultyTransport


@pytest.fixture
def harness(dynamo: Dynamo) -> StoreHarness:
    return StoreHarness(dynamo)


@pytest.fixture
def faults(dynamo: Dynamo) -> FaultyTransport:
    return FaultyTransport(dynamo)


@pytest.fixture
def make_harness(dynamo: Dynamo) -> Callable[..., StoreHarness]:
    """Makes another harness on the same table, as another process has one."""
    return lambda **options: StoreHarness(dynamo, **options)
