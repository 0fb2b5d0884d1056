"""What the actors of one worker process share, open from before the first message to the last."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

import structlog
from ulid import ULID

from graphql_api.config import Settings
from graphql_api.data.enums import JobKind
from graphql_api.data.redis.custom_runs import open_run_board
from graphql_api.data.stores import Stores, open_stores
from judge.judge import Judge, JudgeConfig
from tasks.handlers.concurrency import background_task
from tasks.handlers.custom_runs import Runs
from tasks.handlers.executions import Execution
from tasks.handlers.idle_gate import IdleGate
from tasks.handlers.jobs import Jobs
from tasks.handlers.rejudge import Rejudging
from tasks.handlers.testset_cache import TestSetCache
from tasks.queue.cancellations import Cancellations, listen_for_ever
from tasks.queue.redis_broker import BlockingRedisBroker
from tasks.queue.sender import BULK_QUEUE, TaskSender
from tasks.worker.announcer import Bell, announce_for_ever
from tasks.worker.sweeper import Sweeper

PRUNE_SECONDS = 3600
# Bulk takes one place of a process: what people wait for has the others.
JOBS_AT_ONCE = 1

_log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class WorkerContainer:
    """The open parts of one worker process."""

    worker_id: str
    stores: Stores
    execution: Execution
    runs: Runs
    jobs: Jobs
    quiet: IdleGate


_CURRENT: list[WorkerContainer] = []


def current_container() -> WorkerContainer:
    """Return this process's resources.

    Raises:
        RuntimeError: this process is no worker, or is shutting down.
    """
    if not _CURRENT:
        raise RuntimeError("actors run in the processes that `dramatiq tasks` starts")
    return _CURRENT[-1]


def worker_name() -> str:
    """Return a name that no other worker process has."""
    return f"{socket.gethostname()}:{os.getpid()}:{str(ULID())[-6:]}"


def judge_config(settings: Settings) -> JudgeConfig:
    """Return the part of the settings that the judge required."""
    return JudgeConfig(
        work_dir=settings.work_dir,
        slots=settings.judge_slots,
        languages=settings.judge_languages,
        submission_s=settings.judge_submission_seconds,
    )


def executions_at_once(settings: Settings) -> int:
    """Return how many executions a process works on: all the host's slots, and one that loads."""
    return (settings.judge_slots or os.cpu_count() or 1) + 1


def runs_at_once(settings: Settings) -> int:
    """Return how many runs on own input a process works on, besides its executions."""
    return settings.judge_slots or os.cpu_count() or 1


def threads_needed(settings: Settings) -> int:
    """Return the threads with which nothing that a process has taken waits for one."""
    return executions_at_once(settings) + runs_at_once(settings) + JOBS_AT_ONCE


@asynccontextmanager
async def open_container(
    settings: Settings, broker: BlockingRedisBroker, judge: Judge, bell: Bell
) -> AsyncIterator[WorkerContainer]:
    """Open everything and keep the sweeper and the announcements running inside the block.

    The bell is rung when the judge's languages changed.
    """
    async with AsyncExitStack() as stack:
        name = worker_name()
        stores = await stack.enter_async_context(open_stores(settings))
        sender = TaskSender(settings, broker)
        stack.push_async_callback(sender.aclose)
        threads = ThreadPoolExecutor(threads_needed(settings) + 2, thread_name_prefix="judge")
        stack.callback(threads.shutdown, wait=False, cancel_futures=True)
        files = TestSetCache(settings.work_dir / "tests")
        cancellations = Cancellations()
        execution = Execution(
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
            sweeper.run_for_ever(),
            announce_for_ever(settings, name, judge, bell),
            listen_for_ever(settings, cancellations),
            _prune_for_ever(files),
        ):
            await stack.enter_async_context(background_task(background))
        board = await stack.enter_async_context(open_run_board(settings))
        runs = Runs(settings=settings, board=board, judge=judge, sender=sender, threads=threads)
        quiet = IdleGate()
        rejudging = Rejudging(
            stores=stores,
            execution=execution,
            quiet=quiet,
            draining=broker.draining,
            others_wait=partial(broker.others_wait, BULK_QUEUE),
        )
        jobs = Jobs(
            settings=settings,
            store=stores.jobs,
            sender=sender,
            cancellations=cancellations,
            handlers={JobKind.REJUDGE: rejudging},
        )
        resources = WorkerContainer(name, stores, execution, runs, jobs, quiet)
        _CURRENT.append(resources)
        stack.callback(_CURRENT.remove, resources)
        yield resources


async def _prune_for_ever(files: TestSetCache) -> None:
    while True:
        try:
            await asyncio.to_thread(files.prune)
        except OSError:
            _log.exception("test sets not pruned")
        await asyncio.sleep(PRUNE_SECONDS)
