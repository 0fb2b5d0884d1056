"""Connections (pages with cursors) and the interface Node, as Relay defines them."""

from collections.abc import Callable
from typing import Annotated, Generic, TypeVar

import strawberry
import structlog

from graphql_api.data.dynamo.pages import Page

_log = structlog.stdlib.get_logger(__name__)

N = TypeVar("N")
R = TypeVar("R")

First = Annotated[
    int | None,
    strawberry.argument(
        description="Number of items to return from the start of the list, 1 to 100 (default 20). "
        "`first` and `last` cannot be combined."
    ),
]
After = Annotated[
    str | None,
    strawberry.argument(
        description="Cursor of an item. Only the items after this item are returned."
    ),
]
Last = Annotated[
    int | None,
    strawberry.argument(
        description="Number of items to return from the end of the list, 1 to 100. `first` and "
        "`last` cannot be combined."
    ),
]
Before = Annotated[
    str | None,
    strawberry.argument(
        description="Cursor of an item. Only the items before this item are returned."
    ),
]


@strawberry.interface(description="Any object with a global id.")
class Node:
    """Interface of the objects that the query field `node` can return."""

    id: strawberry.ID = strawberry.field(
        description="Opaque global id that never changes. Pass this id to `node` to read the "
        "object again."
    )


@strawberry.type(description="Position of a page in its list.")
class PageInfo:
    """The cursors of a page, and whether the list has a previous and a next page."""

    has_next_page: bool = strawberry.field(
        description="True if the list has more items after this page."
    )
    has_previous_page: bool = strawberry.field(
        description="True if the list has more items before this page."
    )
    start_cursor: str | None = strawberry.field(
        description="Cursor of the start of the page. Pass this cursor as `before` to read the "
        "previous page. Null if the list is empty."
    )
    end_cursor: str | None = strawberry.field(
        description="Cursor of the end of the page. Pass this cursor as `after` to read the next "
        "page. Null if the list is empty."
    )


@strawberry.type(description="One item of a page, and the cursor of this item.")
class Edge(Generic[N]):
    """A node with its cursor."""

    cursor: str = strawberry.field(
        description="Opaque cursor of this item, for the arguments `after` and `before`. The "
        "cursor stays valid when other items are added or removed."
    )
    node: N = strawberry.field(description="The item.")


@strawberry.type(description="One page of a list.")
class Connection(Generic[N]):
    """A page of a list: the items with their cursors, and the position of the page in the list."""

    edges: list[Edge[N]] = strawberry.field(
        description="Items of the page, in the order of the list. A page of a filtered list may "
        "have fewer items than requested, even if more pages follow. `pageInfo` shows whether "
        "more pages follow."
    )
    page_info: PageInfo = strawberry.field(
        description="Cursors of the start and the end of the page, and whether more pages exist."
    )


def connection(page: Page[R], from_record: Callable[[R], N]) -> Connection[N]:
    """Convert a page of records to a GraphQL connection.

    The page already contains a signed cursor for each record. A record that cannot be converted is
    logged and left out, so that clients get the other records.
    """
    edges: list[Edge[N]] = []
    for cursor, record in zip(page.positions, page.records, strict=True):
        try:
            edges.append(Edge(cursor=cursor, node=from_record(record)))
        except Exception:  # noqa: BLE001 - one unreadable record must not hide the others
            _log.exception(
                "A record cannot be converted to its schema type, so it is left out of the page.",
                record=type(record).__name__,
            )
    return Connection(
        edges=edges,
        page_info=PageInfo(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=page.start,
            end_cursor=page.end,
        ),
    )
