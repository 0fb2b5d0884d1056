"""From a connection's arguments to a window of a list, and from its cards to cursors."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from graphql_api.data.cursors import Cursors
from graphql_api.data.errors import InvalidCursor, InvalidInput
from graphql_api.data.pages import Cards, Window

T = TypeVar("T")

DEFAULT_SIZE = 20
LARGEST_SIZE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """The arguments of a connection, as the client sent them."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None

    def window(self, cursors: Cursors, scope: str) -> Window:
        """Return the part of the list that `scope` names.

        Raises:
            InvalidInput: `first` with `last`, or one of them out of range.
            InvalidCursor: a cursor of another list, or none at all.
        """
        if self.first is not None and self.last is not None:
            raise InvalidInput("give `first` or `last`, not both", ("first",))
        name, size = ("last", self.last) if self.last is not None else ("first", self.first)
        if size is not None and not 1 <= size <= LARGEST_SIZE:
            raise InvalidInput(f"`{name}` must be from 1 to {LARGEST_SIZE}", (name,))
        return Window(
            size=DEFAULT_SIZE if size is None else size,
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


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """A page of records with what its cursors are made from."""

    cards: Cards[T]
    cursors: Cursors
    scope: str

    def cursor(self, position: str | None) -> str | None:
        """Return the cursor of a position, None of none."""
        return None if position is None else self.cursors.encode(self.scope, position)

    def edges(self) -> list[tuple[str, T]]:
        """Return each record with its cursor."""
        return [
            (self.cursors.encode(self.scope, position), record)
            for position, record in zip(self.cards.positions, self.cards.records, strict=True)
        ]


async def listed(
    page: PageRequest,
    cursors: Cursors,
    scope: str,
    read: Callable[[Window], Awaitable[Cards[T]]],
) -> Listing[T]:
    """Read the page asked for of the list that `scope` names, filters included."""
    return Listing(await read(page.window(cursors, scope)), cursors, scope)


def scope_of(list_name: str, *filters: str | None) -> str:
    """Return the scope of a list under filters; no two lists or filters share one."""
    return "\x00".join([list_name, *("\x01" if value is None else value for value in filters)])
