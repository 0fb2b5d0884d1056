"""The broker as workers use it: messages given back at the shutdown, and retries."""

import asyncio
import threading
import time
from collections.abc import Iterator

import dramatiq
import pytest
from dramatiq.middleware import AsyncIO, Middleware, Retries

from graphql_api.config import Settings
from tasks.queue.broker import MAX_RETRIES, GracefulShutdown, make_broker
from tasks.queue.redis_broker import BlockingRedisBroker
from tests.support.settings import PATIENCE_MS, make_settings
from tests.support.waiting import PATIENCE_S, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.redis]

QUEUE = "work"


@pytest.fixture
def settings(redis_url: str) -> Settings:
    return make_settings(redis_url=redis_url, redis_timeout_ms=PATIENCE_MS)


def broker_with(settings: Settings, *middleware: Middleware) -> BlockingRedisBroker:
    return BlockingRedisBroker(
        settings.redis_url,
        timeout_s=settings.redis_timeout_ms / 1000,
        middleware=list(middleware),
        heartbeat_timeout_ms=5000,
        maintenance_chance=1_000_000,
        dead_message_life_ms=60_000,
    )


@pytest.fixture
def impatient(settings: Settings) -> Iterator[BlockingRedisBroker]:
    found = broker_with(
        settings,
        AsyncIO(),
        GracefulShutdown(drain_s=2),
        Retries(max_retries=3, min_backoff=100, max_backoff=100),
    )
    yield found
    found.close()


@pytest.fixture
def patient(settings: Settings) -> Iterator[BlockingRedisBroker]:
    found = broker_with(settings, AsyncIO(), GracefulShutdown(drain_s=120))
    yield found
    found.close()


def waiting(broker: BlockingRedisBroker) -> int:
    keys = (f"dramatiq:{QUEUE}", f"dramatiq:{QUEUE}.DQ")
    return sum(int(broker.client.llen(key)) for key in keys)


def test_what_runs_too_long_after_sigterm_is_interrupted_and_given_back(
    impatient: BlockingRedisBroker,
) -> None:
    began, cleaned_up = threading.Event(), threading.Event()

    async def slow() -> None:
        began.set()
        try:
            await asyncio.sleep(60)
        finally:
            cleaned_up.set()

    actor = dramatiq.actor(broker=impatient, queue_name=QUEUE)(slow)
    worker = dramatiq.Worker(impatient, worker_threads=2)
    worker.start()
    actor.send()
    assert began.wait(PATIENCE_S)
    started = time.monotonic()
    worker.stop()
    assert 1.5 < time.monotonic() - started < 25
    assert cleaned_up.is_set()
    assert waiting(impatient) == 1


def test_what_ends_in_time_is_not_interrupted(patient: BlockingRedisBroker) -> None:
    began, ended = threading.Event(), threading.Event()

    async def quick() -> None:
        began.set()
        await asyncio.sleep(0.2)
        ended.set()

    actor = dramatiq.actor(broker=patient, queue_name=QUEUE)(quick)
    worker = dramatiq.Worker(patient, worker_threads=2)
    worker.start()
    actor.send()
    assert began.wait(PATIENCE_S)
    worker.stop()
    assert ended.is_set()
    assert waiting(patient) == 0


def test_what_has_not_begun_is_given_back_before_the_rest_ends(
    patient: BlockingRedisBroker,
) -> None:
    began, may_end, ended = (threading.Event() for _ in range(3))

    async def slow() -> None:
        began.set()
        await asyncio.to_thread(may_end.wait, PATIENCE_S)
        ended.set()

    actor = dramatiq.actor(broker=patient, queue_name=QUEUE)(slow)
    worker = dramatiq.Worker(patient, worker_threads=1)
    worker.queue_prefetch = 6
    worker.start()
    for _ in range(6):
        actor.send()
    assert began.wait(PATIENCE_S)
    wait_until("all to be fetched", lambda: waiting(patient) == 0)
    stopping = threading.Thread(target=worker.stop)
    stopping.start()
    wait_until("five to be given back", lambda: waiting(patient) == 5)
    assert not ended.is_set()
    may_end.set()
    stopping.join(PATIENCE_S)
    assert ended.is_set()


def test_a_failing_message_is_tried_a_few_times_within_seconds(settings: Settings) -> None:
    calls: list[float] = []
    broker = make_broker(settings)

    def fail() -> None:
        calls.append(time.monotonic())
        raise ValueError("again")

    actor = dramatiq.actor(broker=broker, queue_name=QUEUE, max_retries=1)(fail)
    worker = dramatiq.Worker(broker, worker_threads=1)
    worker.start()
    actor.send()
    wait_until("the end of trying", lambda: broker.client.exists(f"dramatiq:{QUEUE}.XQ"))
    worker.stop()
    assert len(calls) == 2
    # Dramatiq's default is fifteen.
    assert calls[1] - calls[0] < 12
    assert MAX_RETRIES <= 5
