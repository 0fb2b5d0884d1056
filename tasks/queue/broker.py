"""The settings of the queues: detection of crashed workers, retries, and age limits of messages.

Each message contains the id of a record in the table. If a message is lost, the sweeper sends a new
message for the record. If a message is delivered twice, the second worker cannot claim the record.
So messages do not have to be kept for days.
"""

import threading
from typing import Any

from dramatiq import Worker
from dramatiq.common import iter_queue
from dramatiq.middleware import AgeLimit, Middleware, Retries, ShutdownNotifications, TimeLimit

from graphql_api.config import Settings
from tasks.queue.redis_broker import BlockingRedisBroker

# If a worker has sent no heartbeat for this time, its messages go to other workers.
HEARTBEAT_TIMEOUT_MS = 5_000
# Number of fetches in a million that look for dead workers. With this value, every fetch looks for
# dead workers. With dramatiq's default (one fetch in a thousand), this took 387 s.
MAINTENANCE_CHANCE = 1_000_000
DEAD_MESSAGE_LIFE_MS = 86_400_000

# Enough retries for a short failure of the database. After a longer failure, the sweeper sends a
# new message.
MAX_RETRIES = 3
MIN_BACKOFF_MS = 500
MAX_BACKOFF_MS = 8_000
# The sweeper has long since sent newer messages (about twelve) when a message reaches this age.
MAX_AGE_MS = 86_400_000
# Time limit of messages without a lease (custom runs).
TIME_LIMIT_MS = 1_800_000
# Running messages may continue for this time after SIGTERM. Orchestrators usually kill a process
# after 30 s.
DRAIN_SECONDS = 20


class GracefulShutdown(ShutdownNotifications):
    """Middleware for a graceful shutdown at SIGTERM.

    Running messages may continue for `drain_s` seconds and are then interrupted. Messages that have
    not started go back to their queue immediately.
    """

    def __init__(self, drain_s: float = DRAIN_SECONDS) -> None:
        super().__init__(notify_shutdown=True)
        self._drain_s = drain_s

    def before_worker_shutdown(self, broker: Any, worker: Worker) -> None:
        """Stop fetching messages, and give back the messages that no thread has started to process.

        Also start a timer that interrupts the running messages.
        """
        broker.draining.set()
        timer = threading.Timer(self._drain_s, self.manager.shutdown)
        timer.daemon = True
        timer.start()
        for item in iter_queue(worker.work_queue):  # type: ignore[no-untyped-call]
            worker.consumers[item.message.queue_name].requeue_messages([item.message])


def make_broker(settings: Settings, *extra: Middleware) -> BlockingRedisBroker:
    """Return a broker with the additional middleware `extra`.

    The broker connects to Redis at its first use.
    """
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
