"""The language board on a real Redis, and without one."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from graphql_api.cli.local.process import free_port
from graphql_api.cli.local.redis_server import RedisServer
from graphql_api.config import Settings
from graphql_api.data.clock import DAY_MS
from graphql_api.data.errors import Unavailable
from graphql_api.data.languages import LanguageInfo
from graphql_api.data.redis.language_board import LanguageBoard, open_language_board
from tests.support.settings import PATIENCE_MS

pytestmark = pytest.mark.redis


def language(name: str, version: str = "1.0") -> LanguageInfo:
    return LanguageInfo(
        id=name,
        name=name.title(),
        version=version,
        aliases=(f"{name}1", f"{name}-one"),
        file_name=f"main.{name}",
        compile_command=None,
        run_command=f"{name} main.{name}",
    )


class Time:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = 1_773_144_000_000

    def __call__(self) -> int:
        return self.now

    def forget(self) -> None:
        """Let the cache of the board expire."""
        self.now += 5_000


def named(url: str, *, timeout_ms: int = PATIENCE_MS) -> Settings:
    return Settings(
        _env_file=None,
        redis_url=url,
        redis_timeout_ms=timeout_ms,
    )


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
async def board(redis_url: str, clock: Time) -> AsyncIterator[LanguageBoard]:
    async with open_language_board(named(redis_url), clock) as found:
        yield found


async def test_before_any_announcement_the_languages_are_unknown(board: LanguageBoard) -> None:
    assert await board.available() == []
    assert await board.is_offered("python") is None
    assert await board.last_announced() is None


async def test_what_workers_announce_is_available_by_id(board: LanguageBoard, clock: Time) -> None:
    await board.announce("one", [language("python"), language("cpp")])
    clock.now += 10
    await board.announce("two", [language("java"), language("cpp", "2.0")])
    assert await board.available() == [
        language("cpp", "2.0"),
        language("java"),
        language("python"),
    ]
    assert await board.is_offered("java") is True
    assert await board.is_offered("cobol") is False
    assert await board.last_announced() == clock.now


async def test_a_language_is_offered_for_a_day_after_its_last_announcement(
    board: LanguageBoard, clock: Time
) -> None:
    await board.announce("one", [language("python")])
    clock.now += DAY_MS
    assert await board.is_offered("python") is True
    clock.now += 1
    assert await board.is_offered("python") is False
    assert await board.available() == []
    await board.announce("two", [])
    assert await board.last_announced() == clock.now
    assert await board.is_offered("python") is False


async def test_another_process_sees_an_announcement_within_five_seconds(
    board: LanguageBoard, redis_url: str, clock: Time
) -> None:
    async with open_language_board(named(redis_url), clock) as other:
        assert await other.is_offered("python") is None
        await board.announce("one", [language("python")])
        clock.forget()
        assert await other.is_offered("python") is True


async def test_without_redis_the_languages_are_unknown_and_listing_them_fails(clock: Time) -> None:
    async with open_language_board(named("redis://127.0.0.1:1/0"), clock) as board:
        assert await board.is_offered("python") is None
        with pytest.raises(Unavailable):
            await board.available()
        with pytest.raises(Unavailable):
            await board.announce("one", [language("python")])
        with pytest.raises(Unavailable):
            await board.last_announced()


@pytest.mark.slow
async def test_a_redis_that_was_restarted_is_found_again(clock: Time) -> None:
    port = free_port()
    async with open_language_board(named(f"redis://127.0.0.1:{port}/0"), clock) as board:
        for _ in range(2):
            with RedisServer(port=port):
                await board.announce("one", [language("python")])
                assert await board.is_offered("python") is True
            clock.forget()
            assert await board.is_offered("python") is None


@pytest.mark.slow
async def test_a_redis_that_hangs_costs_one_time_out_and_not_one_a_request(clock: Time) -> None:
    gone = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1000):
            pass
        writer.close()
        await writer.wait_closed()
        gone.set()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    started = time.monotonic()
    hanging = named(f"redis://127.0.0.1:{port}/0", timeout_ms=2000)
    async with open_language_board(hanging, clock) as board:
        found = await asyncio.gather(*(board.is_offered("python") for _ in range(20)))
    assert set(found) == {None}
    assert time.monotonic() - started < 20  # twenty time-outs would be forty seconds
    await gone.wait()
    server.close()
