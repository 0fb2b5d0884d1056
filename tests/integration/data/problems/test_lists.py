"""Lists of problems by state, tag and word of the title."""

from dataclasses import replace

import pytest

from graphql_api.data.dynamo.meter import metered
from graphql_api.data.dynamo.pages import PageWindow
from graphql_api.data.errors import InvalidInput
from graphql_api.data.problems.cards import entry_keys
from tests.support.problems import (
    COMPLETED,
    DRAFT,
    NEW,
    ONE,
    REVIEW,
    check_entries,
    completed,
    numbers,
)

pytestmark = pytest.mark.dynamodb


async def test_tags_and_words_list_a_problem_only_while_completed(problems, dynamo):
    await problems.create(replace(NEW, tags=["math"]))
    found = {"tag": "math"}, {"search": "sums"}
    for state, expected in ((DRAFT, []), (REVIEW, []), (COMPLETED, ["1"]), (DRAFT, [])):
        await problems.set_state(*ONE, state)
        for filters in found:
            assert await numbers(problems, **filters) == expected
        await check_entries(dynamo)


async def test_every_state_has_its_list(problems):
    for number, state in zip("123", (DRAFT, REVIEW, COMPLETED), strict=True):
        await problems.create(replace(NEW, number=number))
        await problems.set_state("demo", number, state)
    assert await numbers(problems) == ["3"]
    assert await numbers(problems, state=DRAFT) == ["1"]
    assert await numbers(problems, state=REVIEW) == ["2"]
    assert await numbers(problems, platform="demo") == ["3"]
    assert await numbers(problems, platform="demo", state=DRAFT) == ["1"]


@pytest.mark.parametrize("state", [DRAFT, REVIEW])
async def test_an_unfinished_problem_is_in_no_list_of_finished_ones(problems, state):
    await problems.create(replace(NEW, tags=["math"]))
    await problems.set_solution(*ONE, "c", "int main(){}")
    await problems.set_state(*ONE, state)
    assert await numbers(problems) == []
    assert await numbers(problems, platform="demo") == []
    assert await numbers(problems, language="c") == []
    assert await numbers(problems, tag="math") == []
    assert await numbers(problems, search="sums") == []
    assert await numbers(problems, language="c", state=state) == ["1"]


async def test_search_finds_every_word_in_any_case_and_script(problems):
    await completed(problems, "1", title="Shortest path in a grid")
    await completed(problems, "2", title="Longest PATH")
    await completed(problems, "3", title="피보나치 수열")
    await problems.create(replace(NEW, number="4", title="Path of a draft"))
    assert await numbers(problems, search="path") == ["2", "1"]
    assert await numbers(problems, search="Path GRID") == ["1"]
    assert await numbers(problems, search="longest grid") == []
    assert await numbers(problems, search="피보나치") == ["3"]
    assert await numbers(problems, search="보나") == ["3"]
    assert await numbers(problems, search="pat") == []
    assert await numbers(problems, search="draft", state=DRAFT) == ["4"]


@pytest.mark.parametrize(
    "filters",
    [
        {"search": "!?"},
        {"search": " ".join(map(str, range(40)))},
        {"tag": ""},
        {"platform": "a#b"},
        {"language": ""},
    ],
)
async def test_what_cannot_be_searched_for_is_refused(problems, filters):
    with pytest.raises(InvalidInput):
        await problems.list(PageWindow(), **filters)


async def test_several_filters_at_once_hold_together(problems):
    for n in range(6):
        await completed(
            problems,
            str(n),
            platform="demo" if n % 2 else "other",
            tags=["math"] if n < 4 else ["dp"],
        )
    assert await numbers(problems, platform="demo", tag="math") == ["3", "1"]
    assert await numbers(problems, platform="other", search="sums") == ["4", "2", "0"]
    assert await numbers(problems, platform="demo", tag="math", search="two") == ["3", "1"]
    await problems.set_solution("demo", "3", "c", "code")
    assert await numbers(problems, platform="demo", language="c") == ["3"]
    assert await numbers(problems, platform="other", language="c") == []


@pytest.mark.slow
async def test_two_filters_page_to_the_end_within_five_requests_a_page(problems, dynamo):
    base = replace(await completed(problems, "0", tags=["math"]), platform="rare")
    puts = []
    for n in range(1, 601):
        one = replace(
            base,
            number=str(n),
            platform="rare" if n % 100 == 0 else "common",
            created_at=base.created_at + n,
        )
        puts += [{**key, **one.to_item()} for key in entry_keys(one) if key["PK"] == "TG#math"]
    await dynamo.batch_write(puts=puts)
    found: list[str] = []
    window = PageWindow(size=2)
    for _ in range(20):
        with metered() as meter:
            page = await problems.list(window, tag="math", platform="rare")
        assert meter.requests <= 5
        found += [problem.number for problem in page.records]
        if not page.has_next:
            break
        window = replace(window, after=page.end)
    assert found == [str(n) for n in range(600, 0, -100)]


@pytest.mark.slow
async def test_a_page_of_twenty_of_the_largest_cards_costs_one_request_in_every_list(problems):
    title = "word " + "가" * 98
    for n in range(25):
        await completed(
            problems, f"number-{n}", title=title, tags=["math", "é" * 10 + "x" * 40, "y" * 40]
        )
        await problems.set_solution("demo", f"number-{n}", "javascript", "code")
    largest = await problems.get("demo", "number-0")
    assert largest.revision == 3
    for filters in (
        {},
        {"platform": "demo"},
        {"language": "javascript"},
        {"tag": "math"},
        {"search": "word"},
    ):
        with metered() as meter:
            page = await problems.list(PageWindow(size=20), **filters)
        assert len(page.records) == 20
        assert page.has_next
        assert meter.requests == 1, filters
        assert meter.read_units <= 2.5, filters


@pytest.mark.slow
async def test_lists_page_newest_first_both_ways_and_stay_put_under_inserts(problems):
    made = [(await completed(problems, str(n))).number for n in range(13)]
    first = await problems.list(PageWindow(size=5), platform="demo")
    assert [one.number for one in first.records] == ["12", "11", "10", "9", "8"]
    await completed(problems, "new")
    second = await problems.list(PageWindow(size=5, after=first.end), platform="demo")
    assert [one.number for one in second.records] == ["7", "6", "5", "4", "3"]
    back = await problems.list(
        PageWindow(size=5, before=second.start, from_end=True), platform="demo"
    )
    assert back.records == first.records
    assert (back.has_previous, back.has_next) == (True, True)
    last = await problems.list(PageWindow(size=5, after=second.end), platform="demo")
    assert [one.number for one in last.records] == ["2", "1", "0"]
    assert not last.has_next
    assert len(made) == 13
