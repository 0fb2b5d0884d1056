"""The members of `Error`, and how domain errors become them."""

from collections.abc import Iterable
from datetime import datetime

import strawberry
from strawberry.types.field import StrawberryField

from graphql_api.context import Context
from graphql_api.data import errors as domain
from graphql_api.schema.enums import ErrorCode

Info = strawberry.Info[Context, None]

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


@strawberry.interface(description="An expected failure; nothing was changed.")
class Error:
    """What every error says."""

    message: str = strawberry.field(description="What went wrong and what to do, for people.")
    code: ErrorCode = strawberry.field(description="What kind of failure it is, for programs.")
    path: list[str] | None = strawberry.field(
        description="The input field at fault, outermost first; null where none is."
    )


@strawberry.type(description="Nobody is signed in, or the account is not active any more.")
class Unauthenticated(Error):
    """UNAUTHENTICATED."""


@strawberry.type(description="The viewer is known and may not do this.")
class Forbidden(Error):
    """FORBIDDEN."""


@strawberry.type(description="There is no such thing, or the viewer may not know that there is.")
class NotFound(Error):
    """NOT_FOUND."""


@strawberry.type(description="The input breaks a rule; the message says which.")
class InvalidInput(Error):
    """INVALID_INPUT."""


@strawberry.type(description="The day's limit of the viewer's plan is used up.")
class QuotaExceeded(Error):
    """QUOTA_EXCEEDED."""

    used: int = strawberry.field(description="How many were used today.")
    limit: int = strawberry.field(description="How many the plan allows per UTC day.")
    reset_at: datetime = strawberry.field(description="When the limit starts anew.")


@strawberry.type(description="The thing exists already, changed meanwhile, or forbids this now.")
class Conflict(Error):
    """CONFLICT."""


@strawberry.type(description="A part that the operation needs did not answer; try again later.")
class Unavailable(Error):
    """UNAVAILABLE."""


def code_of(error: domain.DomainError) -> ErrorCode:
    """Return the code of a domain error."""
    return CODES[type(error)]


class _Handler:
    """Answers one kind of domain error with its member, where the result may be that member."""

    def __init__(self, exception_type: type[domain.DomainError], error_type: type[Error]) -> None:
        self.exception_type = exception_type
        self.error_type = error_type

    def handle(self, exception: domain.DomainError, *, field: StrawberryField, info: Info) -> Error:
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
    """Return what the schema answers domain errors with."""
    return (
        _Handler(domain.Unauthenticated, Unauthenticated),
        _Handler(domain.Forbidden, Forbidden),
        _Handler(domain.NotFound, NotFound),
        _Handler(domain.InvalidInput, InvalidInput),
        _Handler(domain.QuotaExceeded, QuotaExceeded),
        _Handler(domain.Conflict, Conflict),
        _Handler(domain.Unavailable, Unavailable),
    )
