"""Identities of tests, which later versions of a set keep."""

import pytest

from graphql_api.data import keys
from graphql_api.data.dynamo.expressions import Change
from graphql_api.data.dynamo.meter import metered
from graphql_api.data.problems.purge_notes import GRACE_MS
from graphql_api.data.problems.testcase_ids import key_of
from graphql_api.data.problems.testsets import TestSetStore
from graphql_api.data.records import TestId, TestSetKey
from tests.support.problems import ONE
from tests.support.testsets import current, key, names, new, sorts

pytestmark = pytest.mark.dynamodb


async def identities(sets: TestSetStore) -> list[TestId]:
    found = await sets.with_problem(*ONE, consistent=True)
    assert found is not None
    problem, tests, _ = found
    return [key_of(problem, test).test_id for test in tests]


async def test_adding_and_deleting_tests_keeps_the_identity_of_the_others(sets):
    await sets.replace(*ONE, new("a", "b", "c"))
    before = await identities(sets)
    await sets.add(*ONE, new("d"))
    problem = await sets.delete(await key(sets, *before[0]))
    assert names(await current(sets)) == ["b", "c", "d"]
    assert await identities(sets) == [*before[1:], TestId(2, 4)]
    listed = await sets.identities([TestSetKey(*ONE, problem.test_version)])
    assert listed == [await identities(sets)]


async def test_a_new_set_has_new_identities_and_no_list_of_them(sets, dynamo):
    await sets.replace(*ONE, new("a", "b"))
    before = await identities(sets)
    await sets.add(*ONE, new("c"))
    await sets.replace(*ONE, new("a", "b"))
    assert not set(before) & set(await identities(sets))
    assert await sorts(dynamo, "TI#") == ["TI#00002"]


async def test_the_list_of_identities_is_removed_with_its_set(sets, dynamo, clock):
    await sets.add(*ONE, new("a"))
    await sets.add(*ONE, new("b"))
    await sets.replace(*ONE, new("c"))
    assert await sorts(dynamo, "TI#") == ["TI#00002"]
    clock.now += 2 * GRACE_MS
    await sets.purge_due(clock.now)
    assert await sorts(dynamo, "TI#") == []


async def test_a_stored_test_without_an_identity_takes_that_of_its_version(sets, dynamo):
    await sets.add(*ONE, new("a"))
    await sets.add(*ONE, new("b"))
    for number in (1, 2):
        key = {"PK": keys.problem_partition(*ONE), "SK": keys.case_sort(2, number)}
        await dynamo.update(key, Change(drop=["id"]))
    await dynamo.delete(keys.case_ids(*ONE, 2))
    await sets.add(*ONE, new("c"))
    assert await identities(sets) == [TestId(2, 1), TestId(2, 2), TestId(3, 3)]


async def test_identities_of_several_sets_are_one_request(sets):
    await sets.add(*ONE, new("a"))
    await sets.add(*ONE, new("b"))
    problem = await sets.add(*ONE, new("c"))
    wanted = [TestSetKey(*ONE, version) for version in (2, problem.test_version)]
    with metered() as meter:
        await sets.identities(wanted)
    assert meter.requests == 1
