"""Histories on a real table: owners, lists, visibility and removal."""

import asyncio
import random
from typing import Any

import pytest

from graphql_api.data import keys
from graphql_api.data.dynamo.meter import metered
from graphql_api.data.dynamo.pages import PageWindow
from graphql_api.data.dynamo.values import item_size
from graphql_api.data.enums import HistoryStatus
from graphql_api.data.errors import Conflict, NotFound
from graphql_api.data.histories.executions import LostClaim
from graphql_api.data.records import History

pytestmark = pytest.mark.dynamodb

LONG_NAME = "ㄱ" * 33
LONG_TITLE = "두 수의 합 " * 30


async def publish(harness: Any, history: History, **options: Any) -> History:
    options.setdefault("problem_public", True)
    found: History = await harness.histories.publish(history.uid, history.ulid, **options)
    return found


async def unpublish(harness: Any, history: History, **options: Any) -> History:
    found: History = await harness.histories.unpublish(history.uid, history.ulid, **options)
    return found


# Lists


async def fill(harness: Any, user: Any, count: int, **fields: Any) -> list[History]:
    """Put cards of 0.8 KB into the table, one per millisecond, and return them newest first."""
    base = await harness.completed(
        user, problem=harness.problem("number-of-a-problem-1000", title=LONG_TITLE), **fields
    )
    await harness.histories.delete(user.uid, base.ulid)
    item = {**base.to_item(), "msg": "m" * 120, "clm": "c" * 32, "pad": "p" * 60}
    cards = []
    for number in range(count):
        ulid = f"{number:026d}"
        cards.append({**item, **keys.history(user.uid, ulid), "h": ulid})
    assert 780 < item_size(cards[0]) < 950
    await harness.dynamo.batch_write(puts=cards)
    return [History.from_item(card) for card in reversed(cards)]


@pytest.mark.slow
async def test_a_page_of_twenty_is_one_request_of_two_and_a_half_units_at_any_depth(
    harness: Any,
) -> None:
    user = await harness.user(LONG_NAME)
    cards = await fill(harness, user, 70)
    after, walked = None, []
    for _ in range(3):
        with metered() as meter:
            page = await harness.histories.list(user.uid, PageWindow(20, after=after))
        assert (meter.requests, page.has_next) == (1, True)
        assert meter.read_units <= 2.5
        walked += page.records
        after = page.end
    assert walked == cards[:60]
    last = await harness.histories.list(user.uid, PageWindow(20, after=after))
    assert (last.records, last.has_next) == (cards[60:], False)


async def test_pages_backwards_show_the_same_in_the_same_order(harness: Any) -> None:
    user = await harness.user(LONG_NAME)
    cards = await fill(harness, user, 45)
    page = await harness.histories.list(user.uid, PageWindow(20, from_end=True))
    assert (page.records, page.has_previous) == (cards[25:], True)
    page = await harness.histories.list(user.uid, PageWindow(20, from_end=True, before=page.start))
    assert (page.records, page.has_previous, page.has_next) == (cards[5:25], True, True)


async def test_a_filter_by_platform_or_language_reads_five_pages_at_most(harness: Any) -> None:
    user = await harness.user(LONG_NAME)
    cards = await fill(harness, user, 60)
    for place in (3, 30, 57):
        item = {**cards[place].to_item(), "lg": "rust", "pf": "codeforces"}
        await harness.dynamo.put({**keys.history(user.uid, cards[place].ulid), **item})
    for found in ({"language": "rust"}, {"platform": "codeforces"}):
        with metered() as meter:
            page = await harness.histories.list(user.uid, PageWindow(20), **found)
        assert [one.ulid for one in page.records] == [cards[n].ulid for n in (3, 30, 57)]
        assert meter.requests <= 5
        assert not page.has_next
    both = await harness.histories.list(
        user.uid, PageWindow(20), language="rust", platform="baekjoon"
    )
    assert both.records == []


@pytest.mark.slow
async def test_a_filtered_page_may_be_short_and_says_that_there_may_be_more(harness: Any) -> None:
    user = await harness.user()
    cards = await fill(harness, user, 430)
    item = {**cards[-1].to_item(), "lg": "rust"}
    await harness.dynamo.put({**keys.history(user.uid, cards[-1].ulid), **item})
    with metered() as meter:
        page = await harness.histories.list(user.uid, PageWindow(20), language="rust")
    assert (page.records, page.has_next, meter.requests) == ([], True, 5)
    rest = await harness.histories.list(user.uid, PageWindow(20, after=page.end), language="rust")
    assert [one.ulid for one in rest.records] == [cards[-1].ulid]
    assert not rest.has_next


async def test_a_user_cannot_list_the_histories_of_another_user(harness: Any) -> None:
    """Every partition has one owner."""
    one, other = await harness.user(), await harness.user()
    await harness.pending(one)
    assert (await harness.histories.list(other.uid, PageWindow())).records == []


async def test_get_many_answers_in_order_in_one_request(harness: Any) -> None:
    user = await harness.user()
    histories = [await harness.pending(user) for _ in range(3)]
    wanted = [(user.uid, one.ulid) for one in histories]
    with metered() as meter:
        found = await harness.histories.get_many([*wanted, wanted[0]])
    assert found == [*histories, histories[0]]
    assert meter.requests == 1
    with metered() as meter:
        found = await harness.histories.get_many([(user.uid, "01GONE"), *wanted])
    assert found == [None, *histories]
    assert meter.requests == 2


async def test_codes_and_results_of_many_are_one_request_each(harness: Any) -> None:
    user = await harness.user()
    done = [await harness.completed(user, code=f"print({n})") for n in range(3)]
    waiting = await harness.pending(user, code="print(9)")
    with metered() as meter:
        codes = await harness.histories.codes([(user.uid, one.ulid) for one in [*done, waiting]])
        results = await harness.histories.results_many([done[0], waiting, done[1], done[2]])
    assert codes == ["print(0)", "print(1)", "print(2)", "print(9)"]
    assert [one.attempt if one else None for one in results] == [1, None, 1, 1]
    assert meter.requests == 2


async def test_what_was_written_is_read_at_once(harness: Any) -> None:
    """Reads after a write of the same user are strongly consistent."""
    user = await harness.user()
    for _ in range(10):
        history = await harness.pending(user)
        assert (await harness.histories.get(user.uid, history.ulid, consistent=True)) == history


async def test_a_list_never_reads_a_body(harness: Any) -> None:
    user = await harness.user()
    code = "".join(random.Random(5).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=20_000))
    for _ in range(3):
        await harness.completed(user, code=code, is_public=True)
    with metered() as meter:
        await harness.histories.list(user.uid, PageWindow())
        await harness.feed.page(PageWindow())
    assert meter.read_units <= 2


async def test_count_is_the_number_of_judged_executions_in_one_request(harness: Any) -> None:
    user = await harness.user()
    assert await harness.histories.count(user.uid) == 0
    done = [await harness.completed(user) for _ in range(3)]
    await harness.pending(user)
    await harness.histories.delete(user.uid, done[0].ulid)
    with metered() as meter:
        assert await harness.histories.count(user.uid) == 3
    assert (meter.requests, meter.read_units) == (1, 0.5)


# Hints


async def test_hints_are_written_to_a_history_and_read_back(harness: Any) -> None:
    user = await harness.user()
    history = await harness.completed(user)
    assert await harness.histories.hints(user.uid, history.ulid) is None
    with metered() as meter:
        await harness.histories.put_hints(user.uid, history.ulid, ["look at zero", "그리고 하나"])
    assert meter.requests == 2
    assert await harness.histories.hints(user.uid, history.ulid) == ["look at zero", "그리고 하나"]
    assert (await harness.card(history)).hint_state == "READY"


async def test_hints_of_a_history_that_is_gone_leave_nothing(harness: Any) -> None:
    """The update uses the key, and creates no item."""
    user = await harness.user()
    with pytest.raises(NotFound):
        await harness.histories.put_hints(user.uid, "01GONE", ["a"])
    assert await harness.sorts(user) == []


# Visibility


async def test_publishing_lists_a_history_and_unpublishing_takes_it_away(harness: Any) -> None:
    user = await harness.user(LONG_NAME)
    history = await harness.completed(user, problem=harness.problem(title=LONG_TITLE))
    with metered() as published:
        shown = await publish(harness, history, expected=history)
    assert shown == await harness.card(history)
    assert len(await harness.entries()) == 4
    assert (await harness.feed.page(PageWindow())).records[0].ulid == history.ulid
    with metered() as unpublished:
        hidden = await unpublish(harness, shown, expected=shown)
    assert hidden == history
    assert await harness.entries() == []
    for meter in (published, unpublished):
        operations = [call.operation for call in meter.calls]
        assert operations == ["transact_write_items", "update_item"]
        assert [call.write_units for call in meter.calls] == [12, 1]
    await harness.consistent()


async def test_publishing_again_and_unpublishing_what_is_private_change_nothing(
    harness: Any,
) -> None:
    user = await harness.user()
    history = await harness.completed(user)
    shown = await publish(harness, history)
    with metered() as meter:
        assert await publish(harness, history) == shown
    assert meter.write_units == 0
    await unpublish(harness, history)
    with metered() as meter:
        await unpublish(harness, history)
    assert meter.write_units == 0
    assert (await harness.totals(user))["np"] == 0


@pytest.mark.parametrize("end", ["pending", "running", "failed", "cancelled"])
async def test_only_a_completed_history_is_ever_listed(harness: Any, end: str) -> None:
    user = await harness.user()
    history = await (harness.pending(user) if end == "pending" else harness.running(user))
    if end == "failed":
        await harness.executions.fail(history, "gone")
    if end == "cancelled":
        await harness.executions.cancel(user.uid, history.ulid)
    shown = await publish(harness, history)
    assert (shown.is_public, shown.feed_id) == (True, None)
    assert await harness.entries() == []
    assert "np" not in await harness.totals(user) or (await harness.totals(user))["np"] == 0
    assert not (await unpublish(harness, history)).is_public
    await harness.consistent()


async def test_a_history_of_a_draft_is_public_unlisted_until_published_after_completion(
    harness: Any,
) -> None:
    history = await harness.completed(await harness.user())
    shown = await publish(harness, history, problem_public=False)
    assert (shown.is_public, shown.feed_id) == (True, None)
    assert await harness.entries() == []
    listed = await publish(harness, history)
    assert listed.feed_id is not None
    assert await publish(harness, history, problem_public=False) == listed
    await harness.consistent()


async def test_each_publication_has_an_id_of_its_own_and_goes_to_the_head(harness: Any) -> None:
    user = await harness.user()
    old, new = await harness.completed(user), await harness.completed(user)
    harness.clock.now += 10
    first = await publish(harness, old)
    harness.clock.now += 10
    await publish(harness, new)
    harness.clock.now += 10
    await unpublish(harness, old)
    again = await publish(harness, old)
    assert again.feed_id is not None
    assert first.feed_id is not None
    assert again.feed_id > first.feed_id
    feed = (await harness.feed.page(PageWindow())).records
    assert [one.ulid for one in feed] == [old.ulid, new.ulid]


@pytest.mark.slow
async def test_entries_written_under_fewer_shards_are_removed_after_they_were_raised(
    harness: Any, make_harness: Any
) -> None:
    user = await harness.user()
    histories = [await harness.completed(user, is_public=True) for _ in range(6)]
    wider = make_harness(shards=4)
    for history in histories:
        await wider.histories.unpublish(user.uid, history.ulid)
    assert await harness.entries() == []
    for history in histories:
        await wider.histories.publish(user.uid, history.ulid, problem_public=True)
    assert any(not entry["PK"].endswith("#0") for entry in await harness.entries())
    for history in histories:
        await harness.histories.delete(user.uid, history.ulid)
    assert await harness.entries() == []


async def test_a_stale_view_is_looked_at_again(harness: Any) -> None:
    user = await harness.user()
    pending = await harness.pending(user)
    done = await harness.executions.complete(
        await harness.claim(pending), harness.outcome(await harness.card(pending))
    )
    shown = await publish(harness, pending, expected=pending)
    assert shown.status is HistoryStatus.COMPLETED
    assert shown.feed_id is not None
    assert await unpublish(harness, done, expected=done) == done
    await harness.consistent()


@pytest.mark.parametrize("change", [unpublish, "delete"])
async def test_a_view_of_an_earlier_publication_removes_the_entries_of_the_present_one(
    harness: Any, change: Any
) -> None:
    """Status and visibility have the expected values; only the id of the publication differs."""
    user = await harness.user()
    first = await harness.completed(user, is_public=True)
    await unpublish(harness, first)
    await publish(harness, first)
    if change == "delete":
        await harness.histories.delete(user.uid, first.ulid, expected=first)
    else:
        await change(harness, first, expected=first)
    assert await harness.entries() == []
    await harness.consistent()


async def test_what_is_gone_is_neither_published_nor_made(harness: Any) -> None:
    user = await harness.user()
    history = await harness.completed(user)
    await harness.histories.delete(user.uid, history.ulid)
    for change in (publish, unpublish):
        with pytest.raises(NotFound):
            await change(harness, history)
    with pytest.raises(NotFound):
        await publish(harness, history, expected=history)
    assert await harness.entries() == []
    assert not any(sort.startswith("H#") for sort in await harness.sorts(user))


async def test_a_user_who_is_being_deleted_publishes_nothing_and_hides_everything(
    harness: Any,
) -> None:
    user = await harness.user()
    shown, private = await harness.completed(user, is_public=True), await harness.completed(user)
    await harness.dynamo.delete(keys.totals(user.uid))
    with pytest.raises(Conflict):
        await publish(harness, private)
    assert not (await unpublish(harness, shown)).is_public
    assert await harness.entries() == []
    assert await harness.totals(user) == {}
    await harness.consistent()


async def test_a_publication_interrupted_before_its_count_leaves_card_and_feed_agreeing(
    harness: Any, faults: Any
) -> None:
    history = await harness.completed(await harness.user())
    faults.crash("TransactWriteItems", after=True)
    with pytest.raises(faults.Crash):
        await publish(harness, history)
    await harness.consistent()
    assert (await publish(harness, history)).feed_id is not None
    await harness.consistent()


# Removal


async def test_deleting_takes_card_entries_and_every_body(harness: Any) -> None:
    user = await harness.user()
    code = "".join(random.Random(9).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=500_000))
    history = await harness.completed(user, is_public=True, code=code)
    await harness.histories.put_hints(user.uid, history.ulid, ["a"])
    other = await harness.completed(user, is_public=True)
    await harness.histories.delete(user.uid, history.ulid)
    left = await harness.sorts(user)
    assert not any(history.ulid in sort for sort in left)
    assert f"B#{other.ulid}#c" in left
    assert {entry["h"] for entry in await harness.entries()} == {other.ulid}
    assert (await harness.totals(user))["np"] == 1
    with pytest.raises(NotFound):
        await harness.histories.delete(user.uid, history.ulid)
    await harness.consistent()


async def test_deleting_a_public_history_is_one_transaction_of_thirteen_units(
    harness: Any,
) -> None:
    user = await harness.user()
    history = await harness.completed(user, is_public=True)
    with metered() as meter:
        await harness.histories.delete(user.uid, history.ulid, expected=history)
    assert meter.calls[0].operation == "transact_write_items"
    assert meter.calls[0].write_units == 13


async def test_deleting_an_unclaimed_history_gives_the_unit_back(harness: Any) -> None:
    user = await harness.user()
    pending, running = await harness.pending(user), await harness.running(user)
    await harness.histories.delete(user.uid, pending.ulid)
    assert await harness.used(user) == 1
    await harness.histories.delete(user.uid, running.ulid)
    assert await harness.used(user) == 1
    await harness.consistent()


async def test_a_deletion_interrupted_before_the_bodies_is_finished_by_the_next(
    harness: Any, faults: Any
) -> None:
    user = await harness.user()
    history = await harness.completed(user, is_public=True)
    faults.crash("BatchWriteItem")
    with pytest.raises(faults.Crash):
        await harness.histories.delete(user.uid, history.ulid)
    await harness.consistent()
    with pytest.raises(NotFound):
        await harness.histories.delete(user.uid, history.ulid)
    assert not any(history.ulid in sort for sort in await harness.sorts(user))


async def test_a_user_whose_totals_are_gone_still_loses_its_histories(harness: Any) -> None:
    user = await harness.user()
    history = await harness.completed(user, is_public=True)
    await harness.dynamo.delete(keys.totals(user.uid))
    await harness.histories.delete(user.uid, history.ulid)
    assert await harness.entries() == []
    assert await harness.totals(user) == {}


# Races


async def eventually(harness: Any, *calls: Any) -> list[Any]:
    found = await asyncio.gather(*calls, return_exceptions=True)
    for one in found:
        assert not isinstance(one, BaseException) or isinstance(
            one, LostClaim | NotFound | Conflict
        ), one
    await harness.consistent()
    return found


@pytest.mark.slow
async def test_completion_against_publish_and_unpublish_never_disagrees(harness: Any) -> None:
    """After each of 100 rounds the feed agrees with the cards and contains nothing private."""
    user, order = await harness.user(), random.Random(11)
    listed = 0
    for number in range(100):
        history = await harness.running(user, plan_limit=None, is_public=bool(number % 2))
        calls = [
            harness.executions.complete(history, harness.outcome(history)),
            publish(harness, history),
            unpublish(harness, history),
            unpublish(harness, history) if number % 3 else publish(harness, history),
        ]
        order.shuffle(calls)
        await asyncio.gather(*calls)
        card = await harness.card(history)
        assert card.status is HistoryStatus.COMPLETED
        assert card.is_public is (card.feed_id is not None)
        listed += card.is_public
    await harness.consistent()
    assert 0 < listed < 100
    feed = (await harness.feed.page(PageWindow(100))).records
    assert len(feed) == listed
    assert all(one.is_public for one in feed)
    assert (await harness.totals(user))["np"] == listed


@pytest.mark.slow
async def test_deletion_against_completion_and_publication_leaves_nothing(harness: Any) -> None:
    user, order = await harness.user(), random.Random(13)
    for number in range(40):
        history = await harness.running(user, plan_limit=None, is_public=bool(number % 2))
        calls = [
            harness.executions.complete(history, harness.outcome(history)),
            publish(harness, history),
            harness.histories.delete(user.uid, history.ulid),
        ]
        order.shuffle(calls)
        await eventually(harness, *calls)
        left = [sort for sort in await harness.sorts(user) if history.ulid in sort]
        assert left == []
    assert await harness.entries() == []
    assert (await harness.totals(user)).get("np", 0) == 0
