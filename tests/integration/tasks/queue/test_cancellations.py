"""Cancellations on a real Redis, also after a time without Redis."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
import redis

from graphql_api.cli.local.redis_server import RedisServer
from graphql_api.config import Settings
from tasks.handlers.concurrency import background_task
from tasks.queue.cancellations import CHANNEL, Cancellations, format_cancellation, listen_forever
from tests.support.services import run_engine
from tests.support.waiting import wait_until_async

pytestmark = [pytest.mark.redis]

HEARD_WITHIN_S = 30.0
UID, ULID = "1", "01J"


@pytest.fixture(scope="module")
def redis_server() -> Iterator[str]:
    """A Redis only for these tests, because they close the connections of all listeners."""
    for engine in run_engine(RedisServer()):
        yield engine.url


@pytest.fixture
def server(redis_server: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_server) as client:
        yield client


@pytest.fixture
async def cancellations(full_settings: Settings) -> AsyncIterator[Cancellations]:
    """The events of a listener that has subscribed."""
    found = Cancellations()
    with found.watch("any", "one") as first:
        async with background_task(listen_forever(full_settings, found)):
            await asyncio.wait_for(first.wait(), HEARD_WITHIN_S)
            yield found


async def test_a_signal_makes_those_look_that_work_on_what_it_names(
    cancellations: Cancellations, server: redis.Redis
) -> None:
    with cancellations.watch(UID, ULID) as named, cancellations.watch(UID, "01K") as other:
        server.publish(CHANNEL, format_cancellation(UID, ULID))
        await asyncio.wait_for(named.wait(), HEARD_WITHIN_S)
        assert not other.is_set()


async def test_all_look_once_the_listener_is_back_for_it_may_have_missed_their_signals(
    cancellations: Cancellations, server: redis.Redis
) -> None:
    with cancellations.watch(UID, ULID) as named, cancellations.watch(UID, "01K") as other:
        server.client_kill_filter(_type="pubsub", skipme=True)
        assert server.publish(CHANNEL, format_cancellation(UID, ULID)) == 0
        await asyncio.wait_for(named.wait(), HEARD_WITHIN_S)
        await asyncio.wait_for(other.wait(), HEARD_WITHIN_S)


async def test_a_signal_is_heard_again_after_each_lost_connection(
    cancellations: Cancellations, server: redis.Redis
) -> None:
    for _ in range(3):
        server.client_kill_filter(_type="pubsub", skipme=True)
        with cancellations.watch(UID, ULID) as named:

            async def heard(event: asyncio.Event = named) -> bool:
                return event.is_set()

            await wait_until_async("all to look", heard)
            named.clear()
            server.publish(CHANNEL, format_cancellation(UID, ULID))
            await wait_until_async("the signal to be heard", heard)
