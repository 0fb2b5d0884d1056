"""Visibility and problems through the API, with reads that are behind the writes.

Each request depends on the data that the previous request has written.
"""

from typing import Any

import pytest

from graphql_api.data.dynamo.client import Dynamo
from graphql_api.data.enums import ProblemState
from tests.support.api import Api
from tests.support.lagging import LAGGING, LaggingTable

pytestmark = [pytest.mark.slow, pytest.mark.dynamodb, pytest.mark.redis, LAGGING]

FEED = "{ publicFeed(first: 9) { edges { node { id } } } }"
PROBLEMS = "{ problems(first: 9) { edges { node { number title } } } }"


@pytest.fixture
def lag(api: Api, delay_reads: Any) -> LaggingTable:
    dynamo: Dynamo = api.services.stores.dynamo
    found: LaggingTable = delay_reads(dynamo)
    return found


async def listed(api: Api, query: str) -> list[Any]:
    data = await api.data(query)
    return [edge["node"] for connection in data.values() for edge in connection["edges"]]


async def test_a_new_user_is_known_to_the_next_request(api: Api, lag: LaggingTable) -> None:
    token = await api.sign_in("ann@example.org")
    assert (await api.data("{ viewer { email } }", token)) == {
        "viewer": {"email": "ann@example.org"}
    }
    assert lag.stale_reads > 0


async def test_a_submission_is_found_published_hidden_and_deleted_at_once(
    api: Api, lag: LaggingTable
) -> None:
    token = await api.sign_in("ann@example.org")
    await api.problem()
    history = await api.submit(token)
    found = await api.data("query($id: ID!) { node(id: $id) { id } }", token, id=history)
    assert found == {"node": {"id": history}}
    await api.judge()
    fields = "history { isPublic }"
    for is_public in (True, False, True):
        result = await api.mutate(
            "setHistoryVisibility", fields, token, historyId=history, isPublic=is_public
        )
        assert result["history"] == {"isPublic": is_public}
        await lag.catch_up()
        assert await listed(api, FEED) == ([{"id": history}] if is_public else [])
    await api.mutate("deleteHistory", "__typename", token, historyId=history)
    await lag.catch_up()
    assert await listed(api, FEED) == []


async def test_a_history_of_a_problem_that_was_just_hidden_is_not_published(
    api: Api, lag: LaggingTable
) -> None:
    token = await api.sign_in("ann@example.org")
    await api.problem()
    history = await api.submit(token)
    await api.judge()
    await lag.catch_up()
    await api.services.stores.problems.set_state("algoitny", "1", ProblemState.REVIEW)
    given = {"historyId": history, "isPublic": True}
    result = await api.mutate("setHistoryVisibility", "history { id }", token, **given)
    assert result["code"] == "CONFLICT"
    await lag.catch_up()
    assert await listed(api, FEED) == []


async def test_a_problem_is_created_changed_published_and_deleted_in_a_row(
    api: Api, lag: LaggingTable
) -> None:
    token = await api.editor()
    tests = [{"input": "1", "output": "1", "isSample": True}]
    given = {"platform": "algoitny", "number": "7", "title": "Sums", "testCases": tests}
    made = await api.mutate("createProblem", "problem { id testCount }", token, **given)
    assert made["problem"]["testCount"] == 1
    problem = made["problem"]["id"]
    for title in ("Two sums", "Three sums"):
        changed = await api.mutate(
            "updateProblem", "problem { title }", token, problemId=problem, title=title
        )
        assert changed["problem"] == {"title": title}
    await api.mutate("addTestCases", "problem { id }", token, problemId=problem, testCases=tests)
    fields = "problem { state testCount }"
    published = await api.mutate("completeProblem", fields, token, problemId=problem)
    assert published["problem"] == {"state": "COMPLETED", "testCount": 2}
    await lag.catch_up()
    assert await listed(api, PROBLEMS) == [{"number": "7", "title": "Three sums"}]
    await api.mutate("softDeleteProblem", "problem { id }", token, problemId=problem, reason="x")
    refused = await api.mutate("updateProblem", fields, token, problemId=problem, title="Four")
    assert refused["code"] in {"CONFLICT", "NOT_FOUND"}
    await lag.catch_up()
    assert await listed(api, PROBLEMS) == []
