"""Removal of items. The chunks and the S3 object of a removed body are removed too."""

from collections.abc import Iterable, Mapping
from typing import Any

from graphql_api.data import keys
from graphql_api.data.dynamo.bodies import CHUNKS, OBJECT, Bodies
from graphql_api.data.dynamo.client import Dynamo


async def remove_items(dynamo: Dynamo, bodies: Bodies, items: Iterable[Mapping[str, Any]]) -> None:
    """Remove items. If an item is a body, also remove the chunks and the S3 object of the body.

    Cost: one request per 25 items.
    """
    items = list(items)
    await bodies.delete_manifests(item for item in items if OBJECT in item or CHUNKS in item)
    # `items` also contains the manifests that were just removed. A second removal is harmless.
    await dynamo.batch_write(deletes=map(keys.of_item, items))
