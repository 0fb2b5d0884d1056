"""Jobs on a real table: leases, attempts and failures."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from graphql_api.data.enums import JobKind, JobStatus, Verdict
from graphql_api.data.errors import Unavailable
from graphql_api.data.jobs import NewJob
from tasks.handlers.executions import ExecutionHandler
from tests.support.executions import SubmissionDriver
from tests.support.rejudges import (
    Make,
    judged,
    new_job,
    seen,
)
from tests.support.senders import RecordingSender

pytestmark = [pytest.mark.slow, pytest.mark.dynamodb, pytest.mark.sandbox]


async def test_another_worker_s_job_is_looked_at_again_when_its_lease_ends(
    make_jobs: Make, driver: SubmissionDriver, sender: RecordingSender
) -> None:
    job = await new_job(driver)
    await driver.stores.jobs.claim(job.ulid, token="another", lease_ms=5000)
    await make_jobs().run(job.ulid)
    ((uid, ulid, delay_ms),) = sender.jobs
    assert (uid, ulid) == ("editor", job.ulid)
    assert delay_ms is not None
    assert 0 < delay_ms <= 5001
    assert (await seen(driver, job)).attempt == 1


async def test_begun_too_often_without_getting_on_a_job_fails(
    make_jobs: Make, driver: SubmissionDriver
) -> None:
    job = await new_job(driver)
    for number in range(3):
        await driver.stores.jobs.claim(job.ulid, token=f"dead-{number}", lease_ms=-1)
    await make_jobs().run(job.ulid)
    failed = await seen(driver, job)
    assert failed.status is JobStatus.FAILED
    assert "3 times" in (failed.message or "")


async def test_attempts_that_got_on_do_not_count(
    execution: ExecutionHandler, make_jobs: Make, driver: SubmissionDriver
) -> None:
    history = await judged(execution, driver)
    job = await new_job(driver)
    for number in range(3):
        await driver.stores.jobs.claim(job.ulid, token=f"dead-{number}", lease_ms=60_000)
        await driver.stores.jobs.progress(job.ulid, number + 1, "on", 1, checkpoint={})
        await driver.stores.jobs.renew(job.ulid, number + 1, -1)
    await make_jobs().run(job.ulid)
    assert (await seen(driver, job)).status is JobStatus.SUCCEEDED
    assert (await driver.card(history)).rejudged_by == job.ulid


async def test_a_job_of_a_problem_that_is_gone_fails_and_says_so(
    execution: ExecutionHandler, make_jobs: Make, driver: SubmissionDriver
) -> None:
    history = await judged(execution, driver)
    job = await new_job(driver)
    await driver.stores.problems.soft_delete("algoitny", "1")
    await make_jobs().run(job.ulid)
    failed = await seen(driver, job)
    assert (failed.status, failed.attempt) == (JobStatus.FAILED, 1)
    assert "deleted" in (failed.message or "")
    assert (await driver.card(history)).verdict is Verdict.AC


async def test_a_database_that_is_away_gives_the_claim_up_for_another_attempt(
    execution: ExecutionHandler,
    make_jobs: Make,
    driver: SubmissionDriver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await judged(execution, driver)
    job = await new_job(driver)
    jobs = make_jobs()

    async def away(*_: Any, **__: Any) -> None:
        raise Unavailable("the database did not answer")

    rejudges = type(driver.stores.rejudges)
    with monkeypatch.context() as patch:
        patch.setattr(rejudges, "begin", away)
        with pytest.raises(Unavailable):
            await jobs.run(job.ulid)
    await asyncio.sleep(0.01)
    await jobs.run(job.ulid)
    assert (await seen(driver, job)).status is JobStatus.SUCCEEDED


async def test_a_job_of_a_kind_that_no_worker_knows_fails(
    make_jobs: Make, driver: SubmissionDriver
) -> None:
    new = NewJob(kind=JobKind.EXTRACT_PROBLEM, uid="editor", parameters={})
    job = await driver.stores.jobs.create(new)
    await make_jobs().run(job.ulid)
    assert (await seen(driver, job)).status is JobStatus.FAILED
    await make_jobs().run(replace(job, ulid="01GONE").ulid)
