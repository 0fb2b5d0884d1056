"""Stores of two processes on one table, whose clocks differ."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from graphql_api.config import Settings
from graphql_api.data.clock import CLOCK_SKEW_MS, DAY_MS, day_of, days_before
from graphql_api.data.enums import QuotaKind, Verdict
from graphql_api.data.errors import QuotaExceeded
from graphql_api.data.histories.executions import LeasedElsewhere, LostClaim
from graphql_api.data.records import History
from tests.support.paths import ROOT
from tests.support.stores import NOON, StoreHarness

pytestmark = pytest.mark.dynamodb

MIDNIGHT = 1_773_187_200_000  # 2026-03-11T00:00:00Z
TEN_SECONDS_MS = 10_000
# A worker renews its lease after half of it. So half of the lease must outlast the difference.
LEASE_MS = Settings.model_fields["lease_seconds"].default * 1000
HALF_LEASE_MS = LEASE_MS // 2
MakeHarness = Callable[..., StoreHarness]
# The time of the first process; the clock of the second is ten seconds ahead.
AROUND_MIDNIGHT = [-59_000, -10_000, -9_999, -5_000, -1, 0, 60_000]


def two(make_harness: MakeHarness, now: int, skew_ms: int) -> tuple[StoreHarness, StoreHarness]:
    first, second = make_harness(), make_harness()
    first.clock.now, second.clock.now = now, now + skew_ms
    return first, second


async def units(harness: StoreHarness, uid: str, kind: str = "execution") -> int:
    days = [day_of(MIDNIGHT), days_before(day_of(MIDNIGHT), 1)]
    return sum([getattr(await harness.usage.day(uid, day), kind) for day in days])


async def submit(harness: StoreHarness, user: Any) -> Any:
    """Submit as the API does: load the stored data, then reserve with it."""
    loaded = await harness.reservations.load(user.uid, "baekjoon", "1000", "key")
    return await harness.reserve(
        user, request_id="key", receipt=loaded.receipt, used=loaded.used, used_day=loaded.day
    )


@pytest.mark.parametrize("ahead_first", [True, False])
@pytest.mark.parametrize("at_ms", AROUND_MIDNIGHT)
async def test_one_key_on_two_apis_ten_seconds_apart_is_one_history_and_one_unit(
    make_harness: MakeHarness, at_ms: int, *, ahead_first: bool
) -> None:
    behind, ahead = two(make_harness, MIDNIGHT + at_ms, TEN_SECONDS_MS)
    user = await behind.user()
    order = (ahead, behind) if ahead_first else (behind, ahead)
    first, second = [await submit(harness, user) for harness in order]
    assert (first.is_duplicate, second.is_duplicate) == (False, True)
    assert first.history.key == second.history.key
    assert await units(behind, user.uid) == 1


@pytest.mark.parametrize("at_ms", AROUND_MIDNIGHT)
async def test_one_key_on_two_apis_at_once_is_one_history_and_one_unit(
    make_harness: MakeHarness, at_ms: int
) -> None:
    behind, ahead = two(make_harness, MIDNIGHT + at_ms, TEN_SECONDS_MS)
    user = await behind.user()
    calls = [harness.reserve(user, request_id="key") for harness in (behind, ahead) * 4]
    reserved = await asyncio.gather(*calls)
    assert len({one.history.key for one in reserved}) == 1
    assert sum(not one.is_duplicate for one in reserved) == 1
    assert await units(behind, user.uid) == 1


@pytest.mark.parametrize("ahead_first", [True, False])
async def test_one_key_of_a_custom_run_on_two_apis_takes_one_unit(
    make_harness: MakeHarness, *, ahead_first: bool
) -> None:
    behind, ahead = two(make_harness, MIDNIGHT - 5_000, TEN_SECONDS_MS)
    user = await behind.user()
    for harness in (ahead, behind) if ahead_first else (behind, ahead):
        await harness.usage.consume(
            user.uid,
            QuotaKind.RUN,
            day_of(harness.clock.now),
            request_id="key",
            input_hash="input",
            limit=5,
        )
    assert await units(behind, user.uid, "run") == 1


async def test_a_count_of_yesterday_refuses_nothing_today(make_harness: MakeHarness) -> None:
    harness = make_harness()
    harness.clock.now = MIDNIGHT - 1
    user = await harness.user()
    await harness.reserve(user, plan_limit=1)
    loaded = await harness.reservations.load(user.uid, "baekjoon", "1000", None)
    assert loaded.used == 1
    used = {"used": loaded.used, "used_day": loaded.day}
    with pytest.raises(QuotaExceeded):
        await harness.reserve(user, plan_limit=1, **used)
    harness.clock.now = MIDNIGHT
    assert not (await harness.reserve(user, plan_limit=1, **used)).is_duplicate
    with pytest.raises(QuotaExceeded):
        await harness.reserve(user, plan_limit=1, **used)


@pytest.mark.parametrize("skew_ms", [1 - HALF_LEASE_MS, HALF_LEASE_MS - 1])
async def test_a_renewed_lease_is_safe_while_clocks_differ_by_less_than_half_of_it(
    make_harness: MakeHarness, skew_ms: int
) -> None:
    holder, other = two(make_harness, NOON, skew_ms)
    history = await holder.pending(await holder.user())
    claimed = await claim(holder, history)
    for _ in range(4):
        for clock in (holder.clock, other.clock):
            clock.now += HALF_LEASE_MS
        assert isinstance(await claim(other, history), LeasedElsewhere)
        key = (history.uid, history.ulid, claimed.history.attempt)
        assert await holder.executions.renew(*key, LEASE_MS)
    done = await holder.executions.complete(claimed.history, holder.outcome(claimed.history))
    assert done.verdict is Verdict.WA


async def test_a_worker_more_than_half_a_lease_ahead_takes_over_and_only_it_completes(
    make_harness: MakeHarness,
) -> None:
    """This is why docs/operations.md bounds the difference."""
    holder, other = two(make_harness, NOON, HALF_LEASE_MS + 1)
    history = await holder.pending(await holder.user())
    claimed = await claim(holder, history)
    for clock in (holder.clock, other.clock):
        clock.now += HALF_LEASE_MS
    taken = await claim(other, history)
    assert taken.history.attempt == claimed.history.attempt + 1
    assert not await holder.executions.renew(history.uid, history.ulid, 1, LEASE_MS)
    with pytest.raises(LostClaim):
        await holder.executions.complete(claimed.history, holder.outcome(claimed.history))
    done = await other.executions.complete(taken.history, other.outcome(taken.history))
    assert done.verdict is Verdict.WA


async def claim(harness: StoreHarness, history: History) -> Any:
    """Claim a history with the default lease."""
    lease = {"token": str(id(harness)), "lease_ms": LEASE_MS}
    return await harness.executions.claim(history.uid, history.ulid, **lease)


def test_the_operators_are_given_the_difference_that_the_default_lease_allows() -> None:
    words = " ".join((ROOT / "docs" / "operations.md").read_text().split())
    assert f"less than half of `LEASE_SECONDS` ({HALF_LEASE_MS // 1000} s by default)" in words


@pytest.mark.parametrize("skew_ms", [-CLOCK_SKEW_MS, CLOCK_SKEW_MS])
async def test_processes_with_different_clocks_keep_every_invariant(
    make_harness: MakeHarness, skew_ms: int
) -> None:
    """One accepts and publishes, the other judges, hides, deletes and refunds, around midnight."""
    api, worker = two(make_harness, MIDNIGHT - 30_000, skew_ms)
    user = await api.user()
    histories = [await api.pending(user, is_public=number % 2 == 0) for number in range(4)]
    for history in histories[:3]:
        claimed = await worker.claim(history)
        await worker.executions.complete(claimed, worker.outcome(claimed))
    await worker.executions.cancel(*histories[3].key)
    await api.histories.publish(*histories[1].key, problem_public=True)
    await worker.histories.unpublish(*histories[0].key)
    await api.histories.delete(*histories[2].key)
    await api.consistent()
    assert await units(api, user.uid) == 3
    assert {entry["h"] for entry in await api.entries()} == {histories[1].ulid}


async def test_a_refund_finds_its_unit_in_whichever_day_it_was_taken(
    make_harness: MakeHarness,
) -> None:
    behind, ahead = two(make_harness, MIDNIGHT - 5_000, TEN_SECONDS_MS)
    user = await behind.user()
    for taker, other in ((behind, ahead), (ahead, behind)):
        history = await taker.pending(user)
        ended = await other.executions.cancel(*history.key)
        assert ended == replace(history, status=ended.status, finished_at=ended.finished_at)
    assert await units(behind, user.uid) == 0
    await behind.consistent()
    assert ahead.clock.now - behind.clock.now < DAY_MS
