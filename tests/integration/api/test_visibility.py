"""The visibility of histories, problems, tests and users, also by `node`."""

from typing import Any

import pytest

from graphql_api.data.dynamo.meter import metered
from graphql_api.data.enums import ProblemState
from graphql_api.data.histories.executions import Claim
from graphql_api.schema.ids import history_key
from tests.support.api import Api

pytestmark = [pytest.mark.dynamodb, pytest.mark.redis]

HISTORY = """query($id: ID!) { history(id: $id) { id isPublic verdict passedCount cpuMs code
  compileOutput author { userId name }
  testResults { number output error expected message judgeMessage
    difference { line column actual expected } }
  problem { title } } }"""
ANN = "ann@example.org"


@pytest.fixture
async def judged(api: Api) -> tuple[str, str]:
    """Ann's token, and the id of her private history."""
    await api.problem()
    token = await api.sign_in(ANN)
    history = await api.submit(token)
    await api.judge()
    return token, history


async def show(api: Api, history: str, token: str | None = None) -> Any:
    return (await api.data(HISTORY, token, id=history))["history"]


async def test_the_owner_sees_samples_in_full_and_of_hidden_tests_no_text(
    api: Api, judged: tuple[str, str]
) -> None:
    token, history = judged
    found = await show(api, history, token)
    assert found["code"] == "print(1)"
    assert found["compileOutput"] == "a warning"
    sample, hidden = found["testResults"]
    assert (sample["expected"], sample["message"], sample["difference"]) == ("exp 1", None, None)
    assert hidden == {
        "number": 2,
        "output": None,
        "error": None,
        "expected": None,
        "message": None,
        "judgeMessage": None,
        "difference": None,
    }


async def test_an_editor_sees_hidden_tests_of_own_executions_in_full(api: Api) -> None:
    await api.problem()
    editor = await api.editor()
    history = await api.submit(editor)
    await api.judge()
    hidden = (await show(api, history, editor))["testResults"][1]
    assert (hidden["expected"], hidden["difference"]["expected"]) == ("exp 2", "right")
    assert hidden["judgeMessage"] == "for the problem's authors"


async def test_a_private_history_is_null_for_others(api: Api, judged: tuple[str, str]) -> None:
    _, history = judged
    for token in (None, await api.sign_in("bob@example.org"), await api.editor()):
        assert await show(api, history, token) is None
        node = await api.data("query($id: ID!) { node(id: $id) { id } }", token, id=history)
        assert node == {"node": None}


async def test_a_public_history_shows_code_and_counts_but_no_results(
    api: Api, judged: tuple[str, str]
) -> None:
    token, history = judged
    await api.mutate(
        "setHistoryVisibility", "history { id }", token, historyId=history, isPublic=True
    )
    for other in (None, await api.sign_in("bob@example.org")):
        found = await show(api, history, other)
        assert (found["code"], found["verdict"], found["passedCount"]) == ("print(1)", "WA", 1)
        assert found["cpuMs"] == 12
        assert found["testResults"] is None
        assert found["compileOutput"] is None


MESSAGE = "query($id: ID!) { history(id: $id) { status message } }"


async def test_why_an_execution_failed_is_for_its_owner_and_editors(api: Api) -> None:
    await api.problem()
    ann, bob = await api.sign_in(ANN), await api.sign_in("bob@example.org")
    history = await api.submit(ann, isPublic=True)
    assert (await api.data(MESSAGE, ann, id=history))["history"]["message"] is None
    executions = api.services.stores.executions
    claim = await executions.claim(*history_key(history), token="me", lease_ms=10_000)
    assert isinstance(claim, Claim)
    await executions.fail(claim.history, "The checker failed.")
    shown = {"status": "FAILED", "message": "The checker failed."}
    for token in (ann, await api.editor(), await api.sign_in("admin@example.org")):
        assert (await api.data(MESSAGE, token, id=history))["history"] == shown
    for other in (bob, None):
        seen = (await api.data(MESSAGE, other, id=history))["history"]
        assert seen == {"status": "FAILED", "message": None}


async def test_an_author_s_id_does_not_show_the_user_to_others(
    api: Api, judged: tuple[str, str]
) -> None:
    token, history = judged
    author = (await show(api, history, token))["author"]["userId"]
    query = "query($id: ID!) { node(id: $id) { ... on User { email } } }"
    assert await api.data(query, await api.sign_in("bob@example.org"), id=author) == {"node": None}
    assert await api.data(query, token, id=author) == {"node": {"email": ANN}}
    admin = await api.sign_in("admin@example.org")
    assert await api.data(query, admin, id=author) == {"node": {"email": ANN}}


@pytest.mark.parametrize("state", [ProblemState.DRAFT, ProblemState.REVIEW, ProblemState.DELETED])
async def test_unfinished_and_deleted_problems_are_for_editors(
    api: Api, state: ProblemState
) -> None:
    await api.problem("1", state)
    query = '{ problem(platform: "algoitny", number: "1") { id state } }'
    bob, editor = await api.sign_in("bob@example.org"), await api.editor()
    assert await api.data(query, bob) == {"problem": None}
    found = (await api.data(query, editor))["problem"]
    assert found["state"] == state.name
    node = "query($id: ID!) { node(id: $id) { id } }"
    assert await api.data(node, bob, id=found["id"]) == {"node": None}
    assert await api.data(node, editor, id=found["id"]) == {"node": {"id": found["id"]}}


async def test_lists_of_unfinished_problems_are_refused_to_others(api: Api) -> None:
    await api.problem("1", ProblemState.DRAFT)
    query = "{ problems(state: DRAFT) { edges { node { number } } } }"
    assert (await api.error(query))["extensions"]["code"] == "UNAUTHENTICATED"
    bob = await api.sign_in("bob@example.org")
    assert (await api.error(query, bob))["extensions"]["code"] == "FORBIDDEN"
    edges = (await api.data(query, await api.editor()))["problems"]["edges"]
    assert [edge["node"]["number"] for edge in edges] == ["1"]
    assert (await api.data("{ problems { edges { cursor } } }"))["problems"]["edges"] == []


TESTS = """{ problem(platform: "algoitny", number: "1") { testCount solution { code }
  testCases { edges { node { id number isSample input output } } } } }"""


@pytest.mark.slow
async def test_hidden_tests_and_solutions_are_for_editors_also_by_node(api: Api) -> None:
    await api.problem(tests=3)
    await api.services.stores.problems.set_solution("algoitny", "1", "python", "print()")
    bob, editor = await api.sign_in("bob@example.org"), await api.editor()

    seen = (await api.data(TESTS, bob))["problem"]
    assert (seen["testCount"], seen["solution"]) == (3, None)
    assert [edge["node"]["number"] for edge in seen["testCases"]["edges"]] == [1]
    whole = (await api.data(TESTS, editor))["problem"]
    assert whole["solution"] == {"code": "print()"}
    ids = [edge["node"]["id"] for edge in whole["testCases"]["edges"]]
    assert len(ids) == 3

    query = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on TestCase { input } } }"
    assert (await api.data(query, bob, ids=ids))["nodes"] == [{"input": "1"}, None, None]
    with metered() as meter:
        found = (await api.data(query, editor, ids=ids))["nodes"]
    assert found == [{"input": "1"}, {"input": "2"}, {"input": "3"}]
    assert meter.requests == 2


async def test_one_bad_id_is_one_null_and_names_nothing_of_ours(api: Api) -> None:
    await api.problem()
    good = (await api.data('{ problem(platform: "algoitny", number: "1") { id } }'))["problem"][
        "id"
    ]
    ids = [good, "", "!!!", "zzzz", good[:-1], good + "=", "x" * 1000, "dTA", "cGE", "aGEjYg"]
    answer = await api.post("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ids})
    assert answer.json() == {"data": {"nodes": [{"id": good}] + [None] * (len(ids) - 1)}}


async def test_more_than_a_hundred_ids_are_refused(api: Api) -> None:
    error = await api.error("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=["x"] * 101)
    assert error["extensions"] == {"code": "INVALID_INPUT", "path": ["ids"]}


async def test_the_id_of_another_kind_is_a_typed_error(api: Api) -> None:
    await api.problem()
    other = (await api.data('{ problem(platform: "algoitny", number: "1") { id } }'))["problem"][
        "id"
    ]
    error = await api.error("query($id: ID!) { history(id: $id) { id } }", id=other)
    assert error["extensions"] == {"code": "INVALID_INPUT", "path": ["id"]}


@pytest.mark.parametrize("malformed", ["", "x", "!!!", "x" * 5000, "\u0000", "한"])
async def test_a_malformed_id_is_a_typed_error(api: Api, malformed: str) -> None:
    error = await api.error("query($id: ID!) { history(id: $id) { id } }", id=malformed)
    assert error["extensions"] == {"code": "INVALID_INPUT", "path": ["id"]}
    assert await api.data("query($id: ID!) { node(id: $id) { id } }", id=malformed) == {
        "node": None
    }


@pytest.mark.slow
async def test_hundred_nodes_of_one_kind_are_one_request(api: Api) -> None:
    for number in range(5):
        await api.problem(str(number))
    listed = await api.data("{ problems { edges { node { id } } } }")
    ids = [edge["node"]["id"] for edge in listed["problems"]["edges"]] * 20
    with metered() as meter:
        await api.data("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids)
    assert meter.requests == 1


@pytest.mark.slow
async def test_a_page_of_histories_reads_problems_and_code_in_one_batch_each(
    api: Api,
) -> None:
    for number in ("1", "2", "3"):
        await api.problem(number)
    token = await api.sign_in(ANN)
    for number in ("1", "2", "3", "1", "2", "3"):
        await api.submit(token, number=number)
    fields = "{ viewer { histories { edges { node { id problemTitle %s } } } } }"
    with metered() as cards:
        await api.data(fields % "", token)
    with metered() as bodies:
        await api.data(fields % "code problem { title }", token)
    assert cards.requests == 2
    assert bodies.requests == cards.requests + 2
    assert {call.operation for call in cards.calls} == {"batch_get_item", "query"}
