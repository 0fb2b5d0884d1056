"""The scalars `DateTime` and `Date`. Their values are texts in the format of RFC 3339."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, TypeVar

import strawberry
from graphql import GraphQLError

_RFC_3339 = "https://www.rfc-editor.org/rfc/rfc3339#section-5.6"
_DATE_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

T = TypeVar("T")


def format_datetime(value: datetime) -> str:
    """Convert a datetime with a time zone to a text in UTC: `2026-11-30T09:00:00.000Z`."""
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_datetime(value: object) -> datetime:
    """Convert a text in the format of RFC 3339 to a datetime in UTC.

    Raises:
        GraphQLError: The value is not a text in this format, or the date or time does not exist.
    """
    return _parse(value, _DATE_TIME, _read_datetime, "2026-11-30T09:00:00.000Z")


def _read_datetime(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def parse_date(value: object) -> date:
    """Convert a text such as `2026-11-30` to a date.

    Raises:
        GraphQLError: The value is not a text in this format, or the day does not exist.
    """
    return _parse(value, _DATE, date.fromisoformat, "2026-11-30")


def _parse(value: object, pattern: re.Pattern[str], read: Callable[[str], T], example: str) -> T:
    if isinstance(value, str) and pattern.fullmatch(value):
        try:
            return read(value.upper())
        except (ValueError, OverflowError):
            pass
    raise GraphQLError(f"The value must be text in the format of RFC 3339, such as `{example}`.")


SCALARS: dict[object, Any] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="A time as text in the format of RFC 3339. Responses are always in UTC with "
        "milliseconds, such as `2026-11-30T09:00:00.000Z`. Inputs may have any offset "
        "from UTC and any fraction of a second.",
        specified_by_url=_RFC_3339,
        serialize=format_datetime,
        parse_value=parse_datetime,
    ),
    date: strawberry.scalar(
        name="Date",
        description="A calendar day as text in the format of RFC 3339, such as `2026-11-30`.",
        specified_by_url=_RFC_3339,
        serialize=date.isoformat,
        parse_value=parse_date,
    ),
}
