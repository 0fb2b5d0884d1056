"""Sign-in, the account of a user, administration, plans, visibility and removal of histories."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from graphql_api.config import Environment
from graphql_api.data.enums import UserState
from graphql_api.data.languages import LanguageInfo
from graphql_api.schema import ids
from tests.support.api import ADMIN, Api, OpenApi
from tests.support.languages import PYTHON
from tests.support.settings import SECRET

pytestmark = [pytest.mark.dynamodb, pytest.mark.redis]

ANN, BOB = "ann@example.org", "bob@example.org"
VIEWER = "{ viewer { id name email role plan { key executionsPerDay } stats { executions } } }"


@pytest.mark.slow
async def test_signing_in_creates_the_user_once_also_at_once(api: Api) -> None:
    fields = "accessToken expiresAt viewer { id email name role }"
    found = await asyncio.gather(
        *(api.mutate("signInForDevelopment", fields, email="Ann@Example.org") for _ in range(6))
    )
    assert len({result["viewer"]["id"] for result in found}) == 1
    assert found[0]["viewer"]["email"] == ANN
    assert found[0]["viewer"]["role"] == "USER"
    assert datetime.fromisoformat(found[0]["expiresAt"]) > datetime.now(UTC)
    viewer = (await api.data(VIEWER, found[0]["accessToken"]))["viewer"]
    assert (viewer["name"], viewer["plan"]["key"]) == ("Ann", "free")


async def test_an_address_of_admin_emails_is_an_administrator(api: Api) -> None:
    token = await api.sign_in(ADMIN.upper())
    viewer = (await api.data(VIEWER, token))["viewer"]
    assert viewer["role"] == "ADMIN"
    assert viewer["plan"] == {"key": "unlimited", "executionsPerDay": None}


@pytest.mark.parametrize("email", ["", "ann", "ann@", "@example.org", "a b@example.org", "a\n@b.c"])
async def test_a_malformed_address_is_refused(api: Api, email: str) -> None:
    result = await api.mutate("signInForDevelopment", "accessToken", email=email)
    assert (result["__typename"], result["path"]) == ("InvalidInput", ["email"])


@pytest.mark.parametrize("local", ["x" * 200, "한" * 200])
async def test_a_long_address_gives_a_name_that_fits(api: Api, local: str) -> None:
    fields = "viewer { name }"
    result = await api.mutate("signInForDevelopment", fields, email=f"{local}@a.bc")
    name = result["viewer"]["name"]
    assert local.startswith(name)
    assert 50 < len(name) <= 100


@pytest.mark.slow
async def test_the_development_sign_in_is_refused_in_production(open_api: OpenApi) -> None:
    api = await open_api(environment=Environment.PRODUCTION)
    result = await api.mutate("signInForDevelopment", "accessToken", email=ANN)
    assert result["__typename"] == "Forbidden"
    assert await api.services.stores.users.by_email(ANN) is None


async def test_signed_out_the_viewer_is_null(api: Api) -> None:
    assert await api.data("{ viewer { id } }") == {"viewer": None}


async def test_inactive_users_neither_sign_in_nor_use_their_token(api: Api) -> None:
    token, admin = await api.sign_in(ANN), await api.sign_in(ADMIN)
    user_id = (await api.data(VIEWER, token))["viewer"]["id"]
    await api.mutate("deactivateUser", "user { id }", admin, userId=user_id)

    response = await api.post(VIEWER, token=token)
    assert response.status_code == 401
    refused = await api.mutate("signInForDevelopment", "accessToken", email=ANN)
    assert refused["__typename"] == "Forbidden"

    await api.mutate("activateUser", "user { id }", admin, userId=user_id)
    assert (await api.data(VIEWER, token))["viewer"]["id"] == user_id


async def test_the_viewer_changes_their_name(api: Api) -> None:
    token = await api.sign_in(ANN)
    result = await api.mutate("updateViewer", "viewer { name }", token, name="  Ann B. ")
    assert result["viewer"]["name"] == "Ann B."
    assert (await api.data(VIEWER, token))["viewer"]["name"] == "Ann B."
    for name in ("", "x" * 101, "a\nb"):
        bad = await api.mutate("updateViewer", "viewer { name }", token, name=name)
        assert (bad["__typename"], bad["path"]) == ("InvalidInput", ["name"])
    out = await api.mutate("updateViewer", "viewer { name }", name="x")
    assert out["__typename"] == "Unauthenticated"


async def test_administrators_list_users_and_others_do_not(api: Api) -> None:
    await api.sign_in(ANN)
    query = "{ users { edges { node { email } } } }"
    assert (await api.error(query))["extensions"]["code"] == "UNAUTHENTICATED"
    assert (await api.error(query, await api.editor()))["extensions"]["code"] == "FORBIDDEN"
    found = await api.data(query, await api.sign_in(ADMIN))
    emails = [edge["node"]["email"] for edge in found["users"]["edges"]]
    assert emails == [ADMIN, "editor@example.org", ANN]


async def test_a_plan_is_created_given_and_changed_for_all_its_users(api: Api) -> None:
    token, admin = await api.sign_in(ANN), await api.sign_in(ADMIN)
    user_id = (await api.data(VIEWER, token))["viewer"]["id"]
    fields = "plan { key name executionsPerDay hintsPerDay runsPerDay isActive }"
    made = await api.mutate(
        "createPlan", fields, admin, key="pro", name="Pro", executionsPerDay=7, hintsPerDay=None
    )
    assert made["plan"]["executionsPerDay"] == 7
    assert (made["plan"]["hintsPerDay"], made["plan"]["runsPerDay"]) == (None, None)
    again = await api.mutate("createPlan", fields, admin, key="pro", name="Pro")
    assert again["__typename"] == "Conflict"

    await api.mutate("setUserPlan", "user { id }", admin, userId=user_id, planKey="pro")
    changed = await api.mutate("updatePlan", fields, admin, planKey="pro", executionsPerDay=None)
    assert (changed["plan"]["executionsPerDay"], changed["plan"]["name"]) == (None, "Pro")
    viewer = (await api.data(VIEWER, token))["viewer"]
    assert viewer["plan"] == {"key": "pro", "executionsPerDay": None}

    await api.mutate("updatePlan", fields, admin, planKey="pro", isActive=False)
    plan_keys = [plan["key"] for plan in (await api.data("{ plans { key } }"))["plans"]]
    assert plan_keys == ["free"]
    gone = await api.mutate("setUserPlan", "user { id }", admin, userId=user_id, planKey="pro")
    assert (gone["__typename"], gone["path"]) == ("InvalidInput", ["planKey"])


async def test_a_plan_that_another_process_deactivated_is_not_assigned(
    api: Api, open_api: OpenApi
) -> None:
    other, token, admin = await open_api(), await api.sign_in(ANN), await api.sign_in(ADMIN)
    user_id = (await api.data(VIEWER, token))["viewer"]["id"]
    await api.mutate("createPlan", "plan { key }", admin, key="pro", name="Pro")
    await other.mutate("updatePlan", "plan { key }", admin, planKey="pro", isActive=False)
    result = await api.mutate("setUserPlan", "user { id }", admin, userId=user_id, planKey="pro")
    assert (result["__typename"], result["path"]) == ("InvalidInput", ["planKey"])


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"key": "A B"}, ["key"]),
        ({"name": ""}, ["name"]),
        ({"executionsPerDay": -1}, ["executionsPerDay"]),
        ({"runsPerDay": 1_000_001}, ["runsPerDay"]),
    ],
)
async def test_a_bad_plan_is_refused(api: Api, given: dict[str, object], path: list[str]) -> None:
    admin = await api.sign_in(ADMIN)
    whole = {"key": "p", "name": "P"} | given
    result = await api.mutate("createPlan", "plan { key }", admin, **whole)
    assert (result["__typename"], result["path"]) == ("InvalidInput", path)
    if "key" not in given:
        update = {"planKey": "free"} | given
        result = await api.mutate("updatePlan", "plan { key }", admin, **update)
        assert (result["__typename"], result["path"]) == ("InvalidInput", path)


@pytest.mark.parametrize("plan", ["", "x" * 3000, "\x00", "No Plan"])
async def test_what_is_no_plan_key_is_a_typed_error(api: Api, plan: str) -> None:
    admin = await api.sign_in(ADMIN)
    me = (await api.data(VIEWER, admin))["viewer"]["id"]
    put = await api.mutate("setUserPlan", "user { id }", admin, userId=me, planKey=plan)
    assert (put["__typename"], put["path"]) == ("InvalidInput", ["planKey"])
    changed = await api.mutate("updatePlan", "plan { key }", admin, planKey=plan, name="New")
    assert (changed["__typename"], changed["path"]) == ("InvalidInput", ["planKey"])


async def test_administration_is_for_administrators(api: Api) -> None:
    editor, admin = await api.editor(), await api.sign_in(ADMIN)
    whom = {"userId": (await api.data(VIEWER, await api.sign_in(ANN)))["viewer"]["id"]}
    mutations: list[tuple[str, str, dict[str, str]]] = [
        ("setUserPlan", "user { id }", whom | {"planKey": "free"}),
        ("activateUser", "user { id }", whom),
        ("deactivateUser", "user { id }", whom),
        ("deleteUser", "userId", whom),
        ("createPlan", "plan { key }", {"key": "p", "name": "P"}),
        ("updatePlan", "plan { key }", {"planKey": "free", "name": "P"}),
    ]
    for name, fields, given in mutations:
        assert (await api.mutate(name, fields, **given))["__typename"] == "Unauthenticated"
        assert (await api.mutate(name, fields, editor, **given))["__typename"] == "Forbidden"
        if "userId" in given:
            # A user that does not exist.
            unknown = given | {"userId": "dTAxQQ"}
            result = await api.mutate(name, fields, admin, **unknown)
            assert result["__typename"] == "NotFound", name
            result = await api.mutate(name, fields, admin, **(given | {"userId": "?"}))
            assert (result["__typename"], result["path"]) == ("InvalidInput", ["userId"])
    unknown_plan = await api.mutate("updatePlan", "plan { key }", admin, planKey="none", name="X")
    assert unknown_plan["__typename"] == "NotFound"


async def test_administrators_do_not_lock_themselves_out(api: Api) -> None:
    admin = await api.sign_in(ADMIN)
    own = (await api.data(VIEWER, admin))["viewer"]["id"]
    result = await api.mutate("deactivateUser", "user { id }", admin, userId=own)
    assert result["__typename"] == "Conflict"


@pytest.mark.slow
async def test_deleting_oneself_removes_histories_feed_and_sign_in(api: Api) -> None:
    await api.problem()
    token = await api.sign_in(ANN)
    user_id = (await api.data(VIEWER, token))["viewer"]["id"]
    await api.submit(token, isPublic=True)
    await api.judge()
    feed = "{ publicFeed { edges { node { id } } } }"
    assert len((await api.data(feed))["publicFeed"]["edges"]) == 1

    done = await api.mutate("deleteUser", "userId", token, userId=user_id)

    assert done["userId"] == user_id
    assert (await api.data(feed))["publicFeed"]["edges"] == []
    assert await api.services.stores.users.by_email(ANN) is None
    assert (await api.post(VIEWER, token=token)).status_code == 401


async def test_a_user_being_deleted_cannot_sign_in(api: Api) -> None:
    await api.sign_in(ANN)
    user = await api.services.stores.users.begin_deletion((await api.user(ANN)).uid)
    assert user.state is UserState.DELETING
    result = await api.mutate("signInForDevelopment", "accessToken", email=ANN)
    assert result["__typename"] == "Forbidden"


@pytest.mark.slow
async def test_publishing_lists_a_history_and_hiding_takes_it_out(api: Api) -> None:
    await api.problem()
    token = await api.sign_in(ANN)
    history = await api.submit(token)
    await api.judge()
    feed = "{ publicFeed { edges { node { id isPublic } } } }"
    fields = "history { id isPublic }"

    for is_public, listed in ((True, [history]), (True, [history]), (False, [])):
        given = {"historyId": history, "isPublic": is_public}
        result = await api.mutate("setHistoryVisibility", fields, token, **given)
        assert result["history"]["isPublic"] is is_public
        edges = (await api.data(feed))["publicFeed"]["edges"]
        assert [edge["node"]["id"] for edge in edges] == listed


@pytest.mark.slow
async def test_histories_are_changed_by_their_owner_alone(api: Api) -> None:
    await api.problem()
    ann, bob = await api.sign_in(ANN), await api.sign_in(BOB)
    history = await api.submit(ann)
    await api.judge()
    mutations: list[tuple[str, str, dict[str, object]]] = [
        ("setHistoryVisibility", "history { id }", {"isPublic": True}),
        ("deleteHistory", "historyId", {}),
    ]
    for name, fields, rest in mutations:
        given = rest | {"historyId": history}
        assert (await api.mutate(name, fields, **given))["__typename"] == "Unauthenticated"
        assert (await api.mutate(name, fields, bob, **given))["__typename"] == "NotFound"
        malformed = await api.mutate(name, fields, bob, **(given | {"historyId": "x"}))
        assert (malformed["__typename"], malformed["path"]) == ("InvalidInput", ["historyId"])
    await api.mutate(
        "setHistoryVisibility", "history { id }", ann, historyId=history, isPublic=True
    )
    for name, fields, rest in mutations:
        result = await api.mutate(name, fields, bob, **(rest | {"historyId": history}))
        assert result["__typename"] == "Forbidden"


async def test_a_history_of_a_problem_taken_back_is_not_published(api: Api) -> None:
    await api.problem()
    token = await api.sign_in(ANN)
    history = await api.submit(token)
    await api.judge()
    await api.services.stores.problems.soft_delete("algoitny", "1", "gone")
    given = {"historyId": history, "isPublic": True}
    result = await api.mutate("setHistoryVisibility", "history { id }", token, **given)
    assert result["__typename"] == "Conflict"


async def test_a_deleted_history_is_gone_with_what_belongs_to_it(api: Api) -> None:
    await api.problem()
    token = await api.sign_in(ANN)
    history = await api.submit(token, isPublic=True)
    await api.judge()
    result = await api.mutate("deleteHistory", "historyId", token, historyId=history)
    assert result["historyId"] == history
    left = [key for key in await api.trace(ANN) if key.startswith(("H#", "B#"))]
    assert left == []
    found = await api.data("query($id: ID!) { history(id: $id) { id } }", token, id=history)
    assert found == {"history": None}


async def test_usage_of_days_comes_today_first_and_is_bounded(api: Api) -> None:
    await api.problem()
    token = await api.sign_in(ANN)
    await api.submit(token)
    query = "query($n: Int!) { viewer { usage(days: $n) { date executions { used } } } }"
    days = (await api.data(query, token, n=3))["viewer"]["usage"]
    assert [day["executions"]["used"] for day in days] == [1, 0, 0]
    assert days[0]["date"] > days[1]["date"] > days[2]["date"]
    for count in (0, 91):
        error = await api.error(query, token, n=count)
        assert error["extensions"] == {"code": "INVALID_INPUT", "path": ["days"]}


async def test_languages_are_those_that_workers_announce(api: Api) -> None:
    assert await api.data("{ languages { id } }") == {"languages": []}
    await api.services.board.announce(
        "w1",
        [
            LanguageInfo(
                id="python",
                name="Python",
                version="3.11.2",
                aliases=("py",),
                file_name="main.py",
                compile_command=None,
                run_command="python3 main.py",
            )
        ],
    )
    query = "{ languages { key name version aliases fileName compileCommand runCommand } }"
    assert (await api.data(query))["languages"] == [
        {
            "key": "python",
            "name": "Python",
            "version": "3.11.2",
            "aliases": ["py"],
            "fileName": "main.py",
            "compileCommand": None,
            "runCommand": "python3 main.py",
        }
    ]
    await api.problem()
    token = await api.sign_in(ANN)
    given = {"platform": "algoitny", "number": "1", "language": "java", "code": "x"}
    refused = await api.mutate("executeCode", "message", token, **given)
    assert (refused["__typename"], refused["path"]) == ("Unavailable", ["language"])


@pytest.mark.slow
async def test_languages_say_that_redis_is_away(open_api: OpenApi) -> None:
    api = await open_api(redis_url="redis://127.0.0.1:1/0")
    assert (await api.error("{ languages { id } }"))["extensions"]["code"] == "UNAVAILABLE"


@pytest.mark.slow
async def test_a_rotated_secret_still_reads_older_tokens(open_api: OpenApi) -> None:
    from pydantic import SecretStr  # noqa: PLC0415 - one use

    before = await open_api()
    token = await before.sign_in(ANN)
    rotated = (SecretStr("another-secret-with-enough-characters"), SecretStr(SECRET))
    after = await open_api(secret_keys=rotated)
    assert (await after.data(VIEWER, token))["viewer"]["email"] == ANN
    alone = await open_api(secret_keys=rotated[:1])
    assert (await alone.post(VIEWER, token=token)).status_code == 401


# For each optional field of updatePlan: a value, and the answer to null.
PLAN_UPDATES = {
    "executionsPerDay": (7, None),
    "hintsPerDay": (0, None),
    "runsPerDay": (9, None),
    "isActive": (False, True),
}


@pytest.mark.parametrize("field", PLAN_UPDATES)
async def test_a_plan_s_update_keeps_what_is_absent_and_clears_what_is_null(
    api: Api, field: str
) -> None:
    admin = await api.sign_in(ADMIN)
    await api.mutate("createPlan", "plan { key }", admin, key="pro", name="Pro")
    value, after_null = PLAN_UPDATES[field]

    async def update(**changed: Any) -> Any:
        fields = f"plan {{ name {field} }}"
        plan = (await api.mutate("updatePlan", fields, admin, planKey="pro", **changed))["plan"]
        return plan["name"], plan[field]

    assert await update(**{field: value}) == ("Pro", value)
    assert await update(name="Pro 2") == ("Pro 2", value)
    assert await update(**{field: None}) == ("Pro 2", after_null)


async def test_a_plan_s_name_cannot_be_cleared(api: Api) -> None:
    admin = await api.sign_in(ADMIN)
    refused = await api.mutate("updatePlan", "plan { key }", admin, planKey="free", name=None)
    assert (refused["__typename"], refused["path"]) == ("InvalidInput", ["name"])


async def test_the_viewer_s_name_is_kept_or_goes_back_to_its_default(api: Api) -> None:
    token = await api.sign_in(ANN)
    for given, name in (({"name": "A. N."}, "A. N."), ({}, "A. N."), ({"name": None}, "ann")):
        result = await api.mutate("updateViewer", "viewer { name }", token, **given)
        assert result["viewer"]["name"] == name
    assert (await api.mutate("updateViewer", "viewer { name }"))["__typename"] == "Unauthenticated"


NODE = """query($id: ID!) {
  node(id: $id) { __typename id ... on Plan { key } ... on Language { key } }
}"""


async def test_a_plan_is_a_node_of_all_who_may_see_it(api: Api) -> None:
    token, admin = await api.sign_in(ANN), await api.sign_in(ADMIN)
    made = await api.mutate("createPlan", "plan { id }", admin, key="pro", name="Pro")
    found = {"node": {"__typename": "Plan", "id": made["plan"]["id"], "key": "pro"}}
    given = {"id": made["plan"]["id"]}
    assert await api.data(NODE, **given) == found
    user_id = (await api.data(VIEWER, token))["viewer"]["id"]
    await api.mutate("setUserPlan", "user { id }", admin, userId=user_id, planKey="pro")
    await api.mutate("updatePlan", "plan { id }", admin, planKey="pro", isActive=False)
    api.services.viewers.forget((await api.user(ANN)).uid)
    assert await api.data(NODE, token, **given) == found
    assert await api.data(NODE, admin, **given) == found
    assert await api.data(NODE, **given) == {"node": None}
    assert await api.data(NODE, admin, id=ids.plan_id("gone")) == {"node": None}


async def test_a_language_is_a_node_while_a_worker_announces_it(api: Api) -> None:
    await api.services.board.announce("w1", [PYTHON])
    (shown,) = (await api.data("{ languages { id key } }"))["languages"]
    assert await api.data(NODE, id=shown["id"]) == {"node": {"__typename": "Language", **shown}}
    assert await api.data(NODE, id=ids.language_id("cobol")) == {"node": None}


async def test_the_state_of_a_user_is_for_them_and_administrators(api: Api) -> None:
    token, admin = await api.sign_in(ANN), await api.sign_in(ADMIN)
    viewer = (await api.data("{ viewer { id state } }", token))["viewer"]
    assert viewer["state"] == "ACTIVE"
    result = await api.mutate("deactivateUser", "user { state }", admin, userId=viewer["id"])
    assert result["user"] == {"state": "INACTIVE"}
    query = "{ users { edges { node { state } } } }"
    states = [edge["node"]["state"] for edge in (await api.data(query, admin))["users"]["edges"]]
    assert states == ["ACTIVE", "INACTIVE"]
