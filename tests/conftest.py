"""The real services of the tests, started once per session on free loopback ports."""

import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import boto3
import hypothesis
import pytest
import redis

from graphql_api.cli.local.dynamodb_local import DynamoDBLocal
from graphql_api.cli.local.redis_server import RedisServer
from graphql_api.config import Settings
from graphql_api.data.dynamo.client import Dynamo, open_dynamo
from graphql_api.data.dynamo.table import definition
from tests.support.lagging import LaggingTable
from tests.support.services import run_engine
from tests.support.settings import CREDENTIALS, FEW_LANGUAGES, PATIENCE_MS, SECRET, make_settings

if TYPE_CHECKING:
    from graphql_api.data.stores import Stores

# A slow host must not fail a generated example.
hypothesis.settings.register_profile(
    "patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("patient")


def pytest_configure() -> None:
    """Remove the settings of the calling environment, and let programs under test receive Ctrl-C.

    A shell starts a background job with SIGINT ignored, and every child process inherits that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in Settings.model_fields:
        os.environ.pop(name.upper(), None)
    os.environ.update(CREDENTIALS)
    # A worker that detects few languages starts sooner. Tests of all languages change this value.
    os.environ["JUDGE_LANGUAGES"] = ",".join(FEW_LANGUAGES)


def pytest_pycollect_makeitem(
    collector: pytest.Module | pytest.Class, obj: object
) -> list[pytest.Item] | None:
    """Collect no class that a test module imports: `TestResult` and others are the product's."""
    module = collector.getparent(pytest.Module)
    if isinstance(obj, type) and module is not None and obj.__module__ != module.obj.__name__:
        return []
    return None


@pytest.fixture(scope="session")
def dynamodb_endpoint() -> Iterator[str]:
    for engine in run_engine(DynamoDBLocal(heap_mb=512)):
        yield engine.endpoint


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    for engine in run_engine(RedisServer()):
        yield engine.url


@pytest.fixture
def redis_url(redis_server: str) -> str:
    with redis.Redis.from_url(redis_server) as connection:
        connection.flushall()
    return redis_server


@pytest.fixture(scope="session")
def table_maker(dynamodb_endpoint: str) -> Callable[[str], None]:
    """Create a table quickly, without the checks of provisioning and without a stream.

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
    """Settings with a new table and without Redis."""
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
    """Settings with a new table and an empty Redis."""
    return settings.model_copy(update={"redis_url": redis_url})


@pytest.fixture
def settings_env(full_settings: Settings) -> dict[str, str]:
    """The environment of a process with `full_settings`."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        **CREDENTIALS,
        "AWS_ENDPOINT_URL_DYNAMODB": str(full_settings.aws_endpoint_url_dynamodb),
        "TABLE_NAME": full_settings.table_name,
        "REDIS_URL": full_settings.redis_url,
        "ENVIRONMENT": "development",
        "SECRET_KEYS": SECRET,
        "JUDGE_LANGUAGES": ",".join(FEW_LANGUAGES),
        "DYNAMODB_DEADLINE_MS": str(PATIENCE_MS),
        "REDIS_TIMEOUT_MS": str(PATIENCE_MS),
        "WORK_DIR": str(full_settings.work_dir),
        "LOG_FORMAT": "json",
    }


@pytest.fixture
def reads(request: pytest.FixtureRequest) -> str:
    """How far eventually consistent reads are behind: `current`, `behind` or `random`.

    Tests with the mark `tests.support.lagging.LAGGING` run once with each of the last two.
    """
    return getattr(request, "param", "current")


@pytest.fixture
def delay_reads(
    reads: str, settings: Settings, table_maker: Callable[[str], None]
) -> Callable[[Dynamo], LaggingTable | None]:
    """Let a client read from the replica, if the test has the mark `LAGGING`."""
    if reads == "current":
        return lambda _: None
    table = LaggingTable(settings.table_name, table_maker, 1 if reads == "random" else None)
    return table.delay


@pytest.fixture
async def dynamo(
    settings: Settings, delay_reads: Callable[[Dynamo], LaggingTable | None]
) -> AsyncIterator[Dynamo]:
    async with open_dynamo(settings) as client:
        delay_reads(client)
        yield client


@pytest.fixture
async def stores(
    settings: Settings, delay_reads: Callable[[Dynamo], LaggingTable | None]
) -> AsyncIterator["Stores"]:
    from graphql_api.data.stores import open_stores  # noqa: PLC0415

    async with open_stores(settings) as found:
        delay_reads(found.dynamo)
        yield found
