"""A worker process that finds work of a deleted problem, beside another problem with its name."""

from pathlib import Path

import pytest

from graphql_api.data.enums import HistoryStatus, JobStatus, ProblemState, Verdict
from graphql_api.data.problems.inputs import NewProblem
from graphql_api.data.records import History, Job
from graphql_api.data.stores import Stores
from tasks.queue.sender import TaskSender
from tests.support.executions import ADD, SHORT, WRONG, SubmissionDriver
from tests.support.rejudges import SEVENS, new_job, seen
from tests.support.system import Worker
from tests.support.waiting import PATIENCE_S, wait_until_async

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.slow,
    pytest.mark.dynamodb,
    pytest.mark.redis,
    pytest.mark.sandbox,
]

NAME = ("algoitny", "1")


async def submit(driver: SubmissionDriver, sender: TaskSender, code: str) -> History:
    history = await driver.reserve(code)
    await sender.send_execution(history.uid, history.ulid, history.language)
    return history


async def rejudge(driver: SubmissionDriver, sender: TaskSender) -> Job:
    job = await new_job(driver)
    await sender.send_job(job.uid, job.ulid)
    return job


async def ended(driver: SubmissionDriver, job: Job) -> Job:
    async def check() -> Job | None:
        found = await seen(driver, job)
        return None if found.status in {JobStatus.QUEUED, JobStatus.RUNNING} else found

    return await wait_until_async("the end of the job", check, timeout_s=PATIENCE_S)


async def test_work_of_a_deleted_problem_does_not_reach_the_problem_that_got_its_name(
    settings_env: dict[str, str], stores: Stores, sender: TaskSender, tmp_path: Path
) -> None:
    env = {**settings_env, **SHORT, "LEASE_SECONDS": "20"}
    driver = await SubmissionDriver.open(stores)
    with Worker(env, tmp_path):
        # The tests of the first problem are then on the worker's disk.
        old = await driver.ended(await submit(driver, sender, ADD))
    assert old.verdict is Verdict.AC
    pending = await submit(driver, sender, WRONG)
    old_job = await rejudge(driver, sender)

    await stores.problems.delete(*NAME)
    await stores.problems.create(NewProblem(platform=NAME[0], number=NAME[1], title="Sevens"))
    await stores.tests.replace(*NAME, SEVENS)
    driver.problem = await stores.problems.set_state(*NAME, ProblemState.COMPLETED)

    with Worker(env, tmp_path):
        gone = await driver.ended(pending)
        assert (gone.status, gone.verdict) == (HistoryStatus.FAILED, None)
        new = await driver.ended(await submit(driver, sender, WRONG))
        assert (new.verdict, new.total) == (Verdict.AC, 1)
        failed = await ended(driver, old_job)
        assert failed.status is JobStatus.FAILED
        done = await ended(driver, await rejudge(driver, sender))
        assert done.status is JobStatus.SUCCEEDED
    counts = {"judged": 1, "changed": 0, "skipped": 0, "failed": 0}
    assert await stores.jobs.result(done) == counts
    assert await driver.card(old) == old
    assert await driver.used(pending) == 2
    assert await stores.problems.run_count(driver.problem.id) == 1
