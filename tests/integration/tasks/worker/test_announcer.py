"""The announcements of a worker's languages on a real Redis."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from threading import Thread
from typing import Self

import pytest
from dramatiq import Worker

from graphql_api.config import Settings
from graphql_api.data.languages import LanguageInfo
from graphql_api.data.redis.language_board import open_language_board
from judge.judge import Judge
from tasks.queue.broker import make_broker
from tasks.worker.container import judge_config
from tasks.worker.lifecycle import WorkerLifecycle
from tests.support.waiting import wait_until_async

pytestmark = [pytest.mark.dynamodb, pytest.mark.redis]
# Much less than the 30 s between two announcements.
SOON_S = 10


class Finding(Judge):
    """A judge that finds the languages that a test names, in another thread."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(judge_config(settings))
        self._found: dict[str, LanguageInfo] = {}
        self._tell: Callable[[], None] = lambda: None

    def start(self, found: Callable[[], None] | None = None) -> Self:
        assert found is not None
        self._tell = found
        self.find("python")
        return self

    @property
    def languages(self) -> Mapping[str, LanguageInfo]:
        return self._found

    def find(self, name: str) -> None:
        language = LanguageInfo(
            id=name,
            name=name,
            version="1",
            aliases=(),
            file_name=f"main.{name}",
            compile_command=None,
            run_command=name,
        )
        self._found = {**self._found, name: language}
        thread = Thread(target=self._tell)
        thread.start()
        thread.join()


@pytest.fixture
async def judge(full_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Finding]:
    """The judge of a running worker process."""
    judge = Finding(full_settings)
    monkeypatch.setattr("tasks.worker.lifecycle.Judge", lambda _: judge)
    broker = make_broker(full_settings)
    life, worker = WorkerLifecycle(full_settings), Worker(broker)
    await asyncio.to_thread(life.before_worker_boot, broker, worker)
    yield judge
    await asyncio.to_thread(life.after_worker_shutdown, broker, worker)
    judge.find("late")
    broker.close()


async def announced(settings: Settings, name: str) -> None:
    """Wait until a language is on the board."""

    async def look() -> bool | None:
        async with open_language_board(settings) as board:
            return await board.is_offered(name)

    await wait_until_async(f"{name} on the board", look, timeout_s=SOON_S)


async def test_languages_that_are_found_later_are_announced_at_once(
    full_settings: Settings, judge: Finding
) -> None:
    await announced(full_settings, "python")
    for name in ("go", "rust"):
        judge.find(name)
        await announced(full_settings, name)
