import asyncio
from dataclasses import replace

import pytest

from graphql_api.data import keys
from graphql_api.data.accounts.plans import FREE, NewPlan, PlanStore
from graphql_api.data.dynamo.meter import metered
from graphql_api.data.errors import Conflict, InvalidInput, NotFound

pytestmark = pytest.mark.dynamodb

PRO = NewPlan(
    plan_id="pro", title="Pro", executions_per_day=1000, hints_per_day=50, runs_per_day=None
)


class Hands:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = 1_800_000_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock():
    return Hands()


@pytest.fixture
def plans(dynamo, clock):
    return PlanStore(dynamo, clock)


async def test_the_defaults_are_fifty_executions_five_hints_a_hundred_runs(plans):
    await plans.ensure_defaults()
    free = await plans.get("free")
    assert (free.executions_per_day, free.hints_per_day, free.runs_per_day) == (50, 5, 100)
    unlimited = await plans.get("unlimited")
    assert unlimited.executions_per_day is None
    assert unlimited.hints_per_day is None
    assert unlimited.runs_per_day is None


async def test_ensuring_defaults_again_keeps_what_was_changed(plans, clock):
    assert len(await plans.ensure_defaults()) == 2
    clock.now += 1
    await plans.update("free", executions_per_day=7)
    assert await plans.ensure_defaults() == []
    plan = await plans.get("free")
    assert plan.executions_per_day == 7


async def test_active_plans_are_listed_and_all_on_request(plans):
    await plans.ensure_defaults()
    await plans.create(PRO)
    with metered() as meter:
        active = await plans.list()
    assert [plan.plan_id for plan in active] == ["free", "pro"]
    assert (meter.requests, meter.read_units) == (1, 0.5)
    everything = await plans.list(active_only=False)
    assert [plan.plan_id for plan in everything] == ["free", "pro", "unlimited"]


async def test_of_many_creators_of_one_plan_exactly_one_wins(plans):
    calls = [plans.create(replace(PRO, title=f"Pro {n}")) for n in range(6)]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(result, Conflict) for result in results) == 5


async def test_a_plan_is_read_once_a_minute(plans, clock):
    await PlanStore(plans._dynamo).create(PRO)
    with metered() as meter:
        first = await plans.get("pro")
        clock.now += 59_999
        assert await plans.get("pro") == first
    assert (meter.requests, meter.read_units) == (1, 0.5)
    with metered() as later:
        clock.now += 1
        await plans.get("pro")
    assert later.requests == 1


async def test_a_changed_limit_reaches_another_process_within_a_minute(plans, dynamo, clock):
    await plans.create(PRO)
    other = PlanStore(dynamo, clock)
    assert await other.get("pro") == await plans.get("pro")
    changed = await plans.update("pro", executions_per_day=5)
    assert await plans.get("pro") == changed
    clock.now += 60_000
    assert await other.get("pro") == changed


async def test_an_update_tells_unlimited_from_unchanged(plans, dynamo):
    await plans.create(PRO)
    changed = await plans.update("pro", hints_per_day=None, is_active=False)
    assert changed.hints_per_day is None
    assert changed.executions_per_day == 1000
    assert not changed.is_active
    assert "lh" not in await dynamo.get(keys.plan("pro"), consistent=True)


async def test_changing_no_plan_is_refused_and_leaves_no_ghost(plans):
    with pytest.raises(NotFound):
        await plans.update("ghost", title="Ghost")
    assert await plans.list(active_only=False) == []
    assert await plans.get("ghost") is None


@pytest.mark.parametrize(
    "plan",
    [
        replace(FREE, plan_id=""),
        replace(FREE, plan_id="a#b"),
        replace(FREE, title=" "),
        replace(FREE, runs_per_day=-2),
        replace(FREE, hints_per_day=10**10),
    ],
)
async def test_a_malformed_plan_is_refused(plans, plan):
    with pytest.raises(InvalidInput):
        await plans.create(plan)
