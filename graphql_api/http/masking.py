"""Messages for clients in place of the details of unexpected errors."""

from uuid import uuid4

import structlog

_log = structlog.stdlib.get_logger(__name__)


def mask(cause: Exception, **about: object) -> tuple[str, dict[str, object]]:
    """Log an unexpected error with `about`. Return a message and extensions with the error id."""
    error_id = uuid4().hex
    _log.error(
        "unexpected error",
        error_id=error_id,
        exc_info=cause,
        **about,
        **structlog.contextvars.get_contextvars(),
    )
    message = f"An unexpected error occurred. Report the error id {error_id}."
    return message, {"code": "INTERNAL", "errorId": error_id}
