"""Rejudge jobs, and helpers that read the resulting histories and jobs."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql_api.data.enums import JobKind
from graphql_api.data.jobs import NewJob
from graphql_api.data.problems.testsets import NewTest
from graphql_api.data.records import History, Job
from tasks.handlers.executions import ExecutionHandler
from tasks.handlers.jobs import JobHandler
from tests.support.executions import ADD, SubmissionDriver
from tests.support.judging import WatchedJudge
from tests.support.waiting import wait_until_async

# With these tests WRONG passes and ADD fails.
SEVENS = [NewTest(input=b"1 2\n", output=b"7\n", is_sample=True)]


SEVEN_CPP = '#include <cstdio>\nint main() { puts("7"); }\n'


Make = Callable[..., JobHandler]


@dataclass(frozen=True)
class Slow:
    """An execution that began with the previous tests and runs until `end` is called."""

    history: History
    judge: WatchedJudge
    running: asyncio.Task[None]

    async def end(self) -> None:
        assert not self.running.done()
        self.judge.may_return.set()
        await self.running


async def judged(
    execution: ExecutionHandler, driver: SubmissionDriver, code: str = ADD, **more: Any
) -> History:
    history = await driver.reserve(code, **more)
    await execution.run(history.uid, history.ulid)
    return await driver.card(history)


async def new_job(driver: SubmissionDriver, parameters: Mapping[str, Any] | None = None) -> Job:
    new = NewJob(
        kind=JobKind.REJUDGE,
        uid="editor",
        parameters=parameters or {},
        problem=driver.problem.id,
    )
    return await driver.stores.jobs.create(new)


async def seen(driver: SubmissionDriver, job: Job) -> Job:
    found = await driver.stores.jobs.get(job.ulid, consistent=True)
    assert found is not None
    return found


async def until_rejudged(driver: SubmissionDriver, history: History) -> None:
    async def check() -> bool:
        return (await driver.card(history)).rejudged_by is not None

    await wait_until_async("a history to be judged again", check)
