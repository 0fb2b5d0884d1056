"""Decorators for fields and mutations, and input fields that several inputs share.

The decorators call Strawberry's decorators. For type checkers, a decorated method keeps its type.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import strawberry

from graphql_api.data.dynamo.bounds import bounded, current_bounds
from graphql_api.resolvers import access
from graphql_api.schema.info import Info

F = TypeVar("F", bound=Callable[..., Any])


def field(*, description: str) -> Callable[[F], F]:
    """Make a method a field of its GraphQL type."""
    decorator: Callable[[F], F] = strawberry.field(description=description)
    return decorator


def mutation(*, description: str, confirms_viewer: bool = True) -> Callable[[F], F]:
    """Make a method a GraphQL mutation.

    Before the method is called, the viewer's account is read with a strongly consistent read, so
    that the mutation does not use a cached account. Set `confirms_viewer` to False only for a
    mutation that signs a user in, or that reads the account itself and calls `access.confirm`.
    """
    decorator: Callable[[Any], Any] = strawberry.mutation(description=description)

    def make(method: F) -> F:
        confirmed = _confirm_first(method) if confirms_viewer else method
        made: F = decorator(_without_bounds(confirmed))
        return made

    return make


def _confirm_first(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    async def confirm_and_call(self: Any, info: Info, **arguments: Any) -> Any:
        await access.confirm_viewer(info.context)
        return await method(self, info, **arguments)

    return confirm_and_call


def _without_bounds(method: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method that runs a mutation without counting its reads from the database.

    Otherwise, a mutation that exceeds a bound could be stopped between two writes. The fields of
    the payload are resolved after the mutation, and their reads are counted. The limit on
    simultaneous requests to the database still applies to the mutation.
    """

    @wraps(method)
    async def call(self: Any, info: Info, **arguments: Any) -> Any:
        bounds = current_bounds()
        try:
            with bounded(bounds.uncounted() if bounds else None):
                return await method(self, info, **arguments)
        finally:
            info.context.forget_reads()

    return call


def problem_id_input() -> Any:
    """Return the input field that identifies a problem."""
    return strawberry.field(description="Global id of the problem.")


def language_input() -> Any:
    """Return the input field for the language of a program."""
    return strawberry.field(
        description="Programming language, given by its key, name or alias, such as `python`, "
        "`Python` or `py`. Letter case does not matter."
    )


def code_input() -> Any:
    """Return the input field for the source code of a program."""
    return strawberry.field(description="Source code in one file: 1 byte to 256 KB in UTF-8.")


def sent_fields(given: object, *names: str) -> dict[str, Any]:
    """Return the named fields that the client did not omit. The value of a null field is None."""
    values = {name: getattr(given, name) for name in names}
    return {name: value for name, value in values.items() if value is not strawberry.UNSET}
