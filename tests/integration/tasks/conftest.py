"""A real judge, the execution handler on it, and a recording sender."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from graphql_api.cli.local.redis_server import RedisServer
from graphql_api.config import Settings
from graphql_api.data.stores import Stores
from judge.judge import Judge
from judge.sandbox.errors import SandboxUnavailable
from tasks.handlers.executions import ExecutionHandler
from tasks.handlers.testset_cache import TestSetCache
from tasks.queue.cancellations import Cancellations
from tests.support.executions import SubmissionDriver
from tests.support.judging import judge_config
from tests.support.senders import RecordingSender
from tests.support.services import run_engine, skip_or_fail


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    """A Redis only for these tests, because workers of other tests must not take their messages."""
    for engine in run_engine(RedisServer()):
        yield engine.url


def started(work_dir: Path, **more: object) -> Iterator[Judge]:
    try:
        judge = Judge(judge_config(work_dir, **more)).start()
    except SandboxUnavailable as error:
        skip_or_fail(str(error))
    yield judge
    judge.close()


@pytest.fixture(scope="session")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    yield from started(tmp_path_factory.mktemp("judge"))


@pytest.fixture(scope="session")
def python_judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    """The judge of a host that has only Python."""
    yield from started(tmp_path_factory.mktemp("python"), languages=("python",))


@pytest.fixture
def sender() -> RecordingSender:
    return RecordingSender()


@pytest.fixture
def work_settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"lease_seconds": 2, "sweep_seconds": 1, "attempt_cap": 3})


@pytest.fixture
def cancellations() -> Cancellations:
    return Cancellations()


@pytest.fixture
def make_execution(
    *,
    work_settings: Settings,
    stores: Stores,
    judge: Judge,
    sender: RecordingSender,
    cancellations: Cancellations,
    tmp_path: Path,
) -> Iterator[Callable[..., ExecutionHandler]]:
    threads = ThreadPoolExecutor(4)

    def make(judge: Judge = judge) -> ExecutionHandler:
        return ExecutionHandler(
            settings=work_settings,
            stores=stores,
            judge=judge,
            files=TestSetCache(tmp_path / "tests"),
            sender=sender,
            threads=threads,
            cancellations=cancellations,
        )

    yield make
    threads.shutdown()


@pytest.fixture
def execution(make_execution: Callable[..., ExecutionHandler]) -> ExecutionHandler:
    return make_execution()


@pytest.fixture
async def driver(stores: Stores) -> SubmissionDriver:
    return await SubmissionDriver.open(stores)
