"""Pages of the lists, in both directions, over the API."""

from typing import Any

import pytest

from graphql_api.data.dynamo.meter import metered
from tests.support.api import Api

pytestmark = [pytest.mark.dynamodb, pytest.mark.redis]

PROBLEMS = """query($first: Int, $after: String, $last: Int, $before: String, $platform: String) {
  problems(first: $first, after: $after, last: $last, before: $before, platform: $platform) {
    edges { cursor node { number } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""


@pytest.fixture
async def seven(api: Api) -> list[str]:
    """The numbers of seven problems, newest first."""
    for number in range(7):
        await api.problem(str(number), tests=0)
    return [str(number) for number in reversed(range(7))]


async def page(api: Api, **arguments: Any) -> tuple[list[str], Any]:
    found = (await api.data(PROBLEMS, **arguments))["problems"]
    return [edge["node"]["number"] for edge in found["edges"]], found["pageInfo"]


async def test_forwards_and_backwards_meet_every_entry_once(api: Api, seven: list[str]) -> None:
    met: list[str] = []
    info: Any = {"endCursor": None, "hasNextPage": True}
    while info["hasNextPage"]:
        numbers, info = await page(api, first=3, after=info["endCursor"])
        met += numbers
    assert met == seven
    assert info["hasPreviousPage"] is True

    met, info = [], {"startCursor": None, "hasPreviousPage": True}
    while info["hasPreviousPage"]:
        numbers, info = await page(api, last=3, before=info["startCursor"])
        met = numbers + met
    assert met == seven
    assert info["hasNextPage"] is True


async def test_a_page_stays_where_it_was_while_others_insert(api: Api, seven: list[str]) -> None:
    _, info = await page(api, first=3)
    await api.problem("new", tests=0)
    numbers, _ = await page(api, first=4, after=info["endCursor"])
    assert numbers == seven[3:]


@pytest.mark.slow
async def test_a_page_without_size_holds_twenty(api: Api) -> None:
    for number in range(21):
        await api.problem(str(number), tests=0)
    with metered() as meter:
        numbers, info = await page(api)
    assert (len(numbers), info["hasNextPage"]) == (20, True)
    assert meter.requests == 1


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        ({"first": 1, "last": 1}, ["first"]),
        ({"first": 0}, ["first"]),
        ({"first": -1}, ["first"]),
        ({"first": 101}, ["first"]),
        ({"last": 101}, ["last"]),
        ({"after": "nonsense"}, ["after"]),
        ({"before": ""}, ["before"]),
    ],
)
async def test_arguments_that_cannot_be_honoured_are_typed_errors(
    api: Api, arguments: dict[str, Any], path: list[str]
) -> None:
    error = await api.error(PROBLEMS, **arguments)
    assert error["extensions"] == {"code": "INVALID_INPUT", "path": path}


@pytest.mark.parametrize("platform", ["", "x" * 3000, "a#b", "\x01"])
async def test_histories_of_no_platform_are_a_typed_error(api: Api, platform: str) -> None:
    arguments = "(platform: $platform) { edges { cursor } }"
    feed = f"query($platform: String) {{ publicFeed{arguments} }}"
    own = f"query($platform: String) {{ viewer {{ histories{arguments} }} }}"
    token = await api.sign_in("ann@example.org")
    for query in (feed, own):
        error = await api.error(query, token, platform=platform)
        assert error["extensions"] == {"code": "INVALID_INPUT", "path": ["platform"]}


async def test_a_bad_tag_is_named_as_the_argument_is(api: Api) -> None:
    error = await api.error('{ problems(tag: "") { edges { cursor } } }')
    assert error["extensions"]["path"] == ["tag"]
    assert "`tag`" in error["message"]


async def test_a_cursor_of_another_list_filter_or_hand_is_refused(
    api: Api, seven: list[str]
) -> None:
    del seven
    _, info = await page(api, first=1)
    cursor = info["endCursor"]
    tampered = cursor[:-2] + ("A" if cursor[-2] != "A" else "B") + cursor[-1]
    for arguments in ({"after": tampered}, {"after": cursor, "platform": "algoitny"}):
        error = await api.error(PROBLEMS, **arguments)
        assert error["extensions"]["path"] == ["after"]
    feed = "query($after: String) { publicFeed(after: $after) { edges { cursor } } }"
    assert (await api.error(feed, after=cursor))["extensions"]["code"] == "INVALID_INPUT"


@pytest.mark.slow
async def test_a_feed_page_is_one_request_and_reads_no_body(api: Api) -> None:
    await api.problem()
    token = await api.sign_in("ann@example.org")
    for _ in range(3):
        await api.submit(token, isPublic=True)
        await api.judge()
    query = "{ publicFeed%s { edges { cursor node { id verdict author { name } } } } }"
    for arguments in ("", '(platform: "algoitny")', '(language: "PY")', "(last: 2)"):
        with metered() as meter:
            found = (await api.data(query % arguments))["publicFeed"]["edges"]
        assert len(found) == (2 if "last" in arguments else 3)
        assert [call.operation for call in meter.calls] == ["query"]


@pytest.mark.slow
async def test_a_filter_that_leaves_cards_out_goes_on_from_where_it_stopped(api: Api) -> None:
    await api.problem()
    token = await api.sign_in("ann@example.org")
    for language in ("python", "cpp", "cpp", "python", "cpp"):
        await api.submit(token, language=language)
    query = """query($after: String) { viewer { histories(language: "c++", first: 2, after: $after)
      { edges { node { language } } pageInfo { hasNextPage endCursor } } } }"""
    met, info = [], {"endCursor": None, "hasNextPage": True}
    while info["hasNextPage"]:
        found = (await api.data(query, token, after=info["endCursor"]))["viewer"]["histories"]
        met += [edge["node"]["language"] for edge in found["edges"]]
        info = found["pageInfo"]
    assert met == ["cpp"] * 3


@pytest.mark.slow
async def test_tests_and_users_are_paged_both_ways(api: Api) -> None:
    await api.problem(tests=5)
    admin = await api.sign_in("admin@example.org")
    for name in ("a", "b", "c"):
        await api.sign_in(f"{name}@example.org")
    query = """{ problem(platform: "algoitny", number: "1") {
        head: testCases(first: 2) { edges { node { number } } pageInfo { endCursor hasNextPage } }
        tail: testCases(last: 2) { edges { node { number } } pageInfo { hasPreviousPage } } }
      users(last: 3) { edges { node { name } } pageInfo { hasPreviousPage } } }"""
    found = await api.data(query, admin)
    problem = found["problem"]
    assert [edge["node"]["number"] for edge in problem["head"]["edges"]] == [1, 2]
    assert problem["head"]["pageInfo"]["hasNextPage"] is True
    assert [edge["node"]["number"] for edge in problem["tail"]["edges"]] == [4, 5]
    assert problem["tail"]["pageInfo"]["hasPreviousPage"] is True
    assert [edge["node"]["name"] for edge in found["users"]["edges"]] == ["b", "a", "admin"]
