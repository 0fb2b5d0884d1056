"""Reservations on a real table: exactly up to the limit, once per request, without leftovers."""

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest

from graphql_api.data import keys
from graphql_api.data.accounts.user_locks import UserLocks
from graphql_api.data.clock import DAY_MS
from graphql_api.data.dynamo.meter import metered
from graphql_api.data.dynamo.pages import PageWindow
from graphql_api.data.dynamo.transport import TransactionFailed
from graphql_api.data.enums import HistoryStatus
from graphql_api.data.errors import Conflict, InvalidInput, QuotaExceeded, Unavailable
from graphql_api.data.histories.reservations import Reserved
from graphql_api.data.keys import of_item
from graphql_api.data.records import Receipt
from tests.support.waiting import wait_until_async

pytestmark = pytest.mark.dynamodb

# 2 KB that compress like source code.
CODE = "".join(f"    total = total + values[{n}] * weight({n})\n" for n in range(50))
MIDNIGHT = 1_773_187_200_000  # 2026-03-11T00:00:00Z


async def test_a_reservation_leaves_card_receipt_counter_and_code(harness: Any) -> None:
    user = await harness.user()
    history = await harness.pending(user, code=CODE, request_id="one")
    assert history.status is HistoryStatus.PENDING
    assert await harness.card(history) == history
    assert await harness.histories.code(user.uid, history.ulid) == CODE
    assert await harness.used(user) == 1
    assert await harness.sorts(user) == [
        f"B#{history.ulid}#c",
        f"D#{harness.today}",
        f"H#{history.ulid}",
        f"L#{harness.today}#execution#{history.request_hash}",
    ]
    await harness.consistent()


@pytest.mark.parametrize("limit", [50, 100_000, None])
async def test_an_accepted_execution_costs_three_requests_and_eight_units_at_any_limit(
    harness: Any, limit: int | None
) -> None:
    user, problem = await harness.user(), harness.problem(title="ㄱ" * 100)
    await harness.dynamo.put(
        {**keys.problem(problem.platform, problem.number), **problem.to_item()}
    )
    with metered() as meter:
        loaded = await harness.reservations.load(user.uid, problem.platform, problem.number, "one")
        await harness.reserve(
            loaded.user,
            problem=loaded.problem,
            receipt=loaded.receipt,
            used=loaded.used,
            plan_limit=limit,
            request_id="one",
            code=CODE,
        )
    assert (meter.requests, meter.write_units) == (3, 8)
    assert meter.read_units <= 4


async def test_two_kilobytes_that_do_not_compress_stay_within_ten_units(harness: Any) -> None:
    user = await harness.user()
    code = "".join(random.Random(1).choices(map_of_letters(), k=2000))
    with metered() as meter:
        await harness.reserve(user, code=code)
    assert meter.write_units <= 10


def map_of_letters() -> list[str]:
    return [chr(point) for point in range(33, 127)]


@pytest.mark.slow
async def test_240_calls_over_120_keys_at_limit_50_admit_exactly_50(
    harness: Any, make_harness: Callable[..., Any]
) -> None:
    """No call exceeds the limit, and each accepted call stores one complete history."""
    user = await harness.user()
    processes = [harness, make_harness()]
    for process in processes:
        # All calls wait for one user's lock, on a slow host longer than a request may.
        process.reservations._locks = UserLocks(timeout_s=600)

    async def call(number: int) -> Reserved | QuotaExceeded:
        try:
            reserved: Reserved = await processes[number % 2].reserve(
                user, request_id=f"key-{number // 2}"
            )
        except QuotaExceeded as error:
            return error
        return reserved

    order = list(range(240))
    random.Random(3).shuffle(order)
    found = await asyncio.gather(*map(call, order))
    admitted = [one for one in found if isinstance(one, Reserved)]
    first = [one for one in admitted if not one.is_duplicate]
    assert len(first) == 50
    assert {one.history.ulid for one in admitted} == {one.history.ulid for one in first}
    sorts = await harness.sorts(user)
    by_kind = {kind: sum(sort.startswith(kind) for sort in sorts) for kind in "BDHL"}
    assert by_kind == {"B": 50, "D": 1, "H": 50, "L": 50}
    assert await harness.used(user) == 50
    await harness.consistent()


@pytest.mark.slow
async def test_32_calls_at_once_at_limit_5_admit_5(harness: Any) -> None:
    user = await harness.user()
    calls = (harness.reserve(user, plan_limit=5) for _ in range(32))
    found = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(one, Reserved) for one in found) == 5
    assert sum(isinstance(one, QuotaExceeded) for one in found) == 27


async def test_a_denial_says_when_to_come_back_and_leaves_nothing(harness: Any) -> None:
    user = await harness.user()
    await harness.pending(user, plan_limit=1)
    before = await harness.everything()
    with pytest.raises(QuotaExceeded, match="you have used 1 of 1") as denial:
        await harness.reserve(user, plan_limit=1, code=CODE)
    assert (denial.value.used, denial.value.limit) == (1, 1)
    assert denial.value.reset_at.isoformat() == "2026-03-11T00:00:00+00:00"
    assert sorted(map(repr, await harness.everything())) == sorted(map(repr, before))


async def test_a_denial_seen_beforehand_writes_nothing(harness: Any) -> None:
    user = await harness.user()
    await harness.pending(user, plan_limit=1)
    loaded = await harness.reservations.load(user.uid, "baekjoon", "1000", None)
    with metered() as meter, pytest.raises(QuotaExceeded):
        await harness.reserve(user, plan_limit=1, used=loaded.used)
    assert meter.requests == 0


@pytest.mark.parametrize("limit", [0, -1])
async def test_a_limit_of_zero_admits_no_request(harness: Any, limit: int) -> None:
    user = await harness.user()
    with pytest.raises(QuotaExceeded):
        await harness.reserve(user, plan_limit=limit)
    assert await harness.sorts(user) == []


async def test_the_same_request_finds_its_history_even_past_the_limit(harness: Any) -> None:
    user = await harness.user()
    first = await harness.reserve(user, plan_limit=1, request_id="one")
    again = await harness.reserve(user, plan_limit=1, request_id="one")
    assert (first.is_duplicate, again.is_duplicate) == (False, True)
    assert again.history == first.history
    assert len([sort for sort in await harness.sorts(user) if sort.startswith("B#")]) == 1


async def test_the_receipt_that_was_loaded_answers_a_repetition_without_a_write(
    harness: Any,
) -> None:
    user = await harness.user()
    first = await harness.reserve(user, request_id="one")
    loaded = await harness.reservations.load(user.uid, "baekjoon", "1000", "one")
    assert isinstance(loaded.receipt, Receipt)
    with metered() as meter:
        again = await harness.reserve(user, request_id="one", receipt=loaded.receipt)
    assert again.is_duplicate
    assert again.history == first.history
    assert (meter.requests, meter.write_units) == (1, 0)


@pytest.mark.parametrize("loaded", [True, False])
async def test_the_same_key_with_another_input_is_a_conflict(harness: Any, *, loaded: bool) -> None:
    user = await harness.user()
    await harness.reserve(user, request_id="one")
    seen = await harness.reservations.load(user.uid, "baekjoon", "1000", "one")
    receipt = seen.receipt if loaded else None
    with pytest.raises(Conflict) as conflict:
        await harness.reserve(user, request_id="one", input_hash="other", receipt=receipt)
    assert conflict.value.path == ("idempotencyKey",)
    assert await harness.used(user) == 1


async def test_a_key_whose_history_was_deleted_is_a_conflict(harness: Any) -> None:
    user = await harness.user()
    history = await harness.completed(user, request_id="one")
    await harness.histories.delete(user.uid, history.ulid)
    with pytest.raises(Conflict, match="deleted"):
        await harness.reserve(user, request_id="one")


async def test_another_user_s_key_is_another_request(harness: Any) -> None:
    one, other = await harness.user(), await harness.user()
    await harness.reserve(one, request_id="same")
    assert not (await harness.reserve(other, request_id="same")).is_duplicate


async def test_without_a_key_every_call_is_a_request(harness: Any) -> None:
    user = await harness.user()
    found = [await harness.pending(user) for _ in range(3)]
    assert len({history.ulid for history in found}) == 3
    assert await harness.used(user) == 3


@pytest.mark.parametrize("loaded", [True, False])
async def test_a_request_of_before_midnight_is_recognised_after_it(
    harness: Any, *, loaded: bool
) -> None:
    user = await harness.user()
    harness.clock.now = MIDNIGHT - 1
    first = await harness.reserve(user, request_id="one")
    harness.clock.now = MIDNIGHT + 60_000
    seen = await harness.reservations.load(user.uid, "baekjoon", "1000", "one")
    assert seen.receipt is not None
    again = await harness.reserve(user, request_id="one", receipt=seen.receipt if loaded else None)
    assert again.is_duplicate
    assert again.history == first.history
    assert await harness.used(user) == 0


async def test_a_new_day_has_a_new_limit(harness: Any) -> None:
    user = await harness.user()
    await harness.pending(user, plan_limit=1)
    harness.clock.now += DAY_MS
    with metered() as meter:
        await harness.pending(user, plan_limit=1)
    assert await harness.used(user) == 1
    assert meter.write_units == 8


async def test_the_look_at_yesterday_after_midnight_stays_within_ten_units(harness: Any) -> None:
    user = await harness.user()
    harness.clock.now = MIDNIGHT
    with metered() as meter:
        await harness.pending(user, code=CODE, request_id="one")
    assert meter.write_units == 10


async def test_code_that_is_no_text_is_refused_before_anything_is_written(harness: Any) -> None:
    user = await harness.user()
    with pytest.raises(InvalidInput):
        await harness.reserve(user, code="print('\ud800')")
    assert await harness.sorts(user) == []


async def test_conflicts_and_throttling_are_ridden_out(harness: Any, faults: Any) -> None:
    user = await harness.user()
    faults.refuse(
        "TransactWriteItems", "TransactionCanceledException", "None", "TransactionConflict", "None"
    )
    faults.refuse("TransactWriteItems", "ThrottlingException")
    faults.refuse("TransactWriteItems", "TransactionInProgressException")
    faults.refuse("PutItem", "ProvisionedThroughputExceededException")
    await harness.pending(user)
    assert faults.sent.count("TransactWriteItems") == 4
    assert await harness.used(user) == 1
    await harness.consistent()


@pytest.mark.slow
async def test_conflicts_without_end_are_unavailable_within_the_deadline(
    harness: Any, faults: Any
) -> None:
    harness.dynamo._transport._deadline_s = 2
    user = await harness.user()
    reasons = ("None", "TransactionConflict", "None")
    faults.refuse("TransactWriteItems", "TransactionCanceledException", *reasons, times=500)
    with pytest.raises(Unavailable):
        async with asyncio.timeout(25):
            await harness.pending(user)
    assert await harness.used(user) == 0


@pytest.mark.parametrize("end", ["too long a wait", "the client leaves"])
async def test_a_call_that_never_had_its_turn_leaves_nothing(harness: Any, end: str) -> None:
    user = await harness.user()
    locks = UserLocks(0.05 if end == "too long a wait" else 10)
    harness.reservations._locks = locks
    async with locks.hold(user.uid):
        call = asyncio.create_task(harness.pending(user))
        if end == "the client leaves":
            await wait_until_async("the code", lambda: harness.sorts(user))
            assert [sort[:2] for sort in await harness.sorts(user)] == ["B#"]
            call.cancel()
        with pytest.raises((Unavailable, asyncio.CancelledError)):
            await call
    assert await harness.sorts(user) == []


async def test_an_answer_that_was_lost_reserves_once(harness: Any, faults: Any) -> None:
    """The caller repeats the request with its key and gets the stored history."""
    user = await harness.user()
    faults.crash("TransactWriteItems", after=True)
    with pytest.raises(faults.Crash):
        await harness.reserve(user, request_id="one")
    again = await harness.reserve(user, request_id="one")
    assert again.is_duplicate
    assert await harness.histories.code(user.uid, again.history.ulid) is not None
    assert await harness.used(user) == 1
    await harness.consistent()


async def test_a_crash_between_code_and_transaction_costs_no_unit(
    harness: Any, faults: Any
) -> None:
    user = await harness.user()
    faults.crash("TransactWriteItems")
    with pytest.raises(faults.Crash):
        await harness.reserve(user, request_id="one")
    assert await harness.used(user) == 0
    again = await harness.reserve(user, request_id="one")
    assert not again.is_duplicate
    await harness.consistent()


async def test_a_crash_before_sending_leaves_what_the_sweeper_finds(harness: Any) -> None:
    """The sweeper finds the PENDING card."""
    user = await harness.user()
    history = await harness.pending(user)
    shard = keys.shard_of(history.ulid, keys.DUE_SHARDS)
    assert await harness.executions.due(shard, harness.clock.now + 29_999) == []
    (due,) = await harness.executions.due(shard, harness.clock.now + 30_000)
    assert (due.uid, due.ulid, due.status) == (user.uid, history.ulid, HistoryStatus.PENDING)


@pytest.mark.slow
async def test_every_history_has_an_id_of_its_own(harness: Any) -> None:
    """Forty ids of one millisecond are different."""
    user = await harness.user()
    histories = await asyncio.gather(*(harness.pending(user) for _ in range(40)))
    assert len({history.ulid for history in histories}) == 40
    assert len((await harness.histories.list(user.uid, PageWindow(100))).records) == 40


async def test_a_history_that_is_there_is_never_written_over(harness: Any, faults: Any) -> None:
    """Another card is stored under the chosen id before it is used."""
    user = await harness.user()
    card: dict[str, Any] = {}

    async def occupy() -> None:
        (sort,) = [sort for sort in await harness.sorts(user) if sort.startswith("B#")]
        key = keys.history(user.uid, sort.split("#")[1])
        card.update({**key, "ti": "was here first"})
        await harness.dynamo.put(card)

    faults.meanwhile("TransactWriteItems", occupy)
    with pytest.raises(TransactionFailed):
        await harness.pending(user)
    assert await harness.dynamo.get(of_item(card), consistent=True) == card
    assert await harness.sorts(user) == [card["SK"]]


async def test_the_log_says_what_each_unit_was_used_for(harness: Any) -> None:
    user = await harness.user()
    history = await harness.pending(user, request_id="one", language="cpp")
    (receipt,) = (await harness.usage.log(user.uid, harness.today, PageWindow())).records
    assert (receipt.action, receipt.ulid) == ("execution", history.ulid)
    assert (receipt.platform, receipt.number, receipt.language) == ("baekjoon", "1000", "cpp")
    assert (receipt.day, receipt.created_at) == (harness.today, harness.clock.now)
    assert "one" not in str(receipt.request_hash)


async def test_times_are_numbers_and_the_life_is_ninety_days_from_now(harness: Any) -> None:
    """No time is stored as text, and the local time zone is not used."""
    user = await harness.user()
    await harness.pending(user)
    items = await harness.everything()
    expiring = [item for item in items if item["SK"][:2] in {"D#", "L#"}]
    assert {item["x"] for item in expiring} == {(harness.clock.now + 90 * DAY_MS) // 1000}
    assert all(isinstance(item["ca"], int) for item in items if "ca" in item)
