"""The arguments that every list of the API refuses, without revealing anything."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.support.api import ADMIN, Api

pytestmark = [pytest.mark.dynamodb, pytest.mark.redis]

PAGE = "(first: $first, after: $after, last: $last, before: $before)"
REST = "{ edges { cursor } pageInfo { endCursor hasNextPage } }"
LISTS = {
    "problems": f"problems{PAGE} {REST}",
    "publicFeed": f"publicFeed{PAGE} {REST}",
    "users": f"users{PAGE} {REST}",
    "histories": f"viewer {{ histories{PAGE} {REST} }}",
    "testCases": f'problem(platform: "algoitny", number: "1") {{ testCases{PAGE} {REST} }}',
}


def query_of(name: str) -> str:
    variables = "$first: Int, $after: String, $last: Int, $before: String"
    return f"query({variables}) {{ {LISTS[name]} }}"


async def page(api: Api, name: str, token: str, **arguments: Any) -> Any:
    found = await api.data(query_of(name), token, **arguments)
    while name not in found:
        (found,) = found.values()
    return found[name]


@pytest.fixture
async def admin(api: Api) -> str:
    """The token of a user who may read every list and has two cards in each."""
    for number in ("1", "2"):
        await api.problem(number)
    await api.sign_in("bob@example.org")
    token = await api.sign_in(ADMIN)
    for _ in range(2):
        await api.submit(token, isPublic=True)
        await api.judge()
    return token


@pytest.mark.slow
@pytest.mark.parametrize("name", LISTS)
async def test_no_list_takes_bad_pages_or_cursors(api: Api, admin: str, name: str) -> None:
    first = await page(api, name, admin, first=1)
    assert first["pageInfo"]["hasNextPage"] is True
    cursor = first["pageInfo"]["endCursor"]
    assert len((await page(api, name, admin, first=1, after=cursor))["edges"]) == 1
    tampered = ("A" if cursor[0] != "A" else "B") + cursor[1:]
    bad: list[tuple[dict[str, Any], str]] = [
        ({"first": 1, "last": 1}, "first"),
        ({"first": 0}, "first"),
        ({"first": 101}, "first"),
        ({"last": -1}, "last"),
        ({"last": 2**31 - 1}, "last"),
        ({"after": "nonsense"}, "after"),
        ({"after": tampered}, "after"),
        ({"after": cursor[:-1]}, "after"),
        ({"before": cursor + "A"}, "before"),
        ({"before": "\x00"}, "before"),
    ]
    for arguments, argument in bad:
        error = await api.error(query_of(name), admin, **arguments)
        assert error["extensions"] == {"code": "INVALID_INPUT", "path": [argument]}, arguments


@pytest.mark.slow
async def test_a_cursor_serves_the_list_that_gave_it_alone(api: Api, admin: str) -> None:
    for giver in LISTS:
        cursor = (await page(api, giver, admin, first=1))["pageInfo"]["endCursor"]
        for taker in LISTS.keys() - {giver}:
            error = await api.error(query_of(taker), admin, after=cursor)
            assert error["extensions"] == {"code": "INVALID_INPUT", "path": ["after"]}


async def test_a_cursor_of_a_user_s_own_histories_is_refused_from_other_users(
    api: Api, admin: str
) -> None:
    cursor = (await page(api, "histories", admin, first=1))["pageInfo"]["endCursor"]
    bob = await api.sign_in("bob@example.org")
    error = await api.error(query_of("histories"), bob, after=cursor)
    assert error["extensions"] == {"code": "INVALID_INPUT", "path": ["after"]}


async def test_no_address_of_a_user_gets_into_the_log(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    with capture_logs() as logs:
        token = await api.sign_in("somebody@example.org")
        await api.data("{ viewer { email name } }", token)
        await api.mutate("signInForDevelopment", "accessToken", email="somebody@")
    assert logs
    assert "somebody@" not in repr(logs) + caplog.text
    assert token not in repr(logs) + caplog.text
