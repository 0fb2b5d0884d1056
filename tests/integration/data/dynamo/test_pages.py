"""Pages of lists: exact, stable under inserts, with the same cost at any depth and direction."""

import asyncio
import random
from typing import Any

import pytest

from graphql_api.data.dynamo import meter
from graphql_api.data.dynamo.client import Dynamo
from graphql_api.data.dynamo.pages import Page, PageWindow, PartitionList, read_page
from graphql_api.data.keys import shard_of

pytestmark = pytest.mark.dynamodb

CARD = "x" * 760


def cards(partition: str, names: Any, prefix: str = "") -> list[dict[str, Any]]:
    return [
        {"PK": partition, "SK": f"{prefix}{name}", "id": name, "pad": CARD, "odd": n % 2}
        for n, name in enumerate(names)
    ]


def named(count: int) -> list[str]:
    return [f"{n:05d}" for n in range(count)]


async def walk(dynamo: Dynamo, lists: list[PartitionList], size: int, **options: Any) -> list[str]:
    found: list[str] = []
    window = PageWindow(size)
    while True:
        page = await read_page(dynamo, lists, window, **options)
        found += page.positions
        if not page.has_next:
            return found
        window = PageWindow(size, after=page.end)


async def walk_back(dynamo: Dynamo, lists: list[PartitionList], size: int) -> list[str]:
    found: list[str] = []
    window = PageWindow(size, from_end=True)
    while True:
        page = await read_page(dynamo, lists, window)
        found = page.positions + found
        if not page.has_previous:
            return found
        window = PageWindow(size, from_end=True, before=page.start)


async def test_walking_forwards_and_backwards_shows_every_card_once_in_order(
    dynamo: Dynamo,
) -> None:
    names = named(47)
    await dynamo.batch_write(puts=[*cards("L", names, "H#"), *cards("L", "ab", "G#")])
    newest = [PartitionList("L", prefix="H#")]
    assert await walk(dynamo, newest, 10) == names[::-1]
    assert await walk_back(dynamo, newest, 10) == names[::-1]
    oldest = [PartitionList("L", prefix="H#", descending=False)]
    assert await walk(dynamo, oldest, 7) == names
    assert await walk_back(dynamo, oldest, 7) == names


async def test_a_window_between_two_cursors_contains_the_items_between_them(dynamo: Dynamo) -> None:
    await dynamo.batch_write(puts=cards("L", named(20)))
    lists = [PartitionList("L")]
    page = await read_page(dynamo, lists, PageWindow(5, after="00015", before="00008"))
    assert page.positions == ["00014", "00013", "00012", "00011", "00010"]
    assert page.has_next is True
    page = await read_page(
        dynamo, lists, PageWindow(5, from_end=True, after="00015", before="00008")
    )
    assert page.positions == ["00013", "00012", "00011", "00010", "00009"]
    assert page.has_previous is True
    page = await read_page(dynamo, lists, PageWindow(9, after="00010", before="00008"))
    assert (page.positions, page.has_next) == (["00009"], False)


async def test_a_cursor_whose_card_is_gone_still_holds_its_place(dynamo: Dynamo) -> None:
    await dynamo.batch_write(puts=cards("L", named(6)))
    await dynamo.delete({"PK": "L", "SK": "00003"})
    page = await read_page(dynamo, [PartitionList("L")], PageWindow(2, after="00003"))
    assert page.positions == ["00002", "00001"]


@pytest.mark.parametrize("count", [0, 1, 5, 6])
async def test_more_is_promised_only_when_there_is_more(dynamo: Dynamo, count: int) -> None:
    await dynamo.batch_write(puts=cards("L", named(count)))
    page = await read_page(dynamo, [PartitionList("L")], PageWindow(5))
    assert len(page.records) == min(count, 5)
    assert page.has_next is (count > 5)
    assert page.has_previous is False


@pytest.mark.slow
async def test_a_page_costs_the_same_at_any_depth_and_length(dynamo: Dynamo) -> None:
    """One query and at most 2.5 units for twenty cards of 0.8 KB."""
    await dynamo.batch_write(puts=cards("L", named(2000)))
    for after in (None, "01950", "01000", "00030"):
        with meter.metered() as cost:
            page = await read_page(dynamo, [PartitionList("L")], PageWindow(20, after=after))
        assert len(page.records) == 20
        assert cost.requests == 1
        assert cost.read_units <= 2.5


@pytest.mark.slow
async def test_four_shards_merge_in_order_within_eight_requests_and_five_units(
    dynamo: Dynamo,
) -> None:
    names = named(300)
    for name in names:
        await dynamo.put(cards(f"S{shard_of(name, 4)}", [name])[0])
    lists = [PartitionList(f"S{shard}") for shard in range(4)]
    assert await walk(dynamo, lists, 20) == names[::-1]
    assert await walk_back(dynamo, lists, 20) == names[::-1]
    costs = []
    window = PageWindow(20)
    for _ in range(14):
        with meter.metered() as cost:
            page = await read_page(dynamo, lists, window)
        window = PageWindow(20, after=page.end)
        costs.append((cost.requests, cost.read_units))
    assert max(requests for requests, _ in costs) <= 8
    assert max(units for _, units in costs) <= 5


@pytest.mark.parametrize("seed", range(8))
async def test_any_spread_over_shards_merges_to_the_same_list(dynamo: Dynamo, seed: int) -> None:
    chance = random.Random(seed)
    names = named(chance.randrange(26))
    size = chance.randrange(1, 7)
    await dynamo.batch_write(
        puts=[cards(f"S{chance.choice((0, 0, 1, 2))}", [name])[0] for name in names]
    )
    lists = [PartitionList(f"S{shard}") for shard in range(3)]
    assert await walk(dynamo, lists, size) == names[::-1]
    assert await walk_back(dynamo, lists, size) == names[::-1]


async def test_pages_read_while_others_insert_repeat_and_skip_nothing(dynamo: Dynamo) -> None:
    names = named(100)
    await dynamo.batch_write(puts=cards("L", names))
    stop = asyncio.Event()

    async def insert() -> None:
        number = 100
        while not stop.is_set():
            await dynamo.put(cards("L", [f"{number:05d}"])[0])
            number += 1

    inserting = asyncio.create_task(insert())
    found = await walk(dynamo, [PartitionList("L")], 7)
    stop.set()
    await inserting
    assert len(found) == len(set(found))
    assert [name for name in found if name < "00100"] == names[::-1]


async def test_a_filter_refills_its_page_and_reads_at_most_five(dynamo: Dynamo) -> None:
    await dynamo.batch_write(puts=cards("L", named(900)))
    lists = [PartitionList("L")]
    odd = await read_page(dynamo, lists, PageWindow(20), keep=lambda card: bool(card["odd"]))
    assert len(odd.records) == 20
    with meter.metered() as cost:
        rare = await read_page(
            dynamo, lists, PageWindow(20), keep=lambda card: card["id"] < "00003"
        )
    assert rare.records == []
    assert rare.has_next is True
    assert cost.requests == 5
    assert await walk(dynamo, lists, 20, keep=lambda card: card["id"] < "00003") == [
        "00002",
        "00001",
        "00000",
    ]


async def test_a_short_filtered_page_ends_where_it_stopped_reading(dynamo: Dynamo) -> None:
    await dynamo.batch_write(puts=cards("L", named(900)))
    page: Page[dict[str, Any]] = await read_page(
        dynamo, [PartitionList("L")], PageWindow(20), keep=lambda card: card["id"] == "00890"
    )
    assert page.positions == ["00890"]
    assert page.end is not None
    assert page.end < "00890"
