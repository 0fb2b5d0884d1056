"""Hostile requests of full size against one API process of production.

During each attack, /healthz and the query of another caller are answered. The memory of the
process is measured all the time, and its growth is bounded over all attacks together.
"""

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from graphql_api.auth.tokens import JwtTokens
from graphql_api.data.enums import ProblemState
from graphql_api.data.limits import CODE_BYTES, KB, MB
from graphql_api.data.problems.inputs import NewProblem
from graphql_api.data.problems.testsets import NewTest
from graphql_api.data.stores import Stores
from graphql_api.schema import ids
from graphql_api.schema.error_codes import (
    BAD_USER_INPUT,
    DOCUMENT_REFUSED,
    OPERATION_TOO_LARGE,
    VALIDATION_FAILED,
)
from tests.support.executions import SubmissionDriver
from tests.support.process_memory import read_memory_kb, sampled_memory
from tests.support.settings import SECRET
from tests.support.system import Api

pytestmark = [pytest.mark.slow, pytest.mark.thorough, pytest.mark.dynamodb, pytest.mark.redis]

TIMEOUT_S = 120
GROWTH_KB = 100 * KB
CONNECTIONS = 200
OBJECTS = 100
AT_ONCE = 4
TESTS = 8
TEST_BYTES = 512 * KB
BUFFER_BYTES = 4 * KB
ORDINARY = '{ viewer { name } problem(platform: "algoitny", number: "1") { title } }'
HEAD = b"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
UNAVAILABLE = "UNAVAILABLE"


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

    async def connect(self, start: bytes) -> list[asyncio.StreamWriter]:
        """Open connections that send only a start and never read."""
        writers = []
        for _ in range(CONNECTIONS):
            unread = socket.socket()
            # The answer stays in the memory of the server, and not in that of this host.
            unread.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
            unread.setblocking(False)  # noqa: FBT003 - positional in Python
            address = ("127.0.0.1", self.api.port)
            await asyncio.get_running_loop().sock_connect(unread, address)
            _, writer = await asyncio.open_connection(sock=unread, limit=1)
            writer.write(start)
            writers.append(writer)
        return writers


async def store_problem(stores: Stores, name: str) -> str:
    """Store a published problem whose samples are large, and return its id."""
    tests = [
        NewTest(input=secrets.token_hex(TEST_BYTES // 2).encode(), output=b"1", is_sample=True)
        for _ in range(TESTS)
    ]
    await stores.problems.create(NewProblem(platform="algoitny", number=name, title=name))
    await stores.tests.replace("algoitny", name, tests)
    problem = await stores.problems.set_state("algoitny", name, ProblemState.COMPLETED)
    return ids.problem_id(problem.id)


async def store_objects(stores: Stores) -> tuple[str, list[str], list[str]]:
    """Store public histories with large codes, and problems. Return a user and the ids."""
    driver = await SubmissionDriver.open(stores)
    driver.limit = None
    histories = []
    for _ in range(OBJECTS):
        code = secrets.token_hex(CODE_BYTES // 2)
        histories.append(await driver.reserve(code, is_public=True))
    problems = [await store_problem(stores, str(number)) for number in range(2, 12)]
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
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(base_url=base_url, timeout=TIMEOUT_S, limits=limits) as client:
            found = Target(api, client, token, histories, problems)
            for _ in range(20):
                await found.ordinary()
            yield found


def aliased(selection: str, times: int) -> str:
    return " ".join(f"a{n}: {selection.replace('$n', str(n + 1))}" for n in range(times))


def nodes(kind: str, fields: str) -> str:
    return f"query($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on {kind} {{ {fields} }} }} }}"


def codes(answer: httpx.Response) -> set[str]:
    """Return the codes of an answer without data."""
    body = answer.json()
    assert "data" not in body
    return {error["extensions"]["code"] for error in body["errors"]}


async def echo_spaces(target: Target) -> None:
    answer = await target.send(f'{{ problem(platform: 5, number: "{" " * 50 * KB}") {{ id }} }}')
    assert codes(answer) == {VALIDATION_FAILED}
    assert len(answer.content) < 4 * KB
    query = "query($n: Int) { publicFeed(first: $n) { edges { cursor } } }"
    answer = await target.send(query, n=" " * 500 * KB)
    assert codes(answer) == {BAD_USER_INPUT}
    assert len(answer.content) < 4 * KB


async def copy_one_code(target: Target) -> None:
    query = nodes("History", aliased("code", 15))
    answer = await target.send(query, ids=target.histories[:1] * OBJECTS)
    assert codes(answer) == {OPERATION_TOO_LARGE}


async def read_many_codes(target: Target) -> None:
    query = nodes("History", aliased("code", 15))
    requests = (target.send(query, ids=target.histories) for _ in range(AT_ONCE))
    for answer in await asyncio.gather(*requests):
        assert codes(answer) == {OPERATION_TOO_LARGE}


async def read_largest_answers(target: Target) -> None:
    """Read answers just below the bound. Some may be refused while others use the memory."""
    count = 15 * MB // CODE_BYTES
    query = nodes("History", "code")
    requests = (target.send(query, ids=target.histories[:count]) for _ in range(3 * AT_ONCE))
    whole = 0
    for answer in await asyncio.gather(*requests):
        if "data" in answer.json():
            found = answer.json()["data"]["nodes"]
            whole += [len(node["code"]) for node in found] == [CODE_BYTES] * count
        else:
            assert codes(answer) == {UNAVAILABLE}
    assert whole >= AT_ONCE


async def read_many_tests(target: Target) -> None:
    page = "testCases(first: $n) { edges { node { input } } }"
    query = nodes("Problem", aliased(page, TESTS))
    requests = (target.send(query, ids=target.problems) for _ in range(AT_ONCE))
    for answer in await asyncio.gather(*requests):
        assert codes(answer) == {OPERATION_TOO_LARGE}


def make_documents(number: int) -> Iterable[tuple[str, set[str]]]:
    """Return documents with the codes of their errors.

    They differ in their tree, their values, their comments and their size.
    """
    fields = " ".join(f"f{number}x{n}: __typename" for n in range(15))
    yield f"{{ {fields} }} #{'x' * (number % 60) * KB}", set()
    chain = " ".join(f"fragment F{n} on Query {{ __typename ...F{n + 1} }}" for n in range(9))
    last = f"fragment F9 on Query {{ a{number}: __typename }}"
    yield f"query {{ ...F0 }} {chain} {last}", set()
    platform = f'"{"y" * 30}{number}"'
    yield f'{{ problem(platform: {platform}, number: "1") {{ id }} }} #{"z" * 50 * KB}', set()
    ids_in_text = " ".join(f'"{number}-{n}"' for n in range(90))
    yield f"{{ nodes(ids: [{ids_in_text}]) {{ __typename }} }}", set()
    unused = " ".join(f"$v{number}x{n}: Int" for n in range(150))
    yield f"query({unused}) {{ __typename }}", {VALIDATION_FAILED, OPERATION_TOO_LARGE}


async def send_many_documents(target: Target) -> None:
    too_long = await target.send("{ __typename }" + " " * 65 * KB)
    assert codes(too_long) == {DOCUMENT_REFUSED}
    for number in range(150):
        for document, expected in make_documents(number):
            answer = await target.send(document)
            found = codes(answer) if expected else answer.json().get("errors", set())
            assert found == expected, document[:200]


async def hide_introspection(target: Target) -> None:
    query = "query A { __typename } query B { __schema { types { name } } }"
    for chosen, expected in (("B", {DOCUMENT_REFUSED}), ("A", None)):
        body = {"query": query, "operationName": chosen}
        answer = await target.client.post("/graphql", json=body)
        if expected:
            assert codes(answer) == expected
        else:
            assert answer.json() == {"data": {"__typename": "Query"}}


async def upgrade_with_a_body(target: Target) -> None:
    """Ask for another protocol, twice on one connection."""
    body = orjson.dumps({"query": "{ __typename }"})
    upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
    request = HEAD + upgrade + b"Content-Length: %d\r\n\r\n" % len(body) + body
    reader, writer = await asyncio.open_connection("127.0.0.1", target.api.port)
    try:
        for _ in range(2):
            writer.write(request)
            async with asyncio.timeout(TIMEOUT_S):
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                answer = await reader.readexactly(length)
            assert head.startswith(b"HTTP/1.1 200 ")
            assert orjson.loads(answer) == {"data": {"__typename": "Query"}}
    finally:
        writer.close()


def make_request(query: str, **variables: Any) -> bytes:
    body = orjson.dumps({"query": query, "variables": variables})
    return HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body


async def hold_connections(target: Target) -> None:
    """Send parts of requests, and whole requests without reading the answers."""
    small = make_request("{ __typename }")
    large = make_request(nodes("History", aliased("code", 4)), ids=target.histories[:1])
    for start in (HEAD, HEAD + b"Content-Length: 60000\r\n\r\n{", small * 20, large * 2):
        writers = await target.connect(start)
        for _ in range(20):
            await target.ordinary()
            await asyncio.sleep(0.05)
        close(writers)


def close(writers: Iterable[asyncio.StreamWriter]) -> None:
    for writer in writers:
        writer.close()


ATTACKS = (
    *(echo_spaces, copy_one_code, read_many_tests, read_many_codes, read_largest_answers),
    *(send_many_documents, hide_introspection, hold_connections, upgrade_with_a_body),
)


async def test_no_attack_stops_the_answers_of_others_or_fills_the_memory(target: Target) -> None:
    before, growth = read_memory_kb(target.api.pid), {}
    for attack in ATTACKS:
        with sampled_memory(target.api.pid) as peak:
            async with target.watched():
                await attack(target)
        growth[attack.__name__] = peak.kb - before
    assert min(target.healthy, target.answered) > len(ATTACKS), growth
    assert max(growth.values()) < GROWTH_KB, growth
