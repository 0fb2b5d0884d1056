import logging
from collections.abc import Iterator
from io import StringIO

import orjson
import pytest
import structlog

from graphql_api.logs import configure_logging
from tests.support.settings import make_settings


@pytest.fixture
def lines() -> Iterator[StringIO]:
    """The output of the root logger, as in a worker process."""
    root, written = logging.getLogger(), StringIO()
    kept, level = root.handlers, root.level
    root.handlers = [logging.StreamHandler(written)]
    yield written
    root.handlers = kept
    root.setLevel(level)
    structlog.reset_defaults()


def test_each_line_is_one_json_object_with_its_fields(lines: StringIO) -> None:
    configure_logging(make_settings(log_format="json"))
    structlog.stdlib.get_logger("tasks.handlers.executions").info(
        "executed", run_ms=12, verdict="AC"
    )
    found = orjson.loads(lines.getvalue())
    assert found["event"] == "executed"
    assert (found["run_ms"], found["verdict"], found["level"]) == (12, "AC", "info")
    assert found["logger"] == "tasks.handlers.executions"
    assert found["timestamp"].endswith("Z")


def test_other_libraries_lines_have_the_same_form_exceptions_included(lines: StringIO) -> None:
    configure_logging(make_settings(log_format="json"))
    try:
        int("broken\nover")
    except ValueError:
        logging.getLogger("dramatiq.worker").exception("message %s failed", "m-1")
    (line,) = lines.getvalue().splitlines()
    found = orjson.loads(line)
    assert found["event"] == "message m-1 failed"
    assert "broken\\nover" in found["exception"]


def test_text_for_people_is_no_json(lines: StringIO) -> None:
    configure_logging(make_settings(log_format="console"))
    structlog.stdlib.get_logger("tasks").info("swept", sent=3)
    assert "swept" in lines.getvalue()
    assert "sent=3" in lines.getvalue()
    assert not lines.getvalue().startswith("{")


def test_lines_below_the_level_are_left_out(lines: StringIO) -> None:
    configure_logging(make_settings(log_format="json", log_level="warning"))
    structlog.stdlib.get_logger("tasks").info("quiet")
    structlog.stdlib.get_logger("tasks").warning("loud")
    assert "quiet" not in lines.getvalue()
    assert "loud" in lines.getvalue()


def test_what_is_sent_to_the_database_is_logged_at_no_level(lines: StringIO) -> None:
    configure_logging(make_settings(log_format="json", log_level="debug"))
    structlog.stdlib.get_logger("tasks").debug("our own")
    for name in ("botocore.endpoint", "aiobotocore.hooks"):
        logging.getLogger(name).debug("Making request with params: E#ann@example.org")
        logging.getLogger(name).warning("heard")
    assert "our own" in lines.getvalue()
    assert "ann@example.org" not in lines.getvalue()
    assert lines.getvalue().count("heard") == 2
