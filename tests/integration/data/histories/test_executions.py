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
    bench: Any, history: History, token: str = "worker-2"
) -> Claim | LeasedElsewhere | None:
    found: Claim | LeasedElsewhere | None = await bench.executions.claim(
        history.uid, history.ulid, token=token, lease_ms=LEASE_MS
    )
    return found


async def due_of(bench: Any, history: History, now: int) -> OverdueExecution | None:
    shard = keys.shard_of(history.ulid, keys.DUE_SHARDS)
    found = await bench.executions.due(shard, now)
    return next((one for one in found if one.ulid == history.ulid), None)


def large(bench: Any) -> dict[str, Any]:
    """A problem whose histories' cards are about 0.8 KB."""
    problem = bench.problem("number-of-a-problem-1000", title="두 수의 합 " * 30)
    return {"problem": problem, "request_id": "r" * 200}


# Of 99 bytes in UTF-8.
LONG_NAME = "ㄱ" * 33


# Claims


async def test_a_claim_takes_one_request_of_three_units(bench: Any) -> None:
    history = await bench.pending(await bench.user(LONG_NAME), **large(bench))
    with metered() as meter:
        found = await claim(bench, history)
    assert isinstance(found, Claim)
    assert (found.history.status, found.history.attempt) == (HistoryStatus.RUNNING, 1)
    assert found.history.lease_expires_at == bench.clock.now + LEASE_MS
    assert (meter.requests, meter.write_units) == (1, 3)
    item = await bench.dynamo.get(keys.history(history.uid, history.ulid))
    assert 650 < item_size(item) < 950


async def test_of_workers_that_claim_at_once_one_gets_it(bench: Any) -> None:
    history = await bench.pending(await bench.user())
    found = await asyncio.gather(*(claim(bench, history, f"worker-{n}") for n in range(12)))
    assert sum(isinstance(one, Claim) for one in found) == 1
    assert [one.until for one in found if isinstance(one, LeasedElsewhere)] == [
        bench.clock.now + LEASE_MS
    ] * 11
    assert (await bench.card(history)).attempt == 1


async def test_a_claim_asked_for_again_with_its_token_is_the_same_attempt(
    bench: Any, wire: Any
) -> None:
    """The answer to the first was lost."""
    history = await bench.pending(await bench.user())
    wire.crash("UpdateItem", after=True)
    with pytest.raises(wire.Crash):
        await claim(bench, history, "mine")
    again = await claim(bench, history, "mine")
    assert isinstance(again, Claim)
    assert again.history.attempt == 1


async def test_an_execution_is_claimed_anew_only_when_its_lease_has_ended(bench: Any) -> None:
    first = await bench.running(await bench.user())
    bench.clock.now += LEASE_MS
    assert isinstance(await claim(bench, first), LeasedElsewhere)
    bench.clock.now += 1
    second = await claim(bench, first)
    assert isinstance(second, Claim)
    assert second.history.attempt == 2


async def test_what_has_ended_or_is_not_there_is_not_claimed_and_not_made(bench: Any) -> None:
    user = await bench.user()
    done = await bench.completed(user)
    assert await claim(bench, done) is None
    before = len(await bench.everything())
    assert await bench.executions.claim(user.uid, "01GONE", token="t", lease_ms=1) is None
    assert len(await bench.everything()) == before


async def test_a_renewed_lease_holds_longer_and_a_lost_one_is_not_renewed(bench: Any) -> None:
    history = await bench.running(await bench.user())
    bench.clock.now += LEASE_MS - 1
    with metered() as meter:
        assert await bench.executions.renew(history.uid, history.ulid, 1, LEASE_MS)
    assert (meter.requests, meter.write_units) == (1, 3)
    bench.clock.now += LEASE_MS
    assert isinstance(await claim(bench, history), LeasedElsewhere)
    bench.clock.now += 1
    assert isinstance(await claim(bench, history), Claim)
    assert not await bench.executions.renew(history.uid, history.ulid, 1, LEASE_MS)
    assert not await bench.executions.renew(history.uid, "01GONE", 1, LEASE_MS)
    assert await bench.dynamo.get(keys.history(history.uid, "01GONE")) is None


# Completion


async def test_a_claim_that_is_given_back_counts_for_nothing(bench: Any) -> None:
    history = await bench.pending(await bench.user())
    mine = await bench.claim(history)
    with metered() as meter:
        assert await bench.executions.give_back(mine)
    assert (meter.requests, meter.write_units) == (1, 3)
    left = await bench.histories.get(history.uid, history.ulid, consistent=True)
    assert (left.status, left.attempt, left.claim_token, left.lease_expires_at) == (
        HistoryStatus.PENDING,
        0,
        None,
        None,
    )
    assert await due_of(bench, history, bench.clock.now + GIVEN_BACK_PAUSE_MS - 1) is None
    assert await due_of(bench, history, bench.clock.now + GIVEN_BACK_PAUSE_MS) is not None


async def test_only_who_has_a_claim_gives_it_back(bench: Any) -> None:
    history = await bench.pending(await bench.user())
    mine = await bench.claim(history)
    assert await bench.executions.give_back(mine)
    # The same number, and another's.
    theirs = await claim(bench, history)
    assert isinstance(theirs, Claim)
    assert theirs.history.attempt == mine.attempt
    assert not await bench.executions.give_back(mine)
    await bench.executions.cancel(history.uid, history.ulid)
    assert not await bench.executions.give_back(theirs.history)


async def test_a_claim_whose_giving_back_was_not_answered_is_given_back_once(
    bench: Any, wire: Any
) -> None:
    mine = await bench.claim(await bench.pending(await bench.user()))
    wire.lose("UpdateItem")
    assert await bench.executions.give_back(mine)
    left = await bench.histories.get(mine.uid, mine.ulid, consistent=True)
    assert (left.status, left.attempt) == (HistoryStatus.PENDING, 0)


async def test_a_private_completion_is_one_transaction_of_six_units(bench: Any) -> None:
    user = await bench.user(LONG_NAME)
    history = await bench.running(user, **large(bench))
    with metered() as meter:
        done = await bench.executions.complete(history, bench.outcome(history))
    assert done == await bench.card(history)
    assert (done.status, done.verdict, done.total) == (HistoryStatus.COMPLETED, Verdict.WA, 2)
    assert [call.operation for call in meter.calls] == ["put_item", "transact_write_items"]
    assert meter.calls[1].write_units == 6
    assert await bench.entries() == []
    await bench.consistent()


async def test_a_public_completion_is_one_transaction_of_fourteen_units_and_a_count(
    bench: Any,
) -> None:
    user = await bench.user(LONG_NAME)
    history = await bench.running(user, is_public=True, **large(bench))
    with metered() as meter:
        done = await bench.executions.complete(history, bench.outcome(history))
    body, transaction, counted = meter.calls
    assert (body.operation, body.write_units) == ("put_item", 1)
    assert (transaction.operation, transaction.write_units) == ("transact_write_items", 14)
    assert (counted.operation, counted.write_units) == ("update_item", 1)
    entries = await bench.entries()
    assert sorted(entry["PK"] for entry in entries) == [
        "F#A#0",
        "F#L:python#0",
        "F#P:baekjoon#0",
        "F#PL:baekjoon:python#0",
    ]
    assert all(item_size(entry) < 1024 for entry in entries)
    assert {entry["SK"] for entry in entries} == {done.feed_id}
    assert (await bench.totals(user))["np"] == 1
    await bench.consistent()


@pytest.mark.slow
async def test_the_first_solution_of_a_problem_adds_two_units_and_counts_once(bench: Any) -> None:
    user = await bench.user()
    spent = []
    for verdict in (Verdict.WA, Verdict.AC, Verdict.AC):
        history = await bench.running(user, is_public=True)
        with metered() as meter:
            await bench.executions.complete(history, bench.outcome(history, verdict=verdict))
        spent.append(meter.write_units)
    assert spent == [16, 18, 16]  # each with one for the results body and one for the hour
    totals = await bench.totals(user)
    assert {name: totals[name] for name in ("ne", "na", "ns", "np", "l_python")} == {
        "ne": 3,
        "na": 2,
        "ns": 1,
        "np": 3,
        "l_python": 3,
    }


@pytest.mark.slow
async def test_of_two_first_solutions_at_once_one_counts(bench: Any) -> None:
    user = await bench.user()
    histories = [await bench.running(user) for _ in range(6)]
    await asyncio.gather(
        *(
            bench.executions.complete(one, bench.outcome(one, verdict=Verdict.AC))
            for one in histories
        )
    )
    totals = await bench.totals(user)
    assert (totals["ne"], totals["na"], totals["ns"]) == (6, 6, 1)


async def test_a_public_history_of_a_problem_that_is_not_completed_is_not_listed(
    bench: Any,
) -> None:
    history = await bench.running(await bench.user(), is_public=True)
    done = await bench.executions.complete(history, bench.outcome(history, problem_public=False))
    assert (done.is_public, done.feed_id) == (True, None)
    assert await bench.entries() == []


async def test_the_results_of_the_attempt_that_completed_are_the_history_s(bench: Any) -> None:
    user = await bench.user()
    history = await bench.running(user)
    assert await bench.histories.results(history) is None
    outcome = bench.outcome(history)
    done = await bench.executions.complete(history, outcome)
    assert await bench.histories.results(done) == outcome.results


async def test_completing_twice_is_harmless(bench: Any) -> None:
    user = await bench.user()
    history = await bench.running(user, is_public=True)
    done = await bench.executions.complete(history, bench.outcome(history))
    bench.clock.now += 5
    assert await bench.executions.complete(history, bench.outcome(history)) == done
    assert await bench.histories.results(done) is not None
    assert (await bench.totals(user))["ne"] == 1
    await bench.consistent()


async def test_an_earlier_attempt_s_completion_is_refused_and_leaves_nothing(bench: Any) -> None:
    user = await bench.user()
    first = await bench.running(user)
    bench.clock.now += LEASE_MS + 1
    second = await bench.claim(first)
    with pytest.raises(LostClaim):
        await bench.executions.complete(first, bench.outcome(first))
    assert not any("#r1" in sort for sort in await bench.sorts(user))
    done = await bench.executions.complete(second, bench.outcome(second, verdict=Verdict.TLE))
    with pytest.raises(LostClaim):
        await bench.executions.complete(first, bench.outcome(first))
    assert await bench.card(first) == done
    assert await bench.histories.results(done) is not None
    assert (await bench.totals(user))["ne"] == 1


async def test_a_crash_after_the_results_body_is_made_good_by_the_next_attempt(
    bench: Any, wire: Any
) -> None:
    user = await bench.user()
    first = await bench.running(user)
    wire.crash("TransactWriteItems")
    with pytest.raises(wire.Crash):
        await bench.executions.complete(first, bench.outcome(first))
    assert (await bench.card(first)).status is HistoryStatus.RUNNING
    await bench.consistent()
    bench.clock.now += LEASE_MS + 1
    assert await due_of(bench, first, bench.clock.now) is not None
    second = await bench.claim(first)
    done = await bench.executions.complete(second, bench.outcome(second))
    assert done.attempt == 2
    bodies = [sort for sort in await bench.sorts(user) if sort.startswith("B#")]
    assert bodies == [f"B#{first.ulid}#c", f"B#{first.ulid}#r2"]


async def test_a_completion_whose_answer_was_lost_is_found_done(bench: Any, wire: Any) -> None:
    user = await bench.user()
    history = await bench.running(user, is_public=True)
    wire.crash("TransactWriteItems", after=True)
    with pytest.raises(wire.Crash):
        await bench.executions.complete(history, bench.outcome(history))
    done = await bench.executions.complete(history, bench.outcome(history))
    assert done.status is HistoryStatus.COMPLETED
    assert (await bench.totals(user))["ne"] == 1
    await bench.consistent()


async def test_a_completion_rides_out_conflicts(bench: Any, wire: Any) -> None:
    history = await bench.running(await bench.user())
    reasons = ("None", "TransactionConflict")
    wire.refuse("TransactWriteItems", "TransactionCanceledException", *reasons, times=3)
    done = await bench.executions.complete(history, bench.outcome(history))
    assert done.status is HistoryStatus.COMPLETED
    assert wire.sent.count("TransactWriteItems") == 1 + 4


async def test_a_completion_keeps_its_verdict_when_another_is_first_to_solve_it(
    bench: Any, wire: Any
) -> None:
    """The totals in conflict, and the mark there: the totals are not gone."""
    running = await bench.running(await bench.user())
    reasons = ("None", "TransactionConflict", "ConditionalCheckFailed")
    wire.refuse("TransactWriteItems", "TransactionCanceledException", *reasons)
    outcome = bench.outcome(running, verdict=Verdict.AC, passed=2, failed=0)
    done = await bench.executions.complete(running, outcome)
    assert (await bench.card(running)).verdict is Verdict.AC
    assert await bench.histories.results(done) == outcome.results
    await bench.consistent()


async def test_a_cancellation_in_conflict_finds_the_history_still_there(
    bench: Any, wire: Any
) -> None:
    history = await bench.pending(await bench.user())
    reasons = ("TransactionConflict", "ConditionalCheckFailed", "None")
    wire.refuse("TransactWriteItems", "TransactionCanceledException", *reasons)
    ended = await bench.executions.cancel(history.uid, history.ulid)
    assert ended.status is HistoryStatus.CANCELLED
    await bench.consistent()


async def test_the_count_of_the_hour_may_fail_without_harm(bench: Any, wire: Any) -> None:
    history = await bench.running(await bench.user(), is_public=True)
    wire.refuse("UpdateItem", "InternalServerError")
    done = await bench.executions.complete(history, bench.outcome(history))
    assert (await bench.card(history)) == done
    await bench.consistent()


async def test_a_completion_of_a_user_who_is_being_deleted_is_refused(bench: Any) -> None:
    user = await bench.user()
    history = await bench.running(user, is_public=True)
    await bench.dynamo.delete(keys.totals(user.uid))
    with pytest.raises(LostClaim):
        await bench.executions.complete(history, bench.outcome(history))
    assert await bench.entries() == []
    assert await bench.totals(user) == {}
    assert not any("#r" in sort for sort in await bench.sorts(user))


async def test_what_a_user_sent_while_being_removed_does_not_outlive_its_judgement(
    bench: Any,
) -> None:
    """A reservation that was decided on before the mark, and written after the last pass."""
    user = await bench.user()
    history = await bench.pending(user)
    await bench.dynamo.batch_write(deletes=[keys.user(user.uid), keys.totals(user.uid)])
    running = await bench.claim(history)
    with pytest.raises(LostClaim):
        await bench.executions.complete(running, bench.outcome(running))
    left = [item for item in await bench.everything() if item["PK"].startswith("U#")]
    assert [item["SK"][:2] for item in left if "x" not in item] == []


async def test_a_completion_of_a_deleted_history_makes_no_ghost(bench: Any) -> None:
    user = await bench.user()
    history = await bench.running(user, is_public=True)
    await bench.histories.delete(user.uid, history.ulid)
    with pytest.raises(LostClaim):
        await bench.executions.complete(history, bench.outcome(history))
    assert not any(sort.startswith(("H#", "B#")) for sort in await bench.sorts(user))
    assert await bench.entries() == []


async def test_a_history_that_became_public_while_it_ran_is_listed_when_it_ends(
    bench: Any,
) -> None:
    user = await bench.user()
    history = await bench.running(user)
    await bench.histories.publish(user.uid, history.ulid, problem_public=True)
    done = await bench.executions.complete(history, bench.outcome(history))
    assert done.is_public
    assert len(await bench.entries()) == 4
    await bench.consistent()


# Failing and cancelling


async def test_a_failed_execution_gives_its_unit_back_once(bench: Any) -> None:
    user = await bench.user()
    await bench.pending(user)
    history = await bench.running(user)
    found = await asyncio.gather(
        *(bench.executions.fail(history, "the worker died three times") for _ in range(8)),
        return_exceptions=True,
    )
    assert sum(isinstance(one, History) for one in found) == 1
    assert sum(isinstance(one, LostClaim) for one in found) == 7
    card = await bench.card(history)
    assert (card.status, card.message) == (HistoryStatus.FAILED, "the worker died three times")
    assert await bench.used(user) == 1
    await bench.consistent()


async def test_a_refund_goes_to_the_day_that_the_card_names(bench: Any) -> None:
    user = await bench.user()
    history = await bench.pending(user)
    bench.clock.now += 86_400_000
    await bench.pending(user)
    await bench.executions.fail(await bench.claim(history), "gone")
    assert await bench.used(user) == 1
    assert (await bench.usage.day(user.uid, bench.today)).execution == 0


async def test_failing_goes_on_without_a_refund_when_the_receipt_is_gone(bench: Any) -> None:
    user = await bench.user()
    history = await bench.running(user)
    await bench.usage.purge_before(user.uid, "20990101")
    failed = await bench.executions.fail(history, "gone")
    assert failed.status is HistoryStatus.FAILED
    assert not any(sort[:2] in {"D#", "L#"} for sort in await bench.sorts(user))


async def test_the_sweeper_fails_only_what_has_no_living_worker(bench: Any) -> None:
    user = await bench.user()
    history = await bench.running(user)
    bench.clock.now += LEASE_MS + 1
    due = await due_of(bench, history, bench.clock.now)
    assert due is not None
    assert (due.attempt, due.status) == (1, HistoryStatus.RUNNING)
    assert await bench.executions.renew(history.uid, history.ulid, 1, LEASE_MS)
    with pytest.raises(LostClaim):
        await bench.executions.fail(due, "no worker")
    bench.clock.now += LEASE_MS + 1
    assert (await bench.executions.fail(due, "no worker")).status is HistoryStatus.FAILED
    assert await bench.used(user) == 0
    assert await due_of(bench, history, bench.clock.now + 10**9) is None


async def test_a_long_message_is_cut_so_that_the_card_stays_small(bench: Any) -> None:
    user = await bench.user("ㄱ" * 66)
    problem = bench.problem("n" * 40, title="제목" * 200, platform="p" * 32)
    history = await bench.pending(user, problem=problem, language="javascript")
    failed = await bench.executions.fail(await bench.claim(history, "w" * 40), "잘못" * 400)
    item = await bench.dynamo.get(keys.history(history.uid, history.ulid))
    assert item_size(item) < 950
    assert failed.message is not None
    assert len(failed.message.encode()) <= 120


async def test_a_cancelled_pending_is_refunded_and_a_running_one_is_not(bench: Any) -> None:
    user = await bench.user()
    pending, running = await bench.pending(user), await bench.running(user)
    cancelled = await bench.executions.cancel(user.uid, pending.ulid)
    assert cancelled.status is HistoryStatus.CANCELLED
    assert await bench.used(user) == 1
    await bench.executions.cancel(user.uid, running.ulid)
    assert await bench.used(user) == 1
    assert not await bench.executions.renew(user.uid, running.ulid, 1, LEASE_MS)
    with pytest.raises(LostClaim):
        await bench.executions.complete(running, bench.outcome(running))
    assert not any("#r1" in sort for sort in await bench.sorts(user))
    assert await claim(bench, pending) is None
    await bench.consistent()


@pytest.mark.slow
async def test_cancelling_twice_is_harmless_and_what_has_ended_is_not_cancelled(
    bench: Any,
) -> None:
    user = await bench.user()
    history = await bench.pending(user)
    found = await asyncio.gather(
        *(bench.executions.cancel(user.uid, history.ulid) for _ in range(6))
    )
    assert {one.status for one in found} == {HistoryStatus.CANCELLED}
    assert await bench.used(user) == 0
    done = await bench.completed(user)
    with pytest.raises(Conflict):
        await bench.executions.cancel(user.uid, done.ulid)
    with pytest.raises(NotFound):
        await bench.executions.cancel(user.uid, "01GONE")
    await bench.consistent()


@pytest.mark.slow
async def test_cancelling_against_claiming_refunds_only_what_nobody_began(bench: Any) -> None:
    user = await bench.user()
    refunded = 0
    for number in range(40):
        history = await bench.pending(user, plan_limit=None)
        claimed, _ = await asyncio.gather(
            claim(bench, history, f"worker-{number}"),
            bench.executions.cancel(user.uid, history.ulid),
        )
        refunded += claimed is None
        await bench.consistent()
    assert await bench.used(user) == 40 - refunded


# The sweeper's list


async def test_of_sweepers_that_see_the_same_only_one_sends_again(bench: Any) -> None:
    history = await bench.pending(await bench.user())
    now = bench.clock.now + 30_000
    due = await due_of(bench, history, now)
    found = await asyncio.gather(*(bench.executions.postpone(due, now) for _ in range(8)))
    assert found.count(True) == 1


async def test_the_pause_between_sendings_doubles_from_a_minute_to_an_hour(bench: Any) -> None:
    history = await bench.pending(await bench.user())
    now, pauses = bench.clock.now + 30_000, []
    for _ in range(8):
        due = await due_of(bench, history, now)
        assert await bench.executions.postpone(due, now)
        item = await bench.dynamo.get(keys.history(history.uid, history.ulid), consistent=True)
        pauses.append((int(item["g2s"]) - now) // 1000)
        now = int(item["g2s"])
    assert pauses == [60, 120, 240, 480, 960, 1920, 3840, 3840]


async def test_a_claim_lets_the_pauses_begin_anew(bench: Any) -> None:
    history = await bench.pending(await bench.user())
    now = bench.clock.now + 30_000
    for _ in range(3):
        due = await due_of(bench, history, now)
        assert await bench.executions.postpone(due, now)
        now += 10_000_000
    assert (await bench.claim(history)).resends == 0
    due = await due_of(bench, history, bench.clock.now + LEASE_MS)
    assert due is not None
    assert due.resends == 0


async def test_what_was_claimed_or_ended_since_is_not_sent_again(bench: Any) -> None:
    user = await bench.user()
    one, other = await bench.pending(user), await bench.pending(user)
    now = bench.clock.now + 30_000
    seen = [await due_of(bench, one, now), await due_of(bench, other, now)]
    await bench.claim(one)
    await bench.executions.cancel(user.uid, other.ulid)
    assert [await bench.executions.postpone(due, now) for due in seen] == [False, False]


async def test_a_sweep_of_a_shard_is_one_request(bench: Any) -> None:
    user = await bench.user()
    history = await bench.pending(user)
    shard = keys.shard_of(history.ulid, keys.DUE_SHARDS)
    with metered() as meter:
        found = await bench.executions.due(shard, bench.clock.now + 30_000)
    assert ([one.ulid for one in found], meter.requests) == ([history.ulid], 1)


@pytest.mark.slow
async def test_any_number_of_test_sets_that_are_due_to_go_hides_no_execution(bench: Any) -> None:
    history = await bench.pending(await bench.user())
    shard = keys.shard_of(history.ulid, keys.DUE_SHARDS)
    names = (str(number) for number in count())
    same_shard = (
        name
        for name in names
        if keys.shard_of(keys.problem_partition("demo", name), keys.DUE_SHARDS) == shard
    )
    tests = TestSetStore(bench.dynamo, bench.bodies, lambda: bench.clock.now - 2 * GRACE_MS)
    await bench.dynamo.batch_write(
        puts=[tests._note("demo", name, 1) for name in islice(same_shard, 600)]
    )
    found = await bench.executions.due(shard, bench.clock.now + 30_000)
    assert [one.ulid for one in found] == [history.ulid]
    assert len(await tests.due(shard, bench.clock.now)) == 100


async def test_nothing_that_has_ended_is_in_the_sweeper_s_list(bench: Any) -> None:
    user = await bench.user()
    await bench.completed(user)
    await bench.executions.cancel(user.uid, (await bench.pending(user)).ulid)
    await bench.executions.fail(await bench.running(user), "gone")
    await bench.histories.delete(user.uid, (await bench.pending(user)).ulid)
    for shard in range(keys.DUE_SHARDS):
        assert await bench.executions.due(shard, bench.clock.now + 10**9) == []


async def test_the_problem_s_card_is_not_written_by_an_execution(bench: Any) -> None:
    """No counter in the problem's item."""
    problem = bench.problem(state=ProblemState.COMPLETED)
    key = keys.problem(problem.platform, problem.number)
    await bench.dynamo.put({**key, **problem.to_item()})
    await bench.completed(await bench.user(), problem=problem, is_public=True)
    assert await bench.dynamo.get(key) == {**key, **problem.to_item()}


@pytest.mark.slow
async def test_a_database_that_is_away_is_unavailable_and_changes_nothing(
    bench: Any, wire: Any
) -> None:
    history = await bench.running(await bench.user())
    wire.refuse("PutItem", "InternalServerError", times=500)
    bench.dynamo._transport._deadline_s = 2
    with pytest.raises(Unavailable):
        async with asyncio.timeout(25):
            await bench.executions.complete(history, bench.outcome(history))
    assert await bench.card(history) == history
    assert (await bench.histories.list(history.uid, PageWindow())).records == [history]
