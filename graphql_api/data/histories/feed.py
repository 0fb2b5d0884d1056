"""The feed: COMPLETED public histories (stored executions), most recent publication first.

A history in the feed has four entries. An entry is a copy of the history's main item, the card. The
entries are in four lists: the whole feed, the feed of the platform, the feed of the language, and
the feed of the platform and the language. Each list is divided into shards, with one partition per
shard. The four entries of a history have the same shard number and the same sort key (`fid`), a
ULID that is created at publication. The card contains both values. The transaction that changes the
card also writes or removes the entries.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import structlog

from graphql_api.data import keys
from graphql_api.data.clock import DAY_MS, Clock, hour_of, now_ms, ulid_at, ulid_time
from graphql_api.data.dynamo.client import Dynamo
from graphql_api.data.dynamo.expressions import Change, at_least, equals, exists
from graphql_api.data.dynamo.pages import Page, PageWindow, PartitionList, read_page
from graphql_api.data.dynamo.transactions import Delete, Put
from graphql_api.data.dynamo.transport import ConditionFailed
from graphql_api.data.errors import Unavailable
from graphql_api.data.records import History, HistoryKey, ProblemId

HOUR_MS = 3_600_000
# Time for which an hourly counter is kept. Clients request the counts of recent hours or days.
RECENT_COUNT_LIFE_MS = 40 * DAY_MS
# The first characters of a ULID contain the time.
ULID_TIME_CHARACTERS = 10

# Attributes of a card that only workers and the quota use. Entries do not contain these attributes.
_CARD_ONLY = frozenset({"clm", "hs", "lx", "msg", "rf", "rh", "rj", "rs", "ud"})

_log = structlog.stdlib.get_logger(__name__)


def entry_puts(history: History) -> list[Put]:
    """Return the four actions that write a history's entries in the public feed.

    A history is the stored record of an execution. Each action takes 2 write units. Return an empty
    list if the history has no position in the feed or is hidden (`feed_hidden`).
    """
    if history.feed_hidden:
        return []
    card = {name: value for name, value in history.to_item().items() if name not in _CARD_ONLY}
    return [Put({**key, **card}) for key in _entry_keys(history)]


def entry_deletes(history: History) -> list[Delete]:
    """Return the four actions that remove a history's feed entries.

    Return an empty list if the history has no position in the feed.
    """
    return [Delete(key) for key in _entry_keys(history)]


def _entry_keys(history: History) -> Iterator[keys.Key]:
    if history.feed_id is None or history.feed_shard is None:
        return
    partitions = keys.feed_partitions(history.platform, history.language, history.feed_shard)
    for partition in partitions:
        yield {"PK": partition, "SK": history.feed_id}


class FeedStore:
    """The store of the feed (the list of public executions).

    It also contains the hourly counters of published executions. `write_shards` is the number of
    shards for new entries. `read_shards` is the number of shards that are read for a page.
    """

    def __init__(
        self,
        dynamo: Dynamo,
        clock: Clock = now_ms,
        *,
        read_shards: int = 1,
        write_shards: int = 1,
    ) -> None:
        self._dynamo, self._clock = dynamo, clock
        self._read_shards, self._write_shards = read_shards, write_shards

    async def page(
        self, window: PageWindow, *, platform: str | None = None, language: str | None = None
    ) -> Page[History]:
        """Return a page of the feed.

        The position of an execution is the ULID that it got when it was published.

        Cost for 20 executions: with one shard, one request of at most 2.5 read units. With four
        shards, at most 8 requests, which take 5 read units together. The cost is the same with any
        filter and for any position in the feed.
        """
        lists = [
            PartitionList(keys.feed_partition(platform, language, shard))
            for shard in range(self._read_shards)
        ]
        return (await read_page(self._dynamo, lists, window)).map(History.from_item_or_none)

    async def published_since(self, problem: ProblemId, since_ms: int) -> list[HistoryKey]:
        """Return the keys of a problem's histories that were published since `since_ms`.

        `since_ms` is a time (epoch ms, inclusive). The method reads all feed entries of the
        problem's platform since that time, with strong consistency. Cost: at least one request per
        shard.
        """
        published: list[HistoryKey] = []
        first = ulid_at(since_ms)[:ULID_TIME_CHARACTERS]
        for shard in range(self._read_shards):
            partition = keys.feed_partition(problem.platform, None, shard)
            recent = equals("PK", partition) & at_least("SK", first)
            async for item in self._dynamo.query_all(recent, consistent=True):
                history = History.from_item_or_none(item)
                if history is not None and history.problem_id == problem:
                    published.append(history.key)
        return published

    async def recent_public_count(self, hours: int) -> int:
        """Return the approximate number of executions published in the last `hours` hours.

        The current hour counts as one of these hours. Cost: one request for each 100 hours of
        the period, and 0.5 read units for each of its hours.
        """
        now = self._clock()
        counts = await self._dynamo.batch_get(
            [keys.recent_count(hour_of(now - hour * HOUR_MS)) for hour in range(hours)]
        )
        return sum(max(0, item.get("n", 0)) for item in counts if item)

    def assign_position(self, history: History) -> History:
        """Return a public copy of the history with a new position in the feed.

        A public history has several entries in the feed. All its entries have the same sort key and
        shard, which together are the position.
        """
        feed_id = ulid_at(self._clock())
        shard = keys.shard_of(feed_id, self._write_shards)
        return replace(history, is_public=True, feed_id=feed_id, feed_shard=shard)

    async def count(self, history: History, step: int) -> None:
        """Add `step` to the counter of the hour in which the execution was published.

        The counter is approximate: if the database does not answer, the failure is only logged.
        Cost: 1 write unit.
        """
        if history.feed_id is None:
            return
        published_at = ulid_time(history.feed_id)
        key = keys.recent_count(hour_of(published_at))
        life_s = (published_at + RECENT_COUNT_LIFE_MS) // 1000
        change = Change(put={"v": 1, "tp": "recent", "x": life_s}, add={"n": step})
        condition = exists() if step < 0 else None
        try:
            with suppress(ConditionFailed):
                await self._dynamo.update(key, change, condition, returns="NONE")
        except Unavailable:
            _log.warning(
                "The publication is not included in the count of its hour, because the "
                "database did not answer.",
                history=history.ulid,
                step=step,
            )
