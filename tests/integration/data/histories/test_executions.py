"""Executions on a real table: claimed under a lease, fenced by attempt, ended exactly once."""

import asyncio
from itertools import count, islice
from typing import Any

import pytest

from graphql_api.data import keys
from graphql_api.data.dynamo.meter import metered
from graphql_api.data.dynamo.pages import PageWindow
from graphql_api.data.dynamo.values import item_size
from graphql_api.data.enums import HistoryStatus, ProblemState, Verdict
from graphql_api.data.errors import Conflict, NotFound, Unavailable
from graphql_api.data.histories.executions import (
    GIVEN_BACK_PAUSE_MS,
    Claim,
    LeasedElsewhere,
    LostClaim,
    OverdueExecution,
)
from graphql_api.data.problems.testsets import GRACE_MS, TestSetStore
from graphql_api.data.records import History

pytestmark = pytest.mark.dynamodb

LEASE_MS = 10_000


async def claim(
    harness: Any, history: History, token: str = "worker-2"
) -> Claim | LeasedElsewhere | None:
    found: Claim | LeasedElsewhere | None = await harness.executions.claim(
        history.uid, history.ulid, token=token, lease_ms=LEASE_MS
    )
    return found


async def due_of(harness: Any, history: History, now: int) -> OverdueExecution | None:
    shard = keys.shard_of(history.ulid, keys.DUE_SHARDS)
    found = await harness.executions.due(shard, now)
    return next((one for one in found if one.ulid == history.ulid), None)


def large(harness: Any) -> dict[str, Any]:
    """A problem whose histories' cards are about 0.8 KB."""
    problem = harness.problem("number-of-a-problem-1000", title="두 수의 합 " * 30)
    return {"problem": problem, "request_id": "r" * 200}


# Of 99 bytes in UTF-8.
LONG_NAME = "ㄱ" * 33


# Claims


async def test_a_claim_takes_one_request_of_three_units(harness: Any) -> None:
    history = await harness.pending(await harness.user(LONG_NAME), **large(harness))
    with metered() as meter:
        found = await claim(harness, history)
    assert isinstance(found, Claim)
    assert (found.history.status, found.history.attempt) == (HistoryStatus.RUNNING, 1)
    assert found.history.lease_expires_at == harness.clock.now + LEASE_MS
    assert (meter.requests, meter.write_units) == (1, 3)
    item = await harness.dynamo.get(keys.history(history.uid, history.ulid))
    assert 650 < item_size(item) < 950


async def test_of_workers_that_claim_at_once_one_gets_it(harness: Any) -> None:
    history = await harness.pending(await harness.user())
    found = await asyncio.gather(*(claim(harness, history, f"worker-{n}") for n in range(12)))
    assert sum(isinstance(one, Claim) for one in found) == 1
    assert [one.until for one in found if isinstance(one, LeasedElsewhere)] == [
        harness.clock.now + LEASE_MS
    ] * 11
    assert (await harness.card(history)).attempt == 1


async def test_a_claim_asked_for_again_with_its_token_is_the_same_attempt(
    harness: Any, faults: Any
) -> None:
    """The answer to the first was lost."""
    history = await harness.pending(await harness.user())
    faults.crash("UpdateItem", after=True)
    with pytest.raises(faults.Crash):
        await claim(harness, history, "mine")
    again = await claim(harness, history, "mine")
    assert isinstance(again, Claim)
    assert again.history.attempt == 1


async def test_an_execution_is_claimed_anew_only_when_its_lease_has_ended(harness: Any) -> None:
    first = await harness.running(await harness.user())
    harness.clock.now += LEASE_MS
    assert isinstance(await claim(harness, first), LeasedElsewhere)
    harness.clock.now += 1
    second = await claim(harness, first)
    assert isinstance(second, Claim)
    assert second.history.attempt == 2


async def test_what_has_ended_or_is_not_there_is_not_claimed_and_not_made(harness: Any) -> None:
    user = await harness.user()
    done = await harness.completed(user)
    assert await claim(harness, done) is None
    before = len(await harness.everything())
    assert await harness.executions.claim(user.uid, "01GONE", token="t", lease_ms=1) is None
    assert len(await harness.everything()) == before


async def test_a_renewed_lease_holds_longer_and_a_lost_one_is_not_renewed(harness: Any) -> None:
    history = await harness.running(await harness.user())
    harness.clock.now += LEASE_MS - 1
    with metered() as meter:
        assert await harness.executions.renew(history.uid, history.ulid, 1, LEASE_MS)
    assert (meter.requests, meter.write_units) == (1, 3)
    harness.clock.now += LEASE_MS
    assert isinstance(await claim(harness, history), LeasedElsewhere)
    harness.clock.now += 1
    assert isinstance(await claim(harness, history), Claim)
    assert not await harness.executions.renew(history.uid, history.ulid, 1, LEASE_MS)
    assert not await harness.executions.renew(history.uid, "01GONE", 1, LEASE_MS)
    assert await harness.dynamo.get(keys.history(history.uid, "01GONE")) is None


# Completion


async def test_a_claim_that_is_given_back_counts_for_nothing(harness: Any) -> None:
    history = await harness.pending(await harness.user())
    mine = await harness.claim(history)
    with metered() as meter:
        assert await harness.executions.give_back(mine)
    assert (meter.requests, meter.write_units) == (1, 3)
    left = await harness.histories.get(history.uid, history.ulid, consistent=True)
    assert (left.status, left.attempt, left.claim_token, left.lease_expires_at) == (
        HistoryStatus.PENDING,
        0,
        None,
        None,
    )
    assert await due_of(harness, history, harness.clock.now + GIVEN_BACK_PAUSE_MS - 1) is None
    assert await due_of(harness, history, harness.clock.now + GIVEN_BACK_PAUSE_MS) is not None


async def test_only_who_has_a_claim_gives_it_back(harness: Any) -> None:
    history = await harness.pending(await harness.user())
    mine = await harness.claim(history)
    assert await harness.executions.give_back(mine)
    # The same number, and another's.
    theirs = await claim(harness, history)
    assert isinstance(theirs, Claim)
    assert theirs.history.attempt == mine.attempt
    assert not await harness.executions.give_back(mine)
    await harness.executions.cancel(history.uid, history.ulid)
    assert not await harness.executions.give_back(theirs.history)


async def test_a_claim_whose_giving_back_was_not_answered_is_given_back_once(
    harness: Any, faults: Any
) -> None:
    mine = await harness.claim(await harness.pending(await harness.user()))
    faults.lose("UpdateItem")
    assert await harness.executions.give_back(mine)
    left = await harness.histories.get(mine.uid, mine.ulid, consistent=True)
    assert (left.status, left.attempt) == (HistoryStatus.PENDING, 0)


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
    """The totals in conflict, and the mark there: the totals are not gone."""
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
    assert not any("#r" in sort for sort in await harness.sorts(user))


async def test_what_a_user_sent_while_being_removed_does_not_outlive_its_judgement(
    harness: Any,
) -> None:
    """A reservation that was decided on before the mark, and written after the last pass."""
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


# Failing and cancelling


async def test_a_failed_execution_gives_its_unit_back_once(harness: Any) -> None:
    user = await harness.user()
    await harness.pending(user)
    history = await harness.running(user)
    found = await asyncio.gather(
        *(harness.executions.fail(history, "the worker died three times") for _ in range(8)),
        return_exceptions=True,
    )
    assert sum(isinstance(one, History) for one in found) == 1
    assert sum(isinstance(one, LostClaim) for one in found) == 7
    card = await harness.card(history)
    assert (card.status, card.message) == (HistoryStatus.FAILED, "the worker died three times")
    assert await harness.used(user) == 1
    await harness.consistent()


async def test_a_refund_goes_to_the_day_that_the_card_names(harness: Any) -> None:
    user = await harness.user()
    history = await harness.pending(user)
    harness.clock.now += 86_400_000
    await harness.pending(user)
    await harness.executions.fail(await harness.claim(history), "gone")
    assert await harness.used(user) == 1
    assert (await harness.usage.day(user.uid, harness.today)).execution == 0


async def test_failing_goes_on_without_a_refund_when_the_receipt_is_gone(harness: Any) -> None:
    user = await harness.user()
    history = await harness.running(user)
    await harness.usage.purge_before(user.uid, "20990101")
    failed = await harness.executions.fail(history, "gone")
    assert failed.status is HistoryStatus.FAILED
    assert not any(sort[:2] in {"D#", "L#"} for sort in await harness.sorts(user))


async def test_the_sweeper_fails_only_what_has_no_living_worker(harness: Any) -> None:
    user = await harness.user()
    history = await harness.running(user)
    harness.clock.now += LEASE_MS + 1
    due = await due_of(harness, history, harness.clock.now)
    assert due is not None
    assert (due.attempt, due.status) == (1, HistoryStatus.RUNNING)
    assert await harness.executions.renew(history.uid, history.ulid, 1, LEASE_MS)
    with pytest.raises(LostClaim):
        await harness.executions.fail(due, "no worker")
    harness.clock.now += LEASE_MS + 1
    assert (await harness.executions.fail(due, "no worker")).status is HistoryStatus.FAILED
    assert await harness.used(user) == 0
    assert await due_of(harness, history, harness.clock.now + 10**9) is None


async def test_a_long_message_is_cut_so_that_the_card_stays_small(harness: Any) -> None:
    user = await harness.user("ㄱ" * 66)
    problem = harness.problem("n" * 40, title="제목" * 200, platform="p" * 32)
    history = await harness.pending(user, problem=problem, language="javascript")
    failed = await harness.executions.fail(await harness.claim(history, "w" * 40), "잘못" * 400)
    item = await harness.dynamo.get(keys.history(history.uid, history.ulid))
    assert item_size(item) < 950
    assert failed.message is not None
    assert len(failed.message.encode()) <= 120


async def test_a_cancelled_pending_is_refunded_and_a_running_one_is_not(harness: Any) -> None:
    user = await harness.user()
    pending, running = await harness.pending(user), await harness.running(user)
    cancelled = await harness.executions.cancel(user.uid, pending.ulid)
    assert cancelled.status is HistoryStatus.CANCELLED
    assert await harness.used(user) == 1
    await harness.executions.cancel(user.uid, running.ulid)
    assert await harness.used(user) == 1
    assert not await harness.executions.renew(user.uid, running.ulid, 1, LEASE_MS)
    with pytest.raises(LostClaim):
        await harness.executions.complete(running, harness.outcome(running))
    assert not any("#r1" in sort for sort in await harness.sorts(user))
    assert await claim(harness, pending) is None
    await harness.consistent()


@pytest.mark.slow
async def test_cancelling_twice_is_harmless_and_what_has_ended_is_not_cancelled(
    harness: Any,
) -> None:
    user = await harness.user()
    history = await harness.pending(user)
    found = await asyncio.gather(
        *(harness.executions.cancel(user.uid, history.ulid) for _ in range(6))
    )
    assert {one.status for one in found} == {HistoryStatus.CANCELLED}
    assert await harness.used(user) == 0
    done = await harness.completed(user)
    with pytest.raises(Conflict):
        await harness.executions.cancel(user.uid, done.ulid)
    with pytest.raises(NotFound):
        await harness.executions.cancel(user.uid, "01GONE")
    await harness.consistent()


@pytest.mark.slow
async def test_cancelling_against_claiming_refunds_only_what_nobody_began(harness: Any) -> None:
    user = await harness.user()
    refunded = 0
    for number in range(40):
        history = await harness.pending(user, plan_limit=None)
        claimed, _ = await asyncio.gather(
            claim(harness, history, f"worker-{number}"),
            harness.executions.cancel(user.uid, history.ulid),
        )
        refunded += claimed is None
        await harness.consistent()
    assert await harness.used(user) == 40 - refunded


# The sweeper's list


async def test_of_sweepers_that_see_the_same_only_one_sends_again(harness: Any) -> None:
    history = await harness.pending(await harness.user())
    now = harness.clock.now + 30_000
    due = await due_of(harness, history, now)
    found = await asyncio.gather(*(harness.executions.postpone(due, now) for _ in range(8)))
    assert found.count(True) == 1


async def test_the_pause_between_sendings_doubles_from_a_minute_to_an_hour(harness: Any) -> None:
    history = await harness.pending(await harness.user())
    now, pauses = harness.clock.now + 30_000, []
    for _ in range(8):
        due = await due_of(harness, history, now)
        assert await harness.executions.postpone(due, now)
        item = await harness.dynamo.get(keys.history(history.uid, history.ulid), consistent=True)
        pauses.append((int(item["g2s"]) - now) // 1000)
        now = int(item["g2s"])
    assert pauses == [60, 120, 240, 480, 960, 1920, 3840, 3840]


async def test_a_claim_lets_the_pauses_begin_anew(harness: Any) -> None:
    history = await harness.pending(await harness.user())
    now = harness.clock.now + 30_000
    for _ in range(3):
        due = await due_of(harness, history, now)
        assert await harness.executions.postpone(due, now)
        now += 10_000_000
    assert (await harness.claim(history)).resends == 0
    due = await due_of(harness, history, harness.clock.now + LEASE_MS)
    assert due is not None
    assert due.resends == 0


async def test_what_was_claimed_or_ended_since_is_not_sent_again(harness: Any) -> None:
    user = await harness.user()
    one, other = await harness.pending(user), await harness.pending(user)
    now = harness.clock.now + 30_000
    seen = [await due_of(harness, one, now), await due_of(harness, other, now)]
    await harness.claim(one)
    await harness.executions.cancel(user.uid, other.ulid)
    assert [await harness.executions.postpone(due, now) for due in seen] == [False, False]


async def test_a_sweep_of_a_shard_is_one_request(harness: Any) -> None:
    user = await harness.user()
    history = await harness.pending(user)
    shard = keys.shard_of(history.ulid, keys.DUE_SHARDS)
    with metered() as meter:
        found = await harness.executions.due(shard, harness.clock.now + 30_000)
    assert ([one.ulid for one in found], meter.requests) == ([history.ulid], 1)


@pytest.mark.slow
async def test_any_number_of_test_sets_that_are_due_to_go_hides_no_execution(harness: Any) -> None:
    history = await harness.pending(await harness.user())
    shard = keys.shard_of(history.ulid, keys.DUE_SHARDS)
    names = (str(number) for number in count())
    same_shard = (
        name
        for name in names
        if keys.shard_of(keys.problem_partition("demo", name), keys.DUE_SHARDS) == shard
    )
    tests = TestSetStore(harness.dynamo, harness.bodies, lambda: harness.clock.now - 2 * GRACE_MS)
    await harness.dynamo.batch_write(
        puts=[tests._note("demo", name, 1) for name in islice(same_shard, 600)]
    )
    found = await harness.executions.due(shard, harness.clock.now + 30_000)
    assert [one.ulid for one in found] == [history.ulid]
    assert len(await tests.due(shard, harness.clock.now)) == 100


async def test_nothing_that_has_ended_is_in_the_sweeper_s_list(harness: Any) -> None:
    user = await harness.user()
    await harness.completed(user)
    await harness.executions.cancel(user.uid, (await harness.pending(user)).ulid)
    await harness.executions.fail(await harness.running(user), "gone")
    await harness.histories.delete(user.uid, (await harness.pending(user)).ulid)
    for shard in range(keys.DUE_SHARDS):
        assert await harness.executions.due(shard, harness.clock.now + 10**9) == []


async def test_the_problem_s_card_is_not_written_by_an_execution(harness: Any) -> None:
    """No counter in the problem's item."""
    problem = harness.problem(state=ProblemState.COMPLETED)
    key = keys.problem(problem.platform, problem.number)
    await harness.dynamo.put({**key, **problem.to_item()})
    await harness.completed(await harness.user(), problem=problem, is_public=True)
    assert await harness.dynamo.get(key) == {**key, **problem.to_item()}


@pytest.mark.slow
async def test_a_database_that_is_away_is_unavailable_and_changes_nothing(
    harness: Any, faults: Any
) -> None:
    history = await harness.running(await harness.user())
    faults.refuse("PutItem", "InternalServerError", times=500)
    harness.dynamo._transport._deadline_s = 2
    with pytest.raises(Unavailable):
        async with asyncio.timeout(25):
            await harness.executions.complete(history, harness.outcome(history))
    assert await harness.card(history) == history
    assert (await harness.histories.list(history.uid, PageWindow())).records == [history]
