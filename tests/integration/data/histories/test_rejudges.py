"""Results replaced by a rejudge on a real table: changes, unchanged values, and refusals."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from graphql_api.data import keys
from graphql_api.data.dynamo.meter import metered
from graphql_api.data.enums import HistoryStatus, Verdict
from graphql_api.data.records import History, Solved

pytestmark = pytest.mark.dynamodb

JOB, NEXT_JOB = "01JOB", "01NEXTJOB"


async def judged(harness: Any, user: Any, verdict: Verdict, **fields: Any) -> History:
    running = await harness.running(user, **fields)
    done: History = await harness.executions.complete(running, outcome(harness, running, verdict))
    return done


def outcome(harness: Any, history: History, verdict: Verdict) -> Any:
    return harness.outcome(history, verdict=verdict, cpu_ms=77, test_version=2)


async def begin(harness: Any, history: History, job: str = JOB) -> History:
    begun: History | None = await harness.rejudges.begin(history.uid, history.ulid, job)
    assert begun is not None
    return begun


async def rejudge(
    harness: Any, history: History, verdict: Verdict, job: str = JOB
) -> History | None:
    begun = await begin(harness, history, job)
    found = outcome(harness, begun, verdict)
    results = replace(found.results, attempt=begun.rejudge_attempt, compile_output="anew")
    done: History | None = await harness.rejudges.complete(
        begun, replace(found, results=results), job
    )
    return done


async def bodies(harness: Any, history: History) -> list[str]:
    partition = keys.user_partition(history.uid)
    return sorted(
        item["SK"].split("#")[-1]
        for item in await harness.everything()
        if item["PK"] == partition and item["SK"].startswith(f"B#{history.ulid}#r")
    )


async def mark(harness: Any, history: History) -> Solved | None:
    key = keys.solved(history.uid, history.problem_id)
    item = await harness.dynamo.get(key, consistent=True)
    return Solved.from_item(item) if item else None


# The list of a problem's histories


async def test_a_problem_lists_what_was_judged_oldest_first_and_nothing_else(harness: Any) -> None:
    users = [await harness.user(), await harness.user()]
    done = []
    for number in range(7):
        harness.clock.now += 1000
        done.append(await judged(harness, users[number % 2], Verdict.AC, is_public=number == 3))
    await judged(harness, users[0], Verdict.AC, problem=harness.problem("1001"))
    await harness.running(users[0])
    failed = await harness.running(users[0])
    await harness.executions.fail(failed, "gone")
    expected = [(one.uid, one.ulid) for one in done]
    for size in (1, 3, 50):
        found: list[tuple[str, str]] = []
        after = None
        while True:
            page = await harness.rejudges.of_problem(harness.problem().id, after=after, size=size)
            found += page.histories
            after = page.end
            if after is None:
                break
        assert found == expected
    await harness.histories.delete(done[0].uid, done[0].ulid)
    page = await harness.rejudges.of_problem(harness.problem().id)
    assert page.histories == expected[1:]


# Replacement


@pytest.mark.parametrize("is_public", [False, True])
async def test_a_result_is_replaced_with_all_that_tells_of_it(
    harness: Any, *, is_public: bool
) -> None:
    user = await harness.user()
    before = await judged(harness, user, Verdict.AC, is_public=is_public)
    await harness.histories.put_hints(before.uid, before.ulid, ["a hint"])
    before = await harness.card(before)
    harness.clock.now += 5000
    after = await rejudge(harness, before, Verdict.WA)
    assert after is not None
    assert after == await harness.card(before)
    assert (after.verdict, after.cpu_ms, after.test_version) == (Verdict.WA, 77, 2)
    assert (after.attempt, after.rejudged_by, after.rejudged_at) == (2, JOB, harness.clock.now)
    kept = ("status", "is_public", "feed_id", "finished_at", "hint_state", "usage_day")
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]
    results = await harness.histories.results(after)
    assert (results.attempt, results.compile_output) == (2, "anew")
    assert await bodies(harness, after) == ["r2"]
    entries = await harness.entries()
    assert [entry["vd"] for entry in entries] == ["WA"] * (4 * is_public)
    assert await harness.used(user) == 1
    totals = await harness.totals(user)
    assert (totals["ne"], totals["na"], totals["ns"]) == (1, 0, 0)
    assert totals.get("np", 0) == int(is_public)
    await harness.consistent()


async def test_the_old_result_stays_until_the_new_one_is_stored(harness: Any) -> None:
    before = await judged(harness, await harness.user(), Verdict.WA)
    await begin(harness, before)
    card = await harness.card(before)
    assert (card.status, card.verdict) == (HistoryStatus.COMPLETED, Verdict.WA)
    assert await harness.histories.results(card) is not None


async def test_the_same_job_replaces_a_result_once_and_another_job_again(harness: Any) -> None:
    before = await judged(harness, await harness.user(), Verdict.WA)
    await rejudge(harness, before, Verdict.RE)
    once = await harness.rejudges.begin(before.uid, before.ulid, JOB)
    assert once is not None
    assert (once.rejudged_by, once.rejudge_attempt) == (JOB, 2)
    assert once == await harness.card(before)
    again = await rejudge(harness, before, Verdict.TLE, NEXT_JOB)
    assert again is not None
    assert (again.verdict, again.attempt) == (Verdict.TLE, 3)
    assert await bodies(harness, before) == ["r3"]


async def test_only_what_was_judged_is_judged_again(harness: Any) -> None:
    user = await harness.user()
    running = await harness.running(user)
    for uid, ulid in ((running.uid, running.ulid), (user.uid, "01GONE")):
        assert await harness.rejudges.begin(uid, ulid, JOB) is None


async def test_of_two_that_began_the_last_replaces_and_the_other_leaves_nothing(
    harness: Any,
) -> None:
    before = await judged(harness, await harness.user(), Verdict.WA, is_public=True)
    first, last = await begin(harness, before), await begin(harness, before, NEXT_JOB)
    assert (first.rejudge_attempt, last.rejudge_attempt) == (2, 3)
    lost = await harness.rejudges.complete(first, outcome(harness, first, Verdict.RE), JOB)
    assert lost is None
    won = await harness.rejudges.complete(last, outcome(harness, last, Verdict.TLE), NEXT_JOB)
    assert (won.verdict, won.rejudged_by) == (Verdict.TLE, NEXT_JOB)
    late = await harness.rejudges.complete(first, outcome(harness, first, Verdict.RE), JOB)
    assert late is None
    assert await bodies(harness, before) == ["r3"]
    await harness.consistent()


async def test_many_at_once_leave_one_whole_result(harness: Any, make_harness: Any) -> None:
    user = await harness.user()
    before = await judged(harness, user, Verdict.AC, is_public=True)
    verdicts = (Verdict.WA, Verdict.AC, Verdict.RE, Verdict.TLE, Verdict.AC, Verdict.CE)

    async def one(number: int, verdict: Verdict) -> History | None:
        return await rejudge(make_harness(), before, verdict, f"01JOB{number}")

    found = await asyncio.gather(
        *(one(number, verdict) for number, verdict in enumerate(verdicts)), return_exceptions=True
    )
    assert any(isinstance(one, History) for one in found)
    card = await harness.card(before)
    assert card.attempt > 1
    assert await bodies(harness, before) == [f"r{card.attempt}"]
    accepted = card.verdict is Verdict.AC
    totals = await harness.totals(user)
    assert (totals["na"], totals["ns"]) == (accepted, accepted)
    assert (await mark(harness, before) is not None) == accepted
    assert {entry["vd"] for entry in await harness.entries()} == {str(card.verdict)}
    await harness.consistent()


async def test_a_repeated_completion_is_the_same_completion(harness: Any, faults: Any) -> None:
    user = await harness.user()
    before = await judged(harness, user, Verdict.WA)
    begun = await begin(harness, before)
    faults.lose("TransactWriteItems")
    done = await harness.rejudges.complete(begun, outcome(harness, begun, Verdict.AC), JOB)
    assert done == await harness.rejudges.complete(begun, outcome(harness, begun, Verdict.AC), JOB)
    totals = await harness.totals(user)
    assert (totals["na"], totals["ns"]) == (1, 1)


# Concurrent writes


Act = Callable[[Any, History], Any]


async def publish(harness: Any, history: History) -> None:
    await harness.histories.publish(history.uid, history.ulid, problem_public=True)


async def unpublish(harness: Any, history: History) -> None:
    await harness.histories.unpublish(history.uid, history.ulid)


async def delete(harness: Any, history: History) -> None:
    await harness.histories.delete(history.uid, history.ulid)


@pytest.mark.parametrize("act", [publish, unpublish, delete])
@pytest.mark.parametrize("is_public", [False, True])
async def test_concurrent_changes_of_visibility_and_removal_are_kept_with_the_new_result(
    harness: Any, faults: Any, act: Act, *, is_public: bool
) -> None:
    before = await judged(harness, await harness.user(), Verdict.WA, is_public=is_public)

    async def meanwhile() -> None:
        await act(harness, before)

    begun = await begin(harness, before)
    faults.meanwhile("TransactWriteItems", meanwhile)
    done = await harness.rejudges.complete(begun, outcome(harness, begun, Verdict.AC), JOB)
    if act is delete:
        assert done is None
        assert await bodies(harness, before) == []
    else:
        assert done.verdict is Verdict.AC
        assert done.is_public == (act is publish)
    await harness.consistent()


async def test_publishing_a_history_during_its_rejudge_lists_the_new_result(
    harness: Any, faults: Any
) -> None:
    before = await judged(harness, await harness.user(), Verdict.WA)

    async def meanwhile() -> None:
        await rejudge(harness, before, Verdict.AC)

    faults.meanwhile("TransactWriteItems", meanwhile)
    await harness.histories.publish(before.uid, before.ulid, problem_public=True, expected=before)
    assert {entry["vd"] for entry in await harness.entries()} == {"AC"}
    await harness.consistent()


async def test_a_rejudge_of_a_deleted_user_counts_no_verdict(harness: Any) -> None:
    before = await judged(harness, await harness.user(), Verdict.WA)
    begun = await begin(harness, before)
    await harness.dynamo.delete(keys.totals(before.uid))
    assert await harness.rejudges.complete(begun, outcome(harness, begun, Verdict.AC), JOB) is None
    assert (await harness.card(before)).verdict is Verdict.WA
    assert await bodies(harness, before) == ["r1"]


# Solved


async def test_the_first_acceptance_by_a_rejudging_solves_the_problem_once(harness: Any) -> None:
    user = await harness.user()
    first, second = [await judged(harness, user, Verdict.WA) for _ in range(2)]
    await rejudge(harness, first, Verdict.AC)
    await rejudge(harness, second, Verdict.AC)
    totals = await harness.totals(user)
    assert (totals["ne"], totals["na"], totals["ns"]) == (2, 2, 1)
    found = await mark(harness, first)
    assert found is not None
    assert found.ulid == first.ulid


async def test_a_problem_stays_solved_while_another_history_solves_it(harness: Any) -> None:
    user = await harness.user()
    first, second = [await judged(harness, user, Verdict.AC) for _ in range(2)]
    await judged(harness, user, Verdict.AC, problem=harness.problem("1001"))
    await rejudge(harness, first, Verdict.WA)
    totals = await harness.totals(user)
    assert (totals["na"], totals["ns"]) == (2, 2)
    found = await mark(harness, first)
    assert found is not None
    assert found.ulid == second.ulid
    await rejudge(harness, second, Verdict.WA)
    totals = await harness.totals(user)
    assert (totals["na"], totals["ns"]) == (1, 1)
    assert await mark(harness, first) is None
    again = await judged(harness, user, Verdict.AC)
    assert again.verdict is Verdict.AC
    assert (await harness.totals(user))["ns"] == 2


async def test_a_mark_that_names_another_history_is_left_alone(harness: Any) -> None:
    user = await harness.user()
    first, second = [await judged(harness, user, Verdict.AC) for _ in range(2)]
    await rejudge(harness, second, Verdict.WA)
    totals = await harness.totals(user)
    assert (totals["na"], totals["ns"]) == (1, 1)
    found = await mark(harness, first)
    assert found is not None
    assert found.ulid == first.ulid


async def test_a_mark_that_changes_during_the_write_is_read_again(
    harness: Any, faults: Any
) -> None:
    user = await harness.user()
    before = await judged(harness, user, Verdict.WA)

    async def meanwhile() -> None:
        await judged(harness, user, Verdict.AC)

    begun = await begin(harness, before)
    faults.meanwhile("TransactWriteItems", meanwhile)
    done = await harness.rejudges.complete(begun, outcome(harness, begun, Verdict.AC), JOB)
    assert done.verdict is Verdict.AC
    totals = await harness.totals(user)
    assert (totals["na"], totals["ns"]) == (2, 1)


# Cost


async def test_beginning_is_a_read_and_a_write_of_one_unit_each(harness: Any) -> None:
    before = await judged(harness, await harness.user(), Verdict.WA)
    with metered() as meter:
        await begin(harness, before)
    assert (meter.requests, meter.read_units, meter.write_units) == (2, 1, 1)


async def test_the_same_verdict_again_takes_a_body_a_transaction_and_a_removal(
    harness: Any,
) -> None:
    before = await judged(harness, await harness.user(), Verdict.WA)
    begun = await begin(harness, before)
    with metered() as meter:
        await harness.rejudges.complete(begun, outcome(harness, begun, Verdict.WA), JOB)
    # 2 for the card, 1 for its index entry, 1 for each body and 1 read of the removed body.
    assert meter.requests <= 4
    assert meter.write_units <= 5


async def test_a_user_s_cards_are_read_twice_however_many_lose_their_acceptance(
    harness: Any,
) -> None:
    user = await harness.user()
    accepted = []
    for _ in range(5):
        accepted.append(await judged(harness, user, Verdict.AC))
        harness.clock.now += 1
    with metered() as meter:
        for history in accepted:
            await rejudge(harness, history, Verdict.WA)
    assert [call.operation for call in meter.calls].count("query") == 2
    assert await mark(harness, accepted[0]) is None
    totals = await harness.totals(user)
    assert (totals["na"], totals.get("ns", 0)) == (0, 0)
