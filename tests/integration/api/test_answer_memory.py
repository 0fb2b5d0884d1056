"""The memory of one process for large answers, from the first body to the last byte sent."""

import asyncio
import secrets
from contextlib import suppress
from typing import Any

import orjson
import pytest

from graphql_api.data.dynamo import memory
from graphql_api.data.dynamo.meter import metered
from graphql_api.data.limits import KB, MB, UNSHARED_BYTES
from graphql_api.data.problems.testsets import NewTest
from graphql_api.http.answers import PART_BYTES
from graphql_api.http.view import GraphQLView
from graphql_api.schema import ids
from graphql_api.schema.error_codes import OPERATION_TOO_LARGE
from graphql_api.schema.schema import schema
from tests.support.api import ADMIN, Api, OpenApi
from tests.support.waiting import wait_until_async

pytestmark = [pytest.mark.dynamodb, pytest.mark.redis]

GRAPHQL_JSON = "application/graphql-response+json"
CODES = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on History { code } } }"


@pytest.fixture
async def small(open_api: OpenApi) -> Api:
    """An API whose answers have at most 1 MB, and which has the memory for one of them."""
    return await open_api(answer_mb=1, answers_mb=1)


async def histories(api: Api, count: int, size_bytes: int = 200 * KB) -> list[str]:
    await api.problem()
    token = await api.sign_in(ADMIN)
    code = secrets.token_hex(size_bytes // 2)
    return [await api.submit(token, code=code, isPublic=True) for _ in range(count)]


def free_bytes(api: Api) -> int:
    return api.services.answers.budget.free_bytes


async def test_answers_at_the_same_time_wait_for_each_other_and_all_succeed(small: Api) -> None:
    gids = await histories(small, 4)
    answers = await asyncio.gather(*(small.post(CODES, {"ids": gids}) for _ in range(6)))
    for answer in answers:
        assert [len(node["code"]) for node in answer.json()["data"]["nodes"]] == [200 * KB] * 4
    assert free_bytes(small) == MB


@pytest.mark.parametrize(("accept", "status"), [(GRAPHQL_JSON, 503), ("application/json", 200)])
async def test_an_operation_that_gets_no_memory_in_time_is_unavailable(
    small: Api, monkeypatch: pytest.MonkeyPatch, accept: str, status: int
) -> None:
    gids = await histories(small, 2)
    budget = small.services.answers.budget
    monkeypatch.setattr(budget, "_wait_s", 0.01)
    await budget.take(1)
    body = {"query": CODES, "variables": {"ids": gids}}
    answer = await small.client.post("/graphql", json=body, headers={"accept": accept})
    assert answer.status_code == status
    (error,) = answer.json()["errors"]
    assert error["extensions"] == {"code": "UNAVAILABLE"}
    assert error["message"].endswith("Try again later.")
    assert free_bytes(small) == MB - 1
    budget.give_back(1)
    assert "errors" not in (await small.post(CODES, {"ids": gids})).json()


@pytest.mark.parametrize("is_large", [True, False])
async def test_an_answer_without_bodies_needs_memory_too_if_it_is_large(
    small: Api, monkeypatch: pytest.MonkeyPatch, *, is_large: bool
) -> None:
    problem = await small.problem(title="x" * 200)
    budget = small.services.answers.budget
    monkeypatch.setattr(budget, "_wait_s", 0.01)
    await budget.take(MB)
    gid = ids.problem_id(problem.id)
    count = 2 * UNSHARED_BYTES // 200 if is_large else 10
    aliases = " ".join(f"a{n}: title" for n in range(15))
    query = f"query($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on Problem {{ {aliases} }} }} }}"
    answer = (await small.post(query, {"ids": [gid] * (count // 15 + 1)})).json()
    assert ("errors" in answer) is is_large


async def test_a_failure_while_the_answer_is_made_returns_its_memory(
    small: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    gids = await histories(small, 2)

    def fail(*_: object) -> Any:
        raise RuntimeError

    monkeypatch.setattr("graphql_api.http.view.AnswerResponse", fail)
    assert (await small.post(CODES, {"ids": gids})).status_code == 500
    assert free_bytes(small) == MB


class SlowClient:
    """A client over ASGI that reads one part of its answer, and then no more."""

    def __init__(self, api: Api, gids: list[str]) -> None:
        self.messages: list[Any] = []
        self._view = GraphQLView(schema, lambda: api.services)
        self._body = orjson.dumps({"query": CODES, "variables": {"ids": gids}})

    async def _receive(self) -> Any:
        return {"type": "http.request", "body": self._body, "more_body": False}

    async def _send(self, message: Any) -> None:
        self.messages.append(message)
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()

    async def has_part(self) -> bool:
        return len(self.messages) > 1

    async def read(self) -> None:
        headers = [(b"content-type", b"application/json")]
        scope = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b""}
        await self._view({**scope, "headers": headers}, self._receive, self._send)


async def test_an_answer_holds_memory_until_the_client_has_read_it(small: Api) -> None:
    client = SlowClient(small, await histories(small, 2))
    reading = asyncio.create_task(client.read())
    await wait_until_async("the first part", client.has_part)
    held = MB - free_bytes(small)
    assert 400 * KB < held < 401 * KB
    (part,) = client.messages[1:]
    assert (len(part["body"]), part["more_body"]) == (PART_BYTES, True)
    reading.cancel()
    with suppress(asyncio.CancelledError):
        await reading
    assert free_bytes(small) == MB


async def test_a_slow_client_gets_a_part_of_its_answer_while_others_wait(
    small: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "SLOW_ANSWER_S", 0)
    gids = await histories(small, 2)
    client = SlowClient(small, gids)
    reading = asyncio.create_task(client.read())
    await wait_until_async("the first part", client.has_part)
    other = await small.post(CODES, {"ids": gids})
    assert [len(node["code"]) for node in other.json()["data"]["nodes"]] == [200 * KB] * 2
    await asyncio.wait_for(reading, 60)
    assert client.messages[-1]["more_body"]  # the server closes the connection
    assert free_bytes(small) == MB


@pytest.mark.parametrize("by_id", [True, False])
async def test_a_test_that_fits_into_no_answer_is_shown_without_its_files(
    small: Api, *, by_id: bool
) -> None:
    problem = await small.problem()
    token = await small.sign_in(ADMIN)
    large = secrets.token_hex(MB).encode()  # 2 MB, which are in several items
    tests = [NewTest(input=b"1", output=b"1"), NewTest(input=large, output=b"2")]
    tests.append(NewTest(input=b"3", output=b"3", is_sample=True))
    problem = await small.services.stores.tests.replace(*problem.key, tests)
    fields = "number isSample input output"
    page = f"testCases {{ edges {{ node {{ id {fields} }} }} }}"
    pages = f"{{ problems {{ edges {{ node {{ {page} }} }} }} }}"
    answer = (await small.post(pages, None, token)).json()
    (edge,) = answer["data"]["problems"]["edges"]
    found = [edge["node"] for edge in edge["node"]["testCases"]["edges"]]
    if by_id:
        query = f"query($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on TestCase {{ {fields} }} }} }}"
        answer = (await small.post(query, {"ids": [test["id"] for test in found]}, token)).json()
        found = answer["data"]["nodes"]
    rest = [(test["number"], test["isSample"], test["input"], test["output"]) for test in found]
    assert rest == [(1, False, "1", "1"), (2, False, None, None), (3, True, "3", "3")]
    assert [error["path"][-1] for error in answer["errors"]] == ["input", "output"]
    for error in answer["errors"]:
        assert error["extensions"] == {"code": OPERATION_TOO_LARGE}
        assert "have 3 MB together, but a response may have at most 1 MB" in error["message"]


async def test_the_chunks_of_a_test_that_fits_into_no_answer_are_skipped(small: Api) -> None:
    problem = await small.problem()
    token = await small.sign_in(ADMIN)
    large = secrets.token_hex(3 * MB).encode()  # packed, 3 MB
    tests = [NewTest(input=large, output=b"1", is_sample=True)]
    tests.append(NewTest(input=b"2", output=b"2", is_sample=True))
    await small.services.stores.tests.replace(*problem.key, tests)
    query = "{ problems { edges { node { testCases { edges { node { number } } } } } } }"
    with metered() as meter:
        page = await small.data(query, token)
    (edge,) = page["problems"]["edges"]
    numbers = [each["node"]["number"] for each in edge["node"]["testCases"]["edges"]]
    assert numbers == [1, 2]
    # The page of problems, the first MB of the large test, and the next test.
    assert [call.operation for call in meter.calls].count("query") == 3
