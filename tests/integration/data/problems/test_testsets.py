import asyncio
import os
import random
from collections.abc import Awaitable
from typing import Any

import pytest

from graphql_api.data import keys
from graphql_api.data.dynamo.bodies import Bodies
from graphql_api.data.dynamo.client import Dynamo, Item
from graphql_api.data.dynamo.expressions import Change, equals
from graphql_api.data.dynamo.meter import metered
from graphql_api.data.dynamo.pages import PageWindow
from graphql_api.data.dynamo.values import item_size
from graphql_api.data.enums import CheckerConvention, Comparer, ProblemState
from graphql_api.data.errors import Conflict, InvalidInput, NotFound, Unavailable
from graphql_api.data.problems.checkers import digest_of
from graphql_api.data.problems.inputs import NewProblem, ProblemChanges
from graphql_api.data.problems.store import ProblemStore
from graphql_api.data.problems.testsets import GRACE_MS, NewTest, PurgeNote, TestSetStore
from graphql_api.data.records import Checker, Problem, TestCase

pytestmark = pytest.mark.dynamodb

ONE = ("demo", "1")


class Ticks:
    """A clock that goes on with each look at it."""

    def __init__(self) -> None:
        self.now = 1_800_000_000_000

    def __call__(self) -> int:
        self.now += 1
        return self.now


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


def new(*names: str, samples: int = 1) -> list[NewTest]:
    return [
        NewTest(input=f"in {name}".encode(), output=f"out {name}".encode(), is_sample=n < samples)
        for n, name in enumerate(names)
    ]


def contents(tests: list[TestCase]) -> list[tuple[int, bool, str, str]]:
    return [(one.number, one.is_sample, one.input.decode(), one.output.decode()) for one in tests]


def names(tests: list[TestCase]) -> list[str]:
    return [one.input.decode().removeprefix("in ") for one in tests]


async def outcomes(*calls: Awaitable[Any]) -> list[Any]:
    return await asyncio.gather(*calls, return_exceptions=True)


async def current(sets: TestSetStore) -> list[TestCase]:
    found = await sets.with_problem(*ONE, consistent=True)
    assert found is not None
    return found[1]


async def sorts(dynamo: Dynamo, prefix: str) -> list[str]:
    items = await partition(dynamo)
    return [item["SK"] for item in items if item["SK"].startswith(prefix)]


async def partition(dynamo: Dynamo) -> list[Item]:
    condition = equals("PK", keys.problem_partition(*ONE))
    return [item async for item in dynamo.query_all(condition, consistent=True)]


async def test_tests_are_returned_in_the_order_of_their_creation(sets):
    given = new(*map(str, range(12)), samples=2)
    problem = await sets.replace(*ONE, given)
    assert (problem.test_version, problem.test_count, problem.samples) == (1, 12, "1-2")
    tests = await current(sets)
    assert contents(tests)[:3] == [
        (1, True, "in 0", "out 0"),
        (2, True, "in 1", "out 1"),
        (3, False, "in 2", "out 2"),
    ]
    assert names(tests) == [str(n) for n in range(12)]


async def test_problem_and_ten_small_tests_are_one_request_of_their_size(sets, dynamo):
    noise = random.Random(1)
    given = [NewTest(input=noise.randbytes(400), output=noise.randbytes(100)) for _ in range(10)]
    await sets.replace(*ONE, given)
    with metered() as meter:
        problem, tests, _ = await sets.with_problem(*ONE)
    assert (problem.test_count, len(tests)) == (10, 10)
    assert [one.input for one in tests] == [one.input for one in given]
    read = [item for item in await partition(dynamo) if "M" <= item["SK"] <= "T~"]
    # Ten incompressible tests of half a kilobyte and the card: 6 to 8 KB.
    assert len(read) == 11
    assert meter.requests == 1
    assert meter.read_units == 1.0


async def test_a_problem_without_tests_has_none_and_no_problem_is_none(sets):
    problem, tests, _ = await sets.with_problem(*ONE)
    assert (problem.test_version, tests) == (None, [])
    assert await sets.with_problem("demo", "none") is None


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


async def test_an_empty_set_is_a_set(sets):
    await sets.replace(*ONE, new("a"))
    problem = await sets.replace(*ONE, [])
    assert (problem.test_count, problem.samples) == (0, None)
    assert await current(sets) == []


async def test_added_tests_come_after_those_there(sets):
    await sets.add(*ONE, new("a"))
    await sets.add(*ONE, new("b", "c", samples=0))
    assert contents(await current(sets)) == [
        (1, True, "in a", "out a"),
        (2, False, "in b", "out b"),
        (3, False, "in c", "out c"),
    ]


async def test_a_removed_test_lets_the_others_move_up(sets):
    await sets.replace(*ONE, new("a", "b", "c", samples=3))
    problem = await sets.delete(*ONE, 2)
    assert (problem.test_count, problem.samples) == (2, "1-2")
    assert names(await current(sets)) == ["a", "c"]
    for number in (0, 3):
        with pytest.raises(NotFound):
            await sets.delete(*ONE, number)
    assert names(await current(sets)) == ["a", "c"]


async def test_a_test_is_removed_from_the_set_it_was_read_in_or_not_at_all(sets):
    await sets.replace(*ONE, new("a", "b"))
    await sets.delete(*ONE, 1, of_version=1)
    with pytest.raises(Conflict):
        await sets.delete(*ONE, 1, of_version=1)
    assert names(await current(sets)) == ["b"]


async def test_single_tests_are_read_in_order_by_one_request(sets):
    await sets.replace(*ONE, new("a", "b", "c"))
    with metered() as meter:
        found = await sets.get_many([(*ONE, 1, 3), (*ONE, 1, 9), (*ONE, 2, 1), (*ONE, 1, 1)])
    assert meter.requests == 1
    assert [one and one.input for one in found] == [b"in c", None, None, b"in a"]


async def test_writing_the_same_set_twice_does_not_double_it(sets):
    given = new("a", "b")
    await sets.replace(*ONE, given)
    await sets.replace(*ONE, given)
    assert names(await current(sets)) == ["a", "b"]


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
    """Its objects lie in a bucket that this process knows nothing of."""
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
    # Not even by a note that should not be there.
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
        sets.delete(*ONE, 1),
    ):
        with pytest.raises(Conflict):
            await call
    assert await sorts(dynamo, "T#") == ["T#00001#00001"]
    # Readers see the state, and decide by it.
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
async def test_a_problem_made_anew_never_meets_tests_of_its_predecessor(
    sets, problems, dynamo, clock
):
    seen, version = await sets._claim(*ONE)
    await problems.delete(*ONE)
    # A writer that crashed: its note stays, its tests come after the deletion.
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


async def test_lists_show_the_count_of_tests(sets, problems):
    await problems.set_state(*ONE, ProblemState.COMPLETED)
    flipped = await sets.replace(*ONE, new("a", "b"))
    (listed,) = (await problems.list(PageWindow())).records
    assert listed == flipped


@pytest.mark.slow
async def test_large_tests_are_split_and_read_back_whole(sets, dynamo):
    given = [
        NewTest(input=os.urandom(900_000), output=os.urandom(400_000), is_sample=True),
        NewTest(input=b"small", output=b""),
        NewTest(input=b"", output=b"x" * 5_000_000),
    ]
    await sets.replace(*ONE, given)
    tests = await current(sets)
    assert [(one.input, one.output) for one in tests] == [(one.input, one.output) for one in given]
    largest = max([len(item.get("z", b"")) for item in await partition(dynamo)])
    assert largest <= 300 * 1024
    page = await sets.page(*ONE, PageWindow(size=1))
    assert page.records == tests[:1]
    assert await sets.get_many([(*ONE, 1, 1), (*ONE, 1, 3)]) == [tests[0], tests[2]]
    await sets.replace(*ONE, [])
    assert await sets.purge(*ONE, 1)
    assert await sorts(dynamo, "T#") == []


async def test_what_compresses_is_kept_compressed(sets, dynamo):
    await sets.replace(*ONE, [NewTest(input=b"1 2 3\n" * 50_000, output=b"YES\n" * 50_000)])
    kept = sum(map(item_size, await partition(dynamo)))
    assert kept < 5_000
    assert len((await current(sets))[0].output) == 200_000


async def test_sixty_tests_are_written_by_three_batches(sets, faults):
    await sets.replace(*ONE, new(*map(str, range(60))))
    assert faults.sent.count("BatchWriteItem") == 3
    assert names(await current(sets)) == [str(n) for n in range(60)]


async def test_a_set_with_a_test_missing_is_refused_after_a_second_look(sets, dynamo):
    await sets.replace(*ONE, new("a", "b", "c"))
    await dynamo.delete({"PK": keys.problem_partition(*ONE), "SK": "T#00001#00002"})
    with metered() as meter, pytest.raises(Unavailable):
        await sets.with_problem(*ONE)
    assert meter.requests == 2
    with pytest.raises(Conflict):
        await sets.load(*ONE, 1, 3)


async def test_a_version_is_loaded_alone(sets):
    await sets.replace(*ONE, new("a", "b"))
    await sets.replace(*ONE, new("c"))
    assert names(await sets.load(*ONE, 1, 2)) == ["a", "b"]
    with metered() as meter:
        assert names(await sets.load(*ONE, 2, 1)) == ["c"]
    assert (meter.requests, meter.read_units) == (1, 0.5)
    with pytest.raises(Conflict):
        await sets.load(*ONE, 3, 1)


async def test_tests_are_paged_in_order_both_ways(sets):
    await sets.replace(*ONE, new(*map(str, range(1, 12))))
    first = await sets.page(*ONE, PageWindow(size=4))
    assert (names(first.records), first.positions) == (list("1234"), list("1234"))
    assert (first.has_next, first.has_previous) == (True, False)
    rest = await sets.page(*ONE, PageWindow(size=9, after=first.end))
    assert names(rest.records) == ["5", "6", "7", "8", "9", "10", "11"]
    assert (rest.has_next, rest.has_previous) == (False, True)
    last = await sets.page(*ONE, PageWindow(size=2, from_end=True))
    assert names(last.records) == ["10", "11"]
    empty = await sets.page(*ONE, PageWindow(size=2, after="11"))
    assert (empty.records, empty.has_next, empty.end) == ([], False, None)


async def test_samples_are_read_without_reading_the_other_tests(sets, problems):
    given = [
        *new("a", "b", samples=2),
        *(NewTest(input=os.urandom(50_000), output=b"") for _ in range(5)),
        *new("c", samples=1),
    ]
    await sets.replace(*ONE, given)
    with metered() as meter:
        page = await sets.page(*ONE, PageWindow(), samples_only=True)
    assert names(page.records) == ["a", "b", "c"]
    assert page.positions == ["1", "2", "8"]
    assert not page.has_next
    assert meter.read_units <= 2
    card = await problems.get(*ONE)
    with metered() as known:
        one = await sets.page(*ONE, PageWindow(size=1, after="1"), samples_only=True, problem=card)
    assert names(one.records) == ["b"]
    assert one.has_next
    assert known.requests == 1


async def test_a_page_of_no_problem_is_not_found(sets):
    with pytest.raises(NotFound):
        await sets.page("demo", "none", PageWindow())


async def test_a_page_of_a_set_that_went_is_a_conflict(sets, problems):
    await sets.replace(*ONE, new("a"))
    stale = await problems.get(*ONE, consistent=True)
    await sets.replace(*ONE, new("b"))
    await sets.purge(*ONE, 1)
    with pytest.raises(Conflict):
        await sets.page(*ONE, PageWindow(), problem=stale)


async def test_a_set_beyond_the_limits_leaves_nothing(sets, dynamo):
    strewn = [NewTest(input=b"", output=b"", is_sample=n % 2 == 0) for n in range(60)]
    with pytest.raises(InvalidInput):
        await sets.replace(*ONE, strewn)
    with pytest.raises(InvalidInput):
        await sets.replace(*ONE, new(*["a"] * 2001))
    assert await sorts(dynamo, "T#") == []
    assert await sorts(dynamo, "X#") == []


ICPC = CheckerConvention.ICPC
CHECKER = Checker(language="c", code="int main(void) { return 42; }", convention=ICPC)


async def test_the_checker_comes_with_problem_and_tests_in_the_same_request(sets, problems):
    await problems.create(
        NewProblem(
            platform="demo", number="2", title="T", comparer=Comparer.CHECKER, checker=CHECKER
        )
    )
    await sets.replace("demo", "2", new("a", "b"))
    with metered() as meter:
        found = await sets.with_problem("demo", "2")
    assert meter.requests == 1
    assert (found.checker, names(found.tests)) == (CHECKER, ["a", "b"])
    assert found.problem.checker_hash == digest_of(CHECKER)


async def test_a_checker_that_is_not_the_card_s_is_read_again_strongly(sets, problems, dynamo):
    """As an eventual read may find one of the two older."""
    await problems.create(
        NewProblem(
            platform="demo", number="2", title="T", comparer=Comparer.CHECKER, checker=CHECKER
        )
    )
    await dynamo.update(keys.problem("demo", "2"), Change({"ckh": "0" * 16}))
    with metered() as meter, pytest.raises(Unavailable, match="checker"):
        await sets.with_problem("demo", "2")
    assert meter.requests == 2
