"""Time as the table keeps it: epoch milliseconds in UTC, days as `yyyymmdd`."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from ulid import ULID

Clock = Callable[[], int]

DAY_MS = 86_400_000


def now_ms() -> int:
    """Return the present in epoch milliseconds."""
    return time.time_ns() // 1_000_000


def ulid_at(epoch_ms: int) -> str:
    """Return a fresh ULID of that moment."""
    return str(ULID.from_timestamp(epoch_ms))


def ulid_time(ulid: str) -> int:
    """Return the moment of a ULID, in epoch milliseconds.

    Raises:
        ValueError: the text is no ULID.
    """
    return int(ULID.from_str(ulid).milliseconds)


def to_datetime(epoch_ms: int) -> datetime:
    """Return an aware UTC datetime."""
    return datetime.fromtimestamp(epoch_ms / 1000, UTC)


def day_of(epoch_ms: int) -> str:
    """Return the UTC day, `yyyymmdd`."""
    return to_datetime(epoch_ms).strftime("%Y%m%d")


def hour_of(epoch_ms: int) -> str:
    """Return the UTC hour, `yyyymmddhh`."""
    return to_datetime(epoch_ms).strftime("%Y%m%d%H")


def days_before(day: str, count: int) -> str:
    """Return the day `count` days before `day`."""
    return (parse_day(day) - timedelta(days=count)).strftime("%Y%m%d")


def parse_day(day: str) -> datetime:
    """Return the first instant of a `yyyymmdd` day.

    Raises:
        ValueError: the text is no day.
    """
    return datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC)


def end_of_day(day: str) -> datetime:
    """Return the instant at which a day's limits start anew."""
    return parse_day(day) + timedelta(days=1)
