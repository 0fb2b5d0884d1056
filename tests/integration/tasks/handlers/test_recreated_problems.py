"""Executions and rejudges of a problem that was deleted, beside another problem with its name.

The programs and tests are chosen so that each program passes only the tests of one problem.
"""

from collections.abc import Callable

import pytest

from graphql_api.data.enums import HistoryStatus, JobStatus, ProblemState, Verdict
from graphql_api.data.problems.inputs import NewProblem
from graphql_api.data.records import NO_PID, Problem
from judge.judge import Judge
from tasks.handlers.executions import ExecutionHandler
from tests.support.executions import ADD, WRONG, SubmissionDriver
from tests.support.former_items import forget_pid
from tests.support.judging import WatchedJudge
from tests.support.rejudges import SEVENS, Make, Slow, judged, new_job, seen

pytestmark = [pytest.mark.slow, pytest.mark.dynamodb, pytest.mark.sandbox]

NAME = ("algoitny", "1")
DELETED = "because the problem was deleted"


@pytest.fixture(params=["with a pid", "without a pid"])
async def first(request: pytest.FixtureRequest, driver: SubmissionDriver) -> Problem:
    """The first problem with this name, which the previous version may have written."""
    if request.param == "without a pid":
        await forget_pid(driver.stores.dynamo, NAME)
    problem = await driver.stores.problems.get(*NAME, consistent=True)
    assert problem is not None
    assert (problem.pid == NO_PID) is (request.param == "without a pid")
    driver.problem = problem
    return problem


async def recreate(driver: SubmissionDriver) -> Problem:
    """Replace the problem by another one with the same name, whose tests WRONG passes."""
    problems, tests = driver.stores.problems, driver.stores.tests
    await problems.delete(*NAME)
    await problems.create(NewProblem(platform=NAME[0], number=NAME[1], title="Sevens"))
    await tests.replace(*NAME, SEVENS)
    driver.problem = await problems.set_state(*NAME, ProblemState.COMPLETED)
    return driver.problem


async def test_an_execution_of_the_first_problem_is_not_judged_by_the_second(
    execution: ExecutionHandler, driver: SubmissionDriver, first: Problem
) -> None:
    pending = await driver.reserve(WRONG)
    assert pending.problem_id == first.id
    second = await recreate(driver)
    await execution.run(pending.uid, pending.ulid)
    card = await driver.card(pending)
    assert (card.status, card.verdict, card.pid) == (HistoryStatus.FAILED, None, first.pid)
    assert DELETED in (card.message or "")
    assert await driver.used(pending) == 0
    assert await driver.judged() == 0
    assert await driver.stores.problems.run_count(second.id) == 0


async def test_an_execution_that_ends_after_the_deletion_keeps_the_result_of_the_first_problem(
    driver: SubmissionDriver, slow: Slow
) -> None:
    """`slow` runs WRONG with the tests of the first problem, in which WRONG fails."""
    second = await recreate(driver)
    await slow.end()
    card = await driver.card(slow.history)
    assert (card.verdict, card.total) == (Verdict.WA, 3)
    assert await driver.stores.problems.run_count(second.id) == 0


async def test_tests_of_the_first_problem_on_disk_judge_no_execution_of_the_second(
    execution: ExecutionHandler, driver: SubmissionDriver, first: Problem
) -> None:
    old = await judged(execution, driver)
    assert (old.verdict, old.problem_id) == (Verdict.AC, first.id)
    await recreate(driver)
    assert (await judged(execution, driver)).verdict is Verdict.WA
    assert (await judged(execution, driver, WRONG)).verdict is Verdict.AC


async def test_a_rejudge_of_the_first_problem_ends_without_a_change(
    execution: ExecutionHandler, make_jobs: Make, driver: SubmissionDriver, first: Problem
) -> None:
    old = await judged(execution, driver)
    assert old.problem_id == first.id
    jobs = [
        await new_job(driver),
        await new_job(driver, {"uid": old.uid, "ulid": old.ulid}),
    ]
    await recreate(driver)
    new = await judged(execution, driver)
    for job in jobs:
        await make_jobs().run(job.ulid)
        done = await seen(driver, job)
        assert done.status is JobStatus.FAILED
        assert DELETED in (done.message or "")
    assert await driver.card(old) == old
    assert await driver.card(new) == new


async def test_a_rejudge_of_the_second_problem_judges_no_execution_of_the_first(
    execution: ExecutionHandler, make_jobs: Make, driver: SubmissionDriver, first: Problem
) -> None:
    old = await judged(execution, driver, WRONG)
    assert (old.verdict, old.problem_id) == (Verdict.WA, first.id)
    await recreate(driver)
    new = await judged(execution, driver, WRONG)
    await driver.stores.tests.replace(*NAME, [*SEVENS, *SEVENS])
    job = await new_job(driver)
    await make_jobs().run(job.ulid)
    done = await seen(driver, job)
    assert done.status is JobStatus.SUCCEEDED
    counts = {"judged": 1, "changed": 0, "skipped": 0, "failed": 0}
    assert await driver.stores.jobs.result(done) == counts
    assert (await driver.card(new)).total == 2
    assert await driver.card(old) == old


async def test_a_rejudge_of_the_second_problem_waits_for_no_execution_of_the_first(
    make_jobs: Make, driver: SubmissionDriver, slow: Slow
) -> None:
    await recreate(driver)
    job = await new_job(driver)
    await make_jobs().run(job.ulid)
    assert (await seen(driver, job)).status is JobStatus.SUCCEEDED
    await slow.end()
    assert (await driver.card(slow.history)).rejudged_by is None


async def test_a_problem_that_is_replaced_while_its_tests_are_read_is_not_judged(
    make_execution: Callable[..., ExecutionHandler],
    driver: SubmissionDriver,
    judge: Judge,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pending = await driver.reserve(ADD)
    with_problem = driver.stores.tests.with_problem

    async def replace_first(*given: str, **named: object) -> object:
        await recreate(driver)
        return await with_problem(*given, **named)  # type: ignore[arg-type]

    watched = WatchedJudge(judge)
    execution = make_execution(watched)
    monkeypatch.setattr(driver.stores.tests, "with_problem", replace_first)
    await execution.run(pending.uid, pending.ulid)
    card = await driver.card(pending)
    assert card.status is HistoryStatus.FAILED
    assert DELETED in (card.message or "")
    assert not watched.began.is_set()
