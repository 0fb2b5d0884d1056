"""A part of an answer that fails leaves the other parts."""

from typing import Any

import pytest

from graphql_api.data import keys
from graphql_api.data.dynamo.expressions import Change, equals
from graphql_api.data.errors import Unavailable
from graphql_api.schema import ids
from tests.support.api import ADMIN, Api

pytestmark = [pytest.mark.dynamodb, pytest.mark.redis]

HISTORIES = "{ viewer { histories { edges { node { id } } pageInfo { hasNextPage } } } }"


async def test_a_root_field_that_fails_leaves_its_neighbours(api: Api) -> None:
    answer = (await api.post("{ problems(first: 0) { edges { cursor } } plans { name } }")).json()
    assert answer["data"] == {"problems": None, "plans": [{"name": "Free"}]}
    (error,) = answer["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["problems"], "INVALID_INPUT")


async def test_a_mutation_that_fails_leaves_the_one_that_happened(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = await api.sign_in(ADMIN)

    async def fail(*_: object, **__: object) -> Any:
        raise RuntimeError

    monkeypatch.setattr(api.services.stores.plans, "create", fail)
    query = """mutation {
      updateViewer(input: {name: "Ann"}) { ... on UpdateViewerPayload { viewer { name } } }
      createPlan(input: {key: "gold", name: "Gold"}) { __typename }
    }"""
    answer = (await api.post(query, None, admin)).json()
    assert answer["data"] == {"updateViewer": {"viewer": {"name": "Ann"}}, "createPlan": None}
    (error,) = answer["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["createPlan"], "INTERNAL")


async def test_a_list_is_shown_without_its_unreadable_item(api: Api) -> None:
    await api.problem()
    token = await api.sign_in("ann@example.org")
    kept, broken = await api.submit(token), await api.submit(token)
    dynamo = api.services.stores.dynamo
    await dynamo.update(keys.history(*ids.history_key(broken)), Change(drop=("pf",)))

    page = (await api.data(HISTORIES, token))["viewer"]["histories"]
    assert page["edges"] == [{"node": {"id": kept}}]
    both = await api.data(
        "query($ids: [ID!]!) { nodes(ids: $ids) { id } }", token, ids=[broken, kept]
    )
    assert both["nodes"] == [None, {"id": kept}]


async def test_a_list_is_shown_without_an_item_that_graphql_cannot_show(api: Api) -> None:
    await api.problem("1")
    await api.problem("2")
    dynamo = api.services.stores.dynamo
    entries = [
        {"PK": item["PK"], "SK": item["SK"]}
        async for item in dynamo.query_all(equals("PK", "PS#COMPLETED"))
        if item["pn"] == "2"
    ]
    assert entries
    for entry in entries:
        await dynamo.update(entry, Change({"ta": "no number"}))
    page = (await api.data("{ problems { edges { node { number } } } }"))["problems"]
    assert page["edges"] == [{"node": {"number": "1"}}]


async def test_a_submission_is_accepted_though_its_usage_cannot_be_read(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    await api.problem()
    token = await api.sign_in("ann@example.org")

    async def fail(*_: object, **__: object) -> Any:
        raise Unavailable("The database timed out.")

    monkeypatch.setattr(api.services.stores.usage, "day", fail)
    query = """mutation($input: ExecuteCodeInput!) { executeCode(input: $input) {
      ... on ExecuteCodePayload { history { status } usage { date } }
    } }"""
    given = {"platform": "algoitny", "number": "1", "language": "python", "code": "print(1)"}
    answer = (await api.post(query, {"input": given}, token)).json()
    assert answer["data"]["executeCode"] == {"history": {"status": "PENDING"}, "usage": None}
    (error,) = answer["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["executeCode", "usage"], "UNAVAILABLE")
    assert len(api.sender.sent) == 1
