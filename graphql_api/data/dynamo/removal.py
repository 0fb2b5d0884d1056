"""Removal of groups of items. If an item is a body, its chunks and S3 objects are removed too."""

from collections.abc import Iterable, Mapping
from typing import Any

from graphql_api.data import keys
from graphql_api.data.dynamo.bodies import CHUNKS, OBJECT, Bodies
from graphql_api.data.dynamo.client import Dynamo


async def remove_items(dynamo: Dynamo, bodies: Bodies, items: Iterable[Mapping[str, Any]]) -> None:
    """Remove items, and the chunks and S3 objects of bodies. Cost: one request per 25 items."""
    items = list(items)
    await bodies.delete_manifests(item for item in items if OBJECT in item or CHUNKS in item)
    # `delete_manifests` has already removed the manifests. They are removed here again, which is
    # harmless.
    await dynamo.batch_write(deletes=map(keys.of_item, items))
