"""A problem that was deleted permanently, and another problem that got its name."""

from dataclasses import replace

import pytest

from graphql_api.data import keys
from graphql_api.data.dynamo.bodies import Bodies
from graphql_api.data.enums import CheckerConvention, Comparer
from graphql_api.data.errors import NotFound
from graphql_api.data.problems.checkers import CheckerStore
from graphql_api.data.problems.inputs import NewProblem, ProblemChanges
from graphql_api.data.problems.purge_notes import GRACE_MS
from graphql_api.data.problems.store import ProblemStore
from graphql_api.data.problems.testsets import TestSetStore
from graphql_api.data.records import NO_PID, Checker, CheckerFault, Problem, TestCaseKey
from tests.support.former_items import forget_pid
from tests.support.problems import COMPLETED, DELETED, ONE, Ticks, check_entries, identity
from tests.support.testsets import current, names, new, partition, sorts

pytestmark = pytest.mark.dynamodb

CHECKER = Checker(
    language="c", code="int main(void) { return 42; }", convention=CheckerConvention.ICPC
)
NEW = NewProblem(
    platform="demo",
    number="1",
    title="Two sums",
    statement="Add them.",
    comparer=Comparer.CHECKER,
    checker=CHECKER,
    legacy_id=42,
)
# The second problem has the same settings, so that only the pid tells the two apart.
CALLS = {
    "update": lambda store, pid: store.update(*ONE, ProblemChanges(title="Changed"), pid=pid),
    "set_solution": lambda store, pid: store.set_solution(*ONE, "c", "int main(){}", pid=pid),
    "set_state": lambda store, pid: store.set_state(*ONE, COMPLETED, pid=pid),
    "soft_delete": lambda store, pid: store.soft_delete(*ONE, pid=pid),
    "restore": lambda store, pid: store.restore(*ONE, pid=pid),
    "delete": lambda store, pid: store.delete(*ONE, pid=pid),
}


@pytest.fixture
def sets(dynamo):
    return TestSetStore(dynamo, Bodies(dynamo), Ticks())


@pytest.fixture
def checkers(dynamo):
    return CheckerStore(dynamo, Bodies(dynamo))


async def recreate(problems: ProblemStore) -> Problem:
    """Delete the problem permanently, create another one with its name, and return that one."""
    await problems.delete(*ONE)
    return await problems.create(NEW)


async def test_each_problem_has_its_own_pid_for_ever(problems):
    first = await problems.create(NEW)
    for change in (
        problems.update(*ONE, ProblemChanges(title="Changed")),
        problems.set_state(*ONE, COMPLETED),
        problems.soft_delete(*ONE),
        problems.restore(*ONE),
    ):
        assert (await change).pid == first.pid
    second = await recreate(problems)
    assert second.pid not in {first.pid, NO_PID}
    assert (await problems.get(*ONE, consistent=True)).pid == second.pid


@pytest.mark.parametrize("name", CALLS)
async def test_a_change_of_the_first_problem_does_not_reach_the_second(problems, dynamo, name):
    first = await problems.create(NEW)
    await recreate(problems)
    before = await partition(dynamo)
    with pytest.raises(NotFound):
        await CALLS[name](problems, first.pid)
    assert await partition(dynamo) == before
    await check_entries(dynamo)


@pytest.mark.parametrize("name", CALLS)
async def test_a_change_that_was_prepared_before_does_not_reach_the_second(
    problems, dynamo, faults, name
):
    """The caller has read the first problem, and did not say which problem it means."""
    await problems.create(NEW)
    if name == "restore":
        await problems.soft_delete(*ONE)
    after: list[object] = []

    async def replace_it() -> None:
        await recreate(problems)
        after.extend(await partition(dynamo))

    faults.meanwhile("TransactWriteItems", replace_it)
    with pytest.raises(NotFound):
        await CALLS[name](problems, None)
    assert await partition(dynamo) == after


@pytest.mark.parametrize("moment", ["Query", "BatchWriteItem", "TransactWriteItems"])
async def test_a_second_deletion_of_the_first_problem_leaves_the_second_complete(
    problems, sets, dynamo, faults, moment
):
    await problems.create(NEW)
    await sets.replace(*ONE, new("a"))
    await problems.soft_delete(*ONE)
    after: list[object] = []

    async def replace_it() -> None:
        await recreate(problems)
        await problems.set_solution(*ONE, "c", "int main(){}")
        await sets.replace(*ONE, new("b"))
        after.extend(await partition(dynamo))

    if moment == "TransactWriteItems":
        # The first transaction marks the problem, the second removes its parts.
        async def in_the_next_transaction() -> None:
            faults.meanwhile(moment, replace_it)

        faults.meanwhile("BatchWriteItem", in_the_next_transaction)
    else:
        faults.meanwhile(moment, replace_it)
    await problems.delete(*ONE)
    assert after
    assert await partition(dynamo) == after
    assert names(await current(sets)) == ["b"]


async def test_parts_of_the_first_problem_are_not_read_as_those_of_the_second(
    problems, checkers, dynamo
):
    """An eventually consistent read may return a part that was removed a second ago."""
    first = await problems.create(NEW)
    await problems.set_solution(*ONE, "c", "int main(){}")
    await problems.add_run(first.id)
    fault = CheckerFault(checker_hash=first.checker_hash, message="it crashed", created_at=5)
    await checkers.note_fault(first.id, fault)
    parts = [item for item in await partition(dynamo) if item["SK"] != keys.META]
    second = await recreate(problems)
    await dynamo.batch_write(puts=parts)

    assert await problems.statement(second.id) is None
    assert await problems.solution(second.id) is None
    assert await problems.run_count(second.id) == 0
    assert await checkers.get_many([second.id]) == [None]
    assert await checkers.faults([second.id]) == [None]
    assert (await problems.statement(first.id)).statement == "Add them."
    assert await problems.run_counts([second.id, first.id]) == [0, 1]


async def test_parts_of_two_problems_with_one_name_are_told_apart_in_one_batch(problems):
    first = await problems.create(NEW)
    second = await recreate(problems)
    for ids in ([first.id, second.id], [second.id, first.id]):
        statements = dict(zip(ids, await problems.statements(ids), strict=True))
        assert statements[first.id] is None
        assert statements[second.id] is not None
        assert statements[second.id].statement == "Add them."


async def test_runs_and_failures_of_the_first_problem_are_not_those_of_the_second(
    problems, checkers
):
    first = await problems.create(NEW)
    second = await recreate(problems)
    assert second.checker_hash == first.checker_hash
    fault = CheckerFault(checker_hash=first.checker_hash, message="it crashed", created_at=5)
    await checkers.note_fault(first.id, fault)
    await problems.add_run(first.id)
    assert await checkers.faults([second.id]) == [None]
    assert await problems.run_count(second.id) == 0
    await checkers.note_fault(second.id, fault)
    await problems.add_run(second.id)
    await checkers.note_fault(first.id, replace(fault, created_at=6))
    assert await checkers.faults([second.id]) == [replace(fault, pid=second.pid)]
    assert await problems.run_count(second.id) == 1


async def test_a_legacy_id_leads_to_the_problem_that_got_it(problems, dynamo):
    first = await problems.create(NEW)
    pointer = await dynamo.get(keys.legacy_problem(42), consistent=True)
    second = await recreate(problems)
    assert await problems.by_legacy_id(42) == second.id
    await dynamo.put(pointer)
    assert await problems.by_legacy_id(42) == first.id


async def test_tests_written_for_the_first_problem_do_not_become_those_of_the_second(
    problems, sets, dynamo
):
    await problems.create(NEW)
    expected, version = await sets._claim(*ONE)
    second = await recreate(problems)
    with pytest.raises(NotFound):
        await sets._write(expected, version, new("old"))
    assert await current(sets) == []
    assert await sorts(dynamo, "T#") == []
    assert (await sets.replace(*ONE, new("fresh"), pid=second.pid)).pid == second.pid
    assert names(await current(sets)) == ["fresh"]


async def test_the_second_problem_does_not_use_the_versions_of_the_first(problems, sets, dynamo):
    first = await problems.create(NEW)
    await sets.replace(*ONE, new("a"))
    replaced = await sets.replace(*ONE, new("b"))
    second = await recreate(problems)
    for pid in (first.pid, second.pid):
        with pytest.raises(NotFound):
            await sets.delete(TestCaseKey(*ONE, pid, replaced.test_version, 1))
    for call in (sets.add, sets.replace):
        with pytest.raises(NotFound):
            await call(*ONE, new("c"), pid=first.pid)
    problem = await sets.replace(*ONE, new("c"))
    assert problem.test_version > replaced.test_version
    assert names(await current(sets)) == ["c"]
    # An hour later, the notes of the first problem are due. They do not remove the new set.
    notes = await sorts(dynamo, "X#")
    assert {"X#00001", "X#00002"} <= set(notes)
    assert await sets.purge_due(sets._clock() + 2 * GRACE_MS) == len(notes)
    assert names(await current(sets)) == ["c"]


async def test_a_problem_without_a_pid_is_another_one_than_its_successor(problems, sets, dynamo):
    await problems.create(NEW)
    await sets.replace(*ONE, new("a"))
    await forget_pid(dynamo, ONE)
    former = await identity(problems)
    assert former.pid == NO_PID
    assert (await problems.statement(former)).statement == "Add them."
    await problems.add_run(former)
    assert await problems.run_count(former) == 1
    changed = await problems.update(*ONE, ProblemChanges(title="Changed"), pid=NO_PID)
    assert (changed.pid, changed.title) == (NO_PID, "Changed")
    assert all("pid" not in item for item in await partition(dynamo))
    await check_entries(dynamo)

    second = await recreate(problems)
    with pytest.raises(NotFound):
        await problems.update(*ONE, ProblemChanges(title="Changed"), pid=NO_PID)
    assert await problems.statement(former) is None
    assert (await problems.statement(second.id)).statement == "Add them."
    assert (await problems.soft_delete(*ONE, pid=second.pid)).state is DELETED
