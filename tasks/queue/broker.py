"""The queues on Redis: how soon a crash is noticed, and how often and how long a message is tried.

Each message names a record in the table. The sweeper sends a lost message again, and a worker finds
the record of a duplicate already claimed. So no message has to live for days.
"""

import threading
from typing import Any

from dramatiq import Worker
from dramatiq.common import iter_queue
from dramatiq.middleware import AgeLimit, Middleware, Retries, ShutdownNotifications, TimeLimit

from graphql_api.config import Settings
from tasks.queue.redis_broker import BlockingRedisBroker

# After this time without a heartbeat, the messages of a killed worker go to other workers.
HEARTBEAT_TIMEOUT_MS = 5_000
# Out of a million: each fetch looks for dead workers. With dramatiq's default, one fetch in a
# thousand, it took 387 s to find a dead worker.
MAINTENANCE_CHANCE = 1_000_000
DEAD_MESSAGE_LIFE_MS = 86_400_000

# Enough for a short failure of the database; after that the sweeper sends the message again.
MAX_RETRIES = 3
MIN_BACKOFF_MS = 500
MAX_BACKOFF_MS = 8_000
# By this age the sweeper has sent a dozen newer messages.
MAX_AGE_MS = 86_400_000
# Time limit of messages without a lease (custom runs).
TIME_LIMIT_MS = 1_800_000
# Running messages may finish for this long after SIGTERM; orchestrators commonly kill after 30 s.
DRAIN_SECONDS = 20


class GracefulShutdown(ShutdownNotifications):
    """Middleware for a graceful shutdown at SIGTERM.

    Running messages may finish for `drain_s` seconds and are interrupted after that. Messages that
    have not begun go back to their queue at once.
    """

    def __init__(self, drain_s: float = DRAIN_SECONDS) -> None:
        super().__init__(notify_shutdown=True)
        self._drain_s = drain_s

    def before_worker_shutdown(self, broker: Any, worker: Worker) -> None:
        """Stop fetching, give back the messages that have not begun, and start the timer."""
        broker.draining.set()
        timer = threading.Timer(self._drain_s, self.manager.shutdown)
        timer.daemon = True
        timer.start()
        for item in iter_queue(worker.work_queue):  # type: ignore[no-untyped-call]
            worker.consumers[item.message.queue_name].requeue_messages([item.message])


def make_broker(settings: Settings, *extra: Middleware) -> BlockingRedisBroker:
    """Return a broker with `extra` middleware. It connects to Redis at its first use."""
    return BlockingRedisBroker(
        settings.redis_url,
        timeout_s=settings.redis_timeout_ms / 1000,
        heartbeat_timeout_ms=HEARTBEAT_TIMEOUT_MS,
        maintenance_chance=MAINTENANCE_CHANCE,
        dead_message_life_ms=DEAD_MESSAGE_LIFE_MS,
        middleware=[
            AgeLimit(max_age=MAX_AGE_MS),
            TimeLimit(time_limit=TIME_LIMIT_MS),
            GracefulShutdown(),
            Retries(
                max_retries=MAX_RETRIES, min_backoff=MIN_BACKOFF_MS, max_backoff=MAX_BACKOFF_MS
            ),
            *extra,
        ],
    )
