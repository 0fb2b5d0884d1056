"""Errors that Redis answers with, from a server that answers every command with one error."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from graphql_api.config import Settings
from graphql_api.data.errors import Unavailable
from graphql_api.data.redis.custom_runs import RunRequest, open_run_board
from graphql_api.data.redis.language_board import open_language_board
from tasks.queue.sender import TaskSender
from tests.support.languages import PYTHON
from tests.support.settings import make_settings

ERRORS = [
    "LOADING Redis is loading the dataset in memory",
    "READONLY You can't write against a read only replica.",
    "OOM command not allowed when used memory > 'maxmemory'.",
    "NOAUTH Authentication required.",
    "NOPERM this user has no permissions",
    "MISCONF Redis is configured to save RDB snapshots, but it cannot persist on disk.",
    "MASTERDOWN Link with MASTER is down",
    "CLUSTERDOWN The cluster is down",
    "ERR something new",
]
REQUEST = RunRequest(language="c", code="x", stdin="", time_limit_ms=1, memory_limit_kb=1)


def _answerer(error: str) -> Callable[..., Awaitable[None]]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readline():
                for _ in range(int(head[1:])):
                    length = int((await reader.readline())[1:])
                    await reader.readexactly(length + 2)
                writer.write(f"-{error}\r\n".encode())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    return serve


@pytest.fixture(params=ERRORS, ids=[error.split()[0] for error in ERRORS])
async def failing(request: pytest.FixtureRequest) -> AsyncIterator[Settings]:
    server = await asyncio.start_server(_answerer(request.param), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    yield make_settings(redis_url=f"redis://127.0.0.1:{port}/0", redis_timeout_ms=20_000)
    server.close()


async def test_an_error_of_redis_makes_a_board_unavailable(failing: Settings) -> None:
    async with open_run_board(failing) as runs, open_language_board(failing) as languages:
        for call in (
            runs.put_request("r", REQUEST),
            runs.get_request("r"),
            runs.get_answer("r"),
            runs.begin("r", "token"),
            languages.announce("w", [PYTHON]),
            languages.available(),
            languages.last_announced(),
        ):
            with pytest.raises(Unavailable):
                await call
        assert await languages.is_offered("python") is None


async def test_an_error_of_redis_fails_no_caller_of_the_sender(failing: Settings) -> None:
    sender = TaskSender(failing)
    assert await sender.send_run("uid", "run", "python") is False
    await sender.send_execution("uid", "ulid", "python")
    await sender.send_cancellation("uid", "ulid")
    await sender.aclose()
