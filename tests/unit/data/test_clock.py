"""Days and hours are in UTC, in any local time zone."""

import time
from datetime import UTC, datetime

import pytest

from graphql_api.data.clock import (
    day_of,
    days_before,
    end_of_day,
    hour_of,
    parse_day,
    ulid_at,
    ulid_time,
)

LAST_MS_OF_2024 = 1_735_689_599_999


@pytest.fixture(params=["Asia/Seoul", "America/Los_Angeles", "UTC"])
def _zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("_zone")
def test_the_day_turns_at_midnight_utc() -> None:
    assert day_of(LAST_MS_OF_2024) == "20241231"
    assert day_of(LAST_MS_OF_2024 + 1) == "20250101"
    assert hour_of(LAST_MS_OF_2024) == "2024123123"


@pytest.mark.usefixtures("_zone")
def test_a_day_s_limits_are_reset_at_the_next_midnight_utc() -> None:
    assert end_of_day("20241231") == datetime(2025, 1, 1, tzinfo=UTC)


def test_days_before_cross_months_and_leap_days() -> None:
    assert days_before("20240301", 1) == "20240229"


@pytest.mark.parametrize("text", ["2024-01-01", "20241301", "", "tomorrow"])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"does not match format|unconverted|day is out"):
        parse_day(text)


@pytest.mark.parametrize("moment", [0, 1, LAST_MS_OF_2024, 1_773_144_000_123])
def test_a_ulid_tells_its_moment_to_the_millisecond_and_sorts_by_it(moment: int) -> None:
    found = ulid_at(moment)
    assert ulid_time(found) == moment
    assert found < ulid_at(moment + 1)


def test_ulids_of_one_moment_differ() -> None:
    assert len({ulid_at(LAST_MS_OF_2024) for _ in range(1000)}) == 1000
