"""executeCode: accepted inputs, refusals that leave no trace, and costs."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from graphql_api.config import Settings
from graphql_api.data.accounts.plans import NewPlan
from graphql_api.data.dynamo.meter import metered
from graphql_api.data.enums import ProblemState, UserState
from graphql_api.data.keys import plan
from graphql_api.data.records import NO_PID, ProblemId
from graphql_api.schema.ids import problem_id
from judge.languages import LANGUAGES
from tasks.queue.sender import TaskSender
from tests.support.api import Api, OpenApi

pytestmark = [pytest.mark.dynamodb, pytest.mark.redis]

ANN = "ann@example.org"
GOOD = {"platform": "algoitny", "number": "1", "language": "python", "code": "print(1)"}
FIELDS = """message history { id status verdict language isPublic platform problemNumber
  problemTitle code testResults { number } author { name } }
  usage { date executions { used limit remaining resetAt } hints { used } runs { used } }"""


@pytest.fixture
async def ann(api: Api) -> str:
    await api.problem()
    return await api.sign_in(ANN)


async def test_an_accepted_submission_is_pending_sent_and_counted(api: Api, ann: str) -> None:
    given = GOOD | {"language": "PyThon3"}
    result = await api.mutate("executeCode", FIELDS, ann, **given)

    assert result["__typename"] == "ExecuteCodePayload"
    assert result["message"] == "Code execution started."
    history = result["history"]
    assert (history["status"], history["verdict"], history["language"]) == (
        "PENDING",
        None,
        "python",
    )
    assert history["code"] == "print(1)"
    assert history["testResults"] is None
    assert history["author"]["name"] == "ann"
    executions = result["usage"]["executions"]
    assert (executions["used"], executions["limit"], executions["remaining"]) == (1, 50, 49)
    assert len(api.sender.sent) == 1


@pytest.mark.slow
async def test_every_language_is_accepted_by_its_last_alias_in_any_case(api: Api, ann: str) -> None:
    words = {spec.id: (spec.id, *spec.aliases)[-1] for spec in LANGUAGES}
    for language, word in words.items():
        given = GOOD | {"language": word.title()}
        result = await api.mutate("executeCode", "history { language }", ann, **given)
        assert result["history"] == {"language": language}


@pytest.mark.slow
async def test_one_public_execution_is_one_unit_one_history_one_feed_entry_and_one_total(
    api: Api, ann: str
) -> None:
    history = await api.submit(ann, isPublic=True, language="cpp")
    feed = """{ publicFeed(platform: "algoitny", language: "cpp") { edges { node { id } } } }"""
    assert (await api.data(feed))["publicFeed"]["edges"] == []
    await api.judge()

    viewer = (
        await api.data(
            """{ viewer { usage { date executions { used limit remaining resetAt } }
              stats { executions accepted problemsSolved publicHistories
                byLanguage { language count } }
              histories { edges { node { id status verdict passedCount failedCount totalCount
                cpuMs peakKb createdAt finishedAt } } } } }""",
            ann,
        )
    )["viewer"]
    (today,) = viewer["usage"]
    midnight = datetime.fromisoformat(today["date"]).replace(tzinfo=UTC) + timedelta(days=1)
    assert datetime.fromisoformat(today["executions"].pop("resetAt")) == midnight
    assert today["executions"] == {"used": 1, "limit": 50, "remaining": 49}
    assert viewer["stats"] == {
        "executions": 1,
        "accepted": 0,
        "problemsSolved": 0,
        "publicHistories": 1,
        "byLanguage": [{"language": "cpp", "count": 1}],
    }
    (node,) = [edge["node"] for edge in viewer["histories"]["edges"]]
    assert datetime.fromisoformat(node.pop("createdAt")) <= datetime.fromisoformat(
        node.pop("finishedAt")
    )
    assert node == {
        "id": history,
        "status": "COMPLETED",
        "verdict": "WA",
        "passedCount": 1,
        "failedCount": 1,
        "totalCount": 2,
        "cpuMs": 12,
        "peakKb": 4096,
    }
    for query in (feed, "{ publicFeed { edges { node { id } } } }"):
        assert (await api.data(query))["publicFeed"]["edges"] == [{"node": {"id": history}}]
    other = '{ publicFeed(language: "python") { edges { node { id } } } }'
    assert (await api.data(other))["publicFeed"]["edges"] == []


async def test_a_problem_shows_how_often_it_was_executed(api: Api) -> None:
    problem = await api.problem()
    query = '{ problem(platform: "algoitny", number: "1") { executionCount } }'
    assert await api.data(query) == {"problem": {"executionCount": 0}}
    for _ in range(3):
        await api.services.stores.problems.add_run(problem.id)
    assert await api.data(query) == {"problem": {"executionCount": 3}}


async def test_it_takes_four_requests_at_most_and_usage_one_more(api: Api, ann: str) -> None:
    await api.submit(ann)
    with metered() as meter:
        await api.submit(ann)
    assert meter.requests <= 4
    with metered() as with_usage:
        await api.mutate("executeCode", "usage { executions { used } }", ann, **GOOD)
    assert with_usage.requests == meter.requests + 1


@pytest.mark.parametrize(
    ("changed", "kind", "path"),
    [
        ({"number": "404"}, "NotFound", ["number"]),
        ({"number": "draft"}, "NotFound", ["number"]),
        ({"number": "deleted"}, "NotFound", ["number"]),
        ({"number": "empty"}, "Conflict", ["number"]),
        ({"language": "klingon"}, "InvalidInput", ["language"]),
        ({"code": " \n"}, "InvalidInput", ["code"]),
        ({"code": "x" * (256 * 1024 + 1)}, "InvalidInput", ["code"]),
        ({"code": "é" * (128 * 1024 + 1)}, "InvalidInput", ["code"]),
        ({"code": "a\x00b"}, "InvalidInput", ["code"]),
        ({"platform": None}, "InvalidInput", ["platform"]),
        ({"number": None}, "InvalidInput", ["number"]),
        ({"number": "a#b"}, "InvalidInput", ["number"]),
        ({"number": "a:b"}, "InvalidInput", ["number"]),
        ({"platform": "a/b"}, "InvalidInput", ["platform"]),
        ({"platform": ""}, "InvalidInput", ["platform"]),
        ({"platform": None, "number": None}, "InvalidInput", ["problemId"]),
        ({"legacyProblemId": 7}, "InvalidInput", ["problemId"]),
        ({"problemId": "nonsense"}, "InvalidInput", ["problemId"]),
        (
            {
                "platform": None,
                "number": None,
                "problemId": problem_id(ProblemId("algoitny", "404", NO_PID)),
            },
            "NotFound",
            ["problemId"],
        ),
        (
            {"platform": None, "number": None, "legacyProblemId": 7},
            "NotFound",
            ["legacyProblemId"],
        ),
        ({"idempotencyKey": ""}, "InvalidInput", ["idempotencyKey"]),
        ({"idempotencyKey": "k" * 129}, "InvalidInput", ["idempotencyKey"]),
    ],
)
async def test_a_bad_submission_is_a_typed_error_without_a_trace(
    api: Api, ann: str, changed: dict[str, Any], kind: str, path: list[str]
) -> None:
    await api.problem("draft", ProblemState.DRAFT)
    await api.problem("deleted", ProblemState.DELETED)
    await api.problem("empty", tests=0)
    before = await api.trace(ANN)

    result = await api.mutate("executeCode", "message", ann, **(GOOD | changed))

    assert (result["__typename"], result["path"]) == (kind, path)
    assert await api.trace(ANN) == before
    assert api.sender.sent == []


async def test_executing_without_signing_in_is_refused(api: Api) -> None:
    await api.problem()
    result = await api.mutate("executeCode", "message", **GOOD)
    assert (result["__typename"], result["code"]) == ("Unauthenticated", "UNAUTHENTICATED")


async def test_a_used_up_quota_refuses_with_the_figures_and_leaves_no_trace(api: Api) -> None:
    await api.problem()
    token = await api.sign_in(ANN)
    two = NewPlan(plan_id="two", title="Two", executions_per_day=2, hints_per_day=0, runs_per_day=0)
    await api.services.stores.plans.create(two)
    await api.services.stores.users.update((await api.user(ANN)).uid, plan_id="two")
    await api.submit(token)
    await api.submit(token)
    before = await api.trace(ANN)

    query = """mutation($input: ExecuteCodeInput!) { executeCode(input: $input) { __typename
      ... on QuotaExceeded { code used limit resetAt } } }"""
    result = (await api.data(query, token, input=GOOD))["executeCode"]

    assert result["__typename"] == "QuotaExceeded"
    assert (result["used"], result["limit"]) == (2, 2)
    assert await api.trace(ANN) == before


@pytest.mark.slow
async def test_one_idempotency_key_is_one_history_and_one_unit_also_at_once(
    api: Api, ann: str
) -> None:
    given = {"idempotencyKey": "once"}
    found = await asyncio.gather(*(api.submit(ann, **given) for _ in range(8)))
    again = await api.submit(ann, **given)

    assert len({*found, again}) == 1
    viewer = (await api.data("{ viewer { usage { executions { used } } } }", ann))["viewer"]
    assert viewer["usage"][0]["executions"]["used"] == 1


@pytest.mark.slow
async def test_one_key_sent_to_two_processes_at_once_leaves_one_of_everything(
    open_api: OpenApi,
) -> None:
    processes = [await open_api(), await open_api()]
    await processes[0].problem()
    token = await processes[0].sign_in(ANN)
    before = await processes[0].trace(ANN)

    calls = (processes[n % 2].submit(token, idempotencyKey="once") for n in range(16))
    found = await asyncio.gather(*calls)

    assert len(set(found)) == 1
    left = sorted(set(await processes[0].trace(ANN)) - set(before))
    assert [key.partition("#")[0] for key in left] == ["B", "D", "H", "L"]
    sent = processes[0].sender.sent + processes[1].sender.sent
    assert len(sent) == 1
    usage = await processes[0].data("{ viewer { usage { executions { used } } } }", token)
    assert usage["viewer"]["usage"] == [{"executions": {"used": 1}}]


async def test_one_key_with_another_input_is_a_conflict(api: Api, ann: str) -> None:
    await api.submit(ann, idempotencyKey="k")
    for changed in ({"code": "print(2)"}, {"language": "cpp"}, {"isPublic": True}):
        given = GOOD | {"idempotencyKey": "k"} | changed
        result = await api.mutate("executeCode", "message", ann, **given)
        assert (result["__typename"], result["path"]) == ("Conflict", ["idempotencyKey"])


async def test_a_key_whose_history_was_deleted_is_a_conflict(api: Api, ann: str) -> None:
    history = await api.submit(ann, idempotencyKey="k")
    await api.judge()
    await api.mutate("deleteHistory", "historyId", ann, historyId=history)
    result = await api.mutate("executeCode", "message", ann, **GOOD, idempotencyKey="k")
    assert result["__typename"] == "Conflict"


async def test_the_old_numeric_id_and_the_global_id_name_the_problem(api: Api) -> None:
    await api.problem("old", legacy_id=77)
    token = await api.sign_in(ANN)
    problem = await api.data('{ problem(platform: "algoitny", number: "old") { id } }')
    rest = {"platform": None, "number": None}

    await api.submit(token, **rest, legacyProblemId=77)
    await api.submit(token, **rest, problemId=problem["problem"]["id"])

    viewer = await api.data("{ viewer { histories { edges { node { problemNumber } } } } }", token)
    numbers = [edge["node"]["problemNumber"] for edge in viewer["viewer"]["histories"]["edges"]]
    assert numbers == ["old", "old"]


async def test_an_editor_executes_a_draft_but_not_publicly(api: Api) -> None:
    await api.problem("draft", ProblemState.DRAFT)
    editor = await api.editor()
    await api.submit(editor, number="draft")
    given = GOOD | {"number": "draft", "isPublic": True}
    result = await api.mutate("executeCode", "message", editor, **given)
    assert (result["__typename"], result["path"]) == ("InvalidInput", ["isPublic"])


async def test_an_administrator_has_no_limit(api: Api) -> None:
    await api.problem()
    admin = await api.sign_in("admin@example.org")
    fields = "usage { executions { used limit remaining } }"
    result = await api.mutate("executeCode", fields, admin, **GOOD)
    assert result["usage"]["executions"] == {"used": 1, "limit": None, "remaining": None}


@pytest.mark.slow
async def test_redis_down_still_accepts_and_leaves_the_sending_to_the_sweeper(
    open_api: OpenApi, settings: Settings
) -> None:
    # `settings` contains the address of a Redis that does not run.
    sender = TaskSender(settings)
    api = await open_api(sender=sender, redis_url=settings.redis_url)
    await api.problem()
    token = await api.sign_in(ANN)
    assert await api.submit(token)
    assert any(key.startswith("H#") for key in await api.trace(ANN))
    await sender.aclose()


async def test_a_deactivated_user_cannot_execute_although_known_to_the_process(
    api: Api, ann: str
) -> None:
    await api.submit(ann)
    await api.services.stores.users.set_state((await api.user(ANN)).uid, UserState.INACTIVE)
    result = await api.mutate("executeCode", "message", ann, **GOOD)
    assert result["__typename"] == "Unauthenticated"


async def test_a_table_made_after_the_process_began_gets_its_plans(api: Api, ann: str) -> None:
    stores = api.services.stores
    for plan_id in ("free", "unlimited"):
        await stores.dynamo.delete(plan(plan_id))
    stores.plans._cache.clear()
    await api.submit(ann)
    assert [one.plan_id for one in await stores.plans.list()] == ["free"]
