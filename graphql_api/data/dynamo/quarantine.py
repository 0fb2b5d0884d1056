"""Quarantine of items that this version of the program cannot read.

The sweeper polls the indexes of due work, such as overdue executions. An unreadable item is removed
from these indexes, so that the sweeper does not read the item again in every sweep. The item
keeps all other attributes and a copy of its index keys. So an operator can release the item after
an update of the program (`algoitny table quarantine`).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog

from graphql_api.data import keys
from graphql_api.data.clock import Clock, now_ms
from graphql_api.data.dynamo.client import Dynamo, Item
from graphql_api.data.dynamo.expressions import Change, equals
from graphql_api.data.dynamo.transport import ConditionFailed
from graphql_api.data.records import UNREADABLE

T = TypeVar("T")

_log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Quarantined:
    """An item in quarantine. `since` is the time of the move into quarantine (epoch ms)."""

    key: keys.Key
    entity: str
    since: int


class Quarantine:
    """Moves items into quarantine, lists them and releases them.

    `added` is the number of items that this instance has moved into quarantine.
    """

    def __init__(self, dynamo: Dynamo, clock: Clock = now_ms) -> None:
        self._dynamo, self._clock = dynamo, clock
        self.added = 0

    async def read_all(self, items: Iterable[Item], read: Callable[[Item], T]) -> list[T]:
        """Convert items with `read`, and return the results.

        The items are from an index of due work. Each item that `read` cannot convert is moved into
        quarantine.
        """
        converted: list[T] = []
        for item in items:
            try:
                converted.append(read(item))
            except UNREADABLE as error:
                await self.add(keys.of_item(item), error)
        return converted

    async def add(self, key: keys.Key, error: Exception) -> bool:
        """Move an item into quarantine and log `error`. Return True if the item was moved.

        Return False if another request moved, changed or removed the item. Cost: one strongly
        consistent read and one write.
        """
        item = await self._dynamo.get(key, consistent=True)
        if item is None or item.get("g2p") in (None, keys.QUARANTINE):
            return False
        remembered = {keys.remembered(name): item[name] for name in keys.INDEX_KEYS if name in item}
        moved = {"g2p": keys.QUARANTINE, "g2s": keys.due_sort(self._clock())}
        change = Change(put={**remembered, **moved}, drop=("g1p", "g1s"))
        if not await self._move(key, change, item):
            return False
        self.added += 1
        _log.error(
            "The item cannot be read, so it was moved into quarantine.",
            **key,
            entity=item.get("tp"),
            reason=repr(error),
        )
        return True

    async def list_items(self) -> list[Quarantined]:
        """Return all items in quarantine, sorted by the time of the move into quarantine.

        Cost: one request per megabyte.
        """
        partition = equals("g2p", keys.QUARANTINE)
        return [
            Quarantined(keys.of_item(item), str(item.get("tp")), int(item["g2s"]))
            async for item in self._dynamo.query_all(partition, index="GSI2")
        ]

    async def release(self, key: keys.Key) -> bool:
        """Move an item from quarantine back into its indexes. Return True if the item was moved.

        Return False if the item is not in quarantine or another request changed the item. The
        next sweep processes a released execution or purge note (see `purge_notes.py`).
        """
        item = await self._dynamo.get(key, consistent=True)
        if item is None or item.get("g2p") != keys.QUARANTINE:
            return False
        former = {name: item.get(keys.remembered(name)) for name in keys.INDEX_KEYS}
        restored = {name: value for name, value in former.items() if value is not None}
        if restored["g2p"].startswith(keys.DUE_PREFIX):
            restored["g2s"] = keys.due_sort(self._clock())
        change = Change(put=restored, drop=tuple(map(keys.remembered, keys.INDEX_KEYS)))
        return await self._move(key, change, item)

    async def _move(self, key: keys.Key, change: Change, item: Mapping[str, Any]) -> bool:
        is_unchanged = equals("g2p", item["g2p"]) & equals("g2s", item["g2s"])
        try:
            await self._dynamo.update(key, change, is_unchanged, returns="NONE")
        except ConditionFailed:
            return False
        return True
