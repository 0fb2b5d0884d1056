"""Reserving executions on a real table: exactly the limit, once a request, nothing left behind."""

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

# 2 KB that compress as code does.
CODE = "".join(f"    total = total + values[{n}] * weight({n})\n" for n in range(50))
MIDNIGHT = 1_773_187_200_000  # 2026-03-11T00:00:00Z


async def test_a_reservation_leaves_card_receipt_counter_and_code(bench: Any) -> None:
    user = await bench.user()
    history = await bench.pending(user, code=CODE, request_id="one")
    assert history.status is HistoryStatus.PENDING
    assert await bench.card(history) == history
    assert await bench.histories.code(user.uid, history.ulid) == CODE
    assert await bench.used(user) == 1
    assert await bench.sorts(user) == [
        f"B#{history.ulid}#c",
        f"D#{bench.today}",
        f"H#{history.ulid}",
        f"L#{bench.today}#execution#{history.request_hash}",
    ]
    await bench.consistent()


@pytest.mark.parametrize("limit", [50, 100_000, None])
async def test_an_accepted_execution_costs_three_requests_and_eight_units_at_any_limit(
    bench: Any, limit: int | None
) -> None:
    user, problem = await bench.user(), bench.problem(title="ㄱ" * 100)
    await bench.dynamo.put({**keys.problem(problem.platform, problem.number), **problem.to_item()})
    with metered() as meter:
        loaded = await bench.executions.load_for_execution(
            user.uid, problem.platform, problem.number, "one"
        )
        await bench.reserve(
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


async def test_two_kilobytes_that_do_not_compress_stay_within_ten_units(bench: Any) -> None:
    user = await bench.user()
    code = "".join(random.Random(1).choices(map_of_letters(), k=2000))
    with metered() as meter:
        await bench.reserve(user, code=code)
    assert meter.write_units <= 10


def map_of_letters() -> list[str]:
    return [chr(point) for point in range(33, 127)]


@pytest.mark.slow
async def test_240_calls_over_120_keys_at_limit_50_admit_exactly_50(
    bench: Any, make_bench: Callable[..., Any]
) -> None:
    """No call passes the limit, and each that passes leaves one whole history."""
    user = await bench.user()
    processes = [bench, make_bench()]

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
    sorts = await bench.sorts(user)
    by_kind = {kind: sum(sort.startswith(kind) for sort in sorts) for kind in "BDHL"}
    assert by_kind == {"B": 50, "D": 1, "H": 50, "L": 50}
    assert await bench.used(user) == 50
    await bench.consistent()


@pytest.mark.slow
async def test_32_calls_at_once_at_limit_5_admit_5(bench: Any) -> None:
    user = await bench.user()
    calls = (bench.reserve(user, plan_limit=5) for _ in range(32))
    found = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(one, Reserved) for one in found) == 5
    assert sum(isinstance(one, QuotaExceeded) for one in found) == 27


async def test_a_denial_says_when_to_come_back_and_leaves_nothing(bench: Any) -> None:
    user = await bench.user()
    await bench.pending(user, plan_limit=1)
    before = await bench.everything()
    with pytest.raises(QuotaExceeded, match="1 of 1 used") as denial:
        await bench.reserve(user, plan_limit=1, code=CODE)
    assert (denial.value.used, denial.value.limit) == (1, 1)
    assert denial.value.reset_at.isoformat() == "2026-03-11T00:00:00+00:00"
    assert sorted(map(repr, await bench.everything())) == sorted(map(repr, before))


async def test_a_denial_seen_beforehand_writes_nothing(bench: Any) -> None:
    user = await bench.user()
    await bench.pending(user, plan_limit=1)
    loaded = await bench.executions.load_for_execution(user.uid, "baekjoon", "1000", None)
    with metered() as meter, pytest.raises(QuotaExceeded):
        await bench.reserve(user, plan_limit=1, used=loaded.used)
    assert meter.requests == 0


@pytest.mark.parametrize("limit", [0, -1])
async def test_a_limit_of_nothing_admits_nobody(bench: Any, limit: int) -> None:
    user = await bench.user()
    with pytest.raises(QuotaExceeded):
        await bench.reserve(user, plan_limit=limit)
    assert await bench.sorts(user) == []


async def test_the_same_request_finds_its_history_even_past_the_limit(bench: Any) -> None:
    user = await bench.user()
    first = await bench.reserve(user, plan_limit=1, request_id="one")
    again = await bench.reserve(user, plan_limit=1, request_id="one")
    assert (first.is_duplicate, again.is_duplicate) == (False, True)
    assert again.history == first.history
    assert len([sort for sort in await bench.sorts(user) if sort.startswith("B#")]) == 1


async def test_the_receipt_that_was_loaded_answers_a_repetition_without_a_write(bench: Any) -> None:
    user = await bench.user()
    first = await bench.reserve(user, request_id="one")
    loaded = await bench.executions.load_for_execution(user.uid, "baekjoon", "1000", "one")
    assert isinstance(loaded.receipt, Receipt)
    with metered() as meter:
        again = await bench.reserve(user, request_id="one", receipt=loaded.receipt)
    assert again.is_duplicate
    assert again.history == first.history
    assert (meter.requests, meter.write_units) == (1, 0)


@pytest.mark.parametrize("loaded", [True, False])
async def test_the_same_key_with_another_input_is_a_conflict(bench: Any, *, loaded: bool) -> None:
    user = await bench.user()
    await bench.reserve(user, request_id="one")
    seen = await bench.executions.load_for_execution(user.uid, "baekjoon", "1000", "one")
    receipt = seen.receipt if loaded else None
    with pytest.raises(Conflict) as conflict:
        await bench.reserve(user, request_id="one", input_hash="other", receipt=receipt)
    assert conflict.value.path == ("idempotencyKey",)
    assert await bench.used(user) == 1


async def test_a_key_whose_history_was_deleted_is_a_conflict(bench: Any) -> None:
    user = await bench.user()
    history = await bench.completed(user, request_id="one")
    await bench.histories.delete(user.uid, history.ulid)
    with pytest.raises(Conflict, match="deleted"):
        await bench.reserve(user, request_id="one")


async def test_another_user_s_key_is_another_request(bench: Any) -> None:
    one, other = await bench.user(), await bench.user()
    await bench.reserve(one, request_id="same")
    assert not (await bench.reserve(other, request_id="same")).is_duplicate


async def test_without_a_key_every_call_is_a_request(bench: Any) -> None:
    user = await bench.user()
    found = [await bench.pending(user) for _ in range(3)]
    assert len({history.ulid for history in found}) == 3
    assert await bench.used(user) == 3


@pytest.mark.parametrize("loaded", [True, False])
async def test_a_request_of_before_midnight_is_recognised_after_it(
    bench: Any, *, loaded: bool
) -> None:
    user = await bench.user()
    bench.clock.now = MIDNIGHT - 1
    first = await bench.reserve(user, request_id="one")
    bench.clock.now = MIDNIGHT + 60_000
    seen = await bench.executions.load_for_execution(user.uid, "baekjoon", "1000", "one")
    assert seen.receipt is not None
    again = await bench.reserve(user, request_id="one", receipt=seen.receipt if loaded else None)
    assert again.is_duplicate
    assert again.history == first.history
    assert await bench.used(user) == 0


async def test_a_new_day_has_a_new_limit(bench: Any) -> None:
    user = await bench.user()
    await bench.pending(user, plan_limit=1)
    bench.clock.now += DAY_MS
    with metered() as meter:
        await bench.pending(user, plan_limit=1)
    assert await bench.used(user) == 1
    assert meter.write_units == 8


async def test_the_look_at_yesterday_after_midnight_stays_within_ten_units(bench: Any) -> None:
    user = await bench.user()
    bench.clock.now = MIDNIGHT
    with metered() as meter:
        await bench.pending(user, code=CODE, request_id="one")
    assert meter.write_units == 10


async def test_code_that_is_no_text_is_refused_before_anything_is_written(bench: Any) -> None:
    user = await bench.user()
    with pytest.raises(InvalidInput):
        await bench.reserve(user, code="print('\ud800')")
    assert await bench.sorts(user) == []


async def test_conflicts_and_throttling_are_ridden_out(bench: Any, wire: Any) -> None:
    user = await bench.user()
    wire.refuse(
        "TransactWriteItems", "TransactionCanceledException", "None", "TransactionConflict", "None"
    )
    wire.refuse("TransactWriteItems", "ThrottlingException")
    wire.refuse("TransactWriteItems", "TransactionInProgressException")
    wire.refuse("PutItem", "ProvisionedThroughputExceededException")
    await bench.pending(user)
    assert wire.sent.count("TransactWriteItems") == 4
    assert await bench.used(user) == 1
    await bench.consistent()


@pytest.mark.slow
async def test_conflicts_without_end_are_unavailable_within_the_deadline(
    bench: Any, wire: Any
) -> None:
    bench.dynamo._transport._deadline_s = 2
    user = await bench.user()
    reasons = ("None", "TransactionConflict", "None")
    wire.refuse("TransactWriteItems", "TransactionCanceledException", *reasons, times=500)
    with pytest.raises(Unavailable):
        async with asyncio.timeout(25):
            await bench.pending(user)
    assert await bench.used(user) == 0


@pytest.mark.parametrize("end", ["too long a wait", "the client leaves"])
async def test_a_call_that_never_had_its_turn_leaves_nothing(bench: Any, end: str) -> None:
    user = await bench.user()
    locks = UserLocks(0.05 if end == "too long a wait" else 10)
    bench.executions._reservations._locks = locks
    async with locks.hold(user.uid):
        call = asyncio.create_task(bench.pending(user))
        if end == "the client leaves":
            await wait_until_async("the code", lambda: bench.sorts(user))
            assert [sort[:2] for sort in await bench.sorts(user)] == ["B#"]
            call.cancel()
        with pytest.raises((Unavailable, asyncio.CancelledError)):
            await call
    assert await bench.sorts(user) == []


async def test_an_answer_that_was_lost_reserves_once(bench: Any, wire: Any) -> None:
    """The caller sends again with its key and finds what was done."""
    user = await bench.user()
    wire.crash("TransactWriteItems", after=True)
    with pytest.raises(wire.Crash):
        await bench.reserve(user, request_id="one")
    again = await bench.reserve(user, request_id="one")
    assert again.is_duplicate
    assert await bench.histories.code(user.uid, again.history.ulid) is not None
    assert await bench.used(user) == 1
    await bench.consistent()


async def test_a_crash_between_code_and_transaction_costs_no_unit(bench: Any, wire: Any) -> None:
    user = await bench.user()
    wire.crash("TransactWriteItems")
    with pytest.raises(wire.Crash):
        await bench.reserve(user, request_id="one")
    assert await bench.used(user) == 0
    again = await bench.reserve(user, request_id="one")
    assert not again.is_duplicate
    await bench.consistent()


async def test_a_crash_before_sending_leaves_what_the_sweeper_finds(bench: Any) -> None:
    """The PENDING card is the sender."""
    user = await bench.user()
    history = await bench.pending(user)
    shard = keys.shard_of(history.ulid, keys.DUE_SHARDS)
    assert await bench.executions.due(shard, bench.clock.now + 29_999) == []
    (due,) = await bench.executions.due(shard, bench.clock.now + 30_000)
    assert (due.uid, due.ulid, due.status) == (user.uid, history.ulid, HistoryStatus.PENDING)


@pytest.mark.slow
async def test_every_history_has_an_id_of_its_own(bench: Any) -> None:
    """Forty of one millisecond differ."""
    user = await bench.user()
    histories = await asyncio.gather(*(bench.pending(user) for _ in range(40)))
    assert len({history.ulid for history in histories}) == 40
    assert len((await bench.histories.list(user.uid, PageWindow(100))).records) == 40


async def test_a_history_that_is_there_is_never_written_over(bench: Any, wire: Any) -> None:
    """Another's card appears under the very id between its choice and its use."""
    user = await bench.user()
    card: dict[str, Any] = {}

    async def occupy() -> None:
        (sort,) = [sort for sort in await bench.sorts(user) if sort.startswith("B#")]
        key = keys.history(user.uid, sort.split("#")[1])
        card.update({**key, "ti": "was here first"})
        await bench.dynamo.put(card)

    wire.meanwhile("TransactWriteItems", occupy)
    with pytest.raises(TransactionFailed):
        await bench.pending(user)
    assert await bench.dynamo.get(of_item(card), consistent=True) == card
    assert await bench.sorts(user) == [card["SK"]]


async def test_the_log_says_what_each_unit_was_used_for(bench: Any) -> None:
    user = await bench.user()
    history = await bench.pending(user, request_id="one", language="cpp")
    (receipt,) = (await bench.usage.log(user.uid, bench.today, PageWindow())).records
    assert (receipt.action, receipt.ulid) == ("execution", history.ulid)
    assert (receipt.platform, receipt.number, receipt.language) == ("baekjoon", "1000", "cpp")
    assert (receipt.day, receipt.created_at) == (bench.today, bench.clock.now)
    assert "one" not in str(receipt.request_hash)


async def test_times_are_numbers_and_the_life_is_ninety_days_from_now(bench: Any) -> None:
    """No text of a time, no local time zone."""
    user = await bench.user()
    await bench.pending(user)
    items = await bench.everything()
    expiring = [item for item in items if item["SK"][:2] in {"D#", "L#"}]
    assert {item["x"] for item in expiring} == {(bench.clock.now + 90 * DAY_MS) // 1000}
    assert all(isinstance(item["ca"], int) for item in items if "ca" in item)
