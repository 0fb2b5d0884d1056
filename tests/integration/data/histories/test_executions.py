"""Executions on a real table: claims under a lease, failures, cancellations and overdue ones."""

import asyncio
from itertools import count, islice
from typing import Any

import pytest

from graphql_api.data import keys
from graphql_api.data.dynamo.meter import metered
from graphql_api.data.dynamo.pages import PageWindow
from graphql_api.data.dynamo.values import item_size
from graphql_api.data.enums import HistoryStatus, ProblemState
from graphql_api.data.errors import Conflict, NotFound, Unavailable
from graphql_api.data.histories.executions import (
    GIVEN_BACK_PAUSE_MS,
    Claim,
    LeasedElsewhere,
    LostClaim,
)
from graphql_api.data.problems.purge_notes import GRACE_MS, make_note
from graphql_api.data.problems.testsets import TestSetStore
from graphql_api.data.records import History, ProblemKey
from tests.support.claims import LEASE_MS, LONG_NAME, claim, due_of, large

pytestmark = pytest.mark.dynamodb


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
    """The answer to the first request was lost."""
    history = await harness.pending(await harness.user())
    faults.crash("UpdateItem", after=True)
    with pytest.raises(faults.Crash):
        await claim(harness, history, "mine")
    again = await claim(harness, history, "mine")
    assert isinstance(again, Claim)
    assert again.history.attempt == 1


async def test_an_execution_is_claimed_again_only_after_its_lease_has_expired(harness: Any) -> None:
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
    # The same attempt number, but of another worker.
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
async def test_cancelling_during_a_claim_refunds_only_unclaimed_executions(harness: Any) -> None:
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


async def test_a_claim_resets_the_pauses(harness: Any) -> None:
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
    tests = TestSetStore(harness.dynamo, harness.bodies, harness.clock)
    earlier = harness.clock.now - 2 * GRACE_MS
    await harness.dynamo.batch_write(
        puts=[make_note(ProblemKey("demo", name), 1, earlier) for name in islice(same_shard, 600)]
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
    """The item of the problem contains no counter."""
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
