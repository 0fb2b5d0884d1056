"""The end of an API process on SIGTERM, and the options of the documented command."""

import asyncio
import re
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from graphql_api.cli.local.process import HOST
from graphql_api.config import Settings
from graphql_api.data.redis.language_board import open_language_board
from graphql_api.http.protocol import SERVER_OPTIONS
from tests.support.languages import PYTHON
from tests.support.paths import ROOT
from tests.support.system import Api, Client
from tests.support.waiting import PATIENCE_S, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.dynamodb, pytest.mark.redis]

# The documented options with less time for graceful shutdown. The last value of an option wins.
OPTIONS = (*SERVER_OPTIONS, "--timeout-graceful-shutdown=2")
RUN = """mutation { runCode(input: {language: "python", code: "print(1)"}) {
  __typename ... on UserError { code message }
} }"""
HEAD = (
    b"POST /graphql HTTP/1.1\r\nHost: x\r\n"
    b"Content-Type: application/json\r\nContent-Length: 99\r\n\r\n"
)
USED = "{ viewer { usage { runs { used } } } }"


@pytest.mark.parametrize("page", ["README.md", "docs/operations.md"])
def test_the_documented_command_has_all_options(page: str) -> None:
    text = (ROOT / page).read_text().replace("\\\n", " ")
    (command,) = re.findall(r"uvicorn graphql_api\.app:app[^`\n]*", text)
    assert set(SERVER_OPTIONS) <= set(command.split())


def test_without_the_options_the_log_warns_at_the_first_request(
    settings_env: dict[str, str], tmp_path: Path
) -> None:
    for name, options in (("with", SERVER_OPTIONS), ("without", ())):
        folder = tmp_path / name
        folder.mkdir()
        with Api({**settings_env, "ENVIRONMENT": "development"}, folder, options) as api:
            warning = "Slow clients are not limited" in api.wait_until_alive().log()
        assert warning == (name == "without"), api.log()


async def announce(settings: Settings) -> None:
    """Let the API find a worker that offers Python. No worker exists."""
    async with open_language_board(settings) as board:
        await board.announce("a worker", [PYTHON])


def used(client: Client) -> int:
    (today,) = client.ask(USED)["viewer"]["usage"]
    count: int = today["runs"]["used"]
    return count


def test_half_requests_and_waiting_runs_do_not_keep_a_process_from_its_end(
    settings_env: dict[str, str], full_settings: Settings, tmp_path: Path
) -> None:
    env = {**settings_env, "ENVIRONMENT": "development", "RUN_WAIT_SECONDS": "300"}
    asyncio.run(announce(full_settings))
    with ExitStack() as stack:
        api = stack.enter_context(Api(env, tmp_path, OPTIONS)).wait_until_alive()
        stranger = stack.enter_context(Client(api.url))
        client = stack.enter_context(stranger.signed_in("ann@example.org"))
        call = stack.enter_context(ThreadPoolExecutor(1)).submit(client.ask, RUN)
        wait_until("the unit to be taken", lambda: call.done() or used(client) == 1)
        assert not call.done(), call.result()
        for sent in (HEAD[:40], HEAD + b"{"):
            connection = socket.create_connection((HOST, api.port), PATIENCE_S)
            stack.enter_context(connection).sendall(sent)
        # SIGKILL follows only after two minutes, so this is the end by SIGTERM.
        assert api.stop() in {0, -signal.SIGTERM}
        result = call.result(PATIENCE_S)["runCode"]
    assert (result["__typename"], result["code"]) == ("Unavailable", "UNAVAILABLE")
    assert "The server is stopping. The run does not count" in result["message"]
    with Api(env, tmp_path, OPTIONS) as next_api:
        next_api.wait_until_alive()
        with Client(next_api.url, client.token) as same:
            assert used(same) == 0
