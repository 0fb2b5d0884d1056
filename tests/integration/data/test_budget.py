"""Every store operation stays within its requests and units, however long the lists are."""

import pytest

from benchmarks.budget import BudgetFixture, build, lengthen, measure_costs
from graphql_api.data.dynamo.pages import PageWindow
from graphql_api.data.dynamo.values import item_size
from graphql_api.data.stores import Stores

pytestmark = [pytest.mark.dynamodb, pytest.mark.slow]

LISTS = (
    "feed page of 20",
    "feed page of 20, deep",
    "a user's history page of 20",
    "a user's history page of 20, deep",
)


@pytest.fixture
async def world(stores: Stores) -> BudgetFixture:
    return await build(stores, length=100)


async def test_no_operation_is_over_its_budget(world: BudgetFixture) -> None:
    over = [cost async for cost in measure_costs(world) if not cost.is_within]
    assert over == []


async def test_cards_of_the_budget_have_the_size_that_it_is_counted_in(
    world: BudgetFixture,
) -> None:
    """The units are those of cards of 0.8 KB; smaller cards would prove nothing."""
    uid = world.user.uid
    histories = (await world.stores.histories.list(uid, PageWindow(20))).records
    problems = (await world.stores.problems.list(PageWindow(20))).records
    keys = {"PK": f"U#{uid}", "SK": f"H#{uid}"}
    sizes = [item_size({**keys, **card.to_item()}) for card in (*histories, *problems)]
    assert 650 < min(sizes) <= max(sizes) < 950


async def test_feed_and_history_lists_cost_the_same_at_100_and_at_2_000_items(
    stores: Stores,
) -> None:
    world = await build(stores, length=100)
    short = [cost async for cost in measure_costs(world) if cost.budget.name in LISTS]
    await lengthen(world, 2000, filters=False)
    long = [cost async for cost in measure_costs(world) if cost.budget.name in LISTS]
    assert len(short) == len(LISTS)
    assert long == short
