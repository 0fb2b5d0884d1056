"""The sweeper: a background task that sends overdue executions and jobs again.

The sweeper also ends overdue executions as FAILED if they have no attempts left, and removes old
test sets. Every worker process has a sweeper, which sweeps at regular intervals. A lock in Redis
allows only one process to sweep at a time. The lock only avoids unnecessary work. Two sweepers at
the same time do no harm, because each step is a conditional write to the table.
"""

import asyncio
import random
from dataclasses import asdict, dataclass

import structlog
from redis.exceptions import RedisError

from graphql_api.config import Settings
from graphql_api.data import keys
from graphql_api.data.clock import Clock, now_ms
from graphql_api.data.enums import HistoryStatus
from graphql_api.data.errors import Conflict, DomainError, NotFound
from graphql_api.data.histories.executions import OverdueExecution
from graphql_api.data.keys import DUE_SHARDS
from graphql_api.data.records import UNREADABLE
from graphql_api.data.redis.connection import connect
from graphql_api.data.stores import Stores
from tasks.handlers.executions import ATTEMPTS_EXHAUSTED
from tasks.queue.sender import TaskSender

LOCK_KEY = "algoitny:sweeper"
# Maximum number of items that one sweep reads from a shard. The next sweep reads the rest.
DUE_AT_ONCE = 100
# Old test sets become due an hour after their replacement, so a purge every few minutes is enough.
PURGE_PAUSE_MS = 300_000

_log = structlog.stdlib.get_logger(__name__)


@dataclass(slots=True)
class SweepCounts:
    """The numbers of items that one sweep has handled, by kind of action.

    - `sent`: executions and jobs that were sent again.
    - `failed`: executions that were ended as FAILED.
    - `purged`: old test sets that were removed.
    - `quarantined`: unreadable items that were put into quarantine.
    """

    sent: int = 0
    failed: int = 0
    purged: int = 0
    quarantined: int = 0

    def __bool__(self) -> bool:
        return bool(self.sent or self.failed or self.purged or self.quarantined)


class Sweeper:
    """The sweeper of one worker process."""

    def __init__(
        self,
        settings: Settings,
        stores: Stores,
        sender: TaskSender,
        *,
        worker_name: str,
        clock: Clock = now_ms,
    ) -> None:
        self._stores, self._sender, self._clock = stores, sender, clock
        self._pause_s = settings.sweep_seconds
        self._attempt_cap = settings.attempt_cap
        self._name = worker_name
        self._purges_at = 0
        self._redis = connect(settings)

    async def run_forever(self) -> None:
        """Sweep regularly until this task is cancelled.

        The interval is the setting SWEEP_SECONDS. The first sweep comes after a random part of the
        interval, so that the processes sweep at different times.
        """
        await asyncio.sleep(random.uniform(0, self._pause_s))  # noqa: S311 - workers sweep at different times
        try:
            while True:
                try:
                    await self.sweep_if_elected()
                except Exception:  # noqa: BLE001 - it is logged, and the next sweep may succeed
                    _log.exception("not swept")
                await asyncio.sleep(self._pause_s)
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """Close the connection to Redis."""
        await self._redis.aclose()

    async def sweep_if_elected(self) -> None:
        """Sweep once, unless another worker process is sweeping.

        Log an error instead of raising it.
        """
        try:
            may_send = await self._take_lock()
        except RedisError as error:
            # Without Redis no message can be sent. But executions that have no attempts left can
            # still be ended as FAILED.
            _log.warning(
                "Redis is unavailable, so this sweep sends no messages.", reason=str(error)
            )
            may_send = None
        if may_send is False:
            return
        try:
            swept = await self.sweep(may_send=bool(may_send))
        except DomainError as error:
            _log.warning("not swept", reason=error.message)
            return
        if swept:
            _log.info("swept", **asdict(swept))

    async def _take_lock(self) -> bool:
        """Try to take the lock, and return whether this process has got it.

        The lock expires before the next sweep.
        """
        life_ms = int(self._pause_s * 900)
        return bool(await self._redis.set(LOCK_KEY, self._name, nx=True, px=life_ms))

    async def sweep(self, *, may_send: bool = True) -> SweepCounts:
        """Handle all overdue executions and jobs once, and remove old test sets.

        If `may_send` is False, no messages are sent.
        """
        swept, already = SweepCounts(), self._count_quarantined()
        for shard in range(DUE_SHARDS):
            due = await self._stores.executions.due(shard, self._clock(), DUE_AT_ONCE)
            for execution in due:
                try:
                    await self._handle(execution, swept, may_send=may_send)
                except DomainError:
                    raise
                except UNREADABLE as error:
                    await self._stores.executions.quarantine.add(
                        keys.history(execution.uid, execution.ulid), error
                    )
                except Exception:  # noqa: BLE001 - one failure must not delay the others
                    _log.exception("not swept", uid=execution.uid, ulid=execution.ulid)
        if may_send:
            await self._send_jobs(swept)
        await self._purge(swept)
        swept.quarantined = self._count_quarantined() - already
        return swept

    def _count_quarantined(self) -> int:
        stores = (self._stores.executions, self._stores.jobs, self._stores.tests)
        return sum(store.quarantine.added for store in stores)

    async def _send_jobs(self, swept: SweepCounts) -> None:
        now = self._clock()
        for job in await self._stores.jobs.due(now):
            if await self._stores.jobs.postpone(job, now):
                await self._sender.send_job(job.uid, job.ulid)
                swept.sent += 1

    async def _purge(self, swept: SweepCounts) -> None:
        now = self._clock()
        if now >= self._purges_at:
            self._purges_at = now + PURGE_PAUSE_MS
            swept.purged += await self._stores.tests.purge_due(now)

    async def _handle(self, due: OverdueExecution, swept: SweepCounts, *, may_send: bool) -> None:
        if due.status is HistoryStatus.RUNNING and due.attempt >= self._attempt_cap:
            swept.failed += await self._fail(due)
        elif may_send and await self._stores.executions.postpone(due, self._clock()):
            await self._sender.send_execution(due.uid, due.ulid, due.language)
            swept.sent += 1

    async def _fail(self, due: OverdueExecution) -> bool:
        try:
            await self._stores.executions.fail(
                due, ATTEMPTS_EXHAUSTED.format(cap=self._attempt_cap)
            )
        except (Conflict, NotFound):
            return False
        return True
