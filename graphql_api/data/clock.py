"""Conversion of times. The table stores epoch milliseconds, and UTC days as `yyyymmdd`."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from ulid import ULID

Clock = Callable[[], int]

DAY_MS = 86_400_000
# Largest supported difference between the clocks of two hosts.
CLOCK_SKEW_MS = 60_000


def now_ms() -> int:
    """Return the current time in epoch milliseconds."""
    return time.time_ns() // 1_000_000


def ulid_at(epoch_ms: int) -> str:
    """Return a new random ULID with the time `epoch_ms`."""
    return str(ULID.from_timestamp(epoch_ms))


def ulid_time(ulid: str) -> int:
    """Return the time that a ULID contains, in epoch milliseconds.

    Raises:
        ValueError: the text is not a ULID.
    """
    return int(ULID.from_str(ulid).milliseconds)


def to_datetime(epoch_ms: int) -> datetime:
    """Convert epoch milliseconds to a timezone-aware datetime in UTC."""
    return datetime.fromtimestamp(epoch_ms / 1000, UTC)


def day_of(epoch_ms: int) -> str:
    """Return the UTC day of a time, in the form `yyyymmdd`."""
    return to_datetime(epoch_ms).strftime("%Y%m%d")


def hour_of(epoch_ms: int) -> str:
    """Return the UTC hour of a time, in the form `yyyymmddhh`."""
    return to_datetime(epoch_ms).strftime("%Y%m%d%H")


def days_before(day: str, count: int) -> str:
    """Return the day that is `count` days before `day`."""
    return (parse_day(day) - timedelta(days=count)).strftime("%Y%m%d")


def parse_day(day: str) -> datetime:
    """Return the start of a day (`yyyymmdd`) as a datetime in UTC.

    Raises:
        ValueError: the text is not a day in this form.
    """
    return datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC)


def end_of_day(day: str) -> datetime:
    """Return the end of a UTC day (`yyyymmdd`): the start of the next day, as a datetime.

    The daily limits are reset at this time.
    """
    return parse_day(day) + timedelta(days=1)
