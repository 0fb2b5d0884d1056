"""One running system for all tests that do not stop it: API, worker, sample problems."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from uuid import uuid4

import pytest

from graphql_api.cli.local.redis_server import RedisServer
from graphql_api.config import Settings
from tasks.queue.sender import TaskSender
from tests.support.paths import ROOT
from tests.support.services import run_engine
from tests.support.settings import CREDENTIALS, FEW_LANGUAGES, PATIENCE_MS, SECRET
from tests.support.system import Api, Client, Worker

ADMIN = "admin@example.org"


@pytest.fixture(scope="session")
def system_redis() -> Iterator[str]:
    """A Redis only for the system, because its worker must not take messages of other tests."""
    for engine in run_engine(RedisServer()):
        yield engine.url


@pytest.fixture(scope="module")
def redis_server() -> Iterator[str]:
    """A Redis for each module, because workers of other tests must not take its messages."""
    for engine in run_engine(RedisServer()):
        yield engine.url


@pytest.fixture
async def sender(full_settings: Settings) -> AsyncIterator[TaskSender]:
    found = TaskSender(full_settings)
    yield found
    await found.aclose()


@pytest.fixture(scope="session")
def system_env(
    dynamodb_endpoint: str,
    table_maker: Callable[[str], None],
    system_redis: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, str]:
    """The environment of a system with its own table and the imported sample problems."""
    table_name = f"system-{uuid4().hex[:12]}"
    table_maker(table_name)
    env = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        **CREDENTIALS,
        "ENVIRONMENT": "development",
        "AWS_ENDPOINT_URL_DYNAMODB": dynamodb_endpoint,
        "TABLE_NAME": table_name,
        "REDIS_URL": system_redis,
        "SECRET_KEYS": SECRET,
        "JUDGE_LANGUAGES": ",".join(FEW_LANGUAGES),
        "DYNAMODB_DEADLINE_MS": str(PATIENCE_MS),
        "REDIS_TIMEOUT_MS": str(PATIENCE_MS),
        "ADMIN_EMAILS": ADMIN,
        "WORK_DIR": str(tmp_path_factory.mktemp("work")),
        "LOG_FORMAT": "json",
    }
    algoitny(env, "problems", "import", "examples/problems")
    return env


def algoitny(env: dict[str, str], *arguments: str) -> str:
    """Run a command of the operator and return its output."""
    done = subprocess.run(
        [sys.executable, "-m", "graphql_api.cli.main", *arguments],
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def api(system_env: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with Api(system_env, tmp_path_factory.mktemp("api")) as running:
        yield running.wait_until_alive()


@pytest.fixture(scope="session")
def worker(
    system_env: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Worker]:
    env = {name: value for name, value in system_env.items() if name != "SECRET_KEYS"}
    with Worker(env, tmp_path_factory.mktemp("worker")) as running:
        yield running


@pytest.fixture
def client(api: Api) -> Iterator[Client]:
    """A client that is not signed in."""
    with Client(api.url) as found:
        yield found
