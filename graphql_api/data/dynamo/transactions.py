"""The actions of a transaction: put, update, delete, check, each with condition and price.

Prices follow Amazon's rules: two units a started kilobyte of the item, and one a started kilobyte
for each index copy that the write makes, moves (two) or removes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any, Protocol

from graphql_api.data.dynamo.expressions import Change, Condition, Placeholders
from graphql_api.data.dynamo.values import dump_item, item_size
from graphql_api.data.keys import Key

_INDEX_PARTITIONS = ("g1p", "g2p")


class TransactItem(Protocol):
    """One action of a transaction."""

    def render(self, table_name: str) -> dict[str, Any]:
        """Return the action as `TransactWriteItems` takes it."""

    def units(self) -> float:
        """Return the write units that it consumes."""


def _kilobytes(size: int) -> int:
    return max(1, ceil(size / 1024))


def _rendered(
    verb: str,
    table_name: str,
    body: dict[str, Any],
    condition: Condition | None,
    places: Placeholders,
) -> dict[str, Any]:
    if condition is not None:
        body["ConditionExpression"] = condition.render(places)
        body["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    return {verb: {"TableName": table_name, **body, **places.parameters()}}


@dataclass(frozen=True, slots=True)
class Put:
    """Write a whole item."""

    item: Mapping[str, Any]
    condition: Condition | None = None

    def render(self, table_name: str) -> dict[str, Any]:
        """Return the action as `TransactWriteItems` takes it."""
        body = {"Item": dump_item(self.item)}
        return _rendered("Put", table_name, body, self.condition, Placeholders())

    def units(self) -> float:
        """Return the write units that it consumes."""
        copies = sum(1 for name in _INDEX_PARTITIONS if name in self.item)
        return (2 + copies) * _kilobytes(item_size(self.item))


@dataclass(frozen=True, slots=True)
class Update:
    """Change one item; `index_copies` is how many index entries the change writes or removes.

    The item is taken to stay within `item_kb` kilobytes, one unless told.
    """

    key: Key
    change: Change
    condition: Condition | None = None
    index_copies: int = 0
    item_kb: int = 1

    def render(self, table_name: str) -> dict[str, Any]:
        """Return the action as `TransactWriteItems` takes it."""
        places = Placeholders()
        body = {"Key": dump_item(self.key), "UpdateExpression": self.change.render(places)}
        return _rendered("Update", table_name, body, self.condition, places)

    def units(self) -> float:
        """Return the write units that it consumes."""
        return (2 + self.index_copies) * self.item_kb


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove one item, with `index_copies` index entries."""

    key: Key
    condition: Condition | None = None
    index_copies: int = 0
    item_kb: int = 1

    def render(self, table_name: str) -> dict[str, Any]:
        """Return the action as `TransactWriteItems` takes it."""
        body = {"Key": dump_item(self.key)}
        return _rendered("Delete", table_name, body, self.condition, Placeholders())

    def units(self) -> float:
        """Return the write units that it consumes."""
        return (2 + self.index_copies) * self.item_kb


@dataclass(frozen=True, slots=True)
class Check:
    """Let the transaction go on only if a condition holds."""

    key: Key
    condition: Condition
    item_kb: int = 1

    def render(self, table_name: str) -> dict[str, Any]:
        """Return the action as `TransactWriteItems` takes it."""
        body = {"Key": dump_item(self.key)}
        return _rendered("ConditionCheck", table_name, body, self.condition, Placeholders())

    def units(self) -> float:
        """Return the write units that it consumes."""
        return 2 * self.item_kb
