import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from typing import Any

import pytest

from graphql_api.data.dynamo.bodies import Bodies
from graphql_api.data.dynamo.client import Dynamo, Item
from graphql_api.data.dynamo.meter import metered
from graphql_api.data.dynamo.pages import PageWindow
from graphql_api.data.dynamo.values import item_size, load_item
from graphql_api.data.enums import Comparer, ProblemState
from graphql_api.data.errors import Conflict, InvalidInput, NotFound
from graphql_api.data.problems.cards import entry_keys
from graphql_api.data.problems.inputs import NewProblem, ProblemChanges
from graphql_api.data.problems.store import ProblemStore
from graphql_api.data.records import Problem, Statement

pytestmark = pytest.mark.dynamodb

DRAFT, REVIEW, COMPLETED, DELETED = ProblemState
ONE = ("demo", "1")
NEW = NewProblem(platform="demo", number="1", title="Two sums")
FULL = NewProblem(
    platform="demo",
    number="1",
    title=" Two   sums ",
    link="https://example.org/1",
    tags=["Math", "Binary  Search", "math"],
    statement="Add them.",
    constraints="1 <= n <= 10",
    comparer=Comparer.FLOAT,
    absolute_tolerance="1e-6",
    relative_tolerance="1e-9",
    time_limit_ms=1500,
    memory_limit_kb=65_536,
    legacy_id=42,
    content_hash="ab" * 32,
)


class Ticks:
    """A clock that goes on with each look at it."""

    def __init__(self) -> None:
        self.now = 1_800_000_000_000

    def __call__(self) -> int:
        self.now += 1
        return self.now


@pytest.fixture
def problems(dynamo):
    return ProblemStore(dynamo, Bodies(dynamo), Ticks())


async def outcomes(*calls: Awaitable[Any]) -> list[Any]:
    return await asyncio.gather(*calls, return_exceptions=True)


async def completed(problems: ProblemStore, number: str, **fields: Any) -> Problem:
    new = replace(NEW, number=number, **fields)
    await problems.create(new)
    return await problems.set_state(new.platform, number, COMPLETED)


async def everything(dynamo: Dynamo) -> list[Item]:
    answer = await dynamo._transport.client.scan(TableName=dynamo.table_name, ConsistentRead=True)
    return [load_item(item) for item in answer["Items"]]


async def check_entries(dynamo: Dynamo) -> None:
    """Check that the entries in the table are those of the cards, as they are now."""
    items = await everything(dynamo)
    cards = [item for item in items if item["tp"] == "problem" and item["SK"] == "M"]
    expected = {
        (key["PK"], key["SK"]): Problem.from_item(card)
        for card in cards
        for key in entry_keys(Problem.from_item(card))
    }
    found = {
        (item["PK"], item["SK"]): Problem.from_item(item)
        for item in items
        if item["PK"].startswith(("PS#", "TG#", "TK#"))
    }
    assert found == expected


async def numbers(problems: ProblemStore, **filters: Any) -> list[str]:
    page = await problems.list(PageWindow(size=100), **filters)
    return [problem.number for problem in page.records]


async def test_a_problem_begins_as_a_draft_with_everything_it_was_given(problems, dynamo):
    made = await problems.create(FULL)
    assert made.state is DRAFT
    assert made.title == "Two sums"
    assert made.tags == ("math", "binary search")
    assert (made.comparer, made.absolute_tolerance) == (Comparer.FLOAT, "1e-6")
    assert (made.time_limit_ms, made.memory_limit_kb) == (1500, 65_536)
    assert (made.revision, made.test_version, made.test_count) == (1, None, 0)
    assert await problems.get(*ONE, consistent=True) == made
    texts = Statement(statement="Add them.", constraints="1 <= n <= 10")
    assert await problems.statement(*ONE) == texts
    assert await problems.by_legacy_id(42) == ONE
    await check_entries(dynamo)


async def test_what_is_not_there_is_none(problems):
    assert await problems.get(*ONE) is None
    assert await problems.statement(*ONE) is None
    assert await problems.solution(*ONE) is None
    assert await problems.by_legacy_id(42) is None
    assert await problems.run_count(*ONE) == 0


async def test_a_second_creation_is_refused_and_changes_nothing(problems, dynamo):
    made = await problems.create(FULL)
    before = await everything(dynamo)
    with pytest.raises(Conflict) as caught:
        await problems.create(replace(NEW, title="Other", statement="Other", legacy_id=43))
    assert caught.value.path == ("number",)
    assert await problems.get(*ONE, consistent=True) == made
    assert len(await everything(dynamo)) == len(before)
    assert await problems.by_legacy_id(43) is None


async def test_of_many_creators_of_one_problem_exactly_one_wins(problems):
    calls = [problems.create(replace(NEW, title=f"Title {n}")) for n in range(8)]
    results = await outcomes(*calls)
    assert sum(isinstance(result, Conflict) for result in results) == 7
    assert await problems.get(*ONE, consistent=True) in results


async def test_an_old_id_belongs_to_one_problem(problems):
    await problems.create(FULL)
    with pytest.raises(Conflict) as caught:
        await problems.create(replace(NEW, number="2", legacy_id=42))
    assert caught.value.path == ("legacyId",)
    assert await problems.get("demo", "2") is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("platform", ""),
        ("platform", "a#b"),
        ("number", "a:b"),
        ("number", "x" * 65),
        ("title", "  "),
        ("link", "javascript:alert(1)"),
        ("link", "https://example.org/" + "x" * 900),
        ("tags", [f"tag{n}" for n in range(13)]),
        ("tags", ["a#b"]),
        ("tags", [" "]),
        ("time_limit_ms", 0),
        ("memory_limit_kb", 0),
        ("absolute_tolerance", "nan"),
        ("relative_tolerance", "-1"),
        ("relative_tolerance", "small"),
        ("content_hash", "x" * 65),
        ("legacy_id", -1),
        ("statement", "x" * 300_000),
    ],
)
async def test_a_malformed_problem_is_refused_and_leaves_nothing(problems, dynamo, field, value):
    with pytest.raises(InvalidInput):
        await problems.create(replace(NEW, **{field: value}))
    assert await everything(dynamo) == []


async def test_a_title_is_cut_at_300_bytes_on_a_character_border(problems):
    made = await problems.create(replace(NEW, title="가" * 200))
    assert made.title == "가" * 100


async def test_many_are_read_by_one_request_each_kind(problems):
    one = await problems.create(FULL)
    two = await problems.create(replace(NEW, number="2"))
    solved = await problems.set_solution("demo", "2", "c", "int main(){}")
    names = [("demo", "2"), ("demo", "none"), ONE]
    with metered() as meter:
        assert await problems.get_many(names) == [solved, None, one]
        texts = await problems.statements(names)
        codes = await problems.solutions(names)
    assert meter.requests == 3
    assert [text and text.statement for text in texts] == [None, None, "Add them."]
    assert [code and code.code for code in codes] == ["int main(){}", None, None]
    assert two.number == "2"


async def test_an_update_changes_what_is_given_and_nothing_else(problems, dynamo):
    made = await problems.create(FULL)
    changed = await problems.update(
        *ONE, ProblemChanges(title="Three sums", link="", tags=["dp"], time_limit_ms=900)
    )
    assert changed == replace(
        made,
        title="Three sums",
        link=None,
        tags=("dp",),
        time_limit_ms=900,
        revision=2,
        updated_at=changed.updated_at,
    )
    assert changed.updated_at > made.updated_at
    assert await problems.get(*ONE, consistent=True) == changed
    assert (await problems.statement(*ONE)).statement == "Add them."
    await check_entries(dynamo)


async def test_one_text_is_changed_and_the_other_stays(problems):
    await problems.create(FULL)
    changed = await problems.update(*ONE, ProblemChanges(statement="Sum them."))
    assert changed.revision == 2
    texts = Statement(statement="Sum them.", constraints="1 <= n <= 10")
    assert await problems.statement(*ONE) == texts
    await problems.update(*ONE, ProblemChanges(constraints=""))
    assert await problems.statement(*ONE) == Statement(statement="Sum them.")


async def test_writers_of_different_texts_at_once_both_last(problems):
    await problems.create(NEW)
    await asyncio.gather(
        problems.update(*ONE, ProblemChanges(statement="Sum them.")),
        problems.update(*ONE, ProblemChanges(constraints="n < 5")),
    )
    assert await problems.statement(*ONE) == Statement(statement="Sum them.", constraints="n < 5")


async def test_writers_of_different_fields_at_once_all_last(problems, dynamo):
    await problems.create(NEW)
    await problems.set_state(*ONE, COMPLETED)
    await asyncio.gather(
        problems.update(*ONE, ProblemChanges(title="Four sums")),
        problems.update(*ONE, ProblemChanges(tags=["math"])),
        problems.update(*ONE, ProblemChanges(time_limit_ms=700)),
        problems.set_solution(*ONE, "c", "int main(){}"),
    )
    found = await problems.get(*ONE, consistent=True)
    assert (found.title, found.tags, found.time_limit_ms, found.language) == (
        "Four sums",
        ("math",),
        700,
        "c",
    )
    assert found.revision == 6
    await check_entries(dynamo)


async def test_an_update_meant_for_another_revision_is_refused(problems):
    made = await problems.create(NEW)
    await problems.update(*ONE, ProblemChanges(title="Mine", revision=made.revision))
    with pytest.raises(Conflict):
        await problems.update(*ONE, ProblemChanges(title="Stale", revision=made.revision))
    assert (await problems.get(*ONE, consistent=True)).title == "Mine"


async def test_changing_no_problem_is_refused_and_leaves_no_ghost(problems, dynamo):
    for call in (
        problems.update(*ONE, ProblemChanges(title="Ghost")),
        problems.set_solution(*ONE, "c", "int main(){}"),
        problems.set_state(*ONE, COMPLETED),
        problems.soft_delete(*ONE, "gone"),
        problems.restore(*ONE),
        problems.delete(*ONE),
    ):
        with pytest.raises(NotFound):
            await call
    await problems.add_run(*ONE)
    assert await everything(dynamo) == []


async def test_an_update_whose_answer_was_lost_is_done_once(problems, faults):
    await problems.create(NEW)
    faults.lose("TransactWriteItems")
    changed = await problems.update(*ONE, ProblemChanges(title="Once"))
    assert changed.revision == 2
    assert await problems.get(*ONE, consistent=True) == changed
    assert faults.sent.count("TransactWriteItems") == 3


async def test_a_creation_whose_answer_was_lost_is_no_conflict(problems, faults):
    faults.lose("TransactWriteItems")
    made = await problems.create(NEW)
    assert await problems.get(*ONE, consistent=True) == made


async def test_a_solution_is_kept_and_lists_its_problem_by_language(problems, dynamo):
    await completed(problems, "1")
    await problems.set_solution(*ONE, "python", "print(1)")
    assert await numbers(problems, language="python") == ["1"]
    changed = await problems.set_solution(*ONE, "c", "int main(){}")
    solution = await problems.solution(*ONE)
    assert (solution.language, solution.code) == ("c", "int main(){}")
    assert changed.language == "c"
    assert await numbers(problems, language="python") == []
    assert await numbers(problems, language="c") == ["1"]
    await check_entries(dynamo)


@pytest.mark.parametrize(
    ("language", "code"), [("", "x"), ("c#", "x"), ("c", " "), ("c", "x" * 300_000)]
)
async def test_a_malformed_solution_is_refused(problems, language, code):
    await problems.create(NEW)
    with pytest.raises(InvalidInput):
        await problems.set_solution(*ONE, language, code)
    assert await problems.solution(*ONE) is None


async def test_tags_and_words_list_a_problem_only_while_completed(problems, dynamo):
    await problems.create(replace(NEW, tags=["math"]))
    found = {"tag": "math"}, {"search": "sums"}
    for state, expected in ((DRAFT, []), (REVIEW, []), (COMPLETED, ["1"]), (DRAFT, [])):
        await problems.set_state(*ONE, state)
        for filters in found:
            assert await numbers(problems, **filters) == expected
        await check_entries(dynamo)


async def test_a_change_meant_for_a_deleted_problem_leaves_its_successor_alone(
    problems, dynamo, faults
):
    """Both have the revision 1; a copy under the old one's birth would stay for ever."""
    await problems.create(NEW)

    async def replace_it() -> None:
        await problems.delete(*ONE)
        await problems.create(replace(NEW, title="Another"))

    faults.meanwhile("TransactWriteItems", replace_it)
    await problems.update(*ONE, ProblemChanges(title="Changed"))
    await check_entries(dynamo)
    assert (await problems.get(*ONE)).title == "Changed"


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
async def test_an_unfinished_problem_stands_in_no_list_of_finished_ones(problems, state):
    await problems.create(replace(NEW, tags=["math"]))
    await problems.set_solution(*ONE, "c", "int main(){}")
    await problems.set_state(*ONE, state)
    assert await numbers(problems) == []
    assert await numbers(problems, platform="demo") == []
    assert await numbers(problems, language="c") == []
    assert await numbers(problems, tag="math") == []
    assert await numbers(problems, search="sums") == []
    assert await numbers(problems, language="c", state=state) == ["1"]


async def test_a_solution_is_kept_compressed_and_in_no_list(problems, dynamo):
    await completed(problems, "1", tags=["math"])
    code = "int total = 0; // a line like any other\n" * 1000
    await problems.set_solution(*ONE, "c", code)
    items = await everything(dynamo)
    (kept,) = [item for item in items if item["SK"] == "A"]
    assert item_size(kept) < 1000
    assert not [item for item in items if "any other" in repr(item)]
    assert not [
        name for item in items if item["SK"] != "A" for name in item if name in {"z", "cod"}
    ]
    assert (await problems.solution(*ONE)).code == code


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
async def test_a_write_decided_before_a_deletion_is_decided_anew(problems, dynamo, faults, act):
    await problems.create(replace(NEW, tags=["math"]))
    faults.meanwhile("TransactWriteItems", lambda: problems.soft_delete(*ONE))
    with pytest.raises(Conflict):
        await act(problems)
    found = await problems.get(*ONE, consistent=True)
    assert (found.state, found.title) == (DELETED, "Two sums")
    assert await problems.solution(*ONE) is None
    await check_entries(dynamo)


async def test_a_restore_decided_before_the_final_deletion_is_decided_anew(problems, faults):
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


@pytest.mark.slow
async def test_a_full_change_of_tags_and_title_fits_one_transaction(problems, dynamo, faults):
    old = "".join(chr(0xAC00 + n) for n in range(100))
    new = "".join(chr(0xB000 + n) for n in range(100))
    await completed(problems, "1", title=old, tags=[f"a{n}" for n in range(12)])
    faults.sent.clear()
    await problems.update(
        *ONE, ProblemChanges(title=new, tags=[f"b{n}" for n in range(12)], statement="New.")
    )
    assert faults.sent.count("TransactWriteItems") == 1
    await check_entries(dynamo)


async def test_deleting_for_good_leaves_nothing_and_frees_name_and_old_id(problems, dynamo):
    await problems.create(FULL)
    await problems.set_state(*ONE, COMPLETED)
    await problems.set_solution(*ONE, "c", "int main(){}")
    await problems.add_run(*ONE)
    await problems.delete(*ONE)
    assert await everything(dynamo) == []
    await problems.create(replace(NEW, legacy_id=42))
    assert await problems.statement(*ONE) is None
    assert await problems.run_count(*ONE) == 0


async def test_a_deletion_that_was_interrupted_cannot_be_restored_and_is_finished(
    problems, dynamo, faults
):
    await problems.create(FULL)
    await problems.soft_delete(*ONE)
    faults.crash("BatchWriteItem")
    (crash,) = await outcomes(problems.delete(*ONE))
    assert type(crash).__name__ == "Crash"
    with pytest.raises(Conflict):
        await problems.restore(*ONE)
    await problems.delete(*ONE)
    assert await everything(dynamo) == []


@pytest.mark.slow
async def test_runs_are_counted_over_eight_shards_and_summed_by_one_request(problems, dynamo):
    await problems.create(NEW)
    await asyncio.gather(*(problems.add_run(*ONE) for _ in range(60)))
    with metered() as meter:
        assert await problems.run_count(*ONE) == 60
    assert (meter.requests, meter.read_units) == (1, 0.5)
    items = await everything(dynamo)
    used = [item["n"] for item in items if item["SK"].startswith("C#")]
    assert len(used) == 8
    assert sum(1 for count in used if count) > 1


async def test_counting_a_run_costs_one_unit_and_does_not_touch_the_card(problems):
    made = await problems.create(NEW)
    with metered() as meter:
        await problems.add_run(*ONE)
    assert (meter.requests, meter.write_units) == (1, 1)
    assert await problems.get(*ONE, consistent=True) == made


async def test_counts_of_many_are_in_order(problems):
    for number in "12":
        await problems.create(replace(NEW, number=number))
    await problems.add_run("demo", "2")
    names = [("demo", "2"), ("demo", "1"), ("demo", "none"), ("demo", "2")]
    assert await problems.run_counts(names) == [1, 0, 0, 1]


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
    with pytest.raises(InvalidInput):
        problems.scope(**filters)


async def test_scopes_differ_by_list_and_filter_and_not_by_spelling(problems):
    scopes = {
        problems.scope(**filters)
        for filters in (
            {},
            {"platform": "a"},
            {"language": "a"},
            {"tag": "a"},
            {"search": "a"},
            {"state": DRAFT},
            {"platform": "a", "tag": "a"},
        )
    }
    assert len(scopes) == 7
    assert problems.scope(tag="  Binary  SEARCH") == problems.scope(tag="binary search")
    assert problems.scope(search="A+B") == problems.scope(search="a b")


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
        await completed(problems, f"number-{n}", title=title, tags=["math", "x" * 60, "y" * 40])
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


async def test_reads_by_key_cost_half_a_unit(problems):
    await problems.create(FULL)
    with metered() as card:
        await problems.get(*ONE)
    assert (card.requests, card.read_units) == (1, 0.5)
    with metered() as text:
        await problems.statement(*ONE)
    assert (text.requests, text.read_units) == (1, 0.5)
