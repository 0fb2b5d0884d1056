"""The blocking consumer on a real Redis."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import dramatiq
import pytest
import redis
from dramatiq.common import dq_name
from dramatiq.errors import ConnectionClosed

from graphql_api.data.redis.connection import connect_sync
from tasks.queue import fair_queue
from tasks.queue.fair_queue import Places
from tasks.queue.redis_broker import (
    TOKENS_KEPT,
    BlockingRedisBroker,
    BlockingRedisConsumer,
)
from tests.support.settings import PATIENCE_MS
from tests.support.waiting import wait_until

# Less than the time after which a consumer without a wake-up fetches again.
AWAKE_S = 45
pytestmark = pytest.mark.redis

QUEUE = "work"


def make(
    url: str,
    *,
    heartbeat_timeout_ms: int = 5000,
    timeout_s: float = PATIENCE_MS / 1000,
    kind: type[BlockingRedisBroker] = BlockingRedisBroker,
) -> BlockingRedisBroker:
    return kind(
        url,
        timeout_s=timeout_s,
        middleware=[],
        heartbeat_timeout_ms=heartbeat_timeout_ms,
        maintenance_chance=1_000_000,
        dead_message_life_ms=60_000,
    )


@pytest.fixture
def broker(redis_url: str) -> Iterator[BlockingRedisBroker]:
    found = make(redis_url)
    yield found
    found.close()


class PatientBroker(BlockingRedisBroker):
    """A broker whose consumers fetch again after one minute without a wake-up."""

    def consume(
        self, queue_name: str, prefetch: int = 1, timeout: int = 60_000
    ) -> dramatiq.Consumer:
        return super().consume(queue_name, prefetch, max(timeout, 60_000))


@pytest.fixture
def patient(redis_url: str) -> Iterator[BlockingRedisBroker]:
    found = make(redis_url, kind=PatientBroker)
    yield found
    found.close()


def message(text: str = "") -> dramatiq.Message[Any]:
    return dramatiq.Message(
        queue_name=QUEUE, actor_name="note", args=(text,), kwargs={}, options={}
    )


def consumer_of(
    broker: BlockingRedisBroker, prefetch: int = 8, timeout_ms: int = 100
) -> BlockingRedisConsumer:
    found = broker.consume(QUEUE, prefetch, timeout_ms)
    assert isinstance(found, BlockingRedisConsumer)
    return found


@contextmanager
def working(
    broker: BlockingRedisBroker, note: Callable[..., None]
) -> Iterator[dramatiq.Actor[Any, None]]:
    actor = dramatiq.actor(broker=broker, queue_name=QUEUE, actor_name="note")(note)
    worker = dramatiq.Worker(broker, worker_threads=2)
    worker.start()
    try:
        yield actor
    finally:
        stopping = threading.Thread(target=worker.stop)
        stopping.start()
        while stopping.is_alive():
            for queue in (QUEUE, dq_name(QUEUE)):
                broker.wake(queue)
            stopping.join(0.05)


@pytest.mark.slow
def test_an_idle_worker_is_woken_by_the_next_message(patient: BlockingRedisBroker) -> None:
    started = threading.Event()
    with working(patient, lambda _: started.set()) as actor:
        for _ in range(9):
            time.sleep(0.1)
            started.clear()
            actor.send("go")
            assert started.wait(AWAKE_S)


@pytest.mark.slow
def test_idling_costs_a_few_commands_a_second(broker: BlockingRedisBroker) -> None:
    with working(broker, lambda _: None):
        time.sleep(1)
        began = time.monotonic()
        before = broker.client.info("stats")["total_commands_processed"]
        time.sleep(2)
        after = broker.client.info("stats")["total_commands_processed"]
        took_s = time.monotonic() - began
    # Two queues, each also with delayed messages; commands inside scripts count too.
    assert (after - before) / took_s < 30


def test_a_delayed_message_is_held_by_any_worker_that_fetches_it(
    broker: BlockingRedisBroker,
) -> None:
    broker.fair_queue.capabilities = ["python"]
    later = message().copy(options=fair_queue.message_options("ada", required="java"))
    broker.enqueue(later, delay=60_000)
    with closing(broker.consume(dq_name(QUEUE), timeout=20)) as consumer:
        assert next(consumer) is not None
        before = broker.client.info("stats")["total_commands_processed"]
        for _ in range(3):
            assert next(consumer) is None
        after = broker.client.info("stats")["total_commands_processed"]
    # Commands inside scripts count too.
    assert after - before < 60


@pytest.mark.slow
def test_a_delayed_message_runs_when_it_is_due(patient: BlockingRedisBroker) -> None:
    ran: list[float] = []
    done = threading.Event()

    def note(_: str) -> None:
        ran.append(time.time())
        done.set()

    with working(patient, note) as actor:
        time.sleep(0.2)
        due = time.time() + 0.6
        actor.send_with_options(args=("later",), delay=600)
        assert done.wait(AWAKE_S)
    assert ran[0] > due - 0.01


@pytest.mark.slow
def test_a_full_worker_goes_on_as_soon_as_it_has_room(patient: BlockingRedisBroker) -> None:
    patient.places[QUEUE] = Places(1)
    begun: list[str] = []
    done = threading.Event()

    def note(text: str) -> None:
        begun.append(text)
        time.sleep(0.1)
        if len(begun) == 8:
            done.set()

    with working(patient, note) as actor:
        for _ in range(8):
            actor.send("one")
        assert done.wait(AWAKE_S)


def test_more_than_the_prefetch_is_never_held(broker: BlockingRedisBroker) -> None:
    for _ in range(3):
        broker.enqueue(message())
    consumer = consumer_of(broker, prefetch=2)
    first, second = next(consumer), next(consumer)
    assert first is not None
    assert second is not None
    assert next(consumer) is None
    consumer.ack(first)
    assert next(consumer) is not None


def test_a_full_consumer_still_gives_its_heartbeat(broker: BlockingRedisBroker) -> None:
    broker.enqueue(message())
    consumer = consumer_of(broker, prefetch=1)
    assert next(consumer) is not None
    broker.client.zadd("dramatiq:__heartbeats__", {broker.broker_id: 0})
    assert next(consumer) is None
    score = broker.client.zscore("dramatiq:__heartbeats__", broker.broker_id)
    assert score is not None
    assert score > 0


@pytest.mark.slow
def test_a_dead_workers_messages_go_to_another_within_its_heartbeat(redis_url: str) -> None:
    dead, alive = make(redis_url), make(redis_url, heartbeat_timeout_ms=400)
    dead.enqueue(message("orphan"))
    taken = time.monotonic()
    assert next(consumer_of(dead)) is not None
    consumer = consumer_of(alive)
    wait_until("the dead worker's message", lambda: next(consumer))
    assert time.monotonic() - taken >= 0.4


def test_a_closed_consumer_leaves_what_it_did_not_hand_out(broker: BlockingRedisBroker) -> None:
    for text in ("first", "second"):
        broker.enqueue(message(text))
    closing = consumer_of(broker)
    handed_out = next(closing)
    assert handed_out is not None
    closing.close()
    other = next(consumer_of(broker))
    assert other is not None
    assert other.args == ("second",)


def test_a_draining_worker_fetches_nothing(broker: BlockingRedisBroker) -> None:
    broker.enqueue(message())
    consumer = consumer_of(broker)
    broker.draining.set()
    assert next(consumer) is None
    broker.draining.clear()
    assert next(consumer) is not None


def test_a_message_given_back_is_fetched_again(broker: BlockingRedisBroker) -> None:
    broker.enqueue(message("again"))
    consumer = consumer_of(broker)
    held = next(consumer)
    assert held is not None
    consumer.requeue([held])
    again = next(consumer)
    assert again is not None
    assert again.args == ("again",)


def test_tokens_stay_few_and_end_by_themselves(broker: BlockingRedisBroker) -> None:
    for _ in range(TOKENS_KEPT + 20):
        broker.wake(QUEUE)
    key = broker.wake_key(QUEUE)
    assert broker.client.llen(key) == TOKENS_KEPT
    assert 0 < broker.client.ttl(key) <= 60


def test_the_queues_are_in_the_database_after_the_configured_one(
    redis_url: str, broker: BlockingRedisBroker
) -> None:
    broker.enqueue(message())
    with redis.Redis.from_url(redis_url) as named:
        assert named.dbsize() == 0
    with redis.Redis.from_url(redis_url.replace("/0", "/1")) as next_one:
        assert next_one.dbsize() > 0


def test_a_redis_that_does_not_answer_is_a_closed_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        broker = make(f"redis://127.0.0.1:{silent.getsockname()[1]}/0", timeout_s=0.05)
        consumer = consumer_of(broker)
        started = time.monotonic()
        with pytest.raises(ConnectionClosed):
            next(consumer)
        with pytest.raises(ConnectionClosed):
            consumer.requeue([_proxy()])
        assert time.monotonic() - started < 25


def _proxy() -> dramatiq.MessageProxy:
    return dramatiq.MessageProxy(message().copy(options={"redis_message_id": "1"}))


@pytest.mark.slow
def test_a_worker_outlives_a_redis_that_is_full_for_a_while(
    broker: BlockingRedisBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dramatiq.worker.CONSUMER_RESTART_DELAY_SECS", 0.1)
    done = threading.Event()
    with working(broker, lambda _: done.set()) as actor:
        # A failing consumer tries to give back the delayed message that it holds.
        actor.send_with_options(args=("later",), delay=1500)
        time.sleep(0.3)
        broker.client.config_set("maxmemory", 1)
        try:
            time.sleep(0.8)
        finally:
            broker.client.config_set("maxmemory", 0)
        done.clear()
        actor.send("now")
        assert done.wait(AWAKE_S)


def test_a_broken_connection_is_tried_once_again(redis_url: str) -> None:
    with connect_sync(redis_url, timeout_s=PATIENCE_MS / 1000) as client:
        assert client.ping()
        client.client_kill_filter(_type="normal", skipme=False)
        assert client.ping()
