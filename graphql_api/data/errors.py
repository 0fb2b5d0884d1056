"""The errors that use cases raise; the schema maps each to a member of `UserError`."""

from datetime import datetime

NO_CREDENTIALS = (
    "The database cannot be reached, because there are no AWS credentials. "
    "Run `make dev`, which starts its own engine, or set "
    "AWS_ENDPOINT_URL_DYNAMODB and credentials."
)


class DomainError(Exception):
    """An expected failure with a message that a client may read.

    `path` names the input field at fault, outermost first; empty where none is.
    """

    def __init__(self, message: str, path: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.path = path


class Unauthenticated(DomainError):
    """Nobody is signed in, or the token is not valid any more."""


class Forbidden(DomainError):
    """The viewer is known and may not do this."""


class NotFound(DomainError):
    """There is no such thing, or the viewer may not know that there is."""


class InvalidInput(DomainError):
    """The input breaks a rule; the message says which and what to send instead."""


class InvalidCursor(InvalidInput):
    """A cursor that this list did not issue, or that was changed."""


class QuotaExceeded(DomainError):
    """The day's limit of the viewer's plan is used up until `reset_at`."""

    def __init__(self, message: str, *, used: int, limit: int, reset_at: datetime) -> None:
        super().__init__(message)
        self.used = used
        self.limit = limit
        self.reset_at = reset_at


class Conflict(DomainError):
    """The thing changed meanwhile, exists already, or is in a state that forbids this."""


class Unavailable(DomainError):
    """A part that the operation needs did not answer in time; trying again later may help."""
