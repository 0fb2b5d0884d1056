"""A real judge, the execution engine on it, and an outbox that remembers."""

from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from graphql_api.cli.engines.redis_server import RedisServer
from graphql_api.config import Settings
from graphql_api.data.stores import Stores
from tasks.execution import Execution
from tasks.judge import Judge
from tasks.sandbox.errors import SandboxUnavailable
from tasks.signals import Nudges
from tasks.test_files import TestFiles
from tests.conftest import make_settings, missing, running
from tests.executions import Desk


@dataclass
class Remembered:
    """An outbox: what was sent, and after how long it is to run."""

    sent: list[tuple[str, str, int | None]] = field(default_factory=list)
    jobs: list[tuple[str, str, int | None]] = field(default_factory=list)
    # What the messages about an id needed, the latest last.
    needs: dict[str, list[set[str]]] = field(default_factory=dict)

    async def send_execution(
        self,
        uid: str,
        ulid: str,
        language: str,
        *,
        needs: Collection[str] = (),
        delay_ms: int | None = None,
    ) -> None:
        assert language
        self.sent.append((uid, ulid, delay_ms))
        self.needs.setdefault(ulid, []).append({language, *needs})

    async def send_job(
        self, uid: str, ulid: str, *, needs: Collection[str] = (), delay_ms: int | None = None
    ) -> None:
        self.jobs.append((uid, ulid, delay_ms))
        self.needs.setdefault(ulid, []).append(set(needs))

    @property
    def ulids(self) -> list[str]:
        return [ulid for _, ulid, _ in self.sent]


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    """A Redis of these tests' own: other tests' workers must not take our messages."""
    for engine in running(RedisServer()):
        yield engine.url


def started(work_dir: Path, **more: object) -> Iterator[Judge]:
    settings = make_settings(work_dir=work_dir, judge_slots=2, **more)
    try:
        judge = Judge(settings).start()
    except SandboxUnavailable as error:
        missing(str(error))
    yield judge
    judge.close()


@pytest.fixture(scope="session")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    yield from started(tmp_path_factory.mktemp("judge"))


@pytest.fixture(scope="session")
def python_judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    """The judge of a host that has Python and nothing else."""
    yield from started(tmp_path_factory.mktemp("python"), judge_languages=("python",))


@pytest.fixture
def outbox() -> Remembered:
    return Remembered()


@pytest.fixture
def work_settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"lease_seconds": 2, "sweep_seconds": 1, "attempt_cap": 3})


@pytest.fixture
def nudges() -> Nudges:
    return Nudges()


@pytest.fixture
def make_execution(
    *,
    work_settings: Settings,
    stores: Stores,
    judge: Judge,
    outbox: Remembered,
    nudges: Nudges,
    tmp_path: Path,
) -> Iterator[Callable[..., Execution]]:
    threads = ThreadPoolExecutor(4)

    def make(judge: Judge = judge) -> Execution:
        return Execution(
            settings=work_settings,
            stores=stores,
            judge=judge,
            files=TestFiles(tmp_path / "tests"),
            outbox=outbox,
            threads=threads,
            nudges=nudges,
        )

    yield make
    threads.shutdown()


@pytest.fixture
def execution(make_execution: Callable[..., Execution]) -> Execution:
    return make_execution()


@pytest.fixture
async def desk(stores: Stores) -> Desk:
    return await Desk.open(stores)
