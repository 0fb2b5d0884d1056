"""The client of the DynamoDB table. All stores use this client. Items are Python dicts."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from graphql_api.config import Settings
from graphql_api.data.dynamo.expressions import Change, Condition, Placeholders
from graphql_api.data.dynamo.transactions import TransactItem
from graphql_api.data.dynamo.transport import Transport, open_transport
from graphql_api.data.dynamo.values import dump_item, item_size, load_item
from graphql_api.data.keys import Key

Item = dict[str, Any]

# Maximum number of items in one BatchGetItem and one BatchWriteItem, from Amazon's API reference.
BATCH_GET_KEYS = 100
BATCH_WRITE_ITEMS = 25
# With this size, a request has less than 1 MB after base64 encoding. Sending a larger request would
# block the event loop.
BATCH_WRITE_BYTES = 600_000


@dataclass(frozen=True, slots=True)
class QueryPage:
    """One page of a query. `last_key` is None on the last page."""

    items: list[Item]
    last_key: Key | None


@asynccontextmanager
async def open_dynamo(settings: Settings) -> AsyncIterator["Dynamo"]:
    """Open a client of the table whose name is in the settings.

    The client is closed at the end of the block.
    """
    async with open_transport(settings) as transport:
        yield Dynamo(transport, settings.table_name)


class Dynamo:
    """A client of one table."""

    def __init__(self, transport: Transport, table_name: str) -> None:
        self.table_name = table_name
        self._transport = transport

    async def get(
        self, key: Key, *, consistent: bool = False, recheck: bool = False
    ) -> Item | None:
        """Return the item with this key, or None if the item does not exist.

        A read without `consistent` may miss an item that was just written. With `recheck`, a
        missing item is therefore read again with strong consistency. Cost of the second read: 1
        read unit.
        """
        item = await self._get(key, consistent=consistent)
        if item is None and recheck and not consistent:
            return await self._get(key, consistent=True)
        return item

    async def _get(self, key: Key, *, consistent: bool) -> Item | None:
        answer = await self._transport.call(
            "get_item",
            TableName=self.table_name,
            Key=dump_item(key),
            ConsistentRead=consistent,
        )
        return load_item(answer["Item"]) if "Item" in answer else None

    async def batch_get(
        self, keys: Sequence[Key], *, consistent: bool = False, recheck: bool = False
    ) -> list[Item | None]:
        """Return the items in the order of `keys`.

        The list contains None for each item that does not exist. Any number of keys is allowed, and
        keys may be repeated. With `recheck`, missing items are read again with strong consistency.
        Cost: one request per 100 distinct keys.
        """
        items = await self._get_items(keys, consistent=consistent)
        missing = [key for key, item in zip(keys, items, strict=True) if item is None]
        if not missing or not recheck or consistent:
            return items
        found = iter(await self._get_items(missing, consistent=True))
        return [next(found) if item is None else item for item in items]

    async def _get_items(self, keys: Sequence[Key], *, consistent: bool) -> list[Item | None]:
        distinct = list({(key["PK"], key["SK"]): key for key in keys}.values())
        chunks = [
            distinct[start : start + BATCH_GET_KEYS]
            for start in range(0, len(distinct), BATCH_GET_KEYS)
        ]
        items_by_key: dict[tuple[str, str], Item] = {}
        for items in await asyncio.gather(
            *(self._batch_get(chunk, consistent) for chunk in chunks)
        ):
            items_by_key.update(((item["PK"], item["SK"]), item) for item in items)
        return [items_by_key.get((key["PK"], key["SK"])) for key in keys]

    async def _batch_get(self, keys: Sequence[Key], consistent: bool) -> list[Item]:  # noqa: FBT001
        items: list[Item] = []
        pending: dict[str, Any] = {
            self.table_name: {
                "Keys": [dump_item(key) for key in keys],
                "ConsistentRead": consistent,
            }
        }
        backoff = self._transport.backoff("batch_get_item")
        while pending:
            answer = await self._transport.call("batch_get_item", RequestItems=pending)
            items += map(load_item, answer["Responses"].get(self.table_name, ()))
            pending = answer.get("UnprocessedKeys") or {}
            if pending:
                await backoff.pause()
        return items

    async def query(
        self,
        condition: Condition,
        *,
        index: str | None = None,
        limit: int | None = None,
        forward: bool = True,
        start: Key | None = None,
        consistent: bool = False,
    ) -> QueryPage:
        """Return one page of the items whose keys match a condition.

        The condition must select one partition. It may also limit the sort keys.

        If `forward` is False, the order of the sort keys is descending. `start` is the `last_key`
        of the previous page, or None for the first page. A page has at most `limit` items and 1 MB.
        """
        places = Placeholders()
        request: dict[str, Any] = {
            "TableName": self.table_name,
            "KeyConditionExpression": condition.render(places),
            "ScanIndexForward": forward,
            **places.parameters(),
        }
        if index:
            request["IndexName"] = index
        if limit:
            request["Limit"] = limit
        if start:
            request["ExclusiveStartKey"] = dump_item(start)
        if consistent:
            request["ConsistentRead"] = True
        answer = await self._transport.call("query", **request)
        last = answer.get("LastEvaluatedKey")
        return QueryPage([load_item(item) for item in answer["Items"]], last and load_item(last))

    async def query_all(self, condition: Condition, **options: Any) -> AsyncIterator[Item]:
        """Yield all items whose keys match a condition, as in `query`.

        `options` are further keyword arguments for `query`.
        """
        start: Key | None = None
        while True:
            page = await self.query(condition, start=start, **options)
            for item in page.items:
                yield item
            if page.last_key is None:
                return
            start = page.last_key

    async def scan(self, *, limit: int, start: Key | None = None) -> QueryPage:
        """Return one page of the whole table: at most `limit` items and 1 MB.

        `start` is the `last_key` of the previous page, or None for the first page. The read is
        strongly consistent. Use this method only in operators' commands.
        """
        request: dict[str, Any] = {"ExclusiveStartKey": dump_item(start)} if start else {}
        answer = await self._transport.call(
            "scan", TableName=self.table_name, Limit=limit, ConsistentRead=True, **request
        )
        last = answer.get("LastEvaluatedKey")
        return QueryPage([load_item(item) for item in answer["Items"]], last and load_item(last))

    async def put(self, item: Mapping[str, Any], condition: Condition | None = None) -> None:
        """Write an item. An existing item with the same key is replaced.

        Raises:
            ConditionFailed: the condition did not hold.
        """
        places = Placeholders()
        await self._transport.call(
            "put_item",
            TableName=self.table_name,
            Item=dump_item(item),
            **_conditional(condition, places),
            **places.parameters(),
        )

    async def update(
        self,
        key: Key,
        change: Change,
        condition: Condition | None = None,
        *,
        returns: str = "ALL_NEW",
        repeatable: bool | None = None,
    ) -> Item:
        """Change one item and return all its attributes.

        Without a condition, a missing item is created. If the response is lost, the request is
        retried only if `repeatable` is True. By default, a change is repeatable unless it adds to a
        number. `returns` is the request parameter `ReturnValues`. With "NONE", the result is an
        empty dict.

        Raises:
            ConditionFailed: the condition did not hold.
        """
        places = Placeholders()
        answer = await self._transport.call(
            "update_item",
            repeatable=not change.add if repeatable is None else repeatable,
            TableName=self.table_name,
            Key=dump_item(key),
            UpdateExpression=change.render(places),
            ReturnValues=returns,
            **_conditional(condition, places),
            **places.parameters(),
        )
        return load_item(answer.get("Attributes", {}))

    async def delete(self, key: Key, condition: Condition | None = None) -> Item | None:
        """Remove an item. Return the removed item, or None if the item did not exist.

        Raises:
            ConditionFailed: the condition did not hold.
        """
        places = Placeholders()
        answer = await self._transport.call(
            "delete_item",
            TableName=self.table_name,
            Key=dump_item(key),
            ReturnValues="ALL_OLD",
            **_conditional(condition, places),
            **places.parameters(),
        )
        return load_item(answer["Attributes"]) if answer.get("Attributes") else None

    async def batch_write(
        self, *, puts: Iterable[Mapping[str, Any]] = (), deletes: Iterable[Key] = ()
    ) -> None:
        """Write and remove any number of items, up to 25 per request.

        The requests are not one transaction.
        """
        for items in _batches(puts):
            await self._batch_write([{"PutRequest": {"Item": dump_item(item)}} for item in items])
        for keys in _batches(deletes):
            await self._batch_write([{"DeleteRequest": {"Key": dump_item(key)}} for key in keys])

    async def _batch_write(self, requests: list[dict[str, Any]]) -> None:
        pending: dict[str, Any] = {self.table_name: requests}
        backoff = self._transport.backoff("batch_write_item")
        while pending:
            answer = await self._transport.call("batch_write_item", RequestItems=pending)
            pending = answer.get("UnprocessedItems") or {}
            if pending:
                await backoff.pause()

    async def transact(self, actions: Sequence[TransactItem]) -> None:
        """Apply all actions or none of them, in one transaction.

        Raises:
            TransactionFailed: the condition of an action did not hold.
        """
        await self._transport.call(
            "transact_write_items",
            transaction_units=sum(action.units() for action in actions),
            TransactItems=[action.render(self.table_name) for action in actions],
            ClientRequestToken=str(uuid4()),
        )


def _batches(items: Iterable[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    """Group items into batches of at most 25 items and 600 KB.

    An item above 600 KB is a batch of its own.
    """
    batch: list[Mapping[str, Any]] = []
    size = 0
    for item in items:
        size += item_size(item)
        if batch and (len(batch) == BATCH_WRITE_ITEMS or size > BATCH_WRITE_BYTES):
            yield batch
            batch, size = [], item_size(item)
        batch.append(item)
    if batch:
        yield batch


def _conditional(condition: Condition | None, places: Placeholders) -> dict[str, Any]:
    if condition is None:
        return {}
    return {
        "ConditionExpression": condition.render(places),
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
