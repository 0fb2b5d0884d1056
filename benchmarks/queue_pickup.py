"""How soon an idle worker starts on a message: our blocking consumer compared with dramatiq's own.

    python -m benchmarks.queue_pickup [MESSAGES]

Starts its own Redis. Each message is sent after the worker was idle for a random pause of up to
1.5 s. One process measures the time until the actor runs.
"""

import random
import statistics
import sys
import threading
import time
from collections.abc import Callable

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker

from graphql_api.cli.local.redis_server import RedisServer
from graphql_api.config import Settings
from tasks.queue.broker import HEARTBEAT_TIMEOUT_MS, MAINTENANCE_CHANCE, make_broker

MESSAGES = 50
LONGEST_IDLE_S = 1.5
THREADS = 4


def stock_broker(settings: Settings) -> dramatiq.Broker:
    """Return dramatiq's own broker with our settings for crash recovery."""
    client = redis.Redis.from_url(settings.redis_url)
    return RedisBroker(  # type: ignore[no-untyped-call]
        client=client,
        heartbeat_timeout=HEARTBEAT_TIMEOUT_MS,
        maintenance_chance=MAINTENANCE_CHANCE,
    )


def measure(broker: dramatiq.Broker, messages: int) -> list[float]:
    """Return the milliseconds from each enqueue to the start of the actor."""
    started, started_at = threading.Event(), [0.0]

    def note() -> None:
        started_at[0] = time.perf_counter()
        started.set()

    actor = dramatiq.actor(broker=broker, queue_name="pickup")(note)
    worker = dramatiq.Worker(broker, worker_threads=THREADS)
    worker.start()
    pauses = random.Random(1)  # noqa: S311 - the same pauses for both
    try:
        return [_measure_message(actor, started, started_at, pauses) for _ in range(messages)]
    finally:
        worker.stop()


def _measure_message(
    actor: dramatiq.Actor[[], None],
    started: threading.Event,
    started_at: list[float],
    pauses: random.Random,
) -> float:
    time.sleep(pauses.uniform(0.1, LONGEST_IDLE_S))
    started.clear()
    sent = time.perf_counter()
    actor.send()
    if not started.wait(10):
        sys.exit("a message was not picked up within 10 s")
    return (started_at[0] - sent) * 1000


def main() -> None:
    """Measure both brokers and print their distributions."""
    messages = int(sys.argv[1]) if len(sys.argv) > 1 else MESSAGES
    brokers: dict[str, Callable[[Settings], dramatiq.Broker]] = {
        "blocking consumer": make_broker,
        "dramatiq's own": stock_broker,
    }
    for name, make in brokers.items():
        with RedisServer() as engine:
            times = sorted(measure(make(Settings(redis_url=engine.url)), messages))
        p95 = times[int(len(times) * 0.95)]
        print(
            f"{name}: enqueue to start of {messages} messages, ms: p50 "
            f"{statistics.median(times):.1f}, p95 {p95:.1f}, worst {times[-1]:.1f}"
        )


if __name__ == "__main__":
    main()
