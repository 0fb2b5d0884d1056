"""Versions of a set: concurrent writers, deleted problems, and the purge of old versions."""

import pytest

from graphql_api.data import keys
from graphql_api.data.dynamo.expressions import equals
from graphql_api.data.enums import ProblemState
from graphql_api.data.errors import Conflict, NotFound
from graphql_api.data.problems.inputs import NewProblem, ProblemChanges
from graphql_api.data.problems.purge_notes import GRACE_MS, PurgeNote
from graphql_api.data.records import Problem
from tests.support.problems import ONE, outcomes
from tests.support.testsets import current, key, names, new, partition, sorts

pytestmark = pytest.mark.dynamodb


async def test_a_replaced_set_is_gone_from_reading_at_once_and_from_the_table_later(
    sets, dynamo, clock
):
    await sets.replace(*ONE, new("a", "b", "c"))
    problem = await sets.replace(*ONE, new("d"))
    assert (problem.test_version, problem.test_count) == (2, 1)
    assert names(await current(sets)) == ["d"]
    assert len(await sorts(dynamo, "T#00001#")) == 3
    assert await sorts(dynamo, "X#") == ["X#00001"]
    assert await sets.purge_due(clock.now + GRACE_MS - 10_000) == 0
    assert await sets.purge_due(clock.now + GRACE_MS) == 1
    assert await sorts(dynamo, "T#") == ["T#00002#00001"]
    assert await sorts(dynamo, "X#") == []
    assert names(await current(sets)) == ["d"]


@pytest.mark.slow
async def test_of_two_writers_one_wins_whole_and_the_other_leaves_nothing(sets, dynamo):
    for turn in range(5):
        results = await outcomes(
            sets.replace(*ONE, new(*["x"] * 30)), sets.replace(*ONE, new(*["y"] * 40))
        )
        (won,) = [result for result in results if isinstance(result, Problem)]
        (lost,) = [result for result in results if not isinstance(result, Problem)]
        assert isinstance(lost, Conflict)
        tests = await current(sets)
        assert set(names(tests)) in ({"x"}, {"y"})
        assert len(tests) == won.test_count == (30 if names(tests)[0] == "x" else 40)
        versions = {sort.split("#")[1] for sort in await sorts(dynamo, "T#")}
        assert len(versions) <= turn + 1
        assert f"X#{won.test_version:05d}" not in await sorts(dynamo, "X#")


async def test_two_who_add_at_once_never_lose_a_test_silently(sets):
    results = await outcomes(sets.add(*ONE, new("a")), sets.add(*ONE, new("b")))
    won = [result for result in results if isinstance(result, Problem)]
    assert all(isinstance(result, Problem | Conflict) for result in results)
    assert len(await current(sets)) == len(won)


async def test_a_set_that_is_being_written_is_not_visible(sets, dynamo, faults):
    await sets.replace(*ONE, new("a"))
    faults.crash("BatchWriteItem", after=True)
    (crash,) = await outcomes(sets.replace(*ONE, new(*["b"] * 40)))
    assert type(crash).__name__ == "Crash"
    assert len(await sorts(dynamo, "T#00002#")) == 25
    problem, tests, _ = await sets.with_problem(*ONE)
    assert names(tests) == ["a"]
    assert problem.test_version == 1


@pytest.mark.slow
async def test_a_set_that_cannot_be_removed_does_not_keep_the_others(sets, dynamo, clock, problems):
    """Its objects are in a bucket that is unknown to this process."""
    for number in map(str, range(2, 8)):
        await problems.create(NewProblem(platform="demo", number=number, title="More sums"))
        await sets.replace("demo", number, new("a"))
        await sets.replace("demo", number, new("b"))
    await dynamo.put(
        {"PK": "P#demo#2", "SK": "T#00001#00001", "v": 1, "tp": "test", "s3": "gone", "n": 1}
    )
    assert await sets.purge_due(clock.now + GRACE_MS) == 5


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True])
async def test_what_a_crashed_writer_left_goes_an_hour_later(sets, dynamo, clock, faults, after):
    await sets.replace(*ONE, new("a"))
    faults.crash("BatchWriteItem", after=after)
    await outcomes(sets.replace(*ONE, new("b")))
    assert await sets.purge_due(clock.now + GRACE_MS) == 1
    assert await sorts(dynamo, "T#") == ["T#00001#00001"]
    assert await sorts(dynamo, "X#") == []
    problem = await sets.replace(*ONE, new("c"))
    assert problem.test_version == 3
    assert names(await current(sets)) == ["c"]


async def test_a_flip_whose_answer_was_lost_is_no_conflict(sets, faults):
    faults.lose("TransactWriteItems", times=2)
    problem = await sets.replace(*ONE, new("a"))
    assert problem.test_version == 1
    assert names(await current(sets)) == ["a"]


async def test_the_current_set_is_never_purged(sets, dynamo):
    await sets.replace(*ONE, new("a"))
    assert not await sets.purge(*ONE, 1)
    # Even an unexpected note does not remove it.
    await dynamo.put({**keys.case_purge(*ONE, 1), "v": 1, "tp": "purge"})
    await sets.purge(*ONE, 1)
    assert names(await current(sets)) == ["a"]


async def test_a_writer_that_took_over_an_hour_cannot_flip_to_a_purged_set(sets, clock):
    await sets.replace(*ONE, new("a"))
    seen, version = await sets._claim(*ONE)
    given = new("b", "c")
    await sets._write_items(seen, version, given[:1])
    assert await sets.purge_due(clock.now + GRACE_MS) == 1
    with pytest.raises(Conflict):
        await sets._write(seen, version, given)
    assert names(await current(sets)) == ["a"]


@pytest.mark.slow
async def test_purging_races_with_the_flip_and_the_set_stays_whole(sets):
    for turn in range(10):
        seen, version = await sets._claim(*ONE)
        results = await outcomes(
            sets._write(seen, version, new("a", "b", str(turn))), sets.purge(*ONE, version)
        )
        flipped = isinstance(results[0], Problem)
        assert flipped or isinstance(results[0], Conflict)
        tests = await current(sets)
        assert (names(tests)[-1:] == [str(turn)]) is flipped


async def test_due_notes_are_named_and_no_other_work(sets, dynamo, clock):
    await sets.replace(*ONE, new("a"))
    await sets.replace(*ONE, new("b"))
    partition = keys.problem_partition(*ONE)
    shard = keys.shard_of(partition, keys.DUE_SHARDS)
    other = {**keys.history("u", "h"), **keys.due(partition, clock.now), "tp": "history"}
    await dynamo.put(other)
    later = clock.now + GRACE_MS
    assert await sets.due(shard, later) == [PurgeNote("demo", "1", 1)]
    assert await sets.due((shard + 1) % keys.DUE_SHARDS, later) == []
    assert await sets.due(shard, clock.now) == []


async def test_tests_of_a_deleted_problem_cannot_be_written(sets, problems, dynamo):
    await sets.replace(*ONE, new("a"))
    await problems.soft_delete(*ONE)
    for call in (
        sets.replace(*ONE, new("b")),
        sets.add(*ONE, new("b")),
        sets.delete(await key(sets, 1, 1)),
    ):
        with pytest.raises(Conflict):
            await call
    assert await sorts(dynamo, "T#") == ["T#00001#00001"]
    # Readers see the state and decide by it.
    problem, _, _ = await sets.with_problem(*ONE)
    assert problem.state is ProblemState.DELETED


async def test_a_claim_by_what_is_not_so_any_more_takes_the_next_version(sets, faults):
    faults.meanwhile("TransactWriteItems", lambda: sets.replace(*ONE, new("first")))
    problem = await sets.add(*ONE, new("second", samples=0))
    assert problem.test_version == 2
    assert names(await current(sets)) == ["first", "second"]


async def test_a_deletion_before_the_flip_refuses_it_and_leaves_nothing(
    sets, problems, dynamo, faults
):
    faults.meanwhile("BatchWriteItem", lambda: problems.soft_delete(*ONE))
    with pytest.raises(Conflict):
        await sets.replace(*ONE, new("a"))
    assert await sorts(dynamo, "T#") == []
    assert (await problems.restore(*ONE)).test_version is None


async def test_an_edit_before_the_flip_does_not_disturb_it(sets, problems, faults):
    title = ProblemChanges(title="Renamed")
    faults.meanwhile("BatchWriteItem", lambda: problems.update(*ONE, title))
    flipped = await sets.replace(*ONE, new("a"))
    assert flipped.title == "Renamed"
    assert names(await current(sets)) == ["a"]


@pytest.mark.slow
async def test_writing_tests_races_with_deletion_and_never_resurrects(sets, problems, dynamo):
    for turn in range(6):
        await outcomes(sets.replace(*ONE, new(str(turn))), problems.soft_delete(*ONE))
        assert (await problems.get(*ONE, consistent=True)).state is ProblemState.DELETED
        items = await partition(dynamo)
        assert not any("g1p" in item for item in items if item["SK"] == "M")
        await problems.restore(*ONE)


async def test_writing_tests_of_no_problem_is_refused_and_leaves_nothing(sets, dynamo):
    with pytest.raises(NotFound):
        await sets.replace("demo", "none", new("a"))
    condition = equals("PK", keys.problem_partition("demo", "none"))
    assert [item async for item in dynamo.query_all(condition)] == []


async def test_a_writer_whose_problem_is_deleted_for_good_leaves_nothing(sets, problems, dynamo):
    seen, version = await sets._claim(*ONE)
    await problems.delete(*ONE)
    with pytest.raises(NotFound):
        await sets._write(seen, version, new("a"))
    assert await partition(dynamo) == []


@pytest.mark.slow
async def test_a_problem_created_again_never_gets_tests_of_its_predecessor(
    sets, problems, dynamo, clock
):
    seen, version = await sets._claim(*ONE)
    await problems.delete(*ONE)
    # The note of a crashed writer stays, and its tests are written after the deletion.
    await sets._write_items(seen, version, new("old", "older", "oldest"))
    await problems.create(NewProblem(platform="demo", number="1", title="Anew"))
    problem = await sets.replace(*ONE, new("fresh"))
    assert problem.test_version == version + 1
    assert names(await current(sets)) == ["fresh"]
    assert await sets.purge_due(clock.now + GRACE_MS) == 1
    assert await sorts(dynamo, "T#") == ["T#00002#00001"]


async def test_an_edit_during_the_writing_of_a_set_is_kept(sets, problems):
    seen, version = await sets._claim(*ONE)
    renamed = await problems.update(*ONE, ProblemChanges(title="Renamed", revision=seen.revision))
    flipped = await sets._write(seen, version, new("a"))
    assert flipped.title == "Renamed"
    assert flipped.revision == renamed.revision + 1
    assert flipped.last_test_version == 1
