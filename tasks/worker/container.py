"""The objects that all actors of one worker process share."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from threading import Event

import structlog
from ulid import ULID

from graphql_api.config import Settings
from graphql_api.data.enums import JobKind
from graphql_api.data.redis.custom_runs import open_run_board
from graphql_api.data.stores import Stores, open_stores
from judge.judge import Judge, JudgeConfig
from tasks.handlers.concurrency import background_task
from tasks.handlers.custom_runs import CustomRunHandler
from tasks.handlers.executions import ExecutionHandler
from tasks.handlers.feed_jobs import FeedJobHandler, publishing_time_s
from tasks.handlers.idle_gate import IdleGate
from tasks.handlers.jobs import JobHandler
from tasks.handlers.rejudge import RejudgeHandler
from tasks.handlers.testset_cache import TestSetCache
from tasks.queue.cancellations import Cancellations, listen_forever
from tasks.queue.fair_queue import Places
from tasks.queue.redis_broker import BlockingRedisBroker
from tasks.queue.sender import BULK_QUEUE, TaskSender
from tasks.worker.announcer import announce_forever
from tasks.worker.sweeper import Sweeper

PRUNE_SECONDS = 3600
# One thread of a process is for bulk work. The other threads are for executions and custom runs.
JOB_CONCURRENCY = 1
# Places of each queue that are reserved for users of whom the host has no message. A place is
# cheap, because its execution only loads its data until a slot of the host is free.
RESERVED_PLACES = 8

_log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class WorkerContainer:
    """The objects that the actors of one worker process share."""

    worker_id: str
    stores: Stores
    executions: ExecutionHandler
    custom_runs: CustomRunHandler
    jobs: JobHandler
    idle_gate: IdleGate


_CURRENT: list[WorkerContainer] = []


def current_container() -> WorkerContainer:
    """Return the container of this process.

    Raises:
        RuntimeError: this process is not a worker, or it is shutting down.
    """
    if not _CURRENT:
        raise RuntimeError(
            "Dramatiq actors can run only in a worker process. Start a worker with `dramatiq "
            "tasks`."
        )
    return _CURRENT[-1]


def make_worker_name() -> str:
    """Return a name that no other worker process has."""
    return f"{socket.gethostname()}:{os.getpid()}:{str(ULID())[-6:]}"


def judge_config(settings: Settings) -> JudgeConfig:
    """Return the configuration of the judge from the settings."""
    return JudgeConfig(
        work_dir=settings.work_dir,
        slots=settings.judge_slots,
        languages=settings.judge_languages,
        submission_s=settings.judge_submission_seconds,
    )


def execution_places(settings: Settings) -> Places:
    """Return the limits of the executions that a process handles at the same time.

    A place is the capacity for one message. The process has one place for each slot, one place for
    an execution that is loading its data, and `RESERVED_PLACES` reserved places (see `Places`).
    """
    return _places(settings, slot_count(settings) + 1)


def custom_run_places(settings: Settings) -> Places:
    """Return the limits of the custom runs that a process handles at the same time.

    A place is the capacity for one message. The process has one place for each slot, and
    `RESERVED_PLACES` reserved places (see `Places`).
    """
    return _places(settings, slot_count(settings))


def _places(settings: Settings, shared: int) -> Places:
    return Places(shared + RESERVED_PLACES, RESERVED_PLACES, settings.executions_per_user)


def slot_count(settings: Settings) -> int:
    """Return the number of slots of this host."""
    return settings.judge_slots or os.cpu_count() or 1


def host_name(settings: Settings) -> str:
    """Return the name of this host for the fair queue.

    The name is the same in all worker processes that share the slots of the host.
    """
    return f"{socket.gethostname()}:{settings.work_dir.resolve()}"


def thread_count(settings: Settings) -> int:
    """Return the number of threads of a process: one for each message that it may hold."""
    places = execution_places(settings), custom_run_places(settings)
    return sum(place.total for place in places) + JOB_CONCURRENCY


@asynccontextmanager
async def open_container(
    settings: Settings, broker: BlockingRedisBroker, judge: Judge, languages_changed: Event
) -> AsyncIterator[WorkerContainer]:
    """Open the shared objects, and run the background tasks during the block.

    The background tasks are the sweeper, the announcer, the listener for cancellations and the
    removal of unused test sets. `languages_changed` is set when the judge's languages have changed.
    """
    async with AsyncExitStack() as stack:
        name = make_worker_name()
        stores = await stack.enter_async_context(open_stores(settings))
        sender = TaskSender(settings, broker)
        stack.push_async_callback(sender.aclose)
        threads = ThreadPoolExecutor(thread_count(settings) + 2, thread_name_prefix="judge")
        stack.callback(threads.shutdown, wait=False, cancel_futures=True)
        files = TestSetCache(settings.work_dir / "tests")
        cancellations = Cancellations()
        executions = ExecutionHandler(
            settings=settings,
            stores=stores,
            judge=judge,
            files=files,
            sender=sender,
            threads=threads,
            cancellations=cancellations,
        )
        sweeper = Sweeper(settings, stores, sender, worker_name=name)
        for background in (
            sweeper.run_forever(),
            announce_forever(settings, name, judge, languages_changed),
            listen_forever(settings, cancellations),
            _prune_forever(files),
        ):
            await stack.enter_async_context(background_task(background))
        board = await stack.enter_async_context(open_run_board(settings))
        custom_runs = CustomRunHandler(
            settings=settings, board=board, judge=judge, sender=sender, threads=threads
        )
        idle_gate = IdleGate()
        rejudge = RejudgeHandler(
            stores=stores,
            executions=executions,
            idle_gate=idle_gate,
            draining=broker.draining,
            others_wait=partial(broker.has_waiting, BULK_QUEUE),
        )
        feed_jobs = FeedJobHandler(
            stores=stores,
            draining=broker.draining,
            others_wait=partial(broker.has_waiting, BULK_QUEUE),
            publishing_s=publishing_time_s(settings),
        )
        jobs = JobHandler(
            settings=settings,
            store=stores.jobs,
            sender=sender,
            cancellations=cancellations,
            handlers={
                JobKind.REJUDGE: rejudge,
                JobKind.REMOVE_FROM_FEED: feed_jobs,
                JobKind.RETURN_TO_FEED: feed_jobs,
            },
        )
        container = WorkerContainer(name, stores, executions, custom_runs, jobs, idle_gate)
        _CURRENT.append(container)
        stack.callback(_CURRENT.remove, container)
        yield container


async def _prune_forever(files: TestSetCache) -> None:
    while True:
        try:
            await asyncio.to_thread(files.prune)
        except OSError:
            _log.exception("The cache of test sets was not pruned.")
        await asyncio.sleep(PRUNE_SECONDS)
