"""The services that tests run on: real ones, started once a session on free loopback ports."""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from uuid import uuid4

import boto3
import hypothesis
import pytest
import redis

from graphql_api.cli.local.dynamodb_local import DynamoDBLocal
from graphql_api.cli.local.process import EngineProcess, EngineUnavailable
from graphql_api.cli.local.redis_server import RedisServer
from graphql_api.config import Settings
from graphql_api.data.dynamo.client import Dynamo, open_dynamo
from graphql_api.data.dynamo.table import definition

if TYPE_CHECKING:
    from graphql_api.data.stores import Stores

Engine = TypeVar("Engine", bound=EngineProcess)
ROOT = Path(__file__).parents[1]
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
FEW_LANGUAGES = ("python", "c", "cpp", "javascript", "java")
# Generated examples are checked for what they show, on machines that may be slow.
hypothesis.settings.register_profile(
    "patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("patient")
# A store operation, and a command of Redis, may take this long where the machine is busy.
PATIENCE_MS = 20_000
SECRET = "a-secret-of-the-tests-with-enough-characters"


def missing(reason: str) -> None:
    """Skip the test on a laptop; fail it in CI, where everything is to be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def running(engine: Engine) -> Iterator[Engine]:
    """Yield the engine while it runs, for fixtures."""
    try:
        with engine:
            yield engine
    except EngineUnavailable as error:
        missing(str(error))


def pytest_configure() -> None:
    """Keep the caller's own configuration out of the tests."""
    for name in Settings.model_fields:
        os.environ.pop(name.upper(), None)
    os.environ.update(CREDENTIALS)
    # Workers start sooner that look for few languages; what tests all of them says so.
    os.environ["JUDGE_LANGUAGES"] = ",".join(FEW_LANGUAGES)


@pytest.fixture(scope="session")
def dynamodb_endpoint() -> Iterator[str]:
    for engine in running(DynamoDBLocal(heap_mb=512)):
        yield engine.endpoint


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    for engine in running(RedisServer()):
        yield engine.url


@pytest.fixture
def redis_url(redis_server: str) -> str:
    with redis.Redis.from_url(redis_server) as connection:
        connection.flushall()
    return redis_server


def make_settings(**values: object) -> Settings:
    """Return settings of which only what is named differs from the defaults."""
    return Settings(_env_file=None, secret_keys=SECRET, **values)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def table_maker(dynamodb_endpoint: str) -> Callable[[str], None]:
    """Makes a table quickly: without provisioning's checks, and without a stream.

    No test reads the stream, and DynamoDB Local writes four times slower with one.
    """
    client = boto3.client("dynamodb", region_name="us-east-1", endpoint_url=dynamodb_endpoint)

    def make(name: str) -> None:
        wanted = definition(name)
        del wanted["StreamSpecification"]
        client.create_table(**wanted)

    return make


@pytest.fixture
def settings(
    dynamodb_endpoint: str, table_maker: Callable[[str], None], tmp_path: Path
) -> Settings:
    """Settings that name a fresh table; not for tests that need Redis."""
    found = make_settings(
        aws_endpoint_url_dynamodb=dynamodb_endpoint,
        table_name=f"test-{uuid4().hex[:12]}",
        dynamodb_deadline_ms=PATIENCE_MS,
        redis_timeout_ms=PATIENCE_MS,
        work_dir=tmp_path / "work",
        redis_url="redis://127.0.0.1:1/0",
    )
    table_maker(found.table_name)
    return found


@pytest.fixture
def full_settings(settings: Settings, redis_url: str) -> Settings:
    """Settings that name a fresh table and an empty Redis."""
    return settings.model_copy(update={"redis_url": redis_url})


@pytest.fixture
def settings_env(full_settings: Settings) -> dict[str, str]:
    """The environment of a process that is to run on `full_settings`."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        **CREDENTIALS,
        "AWS_ENDPOINT_URL_DYNAMODB": str(full_settings.aws_endpoint_url_dynamodb),
        "TABLE_NAME": full_settings.table_name,
        "REDIS_URL": full_settings.redis_url,
        "SECRET_KEYS": SECRET,
        "JUDGE_LANGUAGES": ",".join(FEW_LANGUAGES),
        "DYNAMODB_DEADLINE_MS": str(PATIENCE_MS),
        "REDIS_TIMEOUT_MS": str(PATIENCE_MS),
        "WORK_DIR": str(full_settings.work_dir),
        "LOG_FORMAT": "json",
    }


@pytest.fixture
async def dynamo(settings: Settings) -> AsyncIterator[Dynamo]:
    async with open_dynamo(settings) as client:
        yield client


@pytest.fixture
async def stores(settings: Settings) -> AsyncIterator["Stores"]:
    from graphql_api.data.stores import open_stores  # noqa: PLC0415

    async with open_stores(settings) as found:
        yield found
