"""The errors that use cases raise; the schema maps each to a member of `UserError`."""

from datetime import datetime

NO_CREDENTIALS = (
    "The database cannot be reached, because there are no AWS credentials. "
    "Run `make dev`, which starts its own engine, or set "
    "AWS_ENDPOINT_URL_DYNAMODB and credentials."
)


class DomainError(Exception):
    """An expected failure with a message that a client may read.

    `path` names the invalid input field from the outside in; it is empty if there is none.
    """

    def __init__(self, message: str, path: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.path = path


class Unauthenticated(DomainError):
    """The caller is not signed in, or the token is not valid."""


class Forbidden(DomainError):
    """The viewer is signed in but not allowed to do this."""


class NotFound(DomainError):
    """The object does not exist, or the viewer must not learn that it exists."""


class InvalidInput(DomainError):
    """The input is not valid; the message tells what to send instead."""


class InvalidCursor(InvalidInput):
    """The cursor was not issued for this list, or it was changed."""


class QuotaExceeded(DomainError):
    """The daily limit of the viewer's plan is reached until `reset_at`."""

    def __init__(self, message: str, *, used: int, limit: int, reset_at: datetime) -> None:
        super().__init__(message)
        self.used = used
        self.limit = limit
        self.reset_at = reset_at


class Conflict(DomainError):
    """The object exists, was changed by another request, or its state does not allow this."""


class Unavailable(DomainError):
    """A required service did not answer in time; a later attempt may succeed."""
