"""The queues on Redis: how soon a crash is noticed, how often and for how long things are tried.

The figures are chosen for messages that name a record in the table: a lost one is sent again by
the sweeper, a doubled one is found claimed, so that nothing here required to last for days.
"""

import threading
from typing import Any

from dramatiq import Worker
from dramatiq.common import iter_queue
from dramatiq.middleware import AgeLimit, Middleware, Retries, ShutdownNotifications, TimeLimit

from graphql_api.config import Settings
from tasks.queue.redis_broker import BlockingRedisBroker

# A worker that was killed is noticed, and its messages go to others, after this long.
HEARTBEAT_TIMEOUT_MS = 5_000
# Of a million: every fetch looks for dead workers. A fetch in a thousand, dramatiq's own choice,
# took 387 s to find one.
MAINTENANCE_CHANCE = 1_000_000
DEAD_MESSAGE_LIFE_MS = 86_400_000

# Enough for a stumble of the database; the sweeper takes over from there.
MAX_RETRIES = 3
MIN_BACKOFF_MS = 500
MAX_BACKOFF_MS = 8_000
# By then the sweeper has sent a dozen newer ones.
MAX_AGE_MS = 86_400_000
# Of what works under no lease, which are runs on own input: nobody waits so long for one.
TIME_LIMIT_MS = 1_800_000
# What runs at SIGTERM may finish for this long; orchestrators commonly kill after 30 s.
DRAIN_SECONDS = 20


class GracefulShutdown(ShutdownNotifications):
    """Lets what runs finish for `drain_s` seconds after SIGTERM, then interrupts it.

    What waits in this process goes back to its queue at once.
    """

    def __init__(self, drain_s: float = DRAIN_SECONDS) -> None:
        super().__init__(notify_shutdown=True)
        self._drain_s = drain_s

    def before_worker_shutdown(self, broker: Any, worker: Worker) -> None:
        """Stop fetching, give back what has not begun, and set the time for the rest."""
        broker.draining.set()
        timer = threading.Timer(self._drain_s, self.manager.shutdown)
        timer.daemon = True
        timer.start()
        for item in iter_queue(worker.work_queue):  # type: ignore[no-untyped-call]
            worker.consumers[item.message.queue_name].requeue_messages([item.message])


def make_broker(settings: Settings, *more: Middleware) -> BlockingRedisBroker:
    """Return a broker on the settings' Redis, with `more` middleware; connects at its first use."""
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
            *more,
        ],
    )
