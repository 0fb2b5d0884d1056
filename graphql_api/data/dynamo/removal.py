"""Removal of groups of items, with the chunks and S3 objects of the bodies among them."""

from collections.abc import Iterable, Mapping
from typing import Any

from graphql_api.data import keys
from graphql_api.data.dynamo.bodies import CHUNKS, OBJECT, Bodies
from graphql_api.data.dynamo.client import Dynamo


async def remove_items(dynamo: Dynamo, bodies: Bodies, items: Iterable[Mapping[str, Any]]) -> None:
    """Remove items and the chunks and S3 objects of their manifests: 25 items per request."""
    items = list(items)
    await bodies.delete_manifests(item for item in items if OBJECT in item or CHUNKS in item)
    # This removes the manifests a second time, because a request must not repeat a key.
    await dynamo.batch_write(deletes=map(keys.of_item, items))
