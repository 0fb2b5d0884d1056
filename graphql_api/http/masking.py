"""What clients are told of failures that are not theirs to see."""

from uuid import uuid4

import structlog

_log = structlog.stdlib.get_logger(__name__)


def masked(cause: Exception, **about: object) -> tuple[str, dict[str, object]]:
    """Log an unexpected error, with `about`; return a message and extensions that name its id."""
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
