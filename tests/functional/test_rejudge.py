"""A rejudge through real processes: beside submissions of users, and when its worker dies."""

import asyncio
import threading
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from graphql_api.data.enums import HistoryStatus, JobKind, JobStatus, Verdict
from graphql_api.data.jobs import NewJob
from graphql_api.data.problems.testsets import NewTest
from graphql_api.data.records import History, Job
from graphql_api.data.stores import Stores
from tasks.queue.sender import TaskSender
from tests.support.executions import ADD, SHORT, WRONG, SubmissionDriver, sleeping
from tests.support.system import Worker
from tests.support.waiting import PATIENCE_S, wait_until, wait_until_async

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.slow,
    pytest.mark.dynamodb,
    pytest.mark.redis,
    pytest.mark.sandbox,
]

SEVENS = [NewTest(input=b"1 2\n", output=b"7\n", is_sample=True)]
MANY = 12


@pytest.fixture
def env(settings_env: dict[str, str]) -> dict[str, str]:
    return {**settings_env, **SHORT, "ATTEMPT_CAP": "20"}


@pytest.fixture
async def driver(stores: Stores) -> SubmissionDriver:
    return await SubmissionDriver.open(stores)


def ready(worker: Worker) -> Worker:
    wait_until(
        "the worker's start", lambda: "ready for action" in worker.log(), timeout_s=PATIENCE_S
    )
    return worker


async def judged(
    driver: SubmissionDriver, sender: TaskSender, code: str, count: int
) -> list[History]:
    """Submit several times and return the histories after their verdicts."""
    histories = [await driver.reserve(code) for _ in range(count)]
    for one in histories:
        await sender.send_execution(one.uid, one.ulid, one.language)
    return [await driver.ended(one, timeout_s=PATIENCE_S) for one in histories]


async def begun(driver: SubmissionDriver, sender: TaskSender) -> Job:
    await driver.stores.tests.replace("algoitny", "1", SEVENS)
    problem = driver.problem.id
    new = NewJob(kind=JobKind.REJUDGE, uid="editor", parameters={}, problem=problem)
    job = await driver.stores.jobs.create(new)
    await sender.send_job("editor", job.ulid)
    return job


async def ended(driver: SubmissionDriver, job: Job) -> Job:
    async def check() -> Job | None:
        found = await driver.stores.jobs.get(job.ulid, consistent=True)
        return found if found and found.finished_at else None

    return await wait_until_async("the job's end", check, timeout_s=PATIENCE_S)


async def rejudged(driver: SubmissionDriver, histories: list[History], job: Job) -> int:
    cards = [await driver.card(one) for one in histories]
    assert {card.status for card in cards} == {HistoryStatus.COMPLETED}
    return sum(1 for card in cards if card.rejudged_by == job.ulid)


async def test_a_rejudge_goes_on_where_its_killed_worker_was(
    env: dict[str, str], driver: SubmissionDriver, sender: TaskSender, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        worker = ready(stack.enter_context(Worker(env, tmp_path)))
        histories = await judged(driver, sender, f"import time\ntime.sleep(0.3)\n{WRONG}", MANY)
        job = await begun(driver, sender)

        async def some() -> bool:
            return await rejudged(driver, histories, job) >= 2

        await wait_until_async("some of them", some)
        worker.kill()
        assert await rejudged(driver, histories, job) < MANY
        ready(stack.enter_context(Worker(env, tmp_path)))
        done = await ended(driver, job)
        assert done.status is JobStatus.SUCCEEDED, done
        assert done.attempt >= 2
        result = await driver.stores.jobs.result(done)
        assert result is not None
        assert (result["judged"], result["skipped"], result["failed"]) == (MANY, 0, 0)
        assert await rejudged(driver, histories, job) == MANY
    cards = [await driver.card(one) for one in histories]
    assert {card.verdict for card in cards} == {Verdict.AC}
    totals, _ = await driver.stores.users.totals(driver.user.uid)
    assert (totals.executions, totals.accepted, totals.problems_solved) == (MANY, MANY, 1)
    for card in cards:
        results = await driver.stores.histories.results(card)
        assert results is not None
        assert results.attempt == card.attempt


async def test_people_come_first_and_a_rejudge_still_gets_on(
    env: dict[str, str], driver: SubmissionDriver, sender: TaskSender, tmp_path: Path
) -> None:
    stop = threading.Event()

    async def people() -> list[History]:
        """Keep the worker busy: submit again after each verdict."""
        found: list[History] = []
        while not stop.is_set():
            found += await judged(driver, sender, sleeping(0.2), 3)
        return found

    async with AsyncExitStack() as stack:
        ready(stack.enter_context(Worker(env, tmp_path)))
        driver.limit = None
        histories = await judged(driver, sender, WRONG, 3)
        busy = [asyncio.create_task(people()) for _ in range(2)]
        await asyncio.sleep(1)
        job = await begun(driver, sender)
        # The job waits its longest time for each of its histories, and still ends.
        done = await ended(driver, job)
        stop.set()
        theirs = [one for found in await asyncio.gather(*busy) for one in found]
    assert done.status is JobStatus.SUCCEEDED
    assert await rejudged(driver, histories, job) == 3
    meanwhile = [one for one in theirs if one.finished_at and one.finished_at > job.created_at]
    assert len(meanwhile) > 3, "the rejudge did not leave people their turn"


async def test_a_cancelled_rejudge_ends_at_once(
    env: dict[str, str], driver: SubmissionDriver, sender: TaskSender, tmp_path: Path
) -> None:
    # Renewals come every five minutes, so only the cancellation can stop it in time.
    with Worker({**env, "LEASE_SECONDS": "600"}, tmp_path) as worker:
        ready(worker)
        histories = await judged(driver, sender, f"import time\ntime.sleep(1)\n{ADD}", 4)
        job = await begun(driver, sender)

        async def taken() -> bool:
            found = await driver.stores.jobs.get(job.ulid, consistent=True)
            return found is not None and found.status is JobStatus.RUNNING

        await wait_until_async("the worker to take it", taken)
        await driver.stores.jobs.cancel(job.ulid)
        await sender.send_job_cancellation(job.ulid)
        wait_until("the worker to notice", lambda: "The worker lost its claim" in worker.log())
        assert await rejudged(driver, histories, job) < 4
