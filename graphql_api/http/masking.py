"""Hides the details of unexpected errors from clients."""

from uuid import uuid4

import structlog

_log = structlog.stdlib.get_logger(__name__)


def mask(cause: Exception, **about: object) -> tuple[str, dict[str, object]]:
    """Log an unexpected error. Return the message and the extensions of the error for the client.

    Both contain the error id, which is also in the log entry. `about` contains additional fields
    of the log entry.
    """
    error_id = uuid4().hex
    _log.error(
        "An unexpected error occurred.",
        error_id=error_id,
        exc_info=cause,
        **about,
        **structlog.contextvars.get_contextvars(),
    )
    message = f"An unexpected error occurred. Report the error id {error_id}."
    return message, {"code": "INTERNAL", "errorId": error_id}
