"""Executions and rejudges on a table whose eventually consistent reads are behind its writes.

`tests/support/lagging.py` describes the lag. Each test writes, and lets a worker decide at once.
"""

from collections.abc import Callable

import pytest

from graphql_api.data.enums import HistoryStatus, ProblemState, Verdict
from graphql_api.data.problems.testsets import NewTest
from graphql_api.data.records import TestCaseKey
from tasks.handlers.executions import ExecutionHandler
from tests.support.executions import ADD, WRONG, SubmissionDriver
from tests.support.lagging import LAGGING
from tests.support.rejudges import SEVENS, Make, Slow, judged, new_job, seen

pytestmark = [pytest.mark.slow, pytest.mark.dynamodb, pytest.mark.sandbox, LAGGING]


async def test_code_that_was_just_stored_is_judged(
    execution: ExecutionHandler, driver: SubmissionDriver
) -> None:
    """The problem, its tests and the code are the newest items of the table."""
    card = await judged(execution, driver, is_public=True)
    assert (card.status, card.verdict) == (HistoryStatus.COMPLETED, Verdict.AC)
    assert card.feed_id is not None
    assert await driver.used(card) == 1


@pytest.mark.parametrize("is_on_disk", [True, False])
async def test_code_is_judged_by_the_tests_that_were_just_written(
    make_execution: Callable[..., ExecutionHandler], driver: SubmissionDriver, *, is_on_disk: bool
) -> None:
    execution = make_execution()
    if is_on_disk:
        assert (await judged(execution, driver)).verdict is Verdict.AC
    problem = await driver.stores.tests.replace("algoitny", "1", SEVENS)
    card = await judged(execution, driver, WRONG)
    assert (card.verdict, card.test_version) == (Verdict.AC, problem.test_version)


async def test_a_problem_that_was_just_restored_judges_code(
    execution: ExecutionHandler, driver: SubmissionDriver
) -> None:
    problems = driver.stores.problems
    history = await driver.reserve(ADD)
    await problems.soft_delete("algoitny", "1", "a mistake")
    await problems.restore("algoitny", "1")
    await execution.run(history.uid, history.ulid)
    assert (await driver.card(history)).verdict is Verdict.AC


async def test_a_problem_that_was_just_deleted_judges_no_code(
    execution: ExecutionHandler, driver: SubmissionDriver
) -> None:
    assert (await judged(execution, driver)).verdict is Verdict.AC
    history = await driver.reserve(ADD)
    await driver.stores.problems.soft_delete("algoitny", "1", "wrong")
    await execution.run(history.uid, history.ulid)
    card = await driver.card(history)
    assert (card.status, card.verdict) == (HistoryStatus.FAILED, None)


async def test_a_draft_that_was_just_hidden_is_not_listed_in_the_feed(
    execution: ExecutionHandler, driver: SubmissionDriver
) -> None:
    assert (await judged(execution, driver)).verdict is Verdict.AC
    history = await driver.reserve(ADD, is_public=True)
    await driver.stores.problems.set_state("algoitny", "1", ProblemState.REVIEW)
    await execution.run(history.uid, history.ulid)
    card = await driver.card(history)
    assert (card.verdict, card.feed_id) == (Verdict.AC, None)


async def test_a_rejudge_finds_every_execution_that_just_ended(
    make_jobs: Make, execution: ExecutionHandler, driver: SubmissionDriver
) -> None:
    histories = [await judged(execution, driver, code) for code in (ADD, WRONG, WRONG)]
    await driver.stores.tests.replace("algoitny", "1", SEVENS)
    job = await new_job(driver)
    await make_jobs().run(job.ulid)
    cards = [await driver.card(history) for history in histories]
    assert [card.verdict for card in cards] == [Verdict.WA, Verdict.AC, Verdict.AC]
    assert {card.rejudged_by for card in cards} == {job.ulid}
    assert "judged again: 3 (changed verdicts: 3)" in ((await seen(driver, job)).message or "")


async def test_a_rejudge_finds_what_was_claimed_just_before_it(
    make_jobs: Make, driver: SubmissionDriver, slow: Slow
) -> None:
    """The index shows the execution as PENDING, or does not show it."""
    await driver.stores.tests.replace("algoitny", "1", SEVENS)
    job = await new_job(driver)
    await slow.end()
    await make_jobs().run(job.ulid)
    card = await driver.card(slow.history)
    assert (card.verdict, card.rejudged_by) == (Verdict.AC, job.ulid)


async def test_tests_that_were_just_added_are_all_kept_by_the_next_change(
    driver: SubmissionDriver,
) -> None:
    tests = driver.stores.tests
    for number in range(3):
        await tests.add("algoitny", "1", [NewTest(input=b"%d" % number, output=b"0")])
    problem = await tests.delete(TestCaseKey(*driver.problem.id, 1, 1))
    stored = await tests.with_problem("algoitny", "1", newest=problem)
    assert stored is not None
    assert [test.input for test in stored.tests][-3:] == [b"0", b"1", b"2"]
    assert len(stored.tests) == problem.test_count == 5
