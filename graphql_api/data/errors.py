"""The errors that are raised by use cases.

The GraphQL schema has a type for each of these errors. The type implements `UserError`.
"""

from datetime import datetime

NO_CREDENTIALS = (
    "The database cannot be reached, because no AWS credentials are configured. Run `make dev` to "
    "use a local database, or set AWS_ENDPOINT_URL_DYNAMODB and AWS credentials."
)
REJECTED_CREDENTIALS = (
    "The database rejected the AWS credentials of this server. Nothing was changed. Ask the "
    "operator to renew the credentials."
)
UNEXPECTED_RESPONSE = (
    "The database cannot be reached: another server answered instead of the database. Nothing was "
    "changed. Try again later."
)


class DomainError(Exception):
    """An expected failure, with a message for the client.

    `path` is the path of the invalid input field: names and indexes, outermost first. `path` is
    empty if no input field is invalid.
    """

    def __init__(self, message: str, path: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.path = path


class Unauthenticated(DomainError):
    """The caller is not signed in, or the token is not valid."""


class Forbidden(DomainError):
    """The viewer is signed in but does not have the permission for this operation."""


class NotFound(DomainError):
    """The object does not exist, or the viewer is not allowed to see the object."""


class InvalidInput(DomainError):
    """The input is not valid. The message says what to send instead."""


class InvalidCursor(InvalidInput):
    """The cursor is malformed or was not issued for this list with this filter."""


class QuotaExceeded(DomainError):
    """The daily limit of the viewer's plan is reached. The limit is reset at `reset_at`."""

    def __init__(self, message: str, *, used: int, limit: int, reset_at: datetime) -> None:
        super().__init__(message)
        self.used = used
        self.limit = limit
        self.reset_at = reset_at


class Conflict(DomainError):
    """The request conflicts with the stored state of an object.

    For example, the object already exists, was changed by another request, or is in a state that
    does not allow the operation.
    """


class Unavailable(DomainError):
    """A required service, such as the database, did not answer. A later attempt may succeed."""
