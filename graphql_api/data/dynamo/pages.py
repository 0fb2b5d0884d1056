"""Reading of long lists in pages, forwards or backwards.

A list consists of cards. A card is the main item of an entity, such as a problem. The cards are in
one or more partitions and are sorted by sort key. All sort keys of a list may have a common prefix.
The rest of the sort key is the position of the card. A page begins after a given position, so new
cards at the start of the list do not shift the page.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Generic, TypeVar

from graphql_api.data.dynamo.client import Dynamo
from graphql_api.data.dynamo.expressions import between, equals
from graphql_api.data.keys import Key

Item = dict[str, Any]
T = TypeVar("T")
R = TypeVar("R")

# For a filtered list, at most SCAN_PAGES pages of SCAN_CARDS cards are read.
SCAN_PAGES = 5
SCAN_CARDS = 100

_KEY_NAMES = {None: ("PK", "SK"), "GSI1": ("g1p", "g1s"), "GSI2": ("g2p", "g2s")}
# A text that sorts before every sort key. An index does not accept an empty text as a key.
_START = " "
# A text that sorts after every character of a position.
_END = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class PartitionList:
    """A list of items: all items in one partition with sort keys that begin with `prefix`.

    `index` is the name of the index that contains the partition, or None for a partition of the
    table.
    """

    partition: str
    index: str | None = None
    prefix: str = ""
    descending: bool = True

    def position(self, item: Mapping[str, Any]) -> str:
        """Return the position of a card in this list."""
        sort: str = item[_KEY_NAMES[self.index][1]]
        return sort[len(self.prefix) :]


@dataclass(frozen=True, slots=True)
class PageWindow:
    """The requested part of a list: `size` items from the start or from the end of the list.

    `after` and `before` are positions. Only the items between these positions are returned, without
    the items at the two positions. None means the start (`after`) or the end (`before`) of the
    list.
    """

    size: int = 20
    from_end: bool = False
    after: str | None = None
    before: str | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list: records in the order of the list, and the position of each record.

    `start` and `end` are the positions of the first and the last item that were read for the page.
    A filter may have excluded these items from `records`. Both positions are None if no item was
    read.
    """

    records: list[T]
    positions: list[str]
    has_next: bool
    has_previous: bool
    start: str | None
    end: str | None

    def map(self, convert: Callable[[T], R | None]) -> "Page[R]":
        """Return a new page with converted records.

        If `convert` returns None for a record, the new page does not contain the record.
        """
        converted = [
            (position, new)
            for position, record in zip(self.positions, self.records, strict=True)
            if (new := convert(record)) is not None
        ]
        return Page(
            records=[record for _, record in converted],
            positions=[position for position, _ in converted],
            has_next=self.has_next,
            has_previous=self.has_previous,
            start=self.start,
            end=self.end,
        )


class _Stream:
    """The items of one partition.

    Items are read when they are needed, from the start or from the end of the requested part.
    """

    def __init__(self, dynamo: Dynamo, cards: PartitionList, window: PageWindow) -> None:
        self._dynamo, self._cards, self._window = dynamo, cards, window
        self._forward = cards.descending is window.from_end
        self._next: Key | None = None
        self.buffer: deque[tuple[str, Item]] = deque()
        self.done = False

    async def fill(self, limit: int) -> None:
        """Read up to `limit` more cards into the buffer."""
        partition, sort = _KEY_NAMES[self._cards.index]
        low, high = self._bounds()
        page = await self._dynamo.query(
            equals(partition, self._cards.partition) & between(sort, low, high),
            index=self._cards.index,
            limit=limit + self._count_excluded(),
            forward=self._forward,
            start=self._next,
        )
        self._next, self.done = page.last_key, page.last_key is None
        for item in page.items:
            position = self._cards.position(item)
            if position not in (self._window.after, self._window.before):
                self.buffer.append((position, item))

    def _bounds(self) -> tuple[str, str]:
        first, last = self._window.after, self._window.before
        low, high = (last, first) if self._cards.descending else (first, last)
        prefix = self._cards.prefix
        return prefix + (low or "") or _START, prefix + (_END if high is None else high)

    def _count_excluded(self) -> int:
        bounds = (self._window.after, self._window.before)
        return sum(1 for bound in bounds if bound is not None) if self._next is None else 0


async def read_page(
    dynamo: Dynamo,
    lists: Sequence[PartitionList],
    window: PageWindow,
    keep: Callable[[Item], bool] | None = None,
) -> Page[Item]:
    """Return one page of one or more lists. Several lists are merged in the order of positions.

    With `keep`, the page contains only the items for which `keep` returns True. To find them, at
    most five pages per list are read. So the page may contain fewer items than requested although
    the list has more items. Cost without `keep`: one query for one list.
    """
    streams = [_Stream(dynamo, cards, window) for cards in lists]
    upwards = lists[0].descending is window.from_end
    taken: list[tuple[str, Item]] = []
    last_position: str | None = None
    for limit in _read_sizes(window.size, len(lists), filtered=keep is not None):
        await asyncio.gather(
            *(stream.fill(limit) for stream in streams if not stream.buffer and not stream.done)
        )
        while len(taken) <= window.size and _is_next_known(streams):
            buffered = [stream for stream in streams if stream.buffer]
            stream = (min if upwards else max)(
                buffered, key=lambda candidate: candidate.buffer[0][0]
            )
            position, item = stream.buffer.popleft()
            if keep is None or keep(item):
                taken.append((position, item))
            if len(taken) <= window.size:
                last_position = position
        if len(taken) > window.size or not _has_more(streams):
            break
    more = len(taken) > window.size or _has_more(streams)
    return _make_page(taken[: window.size], window, last_position, more=more)


def _is_next_known(streams: Sequence[_Stream]) -> bool:
    """Return whether the buffers contain the next item of the merged streams.

    At least one stream must have a buffered item. Each of the other streams must have a buffered
    item or must have ended. Otherwise, an item that has not been read could be the next item.
    """
    return any(stream.buffer for stream in streams) and all(
        stream.buffer or stream.done for stream in streams
    )


def _has_more(streams: Sequence[_Stream]) -> bool:
    return any(stream.buffer or not stream.done for stream in streams)


def _read_sizes(size: int, partitions: int, *, filtered: bool) -> Iterator[int]:
    if filtered:
        yield max(size + 1, 20)
        yield from [SCAN_CARDS] * (SCAN_PAGES - 1)
        return
    yield size + 1 if partitions == 1 else ceil((size + 1) / partitions) + 2
    while True:
        yield max(4, ceil(size / partitions / 2))


def _make_page(
    taken: list[tuple[str, Item]], window: PageWindow, last_position: str | None, *, more: bool
) -> Page[Item]:
    first = taken[0][0] if taken else last_position
    last = last_position
    if window.from_end:
        taken.reverse()
        first, last = last, first
    return Page(
        records=[item for _, item in taken],
        positions=[position for position, _ in taken],
        has_next=window.before is not None if window.from_end else more,
        has_previous=more if window.from_end else window.after is not None,
        start=first,
        end=last,
    )
