"""Reads pages of lists for GraphQL connections (`first`, `after`, `last`, `before`).

Clients get signed cursors instead of the positions in the list.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from graphql_api.context import Context
from graphql_api.data.cursors import Cursors
from graphql_api.data.dynamo.pages import Page, PageWindow
from graphql_api.data.errors import InvalidCursor, InvalidInput
from graphql_api.data.limits import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """The arguments of a GraphQL connection, as the client sent them."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None

    def window(self, cursors: Cursors, scope: str) -> PageWindow:
        """Return the requested part of a list. `scope` identifies the list (see `scope_of`).

        Raises:
            InvalidInput: `first` and `last` are both set, or the page size is out of range.
            InvalidCursor: A cursor is malformed or belongs to another list.
        """
        if self.first is not None and self.last is not None:
            raise InvalidInput("Send `first` or `last`, not both.", ("first",))
        name, size = ("last", self.last) if self.last is not None else ("first", self.first)
        if size is not None and not 1 <= size <= MAX_PAGE_SIZE:
            raise InvalidInput(f"`{name}` must be from 1 to {MAX_PAGE_SIZE}.", (name,))
        return PageWindow(
            size=DEFAULT_PAGE_SIZE if size is None else size,
            from_end=self.last is not None,
            after=_position(cursors, scope, "after", self.after),
            before=_position(cursors, scope, "before", self.before),
        )


def _position(cursors: Cursors, scope: str, name: str, cursor: str | None) -> str | None:
    if cursor is None:
        return None
    try:
        return cursors.decode(scope, cursor)
    except InvalidCursor as error:
        raise InvalidCursor(error.message, (name,)) from error


async def list_page(
    context: Context,
    page: PageRequest,
    scope: str,
    read: Callable[[PageWindow], Awaitable[Page[T]]],
) -> Page[T]:
    """Read a page of a list with the function `read`.

    `read` returns a page with the position of each item. In the result, each position is replaced
    by a signed cursor. A cursor is valid only for the list with this `scope` (see `scope_of`). If
    one request contains the same page several times, the page is read only once.

    Raises:
        InvalidInput: `first` and `last` are both set, or the page size is out of range.
        InvalidCursor: A cursor is malformed or belongs to another list.
    """
    cursors = context.cursors
    window = page.window(cursors, scope)
    return await context.read_once(
        ("page", scope, window), lambda: _read_signed(cursors, scope, window, read)
    )


async def _read_signed(
    cursors: Cursors,
    scope: str,
    window: PageWindow,
    read: Callable[[PageWindow], Awaitable[Page[T]]],
) -> Page[T]:
    items = await read(window)

    def sign(position: str | None) -> str | None:
        return None if position is None else cursors.encode(scope, position)

    return replace(
        items,
        positions=[cursors.encode(scope, position) for position in items.positions],
        start=sign(items.start),
        end=sign(items.end),
    )


def scope_of(list_name: str, *filters: str | None) -> str:
    """Return the scope of a list: a text that is different for each list and set of filters."""
    return "\x00".join([list_name, *("\x01" if value is None else value for value in filters)])
