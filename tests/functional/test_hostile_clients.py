"""Hostile requests of full size against one API process of production.

During each attack, /healthz and the query of another caller are answered. The memory of the
process is bounded over all attacks together.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from graphql_api.auth.tokens import JwtTokens
from graphql_api.data.enums import ProblemState
from graphql_api.data.limits import CODE_BYTES, KB
from graphql_api.data.problems.inputs import NewProblem
from graphql_api.data.problems.testsets import NewTest
from graphql_api.data.stores import Stores
from graphql_api.schema import ids
from graphql_api.schema.error_codes import OPERATION_TOO_LARGE
from tests.support.executions import SubmissionDriver
from tests.support.settings import SECRET
from tests.support.system import Api

pytestmark = [pytest.mark.slow, pytest.mark.thorough, pytest.mark.dynamodb, pytest.mark.redis]

TIMEOUT_S = 60
GROWTH_KB = 100 * KB
CONNECTIONS = 200
OBJECTS = 100
ORDINARY = '{ viewer { name } problem(platform: "algoitny", number: "1") { title } }'
HEAD = b"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"


@dataclass
class Target:
    """The attacked process, and what other callers have seen of it."""

    api: Api
    client: httpx.AsyncClient
    token: str
    histories: list[str]
    problems: list[str]
    healthy: int = 0
    answered: int = 0
    failures: list[str] = field(default_factory=list)

    async def send(self, query: str, **variables: Any) -> httpx.Response:
        return await self.client.post("/graphql", json={"query": query, "variables": variables})

    async def ordinary(self) -> None:
        """Ask as another caller, who is signed in."""
        headers = {"authorization": f"Bearer {self.token}"}
        answer = await self.client.post("/graphql", json={"query": ORDINARY}, headers=headers)
        assert answer.json() == {
            "data": {"viewer": {"name": "Ada Lovelace"}, "problem": {"title": "A + B"}}
        }
        self.answered += 1

    async def health(self) -> None:
        assert (await self.client.get("/healthz")).status_code == httpx.codes.OK
        self.healthy += 1

    async def _watch(self) -> None:
        while True:
            try:
                await self.health()
                await self.ordinary()
            except (httpx.HTTPError, AssertionError) as error:
                self.failures.append(repr(error))
            await asyncio.sleep(0.05)

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Ask during the block, and require that every question is answered."""
        watcher = asyncio.create_task(self._watch())
        try:
            yield
            await self.health()
            await self.ordinary()
        finally:
            watcher.cancel()
            with suppress(asyncio.CancelledError):
                await watcher
        assert self.failures == []
        await self.health()

    def memory_kb(self) -> int:
        status = Path(f"/proc/{self.api.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if "VmRSS" in line)

    async def connect(self, start: bytes) -> list[asyncio.StreamWriter]:
        """Open connections that send only a start and never read."""
        writers = []
        for _ in range(CONNECTIONS):
            _, writer = await asyncio.open_connection("127.0.0.1", self.api.port, limit=1)
            writer.write(start)
            writers.append(writer)
        return writers


async def store_problem(stores: Stores, name: str) -> None:
    await stores.problems.create(NewProblem(platform="algoitny", number=name, title=name))
    await stores.tests.replace("algoitny", name, [NewTest(input=b"1", output=b"1", is_sample=True)])
    await stores.problems.set_state("algoitny", name, ProblemState.COMPLETED)


async def store_objects(stores: Stores) -> tuple[str, list[str], list[str]]:
    """Store public histories with large codes, and problems. Return a user and the ids."""
    driver = await SubmissionDriver.open(stores)
    driver.limit = None
    histories = []
    for _ in range(OBJECTS):
        code = secrets.token_hex(CODE_BYTES // 2)
        histories.append(await driver.reserve(code, is_public=True))
    await asyncio.gather(*(store_problem(stores, str(n)) for n in range(2, OBJECTS + 2)))
    problems: list[str] = [
        ids.problem_id("algoitny", str(number)) for number in range(2, OBJECTS + 2)
    ]
    return driver.user.uid, [ids.history_id(one) for one in histories], problems


@pytest.fixture
async def target(
    settings_env: dict[str, str], stores: Stores, tmp_path: Path
) -> AsyncIterator[Target]:
    """A warm API process of production."""
    env = {name: value for name, value in settings_env.items() if name != "ENVIRONMENT"}
    uid, histories, problems = await store_objects(stores)
    token = JwtTokens([SECRET.encode()], timedelta(hours=1)).issue(uid).value
    with Api(env, tmp_path) as api:
        await asyncio.to_thread(api.wait_until_alive)
        base_url = api.url.removesuffix("/graphql")
        async with httpx.AsyncClient(base_url=base_url, timeout=TIMEOUT_S) as client:
            found = Target(api, client, token, histories, problems)
            for _ in range(20):
                await found.ordinary()
            yield found


def aliased(selection: str, times: int) -> str:
    return " ".join(f"a{n}: {selection.replace('$n', str(n + 1))}" for n in range(times))


def nodes(kind: str, fields: str) -> str:
    return f"query($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on {kind} {{ {fields} }} }} }}"


def codes(answer: httpx.Response) -> set[str]:
    return {error["extensions"]["code"] for error in answer.json()["errors"]}


async def echo_spaces(target: Target) -> None:
    answer = await target.send(f'{{ problem(platform: 5, number: "{" " * 50 * KB}") {{ id }} }}')
    assert "errors" in answer.json()
    assert len(answer.content) < 4 * KB


async def copy_one_code(target: Target) -> None:
    query = nodes("History", aliased("code", 15))
    answer = await target.send(query, ids=target.histories[:1] * OBJECTS)
    assert codes(answer) == {OPERATION_TOO_LARGE}


async def read_many_codes(target: Target) -> None:
    query = nodes("History", aliased("code", 15))
    assert codes(await target.send(query, ids=target.histories)) == {OPERATION_TOO_LARGE}


async def read_many_tests(target: Target) -> None:
    page = "testCases(first: $n) { edges { node { input } } }"
    answer = await target.send(nodes("Problem", aliased(page, 12)), ids=target.problems)
    assert "errors" in answer.json()


async def send_many_documents(target: Target) -> None:
    too_long = await target.send("{ __typename }" + " " * 65 * KB)
    assert "errors" in too_long.json()
    for number in range(300):
        answer = await target.send(f"{{ a{number}: __typename }} #" + "x" * 50 * KB)
        assert answer.json()["data"] == {f"a{number}": "Query"}


async def hide_introspection(target: Target) -> None:
    query = "query A { __typename } query B { __schema { types { name } } }"
    body = {"query": query, "operationName": "B"}
    answer = await target.client.post("/graphql", json=body)
    assert "errors" in answer.json()


async def upgrade_with_a_body(target: Target) -> None:
    headers = {"connection": "Upgrade", "upgrade": "websocket"}
    body = {"query": "{ __typename }"}
    answer = await target.client.post("/graphql", json=body, headers=headers)
    assert answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR


async def hold_connections(target: Target) -> None:
    query = b'{"query": "{ __typename }"}'
    whole = HEAD + b"Content-Length: %d\r\n\r\n" % len(query) + query
    for start in (HEAD, HEAD + b"Content-Length: 60000\r\n\r\n{", whole * 20):
        writers = await target.connect(start)
        await target.ordinary()
        close(writers)


def close(writers: Iterable[asyncio.StreamWriter]) -> None:
    for writer in writers:
        writer.close()


ATTACKS = (
    *(echo_spaces, copy_one_code, read_many_tests, read_many_codes),
    *(send_many_documents, hide_introspection, hold_connections, upgrade_with_a_body),
)


async def test_no_attack_stops_the_answers_of_others_or_fills_the_memory(target: Target) -> None:
    before, growth = target.memory_kb(), {}
    for attack in ATTACKS:
        async with target.watched():
            await attack(target)
        growth[attack.__name__] = target.memory_kb() - before
    assert min(target.healthy, target.answered) > len(ATTACKS), growth
    assert max(growth.values()) < GROWTH_KB, growth
