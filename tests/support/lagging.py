"""A table whose eventually consistent reads and indexes are behind its writes.

DynamoDB Local always answers with the newest items. So a second table in the same engine is the
replica that Amazon's eventually consistent reads may come from. It receives each version of an item
only when the next version is written: a read of the replica returns the previous version of an
item, nothing for a new item, and an item that was just removed. Its indexes are behind in the same
way.
"""

import random
from collections.abc import Callable
from typing import Any

import pytest

from graphql_api.data.dynamo.client import Dynamo
from graphql_api.data.dynamo.values import dump_item, load_item

Key = dict[str, dict[str, str]]

# Runs a test with reads that are always behind, and with reads that are behind at random.
LAGGING = pytest.mark.parametrize("reads", ["behind", "random"], indirect=True)

_WRITES = frozenset({"put_item", "update_item", "delete_item", "batch_write_item"})


class LaggingTable:
    """The replica of a table. Several clients of the table, such as two processes, may share it.

    Without a `seed`, the replica is always one version behind. With a seed, it receives about half
    of the versions at once.
    """

    def __init__(
        self, table: str, make_table: Callable[[str], None], seed: int | None = None
    ) -> None:
        self.table = table
        self.replica = f"{self.table}-replica"
        self.stale_reads = 0
        self._engine: Any = None
        self._random = None if seed is None else random.Random(seed)
        self._behind: dict[tuple[str, str], Key] = {}
        make_table(self.replica)

    def delay(self, dynamo: Dynamo) -> "LaggingTable":
        """Let a client of this table read from the replica."""
        self._engine = self._engine or dynamo._transport.client
        dynamo._transport.client = _LaggingClient(dynamo._transport.client, self)
        return self

    async def catch_up(self) -> None:
        """Copy all items to the replica, as DynamoDB does within about a second."""
        for key in [*self._behind.values()]:
            await self.copy(key)

    async def copy(self, key: Key) -> None:
        """Copy the current version of an item to the replica."""
        stored = await self._engine.get_item(TableName=self.table, Key=key, ConsistentRead=True)
        if "Item" in stored:
            item = dump_item(load_item(stored["Item"]))
            await self._engine.put_item(TableName=self.replica, Item=item)
        else:
            await self._engine.delete_item(TableName=self.replica, Key=key)
        self._behind.pop(_name(key), None)

    async def before_write(self, keys: list[Key]) -> None:
        """Copy the items that are about to change."""
        for key in keys:
            if _name(key) in self._behind:
                await self.copy(key)
            self._behind[_name(key)] = key

    async def after_write(self, keys: list[Key]) -> None:
        """Copy some of the changed items, if the lag is random."""
        for key in keys:
            if self._random is not None and self._random.random() < 0.5:
                await self.copy(key)


class _LaggingClient:
    """A client of DynamoDB that redirects reads which need not be consistent."""

    def __init__(self, client: Any, table: LaggingTable) -> None:
        self._client, self._table = client, table

    def __getattr__(self, operation: str) -> Any:
        method = getattr(self._client, operation)
        if operation in {"get_item", "query"}:
            return lambda **request: self._read(method, request)
        if operation == "batch_get_item":
            return lambda **request: self._read_batch(method, request)
        if operation in _WRITES or operation == "transact_write_items":
            return lambda **request: self._write(operation, method, request)
        return method

    async def _read(self, method: Any, request: dict[str, Any]) -> Any:
        if not request.get("ConsistentRead"):
            self._table.stale_reads += 1
            request = {**request, "TableName": self._table.replica}
        return await method(**request)

    async def _read_batch(self, method: Any, request: dict[str, Any]) -> Any:
        (wanted,) = request["RequestItems"].values()
        if wanted.get("ConsistentRead"):
            return await method(**request)
        table, replica = self._table.table, self._table.replica
        self._table.stale_reads += 1
        answer = await method(**{**request, "RequestItems": {replica: wanted}})
        for part in ("Responses", "UnprocessedKeys"):
            if replica in answer.get(part, {}):
                answer[part] = {table: answer[part][replica]}
        return answer

    async def _write(self, operation: str, method: Any, request: dict[str, Any]) -> Any:
        keys = _written_keys(operation, request)
        await self._table.before_write(keys)
        try:
            return await method(**request)
        finally:
            await self._table.after_write(keys)


def _written_keys(operation: str, request: dict[str, Any]) -> list[Key]:
    if operation == "batch_write_item":
        (wanted,) = request["RequestItems"].values()
        actions = [next(iter(action.values())) for action in wanted]
    elif operation == "transact_write_items":
        checked = {"ConditionCheck"}
        actions = [
            next(iter(action.values()))
            for action in request["TransactItems"]
            if not checked & set(action)
        ]
    else:
        actions = [request]
    places = [action["Key"] if "Key" in action else action["Item"] for action in actions]
    return [{"PK": place["PK"], "SK": place["SK"]} for place in places]


def _name(key: Key) -> tuple[str, str]:
    return key["PK"]["S"], key["SK"]["S"]
