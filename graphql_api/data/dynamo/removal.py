"""Removing whole groups of items, with what heads of bodies among them keep elsewhere."""

from collections.abc import Iterable, Mapping
from typing import Any

from graphql_api.data import keys
from graphql_api.data.dynamo.bodies import OBJECT, PIECES, Bodies
from graphql_api.data.dynamo.client import Dynamo


async def remove_items(dynamo: Dynamo, bodies: Bodies, items: Iterable[Mapping[str, Any]]) -> None:
    """Remove items that were read, 25 a request, and the S3 objects that heads among them name."""
    items = list(items)
    await bodies.delete_heads(item for item in items if OBJECT in item or PIECES in item)
    # Again for the heads above, which is harmless; never the same key twice in one request.
    await dynamo.batch_write(deletes=map(keys.of_item, items))
