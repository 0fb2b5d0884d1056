"""Results replaced on a real table: what changes with them, what stays, and who may."""

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


async def judged(bench: Any, user: Any, verdict: Verdict, **fields: Any) -> History:
    running = await bench.running(user, **fields)
    done: History = await bench.executions.complete(running, outcome(bench, running, verdict))
    return done


def outcome(bench: Any, history: History, verdict: Verdict) -> Any:
    return bench.outcome(history, verdict=verdict, cpu_ms=77, test_version=2)


async def begin(bench: Any, history: History, job: str = JOB) -> History:
    begun: History | None = await bench.rejudges.begin(history.uid, history.ulid, job)
    assert begun is not None
    return begun


async def rejudge(bench: Any, history: History, verdict: Verdict, job: str = JOB) -> History | None:
    begun = await begin(bench, history, job)
    found = outcome(bench, begun, verdict)
    results = replace(found.results, attempt=begun.rejudge_attempt, compile_output="anew")
    done: History | None = await bench.rejudges.complete(
        begun, replace(found, results=results), job
    )
    return done


async def bodies(bench: Any, history: History) -> list[str]:
    partition = keys.user_partition(history.uid)
    return sorted(
        item["SK"].split("#")[-1]
        for item in await bench.everything()
        if item["PK"] == partition and item["SK"].startswith(f"B#{history.ulid}#r")
    )


async def mark(bench: Any, history: History) -> Solved | None:
    key = keys.solved(history.uid, history.platform, history.number)
    item = await bench.dynamo.get(key, consistent=True)
    return Solved.from_item(item) if item else None


# The list of a problem's histories


async def test_a_problem_lists_what_was_judged_oldest_first_and_nothing_else(bench: Any) -> None:
    users = [await bench.user(), await bench.user()]
    done = []
    for number in range(7):
        bench.clock.now += 1000
        done.append(await judged(bench, users[number % 2], Verdict.AC, is_public=number == 3))
    await judged(bench, users[0], Verdict.AC, problem=bench.problem("1001"))
    await bench.running(users[0])
    failed = await bench.running(users[0])
    await bench.executions.fail(failed, "gone")
    expected = [(one.uid, one.ulid) for one in done]
    for size in (1, 3, 50):
        found: list[tuple[str, str]] = []
        after = None
        while True:
            page = await bench.rejudges.of_problem("baekjoon", "1000", after=after, size=size)
            found += page.histories
            after = page.end
            if after is None:
                break
        assert found == expected
    await bench.histories.delete(done[0].uid, done[0].ulid)
    page = await bench.rejudges.of_problem("baekjoon", "1000")
    assert page.histories == expected[1:]


# Replacing


@pytest.mark.parametrize("is_public", [False, True])
async def test_a_result_is_replaced_with_all_that_tells_of_it(
    bench: Any, *, is_public: bool
) -> None:
    user = await bench.user()
    before = await judged(bench, user, Verdict.AC, is_public=is_public)
    await bench.histories.put_hints(before.uid, before.ulid, ["a hint"])
    before = await bench.card(before)
    bench.clock.now += 5000
    after = await rejudge(bench, before, Verdict.WA)
    assert after is not None
    assert after == await bench.card(before)
    assert (after.verdict, after.cpu_ms, after.test_version) == (Verdict.WA, 77, 2)
    assert (after.attempt, after.rejudged_by, after.rejudged_at) == (2, JOB, bench.clock.now)
    kept = ("status", "is_public", "feed_id", "finished_at", "hint_state", "usage_day")
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]
    results = await bench.histories.results(after)
    assert (results.attempt, results.compile_output) == (2, "anew")
    assert await bodies(bench, after) == ["r2"]
    entries = await bench.entries()
    assert [entry["vd"] for entry in entries] == ["WA"] * (4 * is_public)
    assert await bench.used(user) == 1
    totals = await bench.totals(user)
    assert (totals["ne"], totals["na"], totals["ns"]) == (1, 0, 0)
    assert totals.get("np", 0) == int(is_public)
    await bench.consistent()


async def test_the_old_result_stands_until_the_new_one_is_there(bench: Any) -> None:
    before = await judged(bench, await bench.user(), Verdict.WA)
    await begin(bench, before)
    card = await bench.card(before)
    assert (card.status, card.verdict) == (HistoryStatus.COMPLETED, Verdict.WA)
    assert await bench.histories.results(card) is not None


async def test_the_same_job_replaces_a_result_once_and_another_job_again(bench: Any) -> None:
    before = await judged(bench, await bench.user(), Verdict.WA)
    await rejudge(bench, before, Verdict.RE)
    once = await bench.rejudges.begin(before.uid, before.ulid, JOB)
    assert once is not None
    assert (once.rejudged_by, once.rejudge_attempt) == (JOB, 2)
    assert once == await bench.card(before)
    again = await rejudge(bench, before, Verdict.TLE, NEXT_JOB)
    assert again is not None
    assert (again.verdict, again.attempt) == (Verdict.TLE, 3)
    assert await bodies(bench, before) == ["r3"]


async def test_only_what_was_judged_is_judged_again(bench: Any) -> None:
    user = await bench.user()
    running = await bench.running(user)
    for uid, ulid in ((running.uid, running.ulid), (user.uid, "01GONE")):
        assert await bench.rejudges.begin(uid, ulid, JOB) is None


async def test_of_two_that_began_the_last_replaces_and_the_other_leaves_nothing(
    bench: Any,
) -> None:
    before = await judged(bench, await bench.user(), Verdict.WA, is_public=True)
    first, last = await begin(bench, before), await begin(bench, before, NEXT_JOB)
    assert (first.rejudge_attempt, last.rejudge_attempt) == (2, 3)
    lost = await bench.rejudges.complete(first, outcome(bench, first, Verdict.RE), JOB)
    assert lost is None
    won = await bench.rejudges.complete(last, outcome(bench, last, Verdict.TLE), NEXT_JOB)
    assert (won.verdict, won.rejudged_by) == (Verdict.TLE, NEXT_JOB)
    late = await bench.rejudges.complete(first, outcome(bench, first, Verdict.RE), JOB)
    assert late is None
    assert await bodies(bench, before) == ["r3"]
    await bench.consistent()


async def test_many_at_once_leave_one_whole_result(bench: Any, make_bench: Any) -> None:
    user = await bench.user()
    before = await judged(bench, user, Verdict.AC, is_public=True)
    verdicts = (Verdict.WA, Verdict.AC, Verdict.RE, Verdict.TLE, Verdict.AC, Verdict.CE)

    async def one(number: int, verdict: Verdict) -> History | None:
        return await rejudge(make_bench(), before, verdict, f"01JOB{number}")

    found = await asyncio.gather(
        *(one(number, verdict) for number, verdict in enumerate(verdicts)), return_exceptions=True
    )
    assert any(isinstance(one, History) for one in found)
    card = await bench.card(before)
    assert card.attempt > 1
    assert await bodies(bench, before) == [f"r{card.attempt}"]
    accepted = card.verdict is Verdict.AC
    totals = await bench.totals(user)
    assert (totals["na"], totals["ns"]) == (accepted, accepted)
    assert (await mark(bench, before) is not None) == accepted
    assert {entry["vd"] for entry in await bench.entries()} == {str(card.verdict)}
    await bench.consistent()


async def test_a_repeated_completion_is_the_same_completion(bench: Any, wire: Any) -> None:
    user = await bench.user()
    before = await judged(bench, user, Verdict.WA)
    begun = await begin(bench, before)
    wire.lose("TransactWriteItems")
    done = await bench.rejudges.complete(begun, outcome(bench, begun, Verdict.AC), JOB)
    assert done == await bench.rejudges.complete(begun, outcome(bench, begun, Verdict.AC), JOB)
    totals = await bench.totals(user)
    assert (totals["na"], totals["ns"]) == (1, 1)


# Against what others do


Act = Callable[[Any, History], Any]


async def publish(bench: Any, history: History) -> None:
    await bench.histories.publish(history.uid, history.ulid, problem_public=True)


async def unpublish(bench: Any, history: History) -> None:
    await bench.histories.unpublish(history.uid, history.ulid)


async def delete(bench: Any, history: History) -> None:
    await bench.histories.delete(history.uid, history.ulid)


@pytest.mark.parametrize("act", [publish, unpublish, delete])
@pytest.mark.parametrize("is_public", [False, True])
async def test_visibility_and_removal_meanwhile_are_kept_with_the_new_result(
    bench: Any, wire: Any, act: Act, *, is_public: bool
) -> None:
    before = await judged(bench, await bench.user(), Verdict.WA, is_public=is_public)

    async def meanwhile() -> None:
        await act(bench, before)

    begun = await begin(bench, before)
    wire.meanwhile("TransactWriteItems", meanwhile)
    done = await bench.rejudges.complete(begun, outcome(bench, begun, Verdict.AC), JOB)
    if act is delete:
        assert done is None
        assert await bodies(bench, before) == []
    else:
        assert done.verdict is Verdict.AC
        assert done.is_public == (act is publish)
    await bench.consistent()


async def test_publishing_what_was_judged_again_meanwhile_lists_the_new_result(
    bench: Any, wire: Any
) -> None:
    before = await judged(bench, await bench.user(), Verdict.WA)

    async def meanwhile() -> None:
        await rejudge(bench, before, Verdict.AC)

    wire.meanwhile("TransactWriteItems", meanwhile)
    await bench.histories.publish(before.uid, before.ulid, problem_public=True, seen=before)
    assert {entry["vd"] for entry in await bench.entries()} == {"AC"}
    await bench.consistent()


async def test_a_user_who_left_meanwhile_gets_no_verdict_counted(bench: Any) -> None:
    before = await judged(bench, await bench.user(), Verdict.WA)
    begun = await begin(bench, before)
    await bench.dynamo.delete(keys.totals(before.uid))
    assert await bench.rejudges.complete(begun, outcome(bench, begun, Verdict.AC), JOB) is None
    assert (await bench.card(before)).verdict is Verdict.WA
    assert await bodies(bench, before) == ["r1"]


# Solved


async def test_the_first_acceptance_by_a_rejudging_solves_the_problem_once(bench: Any) -> None:
    user = await bench.user()
    first, second = [await judged(bench, user, Verdict.WA) for _ in range(2)]
    await rejudge(bench, first, Verdict.AC)
    await rejudge(bench, second, Verdict.AC)
    totals = await bench.totals(user)
    assert (totals["ne"], totals["na"], totals["ns"]) == (2, 2, 1)
    found = await mark(bench, first)
    assert found is not None
    assert found.ulid == first.ulid


async def test_a_problem_stays_solved_while_another_history_solves_it(bench: Any) -> None:
    user = await bench.user()
    first, second = [await judged(bench, user, Verdict.AC) for _ in range(2)]
    await judged(bench, user, Verdict.AC, problem=bench.problem("1001"))
    await rejudge(bench, first, Verdict.WA)
    totals = await bench.totals(user)
    assert (totals["na"], totals["ns"]) == (2, 2)
    found = await mark(bench, first)
    assert found is not None
    assert found.ulid == second.ulid
    await rejudge(bench, second, Verdict.WA)
    totals = await bench.totals(user)
    assert (totals["na"], totals["ns"]) == (1, 1)
    assert await mark(bench, first) is None
    again = await judged(bench, user, Verdict.AC)
    assert again.verdict is Verdict.AC
    assert (await bench.totals(user))["ns"] == 2


async def test_a_mark_that_names_another_history_is_left_alone(bench: Any) -> None:
    user = await bench.user()
    first, second = [await judged(bench, user, Verdict.AC) for _ in range(2)]
    await rejudge(bench, second, Verdict.WA)
    totals = await bench.totals(user)
    assert (totals["na"], totals["ns"]) == (1, 1)
    found = await mark(bench, first)
    assert found is not None
    assert found.ulid == first.ulid


async def test_a_mark_that_changes_meanwhile_is_read_again(bench: Any, wire: Any) -> None:
    user = await bench.user()
    before = await judged(bench, user, Verdict.WA)

    async def meanwhile() -> None:
        await judged(bench, user, Verdict.AC)

    begun = await begin(bench, before)
    wire.meanwhile("TransactWriteItems", meanwhile)
    done = await bench.rejudges.complete(begun, outcome(bench, begun, Verdict.AC), JOB)
    assert done.verdict is Verdict.AC
    totals = await bench.totals(user)
    assert (totals["na"], totals["ns"]) == (2, 1)


# Cost


async def test_beginning_is_a_read_and_a_write_of_one_unit_each(bench: Any) -> None:
    before = await judged(bench, await bench.user(), Verdict.WA)
    with metered() as meter:
        await begin(bench, before)
    assert (meter.requests, meter.read_units, meter.write_units) == (2, 1, 1)


async def test_the_same_verdict_again_takes_a_body_a_transaction_and_a_removal(bench: Any) -> None:
    before = await judged(bench, await bench.user(), Verdict.WA)
    begun = await begin(bench, before)
    with metered() as meter:
        await bench.rejudges.complete(begun, outcome(bench, begun, Verdict.WA), JOB)
    # Of the card 2 and its index entry 1; bodies 1 each way, and a look at what is removed.
    assert meter.requests <= 4
    assert meter.write_units <= 5


async def test_a_user_s_cards_are_read_twice_however_many_lose_their_acceptance(
    bench: Any,
) -> None:
    user = await bench.user()
    accepted = []
    for _ in range(5):
        accepted.append(await judged(bench, user, Verdict.AC))
        bench.clock.now += 1
    with metered() as meter:
        for history in accepted:
            await rejudge(bench, history, Verdict.WA)
    assert [call.operation for call in meter.calls].count("query") == 2
    assert await mark(bench, accepted[0]) is None
    totals = await bench.totals(user)
    assert (totals["na"], totals.get("ns", 0)) == (0, 0)
