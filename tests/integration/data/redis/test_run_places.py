"""The places of waiting callers in several API processes, each with a client of its own."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest
from redis.asyncio import Redis

from graphql_api.cli.local.process import HOST, free_port
from graphql_api.config import Settings
from graphql_api.data.errors import Conflict, Unavailable
from graphql_api.data.limits import WAITING_RUNS_PER_USER
from graphql_api.data.redis import run_places
from graphql_api.data.redis.connection import connect
from graphql_api.data.redis.run_places import PREFIX, RunPlaces
from tests.support.settings import make_settings
from tests.support.waiting import wait_until_async

pytestmark = pytest.mark.redis

MakeProcess = Callable[[], RunPlaces]


@pytest.fixture
def settings(redis_url: str) -> Settings:
    """Settings without a table."""
    return make_settings(redis_url=redis_url)


@pytest.fixture
async def redis(settings: Settings) -> AsyncIterator[Redis]:
    client = connect(settings)
    yield client
    await client.aclose()


@pytest.fixture
async def make_process(settings: Settings) -> AsyncIterator[MakeProcess]:
    async with AsyncExitStack() as closing:

        def make() -> RunPlaces:
            client = connect(settings)
            closing.push_async_callback(client.aclose)
            places = RunPlaces(client)
            closing.push_async_callback(places.aclose)
            return places

        yield make


@pytest.fixture
def uid(request: pytest.FixtureRequest) -> str:
    """A user who exists only in this test."""
    return f"{request.node.name}-{free_port()}"


async def fill(held: AsyncExitStack, uid: str, *processes: RunPlaces) -> None:
    """Take all places of a user, in these processes in turn."""
    for number in range(WAITING_RUNS_PER_USER):
        await held.enter_async_context(processes[number % len(processes)].take(uid))


async def is_free(places: RunPlaces, uid: str) -> bool:
    """Return whether the user has a free place, and leave it free."""
    try:
        async with places.take(uid):
            return True
    except Conflict:
        return False


async def test_the_places_of_a_user_are_counted_over_all_processes(
    make_process: MakeProcess, redis: Redis, uid: str
) -> None:
    first, second, third = make_process(), make_process(), make_process()
    async with AsyncExitStack() as held:
        await fill(held, uid, first, second)
        for places in (first, second, third):
            with pytest.raises(Conflict, match="already have 4 custom runs"):
                async with places.take(uid):
                    pass
        assert await is_free(third, f"{uid}-other")
    async with AsyncExitStack() as held:
        await fill(held, uid, third)
    assert not await redis.exists(PREFIX + uid)


async def test_of_many_callers_of_one_user_at_once_exactly_as_many_as_allowed_get_a_place(
    make_process: MakeProcess, uid: str
) -> None:
    processes = [make_process() for _ in range(3)]
    everyone_tried, tried = asyncio.Event(), 0

    async def call(places: RunPlaces) -> bool:
        nonlocal tried
        try:
            async with places.take(uid):
                tried += 1
                await everyone_tried.wait()
                return True
        except Conflict:
            tried += 1
            return False

    calls = [asyncio.create_task(call(places)) for places in processes * 10]

    async def all_tried() -> bool:
        return tried == len(calls)

    await wait_until_async("all callers", all_tried)
    everyone_tried.set()
    assert sum(await asyncio.gather(*calls)) == WAITING_RUNS_PER_USER


async def test_the_places_of_a_killed_process_become_free(
    make_process: MakeProcess, monkeypatch: pytest.MonkeyPatch, redis: Redis, uid: str
) -> None:
    monkeypatch.setattr(run_places, "LEASE_S", 1.0)
    killed, other = make_process(), make_process()
    async with AsyncExitStack() as held:
        await fill(held, uid, killed)
        await killed.aclose()
        assert 0 < await redis.pttl(PREFIX + uid) <= 1000
        assert not await is_free(other, uid)

        async def is_free_again() -> bool:
            return await is_free(other, uid)

        await wait_until_async("the end of the leases", is_free_again)


async def test_a_place_is_kept_for_longer_than_its_lease_while_its_process_lives(
    make_process: MakeProcess, monkeypatch: pytest.MonkeyPatch, redis: Redis, uid: str
) -> None:
    monkeypatch.setattr(run_places, "LEASE_S", 30.0)
    monkeypatch.setattr(run_places, "RENEW_S", 0.05)
    process, other = make_process(), make_process()

    async def ends_at_ms() -> int:
        ends = await redis.zrange(PREFIX + uid, 0, 0, withscores=True)
        return int(ends[0][1])

    async with AsyncExitStack() as held:
        await fill(held, uid, process)
        first = await ends_at_ms()

        async def is_renewed() -> bool:
            return await ends_at_ms() > first

        await wait_until_async("a renewal of all places", is_renewed)
        assert not await is_free(other, uid)
    # The renewals go on, and do not bring a freed place back.
    await asyncio.sleep(0.2)
    assert not await redis.exists(PREFIX + uid)


async def test_a_cancelled_caller_leaves_no_place(
    make_process: MakeProcess, redis: Redis, uid: str
) -> None:
    places = make_process()

    async def call() -> None:
        async with places.take(uid):
            await asyncio.Event().wait()

    for turns in range(6):
        caller = asyncio.create_task(call())
        for _ in range(turns):
            await asyncio.sleep(0)
        while not caller.done():  # the Redis client may swallow a cancellation
            caller.cancel()
            await asyncio.wait([caller], timeout=0.1)
    async with AsyncExitStack() as held:
        await fill(held, uid, places)
    assert not await redis.exists(PREFIX + uid)


async def test_without_redis_a_caller_gets_no_place_and_takes_none(
    settings: Settings, make_process: MakeProcess, uid: str
) -> None:
    dead = settings.model_copy(update={"redis_url": f"redis://{HOST}:{free_port()}/0"})
    client = connect(dead)
    places = RunPlaces(client)
    for _ in range(WAITING_RUNS_PER_USER + 1):
        with pytest.raises(Unavailable, match="Redis did not answer"):
            async with places.take(uid):
                pass
    await places.aclose()
    await client.aclose()
    assert await is_free(make_process(), uid)


async def test_a_caller_with_a_place_is_not_disturbed_when_redis_loses_all_data(
    make_process: MakeProcess, monkeypatch: pytest.MonkeyPatch, redis: Redis, uid: str
) -> None:
    monkeypatch.setattr(run_places, "RENEW_S", 0.05)
    places = make_process()
    async with AsyncExitStack() as held:
        await fill(held, uid, places)
        await redis.delete(PREFIX + uid)
        await redis.client_kill_filter(_type="normal", skipme=True)
        await asyncio.sleep(0.2)
    assert await is_free(places, uid)
