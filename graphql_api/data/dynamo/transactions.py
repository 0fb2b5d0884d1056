"""The actions of a transaction: put, update, delete and check, with their conditions and costs.

Amazon charges two write units for each started kilobyte of the item, and one write unit for each
started kilobyte of an index copy (the copy of an item in an index). A write that moves an index
copy is charged for two copies.
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
        """Return the action as an element of a `TransactWriteItems` request."""

    def units(self) -> float:
        """Return the number of write units that the action consumes."""


def _kilobytes(size: int) -> int:
    return max(1, ceil(size / 1024))


def _render_action(
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
    """An action that writes an item. An existing item with the same key is replaced."""

    item: Mapping[str, Any]
    condition: Condition | None = None

    def render(self, table_name: str) -> dict[str, Any]:
        """Return the action as an element of a `TransactWriteItems` request."""
        body = {"Item": dump_item(self.item)}
        return _render_action("Put", table_name, body, self.condition, Placeholders())

    def units(self) -> float:
        """Return the number of write units that the action consumes."""
        copies = sum(1 for name in _INDEX_PARTITIONS if name in self.item)
        return (2 + copies) * _kilobytes(item_size(self.item))


@dataclass(frozen=True, slots=True)
class Update:
    """An action that changes one item.

    `index_copies` is the number of copies in indexes that the change writes or removes (default 0).
    `item_kb` is the size of the item in kilobytes, rounded up (default 1).
    """

    key: Key
    change: Change
    condition: Condition | None = None
    index_copies: int = 0
    item_kb: int = 1

    def render(self, table_name: str) -> dict[str, Any]:
        """Return the action as an element of a `TransactWriteItems` request."""
        places = Placeholders()
        body = {"Key": dump_item(self.key), "UpdateExpression": self.change.render(places)}
        return _render_action("Update", table_name, body, self.condition, places)

    def units(self) -> float:
        """Return the number of write units that the action consumes."""
        return (2 + self.index_copies) * self.item_kb


@dataclass(frozen=True, slots=True)
class Delete:
    """An action that removes one item.

    `index_copies` is the number of the item's copies in indexes (default 0). `item_kb` is the size
    of the item in kilobytes, rounded up (default 1).
    """

    key: Key
    condition: Condition | None = None
    index_copies: int = 0
    item_kb: int = 1

    def render(self, table_name: str) -> dict[str, Any]:
        """Return the action as an element of a `TransactWriteItems` request."""
        body = {"Key": dump_item(self.key)}
        return _render_action("Delete", table_name, body, self.condition, Placeholders())

    def units(self) -> float:
        """Return the number of write units that the action consumes."""
        return (2 + self.index_copies) * self.item_kb


@dataclass(frozen=True, slots=True)
class Check:
    """An action that changes nothing, but cancels the transaction if a condition does not hold."""

    key: Key
    condition: Condition
    item_kb: int = 1

    def render(self, table_name: str) -> dict[str, Any]:
        """Return the action as an element of a `TransactWriteItems` request."""
        body = {"Key": dump_item(self.key)}
        return _render_action("ConditionCheck", table_name, body, self.condition, Placeholders())

    def units(self) -> float:
        """Return the number of write units that the action consumes."""
        return 2 * self.item_kb
