"""Handlers of rejudge jobs."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from graphql_api.config import Settings
from graphql_api.data.enums import JobKind
from judge.judge import Judge
from tasks.handlers.executions import ExecutionHandler
from tasks.handlers.idle_gate import IdleGate
from tasks.handlers.jobs import JobHandler
from tasks.handlers.rejudge import RejudgeHandler
from tasks.queue.cancellations import Cancellations
from tests.support.executions import WRONG, SubmissionDriver
from tests.support.judging import WatchedJudge
from tests.support.rejudges import (
    Make,
    Slow,
)
from tests.support.senders import RecordingSender
from tests.support.waiting import PATIENCE_S


@pytest.fixture
def idle_gate() -> IdleGate:
    return IdleGate()


@pytest.fixture
def draining() -> threading.Event:
    return threading.Event()


@pytest.fixture
def make_jobs(
    *,
    work_settings: Settings,
    driver: SubmissionDriver,
    sender: RecordingSender,
    cancellations: Cancellations,
    idle_gate: IdleGate,
    draining: threading.Event,
    make_execution: Callable[..., ExecutionHandler],
) -> Make:
    def make(
        judge: Judge | None = None, *, others_wait: bool = False, **changed: Any
    ) -> JobHandler:
        execution = make_execution(judge) if judge else make_execution()
        handler = RejudgeHandler(
            stores=driver.stores,
            executions=execution,
            idle_gate=idle_gate,
            draining=draining,
            others_wait=lambda: others_wait,
            index_lag_s=0,
        )
        return JobHandler(
            settings=work_settings.model_copy(update=changed),
            store=driver.stores.jobs,
            sender=sender,
            cancellations=cancellations,
            handlers={JobKind.REJUDGE: handler},
        )

    return make


@pytest.fixture
async def slow(
    make_execution: Callable[..., ExecutionHandler], driver: SubmissionDriver, judge: Judge
) -> AsyncIterator[Slow]:
    watched = WatchedJudge(judge)
    history = await driver.reserve(WRONG)
    running = asyncio.create_task(make_execution(watched).run(history.uid, history.ulid))
    assert await asyncio.to_thread(watched.began.wait, PATIENCE_S)
    yield Slow(history, watched, running)
    watched.may_return.set()
    await running
