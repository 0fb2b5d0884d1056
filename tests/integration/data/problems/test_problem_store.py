"""Problems that are created, read and updated."""

import asyncio
from dataclasses import replace

import pytest

from graphql_api.data.dynamo.meter import metered
from graphql_api.data.dynamo.values import item_size
from graphql_api.data.enums import Comparer
from graphql_api.data.errors import Conflict, InvalidInput, NotFound
from graphql_api.data.problems.inputs import ProblemChanges
from graphql_api.data.records import NO_PID, ProblemId, Statement
from tests.support.problems import (
    COMPLETED,
    DRAFT,
    FULL,
    NEW,
    ONE,
    check_entries,
    completed,
    everything,
    identity,
    numbers,
    outcomes,
)

pytestmark = pytest.mark.dynamodb


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
    assert await problems.statement(await identity(problems)) == texts
    assert await problems.by_legacy_id(42) == made.id
    await check_entries(dynamo)


async def test_what_is_not_there_is_none(problems):
    missing = ProblemId(*ONE, NO_PID)
    assert await problems.get(*ONE) is None
    assert await problems.statement(missing) is None
    assert await problems.solution(missing) is None
    assert await problems.by_legacy_id(42) is None
    assert await problems.run_count(missing) == 0


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
    named = [two.id, ProblemId("demo", "none", two.pid), one.id]
    with metered() as meter:
        assert await problems.get_many([problem.key for problem in named]) == [solved, None, one]
        texts = await problems.statements(named)
        codes = await problems.solutions(named)
    # The missing problem is read again with strong consistency.
    assert meter.requests == 4
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
    assert (await problems.statement(await identity(problems))).statement == "Add them."
    await check_entries(dynamo)


async def test_one_text_is_changed_and_the_other_stays(problems):
    await problems.create(FULL)
    changed = await problems.update(*ONE, ProblemChanges(statement="Sum them."))
    assert changed.revision == 2
    texts = Statement(statement="Sum them.", constraints="1 <= n <= 10")
    assert await problems.statement(await identity(problems)) == texts
    await problems.update(*ONE, ProblemChanges(constraints=""))
    assert await problems.statement(await identity(problems)) == Statement(statement="Sum them.")


async def test_writers_of_different_texts_at_once_both_last(problems):
    await problems.create(NEW)
    await asyncio.gather(
        problems.update(*ONE, ProblemChanges(statement="Sum them.")),
        problems.update(*ONE, ProblemChanges(constraints="n < 5")),
    )
    assert await problems.statement(await identity(problems)) == Statement(
        statement="Sum them.", constraints="n < 5"
    )


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
    await problems.add_run(ProblemId(*ONE, NO_PID))
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
    solution = await problems.solution(await identity(problems))
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
    assert await problems.solution(await identity(problems)) is None


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
    assert (await problems.solution(await identity(problems))).code == code


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


@pytest.mark.slow
async def test_runs_are_counted_over_eight_shards_and_summed_by_one_request(problems, dynamo):
    await problems.create(NEW)
    one = await identity(problems)
    await asyncio.gather(*(problems.add_run(one) for _ in range(60)))
    with metered() as meter:
        assert await problems.run_count(one) == 60
    assert (meter.requests, meter.read_units) == (1, 0.5)
    items = await everything(dynamo)
    used = [item["n"] for item in items if item["SK"].startswith("C#")]
    assert len(used) == 8
    assert sum(1 for count in used if count) > 1


async def test_counting_a_run_costs_one_unit_and_does_not_touch_the_card(problems):
    made = await problems.create(NEW)
    with metered() as meter:
        await problems.add_run(made.id)
    assert (meter.requests, meter.write_units) == (1, 1)
    assert await problems.get(*ONE, consistent=True) == made


async def test_counts_of_many_are_in_order(problems):
    one, two = [await problems.create(replace(NEW, number=number)) for number in "12"]
    await problems.add_run(two.id)
    missing = ProblemId("demo", "none", one.pid)
    assert await problems.run_counts([two.id, one.id, missing, two.id]) == [1, 0, 0, 1]


async def test_reads_by_key_cost_half_a_unit(problems):
    problem = await problems.create(FULL)
    with metered() as card:
        await problems.get(*ONE)
    assert (card.requests, card.read_units) == (1, 0.5)
    with metered() as text:
        await problems.statement(problem.id)
    assert (text.requests, text.read_units) == (1, 0.5)
