"""Sets of tests that are written, read and paged."""

import os
import random

import pytest

from graphql_api.data import keys
from graphql_api.data.dynamo.expressions import Change
from graphql_api.data.dynamo.meter import metered
from graphql_api.data.dynamo.pages import PageWindow
from graphql_api.data.dynamo.values import item_size
from graphql_api.data.enums import CheckerConvention, Comparer, ProblemState
from graphql_api.data.errors import Conflict, InvalidInput, NotFound, Unavailable
from graphql_api.data.problems.checkers import digest_of
from graphql_api.data.problems.inputs import NewProblem
from graphql_api.data.problems.testsets import NewTest
from graphql_api.data.records import Checker
from tests.support.problems import ONE
from tests.support.testsets import contents, current, key, names, new, partition, sorts

pytestmark = pytest.mark.dynamodb


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
    problem = await sets.delete(await key(sets, 1, 2))
    assert (problem.test_count, problem.samples) == (2, "1-2")
    assert names(await current(sets)) == ["a", "c"]
    for missing in (await key(sets, 1, 0), await key(sets, 1, 4), await key(sets, 2, 1)):
        with pytest.raises(NotFound):
            await sets.delete(missing)
    assert names(await current(sets)) == ["a", "c"]


async def test_a_deleted_test_cannot_be_deleted_again(sets):
    await sets.replace(*ONE, new("a", "b"))
    await sets.delete(await key(sets, 1, 1))
    with pytest.raises(NotFound):
        await sets.delete(await key(sets, 1, 1))
    assert names(await current(sets)) == ["b"]


async def test_single_tests_are_read_in_order_by_one_request(sets):
    await sets.replace(*ONE, new("a", "b", "c"))
    with metered() as meter:
        found = await sets.get_many([(*ONE, 1, 3), (*ONE, 1, 2), (*ONE, 1, 1)])
    assert meter.requests == 1
    assert [one and one.input for one in found] == [b"in c", b"in b", b"in a"]
    with metered() as meter:
        found = await sets.get_many([(*ONE, 1, 9), (*ONE, 2, 1), (*ONE, 1, 1)])
    assert meter.requests == 2
    assert [one and one.input for one in found] == [None, None, b"in a"]


async def test_writing_the_same_set_twice_does_not_double_it(sets):
    given = new("a", "b")
    await sets.replace(*ONE, given)
    await sets.replace(*ONE, given)
    assert names(await current(sets)) == ["a", "b"]


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
    """An eventually consistent read may return an older version of one of the two."""
    await problems.create(
        NewProblem(
            platform="demo", number="2", title="T", comparer=Comparer.CHECKER, checker=CHECKER
        )
    )
    await dynamo.update(keys.problem("demo", "2"), Change({"ckh": "0" * 16}))
    with metered() as meter, pytest.raises(Unavailable, match="checker"):
        await sets.with_problem("demo", "2")
    assert meter.requests == 2
