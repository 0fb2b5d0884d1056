"""The feed on a real table: every public history once, newest first, at a fixed cost."""

import asyncio
from typing import Any

import pytest

from graphql_api.data import keys
from graphql_api.data.dynamo.meter import metered
from graphql_api.data.dynamo.pages import PageWindow
from graphql_api.data.dynamo.values import item_size
from graphql_api.data.enums import HistoryStatus, Verdict
from graphql_api.data.histories.feed import FeedStore, entry_puts
from graphql_api.data.records import History

pytestmark = pytest.mark.dynamodb

LANGUAGES = ("python", "cpp")
PLATFORMS = ("baekjoon", "codeforces")


def card(harness: Any, number: int) -> History:
    """A finished public history whose entries have about 0.8 KB."""
    return History(
        uid="01JUSER",
        ulid=f"{number:026d}",
        author_name="ㄱ" * 33,
        platform=PLATFORMS[number % 2],
        number=f"{number}-" + "n" * 200,
        title="제목" * 50,
        language=LANGUAGES[number // 2 % 2],
        status=HistoryStatus.COMPLETED,
        verdict=Verdict.AC,
        created_at=harness.clock.now,
        finished_at=harness.clock.now,
    )


async def list_cards(harness: Any, start: int, count: int) -> list[History]:
    """Publish cards a millisecond apart, oldest first."""
    found = []
    for number in range(start, start + count):
        harness.clock.now += 1
        found.append(harness.feed.assign_position(card(harness, number)))
    puts = [put.item for one in found for put in entry_puts(one)]
    assert 780 < item_size(puts[0]) < 1024
    await harness.dynamo.batch_write(puts=puts)
    return found


def ids(histories: list[History]) -> list[str]:
    return [one.ulid for one in histories]


@pytest.mark.slow
@pytest.mark.parametrize(
    "found",
    [
        {},
        {"platform": "baekjoon"},
        {"language": "cpp"},
        {"platform": "codeforces", "language": "python"},
    ],
)
async def test_a_page_of_one_shard_is_one_request_of_two_and_a_half_units(
    harness: Any, found: dict[str, str]
) -> None:
    cards = await list_cards(harness, 0, 240)
    expected = [
        one
        for one in reversed(cards)
        if found.get("platform", one.platform) == one.platform
        and found.get("language", one.language) == one.language
    ]
    after, walked = None, []
    while True:
        with metered() as meter:
            page = await harness.feed.page(PageWindow(20, after=after), **found)
        assert meter.requests == 1
        assert meter.read_units <= 2.5
        walked += page.records
        after = page.end
        if not page.has_next:
            break
    assert ids(walked) == ids(expected)


@pytest.mark.slow
@pytest.mark.parametrize("from_end", [False, True])
async def test_a_page_of_four_shards_is_eight_requests_of_five_units_at_most(
    make_harness: Any, *, from_end: bool
) -> None:
    """The feed is distributed over partitions, at a fixed cost."""
    harness = make_harness(shards=4)
    cards = await list_cards(harness, 0, 300)
    spread = {entry["PK"] for entry in await harness.entries() if entry["PK"].startswith("F#A#")}
    assert len(spread) == 4
    position: str | None = None
    walked: list[History] = []
    units = []
    while True:
        edge = {"before": position} if from_end else {"after": position}
        with metered() as meter:
            page = await harness.feed.page(PageWindow(20, from_end=from_end, **edge))
        assert meter.requests <= 8
        assert meter.read_units <= 5
        units.append(meter.read_units)
        walked = page.records + walked if from_end else walked + page.records
        position = page.start if from_end else page.end
        if not (page.has_previous if from_end else page.has_next):
            break
    assert ids(walked) == ids(cards[::-1])
    assert sum(units) / len(units) < 4.5


@pytest.mark.slow
async def test_pages_meet_in_the_middle_from_either_direction(harness: Any) -> None:
    cards = await list_cards(harness, 0, 50)
    newest = ids(cards[::-1])
    forward = await harness.feed.page(PageWindow(30))
    assert ids(forward.records) == newest[:30]
    back = await harness.feed.page(PageWindow(20, from_end=True, before=forward.positions[-1]))
    assert ids(back.records) == newest[9:29]
    assert (back.has_previous, back.has_next) == (True, True)
    last = await harness.feed.page(PageWindow(20, from_end=True))
    assert (ids(last.records), last.has_next, last.has_previous) == (newest[30:], False, True)


@pytest.mark.slow
@pytest.mark.parametrize("shards", [1, 4])
async def test_sixteen_pages_walked_while_others_publish_show_each_once(
    make_harness: Any, shards: int
) -> None:
    """No page repeats, none skips, and none falls back to the first."""
    harness = make_harness(shards=shards)
    cards = await list_cards(harness, 0, 300)
    done, published = asyncio.Event(), asyncio.Event()
    number = 300

    async def publish_on() -> None:
        nonlocal number
        while not done.is_set():
            await list_cards(harness, number, 3)
            number += 3
            published.set()

    async def walk() -> list[History]:
        after, walked = None, []
        for _ in range(16):
            page = await harness.feed.page(PageWindow(20, after=after))
            walked += page.records
            after = page.end
            published.clear()
            await published.wait()
        done.set()
        return walked

    walked, _ = await asyncio.gather(walk(), publish_on())
    assert number >= 300 + 16 * 3
    seen = ids(walked)
    assert len(seen) == len(set(seen))
    assert [one for one in seen if int(one) < 300] == ids(cards[::-1])


@pytest.mark.slow
async def test_unpublishing_between_pages_drops_only_what_was_unpublished(harness: Any) -> None:
    user = await harness.user()
    histories = []
    for _ in range(9):
        harness.clock.now += 1
        histories.append(await harness.completed(user, is_public=True))
    newest = ids(histories[::-1])
    first = await harness.feed.page(PageWindow(3))
    await harness.histories.unpublish(user.uid, newest[2])  # the page's last
    await harness.histories.unpublish(user.uid, newest[4])
    second = await harness.feed.page(PageWindow(3, after=first.end))
    assert ids(second.records) == [newest[3], newest[5], newest[6]]


async def test_a_feed_holds_histories_of_its_filter_and_nothing_private(
    harness: Any,
) -> None:
    """Each list has its own prefix; private histories are only in the list of their owner."""
    user = await harness.user()
    shown = await harness.completed(user, is_public=True, language="cpp")
    await harness.completed(user, language="cpp")
    await harness.completed(user, is_public=True)
    await harness.running(user, is_public=True, language="cpp")
    page = await harness.feed.page(PageWindow(), language="cpp")
    assert ids(page.records) == [shown.ulid]
    both = await harness.feed.page(PageWindow(), platform="baekjoon", language="cpp")
    assert both.records == page.records
    assert (await harness.feed.page(PageWindow(), platform="codeforces")).records == []


async def test_an_entry_reads_as_the_card_without_what_is_the_worker_s(harness: Any) -> None:
    done = await harness.completed(await harness.user(), is_public=True, request_id="secret")
    (entry,) = (await harness.feed.page(PageWindow())).records
    assert entry.request_hash is None
    assert entry.usage_day is None
    assert (entry.ulid, entry.verdict, entry.feed_id) == (done.ulid, done.verdict, done.feed_id)
    assert (entry.author_name, entry.passed, entry.cpu_ms) == ("Ada Lovelace", 1, 24)


async def test_a_page_needs_no_second_read_of_its_cards(harness: Any) -> None:
    await list_cards(harness, 0, 30)
    with metered() as meter:
        page = await harness.feed.page(PageWindow(20))
    assert [call.operation for call in meter.calls] == ["query"]
    assert page.records[0].title


# Recent counts


async def test_recent_counts_follow_the_hours_of_publication(harness: Any) -> None:
    user = await harness.user()
    old = await harness.completed(user, is_public=True)
    harness.clock.now += 3_600_000
    await harness.completed(user, is_public=True)
    private = await harness.completed(user)
    assert await harness.feed.recent_public_count(1) == 1
    with metered() as meter:
        assert await harness.feed.recent_public_count(24) == 2
    assert meter.requests == 1
    await harness.histories.publish(user.uid, private.ulid, problem_public=True)
    assert await harness.feed.recent_public_count(1) == 2
    await harness.histories.unpublish(user.uid, old.ulid)
    assert (
        await harness.feed.recent_public_count(1),
        await harness.feed.recent_public_count(2),
    ) == (
        2,
        2,
    )


async def test_a_recent_count_that_is_gone_is_not_made_negative(harness: Any) -> None:
    user = await harness.user()
    done = await harness.completed(user, is_public=True)
    hours = [item["PK"] for item in await harness.everything() if item["PK"].startswith("FC#")]
    await harness.dynamo.delete({"PK": hours[0], "SK": "M"})
    await harness.histories.unpublish(user.uid, done.ulid)
    assert await harness.feed.recent_public_count(2) == 0
    assert not [item for item in await harness.everything() if item["PK"].startswith("FC#")]


def test_where_an_entry_goes_follows_from_its_id_alone(make_harness: Any) -> None:
    feed: FeedStore = make_harness(shards=8).feed
    one = feed.assign_position(card(make_harness(), 1))
    assert one.feed_id is not None
    assert one.feed_shard == keys.shard_of(one.feed_id, 8)
