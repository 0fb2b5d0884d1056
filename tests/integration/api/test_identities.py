"""Equal and different identities, and invisible texts, through the API."""

from typing import Any

import pytest

from graphql_api.data.enums import ProblemState
from tests.support.api import Api, OpenApi
from tests.support.former_items import FORMER_PLATFORM, fill, make_former

pytestmark = [pytest.mark.dynamodb, pytest.mark.redis]

INVISIBLE = ["\u200b", "\u2800", "\u3164 \u115f", "\u2060\ufe0f", "\u0301"]
VIEWER = "{ viewer { id role email } }"


async def _read_viewer(api: Api, email: str) -> dict[str, Any]:
    viewer: dict[str, Any] = (await api.data(VIEWER, await api.sign_in(email)))["viewer"]
    return viewer


async def test_all_forms_of_an_address_sign_in_as_one_user(open_api: OpenApi) -> None:
    api = await open_api(admin_emails=("root@B\u00dccher.example",))
    forms = [
        "root@b\u00fccher.example",
        "ROOT@XN--BCHER-KVA.example",
        "Root@b\u00fccher\u3002example",
    ]
    viewers = [await _read_viewer(api, email) for email in forms]
    assert viewers == [viewers[0]] * len(forms)
    assert viewers[0]["role"] == "ADMIN"
    assert viewers[0]["email"] == "root@xn--bcher-kva.example"


@pytest.mark.parametrize(
    "email",
    ["\u212aarl@example.org", "\u212aARL@example.org", "k.arl@example.org", "karl+a@example.org"],
)
async def test_an_address_that_looks_like_that_of_an_administrator_is_another_user(
    open_api: OpenApi, email: str
) -> None:
    api = await open_api(admin_emails=("karl@example.org",))
    admin = await _read_viewer(api, "karl@example.org")
    other = await _read_viewer(api, email)
    assert (admin["role"], other["role"]) == ("ADMIN", "USER")
    assert admin["id"] != other["id"]


@pytest.mark.parametrize("text", INVISIBLE)
async def test_no_mutation_accepts_an_invisible_text(api: Api, text: str) -> None:
    problem = await api.problem("1", ProblemState.COMPLETED)
    editor, admin = await api.editor(), await api.sign_in("admin@example.org")
    query = 'query { problem(platform: "algoitny", number: "1") { id } }'
    key = {"problemId": (await api.data(query, editor))["problem"]["id"]}
    new = {"platform": "p", "number": "9", "title": "T"}
    calls: list[tuple[str, dict[str, Any], list[str]]] = [
        ("createProblem", new | {"title": text}, ["title"]),
        ("createProblem", new | {"platform": text}, ["platform"]),
        ("createProblem", new | {"number": text}, ["number"]),
        ("createProblem", new | {"tags": ["a", text]}, ["tags"]),
        ("createProblem", new | {"statement": text}, ["statement"]),
        ("createProblem", new | {"constraints": text}, ["constraints"]),
        ("updateProblem", key | {"title": text}, ["title"]),
        ("updateProblem", key | {"tags": [text]}, ["tags"]),
        ("updateProblem", key | {"statement": text}, ["statement"]),
        ("softDeleteProblem", key | {"reason": text}, ["reason"]),
        ("updateViewer", {"name": text}, ["name"]),
    ]
    for name, given, path in calls:
        result = await api.mutate(name, "__typename", editor, **given)
        assert (name, result["__typename"], result["path"]) == (name, "InvalidInput", path)
    plan = await api.mutate("createPlan", "__typename", admin, key="p", name=text)
    assert (plan["__typename"], plan["path"]) == ("InvalidInput", ["name"])
    assert await api.services.stores.problems.get("algoitny", "1") == problem


async def test_both_encodings_of_a_platform_name_one_problem(api: Api) -> None:
    editor = await api.editor()
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    given = {"number": "1", "title": "T"}
    made = await api.mutate(
        "createProblem", "problem { id platform }", editor, platform=decomposed, **given
    )
    assert made["problem"]["platform"] == composed
    again = await api.mutate("createProblem", "problem { id }", editor, platform=composed, **given)
    assert again["__typename"] == "Conflict"
    query = 'query($p: String!) { problem(platform: $p, number: "1") { id } }'
    for platform in (composed, decomposed):
        found = await api.data(query, editor, p=platform)
        assert found["problem"]["id"] == made["problem"]["id"]


async def test_a_problem_in_the_former_form_is_found_by_its_name(api: Api) -> None:
    stores = api.services.stores
    await fill(stores)
    await make_former(stores.dynamo)
    token = await api.sign_in("bob@example.org")
    query = 'query($p: String!) { problem(platform: $p, number: "1") { platform } }'
    found = await api.data(query, token, p=FORMER_PLATFORM)
    assert found["problem"] == {"platform": FORMER_PLATFORM}
    given = {"platform": FORMER_PLATFORM, "number": "1", "language": "python", "code": "print(1)"}
    result = await api.mutate("executeCode", "history { platform }", token, **given)
    assert result["history"] == {"platform": FORMER_PLATFORM}
