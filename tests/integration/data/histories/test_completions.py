"""Completions on a real table: one transaction, counted once, fenced by the attempt."""

import asyncio
from typing import Any

import pytest

from graphql_api.data import keys
from graphql_api.data.dynamo.meter import metered
from graphql_api.data.dynamo.values import item_size
from graphql_api.data.enums import HistoryStatus, Verdict
from graphql_api.data.histories.executions import (
    LostClaim,
)
from tests.support.claims import LEASE_MS, LONG_NAME, due_of, large

pytestmark = pytest.mark.dynamodb


async def test_a_private_completion_is_one_transaction_of_six_units(harness: Any) -> None:
    user = await harness.user(LONG_NAME)
    history = await harness.running(user, **large(harness))
    with metered() as meter:
        done = await harness.executions.complete(history, harness.outcome(history))
    assert done == await harness.card(history)
    assert (done.status, done.verdict, done.total) == (HistoryStatus.COMPLETED, Verdict.WA, 2)
    assert [call.operation for call in meter.calls] == ["put_item", "transact_write_items"]
    assert meter.calls[1].write_units == 6
    assert await harness.entries() == []
    await harness.consistent()


async def test_a_public_completion_is_one_transaction_of_fourteen_units_and_a_count(
    harness: Any,
) -> None:
    user = await harness.user(LONG_NAME)
    history = await harness.running(user, is_public=True, **large(harness))
    with metered() as meter:
        done = await harness.executions.complete(history, harness.outcome(history))
    body, transaction, counted = meter.calls
    assert (body.operation, body.write_units) == ("put_item", 1)
    assert (transaction.operation, transaction.write_units) == ("transact_write_items", 14)
    assert (counted.operation, counted.write_units) == ("update_item", 1)
    entries = await harness.entries()
    assert sorted(entry["PK"] for entry in entries) == [
        "F#A#0",
        "F#L:python#0",
        "F#P:baekjoon#0",
        "F#PL:baekjoon:python#0",
    ]
    assert all(item_size(entry) < 1024 for entry in entries)
    assert {entry["SK"] for entry in entries} == {done.feed_id}
    assert (await harness.totals(user))["np"] == 1
    await harness.consistent()


@pytest.mark.slow
async def test_the_first_solution_of_a_problem_adds_two_units_and_counts_once(harness: Any) -> None:
    user = await harness.user()
    spent = []
    for verdict in (Verdict.WA, Verdict.AC, Verdict.AC):
        history = await harness.running(user, is_public=True)
        with metered() as meter:
            await harness.executions.complete(history, harness.outcome(history, verdict=verdict))
        spent.append(meter.write_units)
    assert spent == [16, 18, 16]  # each with one for the results body and one for the hour
    totals = await harness.totals(user)
    assert {name: totals[name] for name in ("ne", "na", "ns", "np", "l_python")} == {
        "ne": 3,
        "na": 2,
        "ns": 1,
        "np": 3,
        "l_python": 3,
    }


@pytest.mark.slow
async def test_of_two_first_solutions_at_once_one_counts(harness: Any) -> None:
    user = await harness.user()
    histories = [await harness.running(user) for _ in range(6)]
    await asyncio.gather(
        *(
            harness.executions.complete(one, harness.outcome(one, verdict=Verdict.AC))
            for one in histories
        )
    )
    totals = await harness.totals(user)
    assert (totals["ne"], totals["na"], totals["ns"]) == (6, 6, 1)


async def test_a_public_history_of_a_problem_that_is_not_completed_is_not_listed(
    harness: Any,
) -> None:
    history = await harness.running(await harness.user(), is_public=True)
    done = await harness.executions.complete(
        history, harness.outcome(history, problem_public=False)
    )
    assert (done.is_public, done.feed_id) == (True, None)
    assert await harness.entries() == []


async def test_the_results_of_the_attempt_that_completed_are_the_history_s(harness: Any) -> None:
    user = await harness.user()
    history = await harness.running(user)
    assert await harness.histories.results(history) is None
    outcome = harness.outcome(history)
    done = await harness.executions.complete(history, outcome)
    assert await harness.histories.results(done) == outcome.results


async def test_completing_twice_is_harmless(harness: Any) -> None:
    user = await harness.user()
    history = await harness.running(user, is_public=True)
    done = await harness.executions.complete(history, harness.outcome(history))
    harness.clock.now += 5
    assert await harness.executions.complete(history, harness.outcome(history)) == done
    assert await harness.histories.results(done) is not None
    assert (await harness.totals(user))["ne"] == 1
    await harness.consistent()


async def test_an_earlier_attempt_s_completion_is_refused_and_leaves_nothing(harness: Any) -> None:
    user = await harness.user()
    first = await harness.running(user)
    harness.clock.now += LEASE_MS + 1
    second = await harness.claim(first)
    with pytest.raises(LostClaim):
        await harness.executions.complete(first, harness.outcome(first))
    assert not any("#r1" in sort for sort in await harness.sorts(user))
    done = await harness.executions.complete(second, harness.outcome(second, verdict=Verdict.TLE))
    with pytest.raises(LostClaim):
        await harness.executions.complete(first, harness.outcome(first))
    assert await harness.card(first) == done
    assert await harness.histories.results(done) is not None
    assert (await harness.totals(user))["ne"] == 1


async def test_a_crash_after_the_results_body_is_made_good_by_the_next_attempt(
    harness: Any, faults: Any
) -> None:
    user = await harness.user()
    first = await harness.running(user)
    faults.crash("TransactWriteItems")
    with pytest.raises(faults.Crash):
        await harness.executions.complete(first, harness.outcome(first))
    assert (await harness.card(first)).status is HistoryStatus.RUNNING
    await harness.consistent()
    harness.clock.now += LEASE_MS + 1
    assert await due_of(harness, first, harness.clock.now) is not None
    second = await harness.claim(first)
    done = await harness.executions.complete(second, harness.outcome(second))
    assert done.attempt == 2
    bodies = [sort for sort in await harness.sorts(user) if sort.startswith("B#")]
    assert bodies == [f"B#{first.ulid}#c", f"B#{first.ulid}#r2"]


async def test_a_completion_whose_answer_was_lost_is_found_done(harness: Any, faults: Any) -> None:
    user = await harness.user()
    history = await harness.running(user, is_public=True)
    faults.crash("TransactWriteItems", after=True)
    with pytest.raises(faults.Crash):
        await harness.executions.complete(history, harness.outcome(history))
    done = await harness.executions.complete(history, harness.outcome(history))
    assert done.status is HistoryStatus.COMPLETED
    assert (await harness.totals(user))["ne"] == 1
    await harness.consistent()


async def test_a_completion_rides_out_conflicts(harness: Any, faults: Any) -> None:
    history = await harness.running(await harness.user())
    reasons = ("None", "TransactionConflict")
    faults.refuse("TransactWriteItems", "TransactionCanceledException", *reasons, times=3)
    done = await harness.executions.complete(history, harness.outcome(history))
    assert done.status is HistoryStatus.COMPLETED
    assert faults.sent.count("TransactWriteItems") == 1 + 4


async def test_a_completion_keeps_its_verdict_when_another_is_first_to_solve_it(
    harness: Any, faults: Any
) -> None:
    """A conflict on the totals and an existing mark do not mean that the totals are gone."""
    running = await harness.running(await harness.user())
    reasons = ("None", "TransactionConflict", "ConditionalCheckFailed")
    faults.refuse("TransactWriteItems", "TransactionCanceledException", *reasons)
    outcome = harness.outcome(running, verdict=Verdict.AC, passed=2, failed=0)
    done = await harness.executions.complete(running, outcome)
    assert (await harness.card(running)).verdict is Verdict.AC
    assert await harness.histories.results(done) == outcome.results
    await harness.consistent()


async def test_a_cancellation_in_conflict_finds_the_history_still_there(
    harness: Any, faults: Any
) -> None:
    history = await harness.pending(await harness.user())
    reasons = ("TransactionConflict", "ConditionalCheckFailed", "None")
    faults.refuse("TransactWriteItems", "TransactionCanceledException", *reasons)
    ended = await harness.executions.cancel(history.uid, history.ulid)
    assert ended.status is HistoryStatus.CANCELLED
    await harness.consistent()


async def test_the_count_of_the_hour_may_fail_without_harm(harness: Any, faults: Any) -> None:
    history = await harness.running(await harness.user(), is_public=True)
    faults.refuse("UpdateItem", "InternalServerError")
    done = await harness.executions.complete(history, harness.outcome(history))
    assert (await harness.card(history)) == done
    await harness.consistent()


async def test_a_completion_of_a_user_who_is_being_deleted_is_refused(harness: Any) -> None:
    user = await harness.user()
    history = await harness.running(user, is_public=True)
    await harness.dynamo.delete(keys.totals(user.uid))
    with pytest.raises(LostClaim):
        await harness.executions.complete(history, harness.outcome(history))
    assert await harness.entries() == []
    assert await harness.totals(user) == {}
    bodies = [sort for sort in await harness.sorts(user) if sort.startswith("B#")]
    assert not any("#r" in body for body in bodies)


async def test_what_a_user_sent_while_being_removed_does_not_outlive_its_judgement(
    harness: Any,
) -> None:
    """A reservation that was checked before the deletion mark and written after the last pass."""
    user = await harness.user()
    history = await harness.pending(user)
    await harness.dynamo.batch_write(deletes=[keys.user(user.uid), keys.totals(user.uid)])
    running = await harness.claim(history)
    with pytest.raises(LostClaim):
        await harness.executions.complete(running, harness.outcome(running))
    left = [item for item in await harness.everything() if item["PK"].startswith("U#")]
    assert [item["SK"][:2] for item in left if "x" not in item] == []


async def test_a_completion_of_a_deleted_history_makes_no_ghost(harness: Any) -> None:
    user = await harness.user()
    history = await harness.running(user, is_public=True)
    await harness.histories.delete(user.uid, history.ulid)
    with pytest.raises(LostClaim):
        await harness.executions.complete(history, harness.outcome(history))
    assert not any(sort.startswith(("H#", "B#")) for sort in await harness.sorts(user))
    assert await harness.entries() == []


async def test_a_history_that_became_public_while_it_ran_is_listed_when_it_ends(
    harness: Any,
) -> None:
    user = await harness.user()
    history = await harness.running(user)
    await harness.histories.publish(user.uid, history.ulid, problem_public=True)
    done = await harness.executions.complete(history, harness.outcome(history))
    assert done.is_public
    assert len(await harness.entries()) == 4
    await harness.consistent()
