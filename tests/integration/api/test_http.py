"""GraphQL over HTTP: status codes, bounds, masking, introspection, origins, health."""

from typing import Any

import orjson
import pytest
from structlog.testing import capture_logs

from graphql_api.config import Environment
from graphql_api.context import AccessToken
from graphql_api.data.clock import now_ms
from graphql_api.data.dynamo.meter import metered
from graphql_api.data.dynamo.table import open_table
from graphql_api.data.records import UnknownFormat
from graphql_api.data.redis.language_board import WORKERS
from tests.support.api import ADMIN, Api, OpenApi
from tests.support.call_counter import counted_calls
from tests.support.languages import PYTHON

pytestmark = [pytest.mark.dynamodb, pytest.mark.redis]

JSON = {"content-type": "application/json"}
GRAPHQL_JSON = "application/graphql-response+json"


async def send(api: Api, body: bytes, **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await api.client.post("/graphql", content=body, headers=JSON | named)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b'{"query": "\xff"}',
        b'"x"',
        b"null",
        b"7",
        b"[]",
        b'[{"query": "{ __typename }"}]',
        b"{}",
        b'{"query": null}',
        b'{"query": ""}',
        b'{"query": 7}',
        b'{"query": "{ __typename }", "variables": []}',
        b'{"query": "{ __typename }", "variables": "x"}',
        b'{"query": "{ __typename }", "operationName": 7}',
        b'{"query": "{ __typename }", "operationName": "Other"}',
        b'{"query": "{ __typename }", "extensions": 1}',
        b"[" * 100_000,
    ],
)
async def test_a_body_that_is_no_request_is_a_helpful_400(api: Api, body: bytes) -> None:
    response = await send(api, body)
    assert response.status_code == 400
    (error,) = response.json()["errors"]
    names_operation = b'"operationName": "Other"' in body
    code = "OPERATION_RESOLUTION_FAILURE" if names_operation else "BAD_REQUEST"
    assert error["extensions"] == {"code": code}
    assert len(error["message"]) > 10


EXECUTE = "mutation($input: ExecuteCodeInput!) { executeCode(input: $input) { __typename } }"
SUBMISSION = {"platform": "algoitny", "number": "1", "language": "python", "code": "print(1)"}


def submission(**changed: Any) -> bytes:
    return orjson.dumps({"query": EXECUTE, "variables": {"input": SUBMISSION | changed}})


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (submission()[:-1], 400),
        (submission().replace(b"print", b"\xffprint"), 400),
        (submission(code="\ud55c").decode().encode("utf-16"), 400),
        (submission(code="x" * 2_000_000), 413),
        (b"[" + submission() + b"]", 400),
        (submission(code=7), 400),
        (submission(code=None), 400),
        (submission(unknown="field"), 400),
        (submission(legacyProblemId=2**31), 400),
    ],
)
async def test_a_submission_that_is_no_request_leaves_no_trace(
    api: Api, body: bytes, status: int
) -> None:
    await api.problem()
    token = await api.sign_in("ann@example.org")
    before = await api.trace("ann@example.org")
    response = await send(api, body, authorization=f"Bearer {token}", accept=GRAPHQL_JSON)
    assert response.status_code == status
    assert len(response.json()["errors"]) == 1
    assert "data" not in response.json()
    assert await api.trace("ann@example.org") == before
    assert api.sender.sent == []
    # A complete body is accepted.
    whole = await send(api, submission(), authorization=f"Bearer {token}")
    assert whole.json() == {"data": {"executeCode": {"__typename": "ExecuteCodePayload"}}}


@pytest.mark.parametrize(
    "kind",
    ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"],
)
async def test_forms_and_text_are_refused(api: Api, kind: str) -> None:
    response = await send(api, b'{"query": "{ __typename }"}', content_type=kind)
    assert response.status_code == 415


async def test_a_body_over_the_limit_is_413_also_without_a_length(api: Api) -> None:
    body = orjson.dumps({"query": "{ __typename }", "variables": {"x": "x" * 2_000_000}})
    assert (await send(api, body)).status_code == 413

    async def pieces() -> Any:
        for start in range(0, len(body), 65536):
            yield body[start : start + 65536]

    response = await api.client.post("/graphql", content=pieces(), headers=JSON)
    assert response.status_code == 413
    user = {"authorization": f"Bearer {await api.sign_in('ann@example.org')}"}
    assert (await send(api, body, **user)).status_code == 413


@pytest.mark.slow
async def test_an_editor_sends_up_to_32_mb_of_tests(api: Api) -> None:
    token = await api.editor()
    await api.problem()
    pid = (await api.data('{ problem(platform: "algoitny", number: "1") { id } }'))["problem"]["id"]
    big = [{"input": "7 " * 1_500_000, "output": "1"}]
    fields = "problem { testCount }"
    added = await api.mutate("addTestCases", fields, token, problemId=pid, testCases=big)
    assert added["problem"]["testCount"] == 3
    huge = orjson.dumps({"query": "{ __typename }", "variables": {"x": "x" * (32 << 20)}})
    response = await send(api, huge, authorization=f"Bearer {token}")
    assert response.status_code == 413


async def test_queries_go_by_get_and_mutations_do_not(api: Api) -> None:
    read = await api.client.get("/graphql", params={"query": "{ __typename }"})
    assert read.json() == {"data": {"__typename": "Query"}}
    text = 'mutation { updateViewer(input: {name: "x"}) { __typename } }'
    write = await api.client.get("/graphql", params={"query": text})
    assert (write.status_code, write.headers["allow"]) == (405, "POST")
    other = await api.client.put("/graphql", content=b"{}", headers=JSON)
    assert other.status_code == 405
    assert "POST" in other.headers["allow"]


async def test_the_media_type_is_negotiated_and_decides_the_status(api: Api) -> None:
    bad = b'{"query": "{ nope }"}'
    plain = await send(api, bad, accept="application/json")
    assert (plain.status_code, "data" in plain.json()) == (200, False)
    proper = await send(api, bad, accept=f"application/json;q=0.5, {GRAPHQL_JSON}")
    assert proper.status_code == 400
    assert proper.headers["content-type"] == f"{GRAPHQL_JSON}; charset=utf-8"
    neither = await send(api, bad, accept="image/png")
    assert neither.status_code == 406
    null = await send(
        api, b'{"query": "{ publicFeed(first: 0) { edges { cursor } } }"}', accept=GRAPHQL_JSON
    )
    assert (null.status_code, null.json()["data"]) == (200, {"publicFeed": None})


@pytest.mark.parametrize("header", ["Bearer", "Bearer x", "Bearer a.b.c", "Basic YTpi", "Bearer  "])
async def test_a_bad_token_is_401_with_a_challenge(api: Api, header: str) -> None:
    response = await send(api, b'{"query": "{ __typename }"}', authorization=header)
    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith("Bearer ")
    assert response.json()["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}


async def test_the_token_of_a_user_who_never_was_is_401(api: Api) -> None:
    token: AccessToken = api.services.tokens.issue("01M7Y86A6PFHHNZ5NC5P8SW17X")
    assert (await api.post("{ __typename }", token=token.value)).status_code == 401


async def test_what_is_not_ours_to_explain_is_masked_and_logged(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise UnknownFormat("a history of format 99 is stored")

    monkeypatch.setattr(api.services.stores.feed, "page", fail)
    with capture_logs() as logs:
        answer = (await api.post("{ publicFeed { edges { cursor } } }")).json()
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "INTERNAL"
    assert error["path"] == ["publicFeed"]
    assert "format" not in str(answer)
    (entry,) = [entry for entry in logs if entry["event"] == "An unexpected error occurred."]
    assert entry["error_id"] == error["extensions"]["errorId"]
    assert entry["error_id"] in error["message"]
    assert entry["exc_info"] is not None


async def test_strangers_get_no_introspection_nor_suggestions_in_production(
    open_api: OpenApi,
) -> None:
    api = await open_api(environment=Environment.PRODUCTION)
    for query in ("{ __schema { types { name } } }", '{ __type(name: "User") { name } }'):
        answer = (await api.post(query)).json()
        assert "data" not in answer
        assert answer["errors"][0]["extensions"]["code"] == "DOCUMENT_REFUSED"
    message = (await api.error("{ viewr { id } }"))["message"]
    assert "Did you mean" not in message
    assert (await api.data("{ __typename }")) == {"__typename": "Query"}
    user = await api.services.stores.users.create(email="ann@example.org", name="Ann")
    token = api.services.tokens.issue(user.uid).value
    assert await api.data('{ __type(name: "User") { name } }', token)


async def test_introspection_is_open_in_development(api: Api) -> None:
    assert (await api.data('{ __type(name: "User") { name } }')) == {"__type": {"name": "User"}}
    assert "Did you mean" in (await api.error("{ viewr { id } }"))["message"]


def bomb(levels: int) -> str:
    """A chain of fragments, each spread twice by the one before it."""
    parts = [f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(levels)]
    return "{ ...F0 } " + " ".join(parts) + f" fragment F{levels} on Query {{ a: __typename }}"


def nested(levels: int) -> str:
    return "{" + "viewer{" * levels + "id" + "}" * (levels + 1)


@pytest.mark.parametrize(
    "query",
    [
        bomb(20),
        bomb(100),
        nested(16),
        nested(300),
        nested(5000),
        "{" + " ".join(f"a{n}: __typename" for n in range(16)) + "}",
        "{ __typename " + "@include(if: true) " * 51 + "}",
        "{" + "__typename " * 2500 + "}",
        "{" + "__typename " * 21 + "}",
        "{ users(first: 100) { edges { node { histories(first: 100) { edges { cursor } } } } } }",
        "fragment A on Query { ...B } fragment B on Query { ...A } { ...A }",
    ],
)
async def test_a_document_that_is_too_much_is_refused_at_once(api: Api, query: str) -> None:
    await api.post("{ __typename }")
    with counted_calls() as calls:
        answer = (await api.post(query)).json()
    assert "data" not in answer
    assert "INTERNAL" not in str(answer)
    # A hundred calls for each token read, and at most a thousand tokens.
    assert calls.count < 100_000


async def test_the_cost_counts_the_page_that_the_variables_ask_for(api: Api) -> None:
    query = """query($n: Int!) { problems(first: $n) { edges { node {
      testCases(first: $n) { edges { cursor } } } } } }"""
    assert (await api.data(query, n=10))["problems"] == {"edges": []}
    assert (await api.error(query, n=100))["extensions"]["code"] == "DOCUMENT_REFUSED"


async def test_every_answer_has_the_request_s_id_and_one_line_of_log(api: Api) -> None:
    with capture_logs() as logs:
        given = await send(api, b'{"query": "{ __typename }"}', x_request_id="abc-1")
    assert given.headers["x-request-id"] == "abc-1"
    (entry,) = [entry for entry in logs if entry["event"] == "request"]
    assert (entry["request_id"], entry["status"], entry["path"]) == ("abc-1", 200, "/graphql")
    made = await send(api, b"{", x_request_id="not ok\t")
    assert len(made.headers["x-request-id"]) == 32


async def test_questions_after_our_health_do_not_fill_the_log(api: Api) -> None:
    with capture_logs() as logs:
        for path in ("/healthz", "/readyz"):
            await api.client.get(path)
    assert {entry["log_level"] for entry in logs if entry["event"] == "request"} == {"debug"}


@pytest.mark.slow
async def test_browsers_of_allowed_origins_alone_may_read(open_api: OpenApi) -> None:
    api = await open_api(allowed_origins=("https://app.example.org",))
    asked = {
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type",
    }
    for origin, status in (("https://app.example.org", 200), ("https://evil.example", 400)):
        response = await api.client.options("/graphql", headers={"origin": origin} | asked)
        assert response.status_code == status
        allowed = response.headers.get("access-control-allow-origin")
        assert allowed == (origin if status == 200 else None)


async def test_health_reports_every_part_and_is_ready_while_the_table_answers(api: Api) -> None:
    assert (await api.client.get("/healthz")).json() == {"alive": True}
    waiting = await api.client.get("/readyz")
    assert waiting.status_code == 200
    parts = waiting.json()
    assert (parts["ready"], parts["table"]) == (True, {"state": "ok"})
    assert parts["redis"] == {"state": "ok"}
    assert (parts["workers"]["state"], parts["workers"]["announced_s_ago"]) == ("away", None)
    assert "dramatiq tasks" in parts["workers"]["message"]

    await api.services.board.announce("w1", [PYTHON])
    complete = await api.client.get("/readyz")
    workers = complete.json()["workers"]
    assert (complete.status_code, workers["state"], workers["languages"]) == (200, "ok", ["python"])
    assert 0 <= workers["announced_s_ago"] < 60

    open_table(api.services.settings).drop()
    gone = await api.client.get("/readyz")
    assert (gone.status_code, gone.json()["ready"]) == (503, False)
    assert gone.json()["table"]["state"] == "away"
    assert "algoitny table" in gone.json()["table"]["message"]


async def test_without_redis_the_process_is_ready_and_answers_queries(open_api: OpenApi) -> None:
    api = await open_api(redis_url="redis://127.0.0.1:1/0")
    response = await api.client.get("/readyz")
    assert response.status_code == 200
    parts = response.json()
    states = [parts[name]["state"] for name in ("table", "redis", "workers")]
    assert states == ["ok", "away", "unknown"]
    await api.problem()
    token = await api.sign_in("ann@example.org")
    assert await api.submit(token)


async def test_a_worker_that_announced_long_ago_is_reported_with_its_age(api: Api) -> None:
    await api.services.board.announce("w1", [PYTHON])
    await api.services.board._redis.zadd(WORKERS, {"w1": now_ms() - 600_000})
    response = await api.client.get("/readyz")
    assert response.status_code == 200
    workers = response.json()["workers"]
    assert workers["state"] == "away"
    assert 600 <= workers["announced_s_ago"] < 700


async def test_authentication_reads_a_user_once_a_minute(api: Api) -> None:

    token = await api.sign_in(ADMIN)
    with metered() as first:
        await api.data("{ __typename }", token)
    with metered() as second:
        await api.data("{ __typename }", token)
    assert (first.requests, second.requests) == (1, 0)
