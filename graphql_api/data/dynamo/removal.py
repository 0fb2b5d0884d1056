"""Removal of items of all kinds.

A body is a large part of an entity, such as the code of a submission. Its main item may refer to
further items (chunks) or to an S3 object, which contain the rest of the body. They are removed
together with the main item.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from graphql_api.data import keys
from graphql_api.data.dynamo.bodies import CHUNKS, OBJECT, Bodies
from graphql_api.data.dynamo.client import Dynamo


async def remove_items(dynamo: Dynamo, bodies: Bodies, items: Iterable[Mapping[str, Any]]) -> None:
    """Remove items. For the main item of a body, also remove its chunks or its S3 object.

    Cost: one request per 25 items.
    """
    items = list(items)
    await bodies.delete_manifests(item for item in items if OBJECT in item or CHUNKS in item)
    # `items` also contains the manifests that were just removed. A second removal is harmless.
    await dynamo.batch_write(deletes=map(keys.of_item, items))
