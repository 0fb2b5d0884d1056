"""Many users submit through the API at the same moment, and each submission is judged once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.system import Api, Client, Worker
from tests.support.waiting import wait_until

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.slow,
    pytest.mark.dynamodb,
    pytest.mark.redis,
    pytest.mark.sandbox,
]

USERS = 20
EACH = 5
RIGHT = "print(sum(map(int, input().split())))"
WRONG = "print(42 + 10 ** 9)"
VIEWER = """
query {
  viewer {
    usage { executions { used limit remaining } }
    stats { executions accepted problemsSolved publicHistories byLanguage { language count } }
    histories(first: 100) { edges { node { id status verdict isPublic } } pageInfo { hasNextPage } }
  }
}
"""
FEED = """
query ($first: Int!, $after: String) {
  publicFeed(platform: "algoitny", language: "python", first: $first, after: $after) {
    edges { node { id author { name } } }
    pageInfo { hasNextPage endCursor }
  }
}
"""


@pytest.fixture(scope="module")
def users(api: Api, worker: Worker) -> Iterator[list[Client]]:
    assert worker.is_running
    with Client(api.url) as stranger:
        found = [stranger.signed_in(f"many{n}@example.org") for n in range(USERS)]
    yield found
    for client in found:
        client.close()


@pytest.fixture(scope="module")
def accepted(users: list[Client]) -> list[dict[str, Any]]:
    """One hundred submissions at once: three right and two wrong of each user, the first public."""

    def submit(job: tuple[Client, int]) -> dict[str, Any]:
        client, n = job
        code = RIGHT if n < 3 else WRONG
        return client.submit("1", "py", code, isPublic=n == 0, idempotencyKey=f"key-{n}")

    jobs = [(client, n) for n in range(EACH) for client in users]
    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(submit, jobs))


def viewer(client: Client) -> dict[str, Any]:
    found: dict[str, Any] = client.ask(VIEWER)["viewer"]
    return found


@pytest.fixture(scope="module")
def judged(users: list[Client], accepted: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The view of each user after all submissions have been judged."""

    def all_done() -> list[dict[str, Any]] | None:
        seen = [viewer(client) for client in users]
        nodes = [edge["node"] for one in seen for edge in one["histories"]["edges"]]
        done = [node for node in nodes if node["status"] not in {"PENDING", "RUNNING"}]
        return seen if len(done) == len(accepted) else None

    return wait_until("the end of a hundred executions", all_done, timeout_s=200)


def test_all_are_accepted(accepted: list[dict[str, Any]]) -> None:
    assert {answer["__typename"] for answer in accepted} == {"ExecuteCodePayload"}
    assert len({answer["history"]["id"] for answer in accepted}) == USERS * EACH


def test_each_is_judged_once_and_right(judged: list[dict[str, Any]]) -> None:
    for seen in judged:
        nodes = [edge["node"] for edge in seen["histories"]["edges"]]
        assert sorted(node["verdict"] for node in nodes) == ["AC", "AC", "AC", "WA", "WA"]
        assert seen["stats"] == {
            "executions": EACH,
            "accepted": 3,
            "problemsSolved": 1,
            "publicHistories": 1,
            "byLanguage": [{"language": "python", "count": EACH}],
        }


def test_usage_is_exactly_what_was_accepted(judged: list[dict[str, Any]]) -> None:
    for seen in judged:
        (today,) = seen["usage"]
        assert today["executions"] == {"used": EACH, "limit": 50, "remaining": 50 - EACH}


def test_the_feed_shows_each_public_one_once_at_any_page_size(
    judged: list[dict[str, Any]], client: Client
) -> None:
    found: list[str] = []
    after = None
    while True:
        page = client.ask(FEED, first=7, after=after)["publicFeed"]
        found += [edge["node"]["id"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    public = [
        edge["node"]["id"]
        for seen in judged
        for edge in seen["histories"]["edges"]
        if edge["node"]["isPublic"]
    ]
    assert len(found) == len(set(found))
    assert set(public) <= set(found)


@pytest.mark.usefixtures("judged")
def test_the_same_keys_again_and_at_once_give_the_same_histories_and_no_more_usage(
    users: list[Client], accepted: list[dict[str, Any]]
) -> None:
    first = users[0]
    before = viewer(first)["usage"]

    def again(_: int) -> dict[str, Any]:
        return first.submit("1", "python", RIGHT, isPublic=True, idempotencyKey="key-0")

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(again, range(16)))
    assert {answer["history"]["id"] for answer in answers} == {accepted[0]["history"]["id"]}
    assert viewer(first)["usage"] == before
