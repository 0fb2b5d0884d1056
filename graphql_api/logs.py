"""Log lines of worker processes: one JSON object a line, or text for people."""

import logging
import os
import sys

import structlog
from structlog.typing import Processor

from graphql_api.config import Settings

_SHARED: tuple[Processor, ...] = (
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)
# Below INFO these write requests whole: keys hold addresses, bodies hold code.
_TALKATIVE = ("aiobotocore", "botocore", "boto3")


def configure_logging(settings: Settings) -> None:
    """Send this process's log lines, dramatiq's too, through the handlers that are there.

    `auto` writes text where standard error is a terminal, JSON elsewhere. What is sent to the
    database is logged at no level.
    """
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            _renderer(settings),
        ],
        foreign_pre_chain=list(_SHARED),
    )
    root = logging.getLogger()
    root.setLevel(settings.log_level.upper())
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(max(root.level, logging.INFO))
    for handler in root.handlers or [_added_handler(root)]:
        handler.setFormatter(formatter)


def _renderer(settings: Settings) -> Processor:
    wants_text = settings.log_format == "console"
    if settings.log_format == "auto":
        # Dramatiq puts a pipe in place of sys.stderr; the descriptor still is the terminal.
        wants_text = os.isatty(2)
    if wants_text:
        return structlog.dev.ConsoleRenderer(colors=False)
    return structlog.processors.JSONRenderer()


def _added_handler(root: logging.Logger) -> logging.Handler:
    handler = logging.StreamHandler(sys.stderr)
    root.addHandler(handler)
    return handler
