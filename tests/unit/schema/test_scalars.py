"""The scalars DateTime and Date."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from graphql import GraphQLError

from graphql_api.schema.schema import schema

DATE_TIME: Any = schema._schema.type_map["DateTime"]
DATE: Any = schema._schema.type_map["Date"]


def test_they_name_their_specification() -> None:
    for scalar in (DATE_TIME, DATE):
        assert scalar.specified_by_url.startswith("https://www.rfc-editor.org/rfc/rfc3339")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (datetime(2026, 11, 30, tzinfo=UTC), "2026-11-30T00:00:00.000Z"),
        (datetime(2026, 11, 30, 9, 8, 7, 654_999, UTC), "2026-11-30T09:08:07.654Z"),
        (
            datetime(2026, 11, 30, 9, tzinfo=timezone(timedelta(hours=9))),
            "2026-11-30T00:00:00.000Z",
        ),
    ],
)
def test_an_instant_has_milliseconds_and_z(value: datetime, text: str) -> None:
    assert DATE_TIME.serialize(value) == text


def test_a_day_has_no_time() -> None:
    assert DATE.serialize(date(2026, 11, 30)) == "2026-11-30"
    assert DATE.parse_value("2026-11-30") == date(2026, 11, 30)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-30T09:00:00Z",
        "2026-11-30t09:00:00z",
        "2026-11-30T18:00:00.000+09:00",
        "2026-11-30T09:00:00.000000000Z",
        "2026-11-30T08:30:00-00:30",
    ],
)
def test_one_instant_is_read_in_each_form_of_rfc_3339(text: str) -> None:
    assert DATE_TIME.parse_value(text) == datetime(2026, 11, 30, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-30",
        "2026-11-30T09:00:00",
        "2026-11-30 09:00:00Z",
        "2026-11-30T09:00Z",
        "20261130T090000Z",
        "2026-W49-1T09:00:00Z",
        "2026-02-30T09:00:00Z",
        "2026-11-30T24:00:00Z",
        "2026-11-30T09:00:00+0900",
        "0001-01-01T00:00:00+23:59",
        " 2026-11-30T09:00:00Z",
        "2026-11-30T09:00:00Z\n",
        "٢026-11-30T09:00:00Z",
        1_796_000_000,
        None,
        True,
    ],
)
def test_other_values_are_no_instant(value: object) -> None:
    with pytest.raises(GraphQLError, match="RFC 3339"):
        DATE_TIME.parse_value(value)


@pytest.mark.parametrize("value", ["2026-02-30", "20261130", "2026-11-30T00:00:00Z", "", 20261130])
def test_other_values_are_no_day(value: object) -> None:
    with pytest.raises(GraphQLError, match="RFC 3339"):
        DATE.parse_value(value)
