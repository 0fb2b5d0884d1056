"""Relay's connections with keyset cursors, and the Node interface."""

from collections.abc import Callable
from typing import Annotated, Generic, TypeVar

import strawberry

from graphql_api.data.dynamo.pages import Page

N = TypeVar("N")
R = TypeVar("R")

First = Annotated[
    int | None,
    strawberry.argument(description="So many from the start, 1 to 100; 20 unless told."),
]
After = Annotated[str | None, strawberry.argument(description="Only what comes after this cursor.")]
Last = Annotated[
    int | None,
    strawberry.argument(description="So many from the end, 1 to 100; not together with `first`."),
]
Before = Annotated[
    str | None, strawberry.argument(description="Only what comes before this cursor.")
]


@strawberry.interface(description="Anything that has a global id.")
class Node:
    """What `node` finds."""

    id: strawberry.ID = strawberry.field(description="An opaque id, the same for ever.")


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    """The ends of a page."""

    has_next_page: bool = strawberry.field(description="Whether more comes after this page.")
    has_previous_page: bool = strawberry.field(description="Whether more came before this page.")
    start_cursor: str | None = strawberry.field(description="Give it as `before` to go back.")
    end_cursor: str | None = strawberry.field(description="Give it as `after` to go on.")


@strawberry.type(description="One entry of a page.")
class Edge(Generic[N]):
    """A node with its cursor."""

    cursor: str = strawberry.field(
        description="Where the entry stands; stays valid while others come and go."
    )
    node: N = strawberry.field(description="The entry itself.")


@strawberry.type(description="One page of a list.")
class Connection(Generic[N]):
    """Edges in the list's order."""

    edges: list[Edge[N]] = strawberry.field(
        description="The entries; a filter may leave fewer than were asked for."
    )
    page_info: PageInfo = strawberry.field(description="How to go on.")


def connection(page: Page[R], from_record: Callable[[R], N]) -> Connection[N]:
    """Return a page, whose positions are cursors, as GraphQL shows it."""
    return Connection(
        edges=[
            Edge(cursor=cursor, node=from_record(record))
            for cursor, record in zip(page.positions, page.records, strict=True)
        ],
        page_info=PageInfo(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=page.start,
            end_cursor=page.end,
        ),
    )
