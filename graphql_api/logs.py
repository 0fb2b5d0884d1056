"""Logging of worker processes, the API and commands: JSON lines, or text for terminals."""

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
# At the level DEBUG, these libraries log whole requests, which contain e-mail addresses and code.
_VERBOSE_LOGGERS = ("aiobotocore", "botocore", "boto3")


def configure_logging(settings: Settings) -> None:
    """Configure the format of all log lines of this process, including dramatiq's lines.

    If the setting LOG_FORMAT is `auto`, lines are text on a terminal and JSON otherwise. Requests
    to the database are never logged.
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
    for name in _VERBOSE_LOGGERS:
        logging.getLogger(name).setLevel(max(root.level, logging.INFO))
    for handler in root.handlers or [_add_handler(root)]:
        handler.setFormatter(formatter)


def log_to_standard_error() -> None:
    """Write log lines to standard error. The standard output of a command is for its result."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))


def _renderer(settings: Settings) -> Processor:
    wants_text = settings.log_format == "console"
    if settings.log_format == "auto":
        # Dramatiq replaces sys.stderr with a pipe, but descriptor 2 is still the terminal.
        wants_text = os.isatty(2)
    if wants_text:
        return structlog.dev.ConsoleRenderer(colors=False)
    return structlog.processors.JSONRenderer()


def _add_handler(root: logging.Logger) -> logging.Handler:
    handler = logging.StreamHandler(sys.stderr)
    root.addHandler(handler)
    return handler
