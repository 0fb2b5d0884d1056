"""Usage on a real table: exact counts per UTC day, read at a fixed cost."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from graphql_api.data import keys
from graphql_api.data.accounts.receipts import expiry_s, fingerprint
from graphql_api.data.accounts.usage import DebitResult
from graphql_api.data.clock import DAY_MS, days_before
from graphql_api.data.dynamo.meter import metered
from graphql_api.data.dynamo.pages import PageWindow
from graphql_api.data.enums import QuotaKind
from graphql_api.data.errors import Conflict, QuotaExceeded
from graphql_api.data.records import DayUsage, Receipt

pytestmark = pytest.mark.dynamodb

MIDNIGHT = 1_773_187_200_000  # 2026-03-11T00:00:00Z


async def consume(
    harness: Any, uid: str, request_id: str, action: QuotaKind = QuotaKind.HINT, **fields: Any
) -> DebitResult:
    options = {"input_hash": "input", "limit": 5, "request_id": request_id} | fields
    day = options.pop("day", harness.today)
    found: DebitResult = await harness.usage.consume(uid, action, day, **options)
    return found


async def test_a_day_is_one_strong_request_of_one_unit(harness: Any) -> None:
    await consume(harness, "u", "one")
    await consume(harness, "u", "two", QuotaKind.RUN)
    with metered() as meter:
        usage = await harness.usage.day("u", harness.today)
    assert (usage.hint, usage.run, usage.execution) == (1, 1, 0)
    assert (meter.requests, meter.read_units) == (1, 1)
    assert await harness.usage.day("u", "20200101") == DayUsage(day="20200101")


async def test_taking_a_unit_is_one_transaction_of_four_units_at_any_limit(harness: Any) -> None:
    for limit in (5, 100_000, None):
        with metered() as meter:
            await consume(harness, f"u{limit}", "one", limit=limit)
        assert (meter.requests, meter.write_units) == (1, 4)


@pytest.mark.slow
async def test_64_calls_over_32_requests_at_limit_5_take_exactly_5(harness: Any) -> None:
    found = await asyncio.gather(
        *(consume(harness, "u", f"request-{n // 2}") for n in range(64)), return_exceptions=True
    )
    taken = [one for one in found if isinstance(one, DebitResult) and not one.is_duplicate]
    denied = [one for one in found if isinstance(one, QuotaExceeded)]
    assert len(taken) == 5
    assert len([one for one in found if isinstance(one, DebitResult)]) + len(denied) == 64
    assert (await harness.usage.day("u", harness.today)).hint == 5
    assert len((await harness.usage.log("u", harness.today, PageWindow(50))).records) == 5


async def test_actions_have_limits_of_their_own(harness: Any) -> None:
    await consume(harness, "u", "same", QuotaKind.HINT, limit=1)
    await consume(harness, "u", "same", QuotaKind.RUN, limit=1)
    with pytest.raises(QuotaExceeded, match="Daily hint limit exceeded"):
        await consume(harness, "u", "other", QuotaKind.HINT, limit=1)


async def test_a_limit_of_zero_admits_no_request(harness: Any) -> None:
    with pytest.raises(QuotaExceeded):
        await consume(harness, "u", "one", limit=0)
    assert await harness.everything() == []


async def test_the_same_request_finds_its_receipt(harness: Any) -> None:
    first = await consume(harness, "u", "one", ulid="01H", platform="baekjoon", number="1000")
    again = await consume(harness, "u", "one")
    assert (first.is_duplicate, again.is_duplicate) == (False, True)
    assert again.receipt == first.receipt
    with pytest.raises(Conflict):
        await consume(harness, "u", "one", input_hash="other")


async def test_a_request_of_before_midnight_is_recognised_for_a_quarter_of_an_hour(
    harness: Any,
) -> None:
    await consume(harness, "u", "one")
    harness.clock.now = MIDNIGHT + 14 * 60_000
    assert (await consume(harness, "u", "one", day="20260311")).is_duplicate
    harness.clock.now = MIDNIGHT + 15 * 60_000
    assert not (await consume(harness, "u", "one", day="20260311")).is_duplicate


@pytest.mark.slow
async def test_sixteen_refunds_at_once_of_one_unit_give_one_back(harness: Any) -> None:
    for request in ("one", "two"):
        await consume(harness, "u", request)
    name = fingerprint("one")
    found = await asyncio.gather(
        *(harness.usage.refund("u", harness.today, QuotaKind.HINT, name) for _ in range(16))
    )
    assert found.count(True) == 1
    assert (await harness.usage.day("u", harness.today)).hint == 1


async def test_a_refund_of_what_was_never_taken_makes_nothing(harness: Any) -> None:
    assert not await harness.usage.refund("u", harness.today, QuotaKind.HINT, "gone")
    assert await harness.everything() == []


async def test_a_refund_never_goes_below_zero(harness: Any) -> None:
    await consume(harness, "u", "one")
    await harness.dynamo.put(
        {**keys.day_usage("u", harness.today), **DayUsage(day=harness.today).to_item()}
    )
    assert not await harness.usage.refund("u", harness.today, QuotaKind.HINT, fingerprint("one"))
    assert (await harness.usage.day("u", harness.today)).hint == 0


async def test_a_refunded_unit_may_be_taken_by_another_request(harness: Any) -> None:
    await consume(harness, "u", "one", limit=1)
    await harness.usage.refund("u", harness.today, QuotaKind.HINT, fingerprint("one"))
    assert not (await consume(harness, "u", "two", limit=1)).is_duplicate


async def test_a_check_reports_the_remaining_units_and_the_next_reset(harness: Any) -> None:
    for number in range(3):
        await consume(harness, "u", str(number), limit=3)
    with metered() as meter:
        full = await harness.usage.check("u", QuotaKind.HINT, 3, harness.today)
    assert (full.allowed, full.count, full.limit) == (False, 3, 3)
    assert full.reset_at.isoformat() == "2026-03-11T00:00:00+00:00"
    assert meter.requests == 1
    assert (await harness.usage.check("u", QuotaKind.HINT, 4, harness.today)).allowed
    assert (await harness.usage.check("u", QuotaKind.HINT, None, harness.today)).allowed
    assert (await harness.usage.check("u", QuotaKind.RUN, 1, harness.today)).count == 0


async def fill_days(harness: Any, count: int) -> None:
    for back in range(count):
        day = days_before(harness.today, back)
        usage = DayUsage(day=day, execution=back, expires_at_s=expiry_s(harness.clock.now))
        await harness.dynamo.put({**keys.day_usage("u", day), **usage.to_item()})


async def test_thirty_days_are_one_request_of_one_unit_newest_first(harness: Any) -> None:
    await fill_days(harness, 40)
    with metered() as meter:
        days = await harness.usage.days("u", 30, harness.today)
    assert [one.execution for one in days] == list(range(30))
    assert (days[0].day, days[29].day) == ("20260310", "20260209")
    assert meter.requests == 1
    assert meter.read_units <= 1


async def test_days_without_usage_are_zero_and_no_other_day_slips_in(harness: Any) -> None:
    await consume(harness, "u", "one")
    harness.clock.now += 2 * DAY_MS
    await consume(harness, "u", "two", QuotaKind.RUN, day="20260312")
    days = await harness.usage.days("u", 3, "20260312")
    assert [(one.day, one.hint, one.run) for one in days] == [
        ("20260312", 0, 1),
        ("20260311", 0, 0),
        ("20260310", 1, 0),
    ]


async def fill_log(harness: Any, count: int) -> None:
    for number in range(count):
        receipt = Receipt(
            action=QuotaKind.EXECUTION if number % 2 else QuotaKind.HINT,
            day=harness.today,
            request_hash=fingerprint(str(number)),
            input_hash=fingerprint("input"),
            ulid=f"{number:026d}",
            platform="baekjoon",
            number="1000",
            language="python",
            created_at=harness.clock.now,
            expires_at_s=expiry_s(harness.clock.now),
        )
        key = keys.receipt("u", harness.today, receipt.action, receipt.request_hash)
        await harness.dynamo.put({**key, **receipt.to_item()})


async def test_a_day_s_log_of_fifty_is_one_request_of_two_units(harness: Any) -> None:
    await fill_log(harness, 60)
    with metered() as meter:
        page = await harness.usage.log("u", harness.today, PageWindow(50))
    assert (len(page.records), page.has_next, meter.requests) == (50, True, 1)
    assert meter.read_units <= 2
    rest = await harness.usage.log("u", harness.today, PageWindow(50, after=page.end))
    assert len({one.request_hash for one in [*page.records, *rest.records]}) == 60
    assert not rest.has_next


async def test_a_log_by_action_has_that_action_alone_and_every_unit_of_it(
    harness: Any,
) -> None:
    await fill_log(harness, 11)
    page = await harness.usage.log("u", harness.today, PageWindow(50), QuotaKind.HINT)
    assert {one.action for one in page.records} == {"hint"}
    assert len(page.records) == 6


@pytest.mark.slow
async def test_the_log_of_a_span_of_days_has_those_days_and_that_action_alone(
    harness: Any,
) -> None:
    for day in ("20260309", "20260310", "20260311", "20260312"):
        for action in (QuotaKind.EXECUTION, QuotaKind.HINT):
            for request in ("one", "two"):
                await consume(harness, "u", f"{day}{request}", action, day=day)

    async def walk(action: QuotaKind | None, *, from_end: bool) -> list[tuple[str, str]]:
        found: list[Receipt] = []
        window = PageWindow(3, from_end=from_end)
        while True:
            page = await harness.usage.log_of_days("u", "20260310", "20260311", window, action)
            assert (page.has_next if from_end else page.has_previous) is bool(found)
            found = page.records + found if from_end else found + page.records
            if not (page.has_previous if from_end else page.has_next):
                return [(one.day, one.action) for one in found]
            window = replace(
                window,
                before=page.start if from_end else None,
                after=None if from_end else page.end,
            )

    for from_end in (False, True):
        every = [(day, a) for day in ("20260310", "20260311") for a in ("execution", "hint")]
        assert await walk(None, from_end=from_end) == [pair for pair in every for _ in range(2)]
        assert await walk(QuotaKind.HINT, from_end=from_end) == [
            (day, "hint") for day in ("20260310", "20260311") for _ in range(2)
        ]


async def test_what_has_expired_is_not_shown_though_it_is_still_there(harness: Any) -> None:
    await fill_log(harness, 30)
    await fill_days(harness, 2)
    harness.clock.now += 90 * DAY_MS
    live = Receipt(
        action=QuotaKind.RUN,
        day=harness.today,
        request_hash="zzz",
        input_hash="input",
        created_at=harness.clock.now,
        expires_at_s=expiry_s(harness.clock.now),
    )
    await harness.dynamo.put({**keys.receipt("u", harness.today, "run", "zzz"), **live.to_item()})
    page = await harness.usage.log("u", harness.today, PageWindow(10))
    assert (page.records, page.has_next) == ([live], False)
    assert (await harness.usage.day("u", days_before(harness.today, 1))).execution == 0
    days = await harness.usage.days("u", 2, harness.today)
    assert [one.execution for one in days] == [0, 0]


@pytest.mark.slow
async def test_a_log_past_one_megabyte_is_read_to_its_end(harness: Any) -> None:
    """Several pages of receipts are purged and counted completely."""
    pad = "p" * 300_000
    for number in range(5):
        await harness.dynamo.put({"PK": "U#u", "SK": f"L#20260101#run#{number}", "pad": pad})
    with metered() as meter:
        assert await harness.usage.purge_before("u", "20260102") == 5
    assert sum(call.operation == "query" for call in meter.calls) >= 3
    assert await harness.everything() == []


async def test_purging_removes_the_days_before_and_keeps_the_day_itself(harness: Any) -> None:
    await fill_days(harness, 3)
    await fill_log(harness, 4)
    await harness.dynamo.put({"PK": "U#u", "SK": "L#20260309#hint#x"})
    await harness.dynamo.put({"PK": "U#u", "SK": "H#01"})
    assert await harness.usage.purge_before("u", harness.today) == 3
    sorts = {item["SK"] for item in await harness.everything()}
    assert f"D#{harness.today}" in sorts
    assert "H#01" in sorts
    assert len(sorts) == 6
