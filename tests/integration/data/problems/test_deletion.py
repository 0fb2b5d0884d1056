"""Problems that are deleted, restored and deleted for good."""

from dataclasses import replace

import pytest

from graphql_api.data.errors import Conflict, InvalidInput, NotFound
from graphql_api.data.problems.inputs import ProblemChanges
from tests.support.problems import (
    COMPLETED,
    DELETED,
    DRAFT,
    FULL,
    NEW,
    ONE,
    REVIEW,
    check_entries,
    completed,
    everything,
    identity,
    numbers,
    outcomes,
)

pytestmark = pytest.mark.dynamodb


async def test_a_change_meant_for_a_deleted_problem_leaves_its_successor_alone(
    problems, dynamo, faults
):
    """Both have revision 1; an entry with the old creation time would stay forever."""
    await problems.create(NEW)

    async def replace_it() -> None:
        await problems.delete(*ONE)
        await problems.create(replace(NEW, title="Another"))

    faults.meanwhile("TransactWriteItems", replace_it)
    with pytest.raises(NotFound):
        await problems.update(*ONE, ProblemChanges(title="Changed"))
    await check_entries(dynamo)
    assert (await problems.get(*ONE)).title == "Another"


async def test_a_deleted_problem_leaves_every_list_but_that_of_deleted_ones(problems, dynamo):
    await completed(problems, "1", tags=["math"])
    await problems.set_solution(*ONE, "c", "int main(){}")
    gone = await problems.soft_delete(*ONE, " It was a duplicate. ")
    assert gone.state is DELETED
    assert gone.deleted_reason == "It was a duplicate."
    assert gone.deleted_at
    for filters in (
        {},
        {"platform": "demo"},
        {"language": "c"},
        {"tag": "math"},
        {"search": "sums"},
        {"state": DRAFT},
    ):
        assert await numbers(problems, **filters) == []
    for extra in ({}, {"platform": "demo"}, {"language": "c"}, {"tag": "math"}):
        assert await numbers(problems, state=DELETED, **extra) == ["1"]
    assert await numbers(problems, state=DELETED, platform="other") == []
    await check_entries(dynamo)


async def test_nothing_but_restore_brings_a_deleted_problem_back(problems):
    await completed(problems, "1")
    gone = await problems.soft_delete(*ONE)
    for call in (
        problems.set_state(*ONE, COMPLETED),
        problems.update(*ONE, ProblemChanges(title="Back")),
        problems.set_solution(*ONE, "c", "int main(){}"),
    ):
        with pytest.raises(Conflict):
            await call
    assert await problems.soft_delete(*ONE, "again") == gone
    assert await problems.get(*ONE, consistent=True) == gone
    back = await problems.restore(*ONE)
    assert back.state is COMPLETED
    assert (back.deleted_at, back.deleted_reason, back.state_before_deletion) == (None,) * 3
    assert await numbers(problems) == ["1"]
    with pytest.raises(Conflict):
        await problems.restore(*ONE)


async def test_a_problem_is_restored_into_the_state_it_had(problems, dynamo):
    await problems.create(replace(NEW, tags=["math"]))
    await problems.set_state(*ONE, REVIEW)
    await problems.soft_delete(*ONE, "x" * 5000)
    assert (await problems.restore(*ONE)).state is REVIEW
    await check_entries(dynamo)


async def test_states_cannot_be_set_to_deleted(problems):
    await problems.create(NEW)
    with pytest.raises(InvalidInput):
        await problems.set_state(*ONE, DELETED)


@pytest.mark.parametrize(
    "act",
    [
        lambda problems: problems.set_state(*ONE, COMPLETED),
        lambda problems: problems.update(*ONE, ProblemChanges(title="Back")),
        lambda problems: problems.set_solution(*ONE, "c", "int main(){}"),
    ],
)
async def test_a_write_prepared_before_a_deletion_is_prepared_again(problems, dynamo, faults, act):
    await problems.create(replace(NEW, tags=["math"]))
    faults.meanwhile("TransactWriteItems", lambda: problems.soft_delete(*ONE))
    with pytest.raises(Conflict):
        await act(problems)
    found = await problems.get(*ONE, consistent=True)
    assert (found.state, found.title) == (DELETED, "Two sums")
    assert await problems.solution(await identity(problems)) is None
    await check_entries(dynamo)


async def test_a_restore_prepared_before_the_final_deletion_is_prepared_again(problems, faults):
    await completed(problems, "1")
    await problems.soft_delete(*ONE)
    faults.meanwhile("TransactWriteItems", lambda: problems.delete(*ONE))
    with pytest.raises(NotFound):
        await problems.restore(*ONE)


@pytest.mark.slow
async def test_completion_that_races_with_deletion_never_resurrects(problems, dynamo):
    for number in map(str, range(12)):
        await problems.create(replace(NEW, number=number, tags=["math"]))
        await outcomes(
            problems.set_state("demo", number, COMPLETED),
            problems.soft_delete("demo", number, "gone"),
        )
        assert (await problems.get("demo", number, consistent=True)).state is DELETED
    assert await numbers(problems) == []
    await check_entries(dynamo)


@pytest.mark.slow
async def test_restore_that_races_with_an_update_leaves_card_and_lists_agreeing(problems, dynamo):
    for number in map(str, range(12)):
        await completed(problems, number, tags=["math"])
        await problems.soft_delete("demo", number)
        title = f"Renamed {number}"
        results = await outcomes(
            problems.restore("demo", number),
            problems.update("demo", number, ProblemChanges(title=title, tags=["dp"])),
        )
        found = await problems.get("demo", number, consistent=True)
        assert found.state is COMPLETED
        updated = not isinstance(results[1], Exception)
        assert (found.title == title) is updated
        assert updated or isinstance(results[1], Conflict)
    await check_entries(dynamo)


@pytest.mark.slow
async def test_any_mix_of_writers_leaves_the_lists_as_the_card_says(problems, dynamo):
    await problems.create(replace(NEW, tags=["a", "b"]))
    for turn in range(6):
        await outcomes(
            problems.update(*ONE, ProblemChanges(title=f"Title {turn}", tags=[f"t{turn}"])),
            problems.set_state(*ONE, COMPLETED),
            problems.soft_delete(*ONE),
            problems.restore(*ONE),
            problems.set_state(*ONE, DRAFT),
            problems.set_solution(*ONE, f"lang{turn}", "code"),
        )
        await check_entries(dynamo)


async def test_deleting_for_good_leaves_nothing_and_frees_name_and_old_id(problems, dynamo):
    await problems.create(FULL)
    await problems.set_state(*ONE, COMPLETED)
    await problems.set_solution(*ONE, "c", "int main(){}")
    await problems.add_run(await identity(problems))
    await problems.delete(*ONE)
    assert await everything(dynamo) == []
    await problems.create(replace(NEW, legacy_id=42))
    assert await problems.statement(await identity(problems)) is None
    assert await problems.run_count(await identity(problems)) == 0


async def test_a_deletion_that_was_interrupted_cannot_be_restored_and_is_finished(
    problems, dynamo, faults
):
    await problems.create(FULL)
    await problems.soft_delete(*ONE)
    faults.crash("Query")
    (crash,) = await outcomes(problems.delete(*ONE))
    assert type(crash).__name__ == "Crash"
    with pytest.raises(Conflict):
        await problems.restore(*ONE)
    await problems.delete(*ONE)
    assert await everything(dynamo) == []
