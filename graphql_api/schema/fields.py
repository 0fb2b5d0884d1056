"""Strawberry's `field` and `mutation` as decorators that keep the type of the function."""

from collections.abc import Callable
from typing import Any, TypeVar

import strawberry

F = TypeVar("F", bound=Callable[..., Any])


def field(*, description: str) -> Callable[[F], F]:
    """Make a method a field of its GraphQL type."""
    decorator: Callable[[F], F] = strawberry.field(description=description)
    return decorator


def mutation(*, description: str) -> Callable[[F], F]:
    """Make a method a GraphQL mutation."""
    decorator: Callable[[F], F] = strawberry.mutation(description=description)
    return decorator


def sent_fields(given: object, *names: str) -> dict[str, Any]:
    """Return those of the named fields that the client sent. A null field is included as None."""
    values = {name: getattr(given, name) for name in names}
    return {name: value for name, value in values.items() if value is not strawberry.UNSET}
