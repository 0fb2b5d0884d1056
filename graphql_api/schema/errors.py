"""The types that implement `UserError`, and the mapping of domain errors to them."""

from collections.abc import Iterable
from datetime import datetime

import strawberry
from strawberry.types.field import StrawberryField

from graphql_api.data import errors as domain
from graphql_api.schema.enums import ErrorCode
from graphql_api.schema.info import Info

CODES: dict[type[domain.DomainError], ErrorCode] = {
    domain.Unauthenticated: ErrorCode.UNAUTHENTICATED,
    domain.Forbidden: ErrorCode.FORBIDDEN,
    domain.NotFound: ErrorCode.NOT_FOUND,
    domain.InvalidCursor: ErrorCode.INVALID_INPUT,
    domain.InvalidInput: ErrorCode.INVALID_INPUT,
    domain.QuotaExceeded: ErrorCode.QUOTA_EXCEEDED,
    domain.Conflict: ErrorCode.CONFLICT,
    domain.Unavailable: ErrorCode.UNAVAILABLE,
}


@strawberry.interface(
    description="An expected error of a mutation. Nothing was changed unless the message says "
    "otherwise."
)
class UserError:
    """The interface of the error types in the results of mutations."""

    message: str = strawberry.field(
        description="Human-readable explanation of the error, with advice for the user."
    )
    code: ErrorCode = strawberry.field(description="Machine-readable kind of the error.")
    path: list[str] | None = strawberry.field(
        description="Path of the invalid input field, outermost name first, such as "
        '`["testCases", "0", "input"]`. Null if the error was not caused by a single field.'
    )


@strawberry.type(
    description="The viewer is not signed in, or the account is no longer active. "
    "Sign in and send the access token."
)
class Unauthenticated(UserError):
    """The error with the code UNAUTHENTICATED."""


@strawberry.type(
    description="The viewer is signed in, but does not have the permission for this operation."
)
class Forbidden(UserError):
    """The error with the code FORBIDDEN."""


@strawberry.type(description="The object does not exist, or the viewer may not see it.")
class NotFound(UserError):
    """The error with the code NOT_FOUND."""


@strawberry.type(
    description="The value of an input field is invalid. The message names the field and the "
    "accepted values."
)
class InvalidInput(UserError):
    """The error with the code INVALID_INPUT."""


@strawberry.type(description="The viewer has reached the daily limit of the plan.")
class QuotaExceeded(UserError):
    """The error with the code QUOTA_EXCEEDED.

    It contains the limit and the number of used units.
    """

    used: int = strawberry.field(description="Number of units used on this UTC day.")
    limit: int = strawberry.field(description="Number of units that the plan allows per UTC day.")
    reset_at: datetime = strawberry.field(
        description="Time at which the number of used units is reset to 0: the end of the UTC day."
    )


@strawberry.type(
    description="The request conflicts with the current state: the object already exists, another "
    "request has changed it, or its state does not allow this operation."
)
class Conflict(UserError):
    """The error with the code CONFLICT."""


@strawberry.type(
    description="A service that the operation depends on did not answer. Try again later. The "
    "message says whether the change may have been saved."
)
class Unavailable(UserError):
    """The error with the code UNAVAILABLE."""


# The errors of most mutations. Python flattens a union that contains these unions.
ChangeErrors = Unauthenticated | Forbidden | NotFound | InvalidInput | Conflict | Unavailable
CreateErrors = Unauthenticated | Forbidden | InvalidInput | Conflict | Unavailable


def code_of(error: domain.DomainError) -> ErrorCode:
    """Return the code of a domain error."""
    return CODES[type(error)]


class _Handler:
    """Handler that converts one type of domain error to one of the GraphQL error types."""

    def __init__(
        self, exception_type: type[domain.DomainError], error_type: type[UserError]
    ) -> None:
        self.exception_type = exception_type
        self.error_type = error_type

    def handle(
        self, exception: domain.DomainError, *, field: StrawberryField, info: Info
    ) -> UserError:
        del field, info
        more = {}
        if isinstance(exception, domain.QuotaExceeded):
            more = {
                "used": exception.used,
                "limit": exception.limit,
                "reset_at": exception.reset_at,
            }
        return self.error_type(
            message=exception.message,
            code=code_of(exception),
            path=list(exception.path) or None,
            **more,
        )


def error_handlers() -> Iterable[_Handler]:
    """Return the handlers of all domain errors."""
    return (
        _Handler(domain.Unauthenticated, Unauthenticated),
        _Handler(domain.Forbidden, Forbidden),
        _Handler(domain.NotFound, NotFound),
        _Handler(domain.InvalidInput, InvalidInput),
        _Handler(domain.QuotaExceeded, QuotaExceeded),
        _Handler(domain.Conflict, Conflict),
        _Handler(domain.Unavailable, Unavailable),
    )
