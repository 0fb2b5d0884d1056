"""Rejudge jobs on a real table and in a real sandbox."""

import asyncio
import threading
from typing import Any

import pytest

from graphql_api.data.clock import CLOCK_SKEW_MS
from graphql_api.data.dynamo.pages import PageWindow
from graphql_api.data.enums import HistoryStatus, JobStatus, Verdict
from graphql_api.data.records import History
from judge.judge import Judge
from judge.models import Judgement
from tasks.handlers import rejudge
from tasks.handlers.executions import ExecutionHandler, outcome_of
from tasks.handlers.idle_gate import IdleGate
from tasks.handlers.leases import PASSED_ON_MS
from tasks.queue.cancellations import JOB, Cancellations, format_cancellation
from tests.support.executions import WRONG, SubmissionDriver, sleeping
from tests.support.judging import WatchedJudge
from tests.support.rejudges import (
    SEVEN_CPP,
    SEVENS,
    Make,
    Slow,
    judged,
    new_job,
    seen,
    until_rejudged,
)
from tests.support.senders import RecordingSender
from tests.support.waiting import PATIENCE_S

pytestmark = [pytest.mark.slow, pytest.mark.dynamodb, pytest.mark.sandbox]


class Shaky(Judge):
    """A judge whose sandbox fails on the first `failures` submissions."""

    def __init__(self, judge: Judge, failures: int) -> None:
        self._shaky, self.failures = judge, failures

    def judge(self, *given: Any, **named: Any) -> Judgement:
        if self.failures:
            self.failures -= 1
            return Judgement(Verdict.IE, "", [], 0, 0, 0, 0, "rlimits", "it broke", 0, 0, 0)
        return self._shaky.judge(*given, **named)


async def test_all_of_a_problem_is_judged_again_with_its_tests_of_now(
    execution: ExecutionHandler, make_jobs: Make, driver: SubmissionDriver
) -> None:
    other = await SubmissionDriver.open(driver.stores, "grace@example.org")
    right = await judged(execution, driver, is_public=True)
    wrong = await judged(execution, other, WRONG)
    broken = await judged(execution, driver, "raise ValueError")
    pending = await driver.reserve()
    await driver.stores.tests.replace("algoitny", "1", SEVENS)
    job = await new_job(driver)
    later = await judged(execution, other, WRONG, age_ms=-CLOCK_SKEW_MS - 1000)
    await make_jobs().run(job.ulid)

    done = await seen(driver, job)
    assert (done.status, done.progress) == (JobStatus.SUCCEEDED, 100)
    counts = {"judged": 3, "changed": 2, "skipped": 0, "failed": 0}
    assert await driver.stores.jobs.result(done) == counts
    assert "judged again: 3 (changed verdicts: 2)" in (done.message or "")
    assert [event.seq for event in await driver.stores.jobs.events(job.ulid)] == [1]
    verdicts = [(await driver.card(one)).verdict for one in (right, wrong, broken)]
    assert verdicts == [Verdict.WA, Verdict.AC, Verdict.RE]
    card = await driver.card(right)
    assert (card.status, card.attempt, card.total, card.test_version) == (
        HistoryStatus.COMPLETED,
        2,
        1,
        2,
    )
    results = await driver.stores.histories.results(card)
    assert results is not None
    assert (results.attempt, [test.expected for test in results.tests]) == (2, ["7\n"])
    (entry,) = (await driver.stores.feed.page(PageWindow())).records
    assert (entry.ulid, entry.verdict) == (right.ulid, Verdict.WA)
    assert (await driver.card(later)).rejudged_by is None
    assert (await driver.card(pending)).status is HistoryStatus.PENDING
    totals, _ = await driver.stores.users.totals(driver.user.uid)
    assert (totals.executions, totals.accepted, totals.problems_solved) == (2, 0, 0)
    assert await driver.used(pending) == 3
    assert await driver.stores.problems.run_count(driver.problem.id) == 4


async def test_one_history_alone_is_judged_again(
    execution: ExecutionHandler, make_jobs: Make, driver: SubmissionDriver
) -> None:
    first, second = [await judged(execution, driver, WRONG) for _ in range(2)]
    await driver.stores.tests.replace("algoitny", "1", SEVENS)
    job = await new_job(driver, {"uid": second.uid, "ulid": second.ulid})
    await make_jobs().run(job.ulid)
    verdicts = [(await driver.card(one)).verdict for one in (first, second)]
    assert verdicts == [Verdict.WA, Verdict.AC]


async def test_what_was_running_with_the_tests_of_before_is_judged_again_last(
    execution: ExecutionHandler, make_jobs: Make, driver: SubmissionDriver, slow: Slow
) -> None:
    quick = await judged(execution, driver, WRONG)
    await driver.stores.tests.replace("algoitny", "1", SEVENS)
    job = await new_job(driver)
    running = asyncio.create_task(make_jobs().run(job.ulid))
    await until_rejudged(driver, quick)
    await slow.end()
    await running
    counts = {"judged": 2, "changed": 2, "skipped": 0, "failed": 0}
    assert await driver.stores.jobs.result(await seen(driver, job)) == counts
    for history in (slow.history, quick):
        card = await driver.card(history)
        assert (card.verdict, card.test_version, card.attempt) == (Verdict.AC, 2, 2)


async def test_what_an_attempt_did_that_died_before_its_checkpoint_is_counted_and_not_redone(
    execution: ExecutionHandler, make_jobs: Make, driver: SubmissionDriver
) -> None:
    first, second = [await judged(execution, driver, WRONG) for _ in range(2)]
    await driver.stores.tests.replace("algoitny", "1", SEVENS)
    job = await new_job(driver)
    rejudges = driver.stores.rejudges
    begun = await rejudges.begin(first.uid, first.ulid, job.ulid)
    assert begun is not None
    judged_again = await execution.judge_history(begun, threading.Event())
    await rejudges.complete(begun, outcome_of(begun, judged_again), job.ulid)
    await make_jobs().run(job.ulid)
    counts = {"judged": 2, "changed": 1, "skipped": 0, "failed": 0}
    assert await driver.stores.jobs.result(await seen(driver, job)) == counts
    assert [(await driver.card(one)).attempt for one in (first, second)] == [2, 2]


async def test_running_a_finished_job_again_does_nothing(
    execution: ExecutionHandler, make_jobs: Make, driver: SubmissionDriver
) -> None:
    history = await judged(execution, driver)
    job = await new_job(driver)
    await make_jobs().run(job.ulid)
    card, done = await driver.card(history), await seen(driver, job)
    await make_jobs().run(job.ulid)
    assert (await driver.card(history), await seen(driver, job)) == (card, done)


async def test_what_the_judge_fails_at_keeps_its_result_and_is_counted(
    execution: ExecutionHandler, make_jobs: Make, driver: SubmissionDriver, judge: Judge
) -> None:
    first, second = [await judged(execution, driver, WRONG) for _ in range(2)]
    before = await driver.stores.histories.results(first)
    await driver.stores.tests.replace("algoitny", "1", SEVENS)
    job = await new_job(driver)
    # The first history fails twice; a third failure would be the first of the second history.
    await make_jobs(Shaky(judge, failures=3)).run(job.ulid)
    counts = {"judged": 1, "changed": 1, "skipped": 0, "failed": 1}
    assert await driver.stores.jobs.result(await seen(driver, job)) == counts
    card = await driver.card(first)
    assert (card.status, card.verdict) == (HistoryStatus.COMPLETED, Verdict.WA)
    assert await driver.stores.histories.results(card) == before
    assert (await driver.card(second)).verdict is Verdict.AC


async def test_a_cancelled_job_stops_in_the_middle_and_the_result_of_then_stands(
    execution: ExecutionHandler,
    make_jobs: Make,
    driver: SubmissionDriver,
    judge: Judge,
    cancellations: Cancellations,
) -> None:
    quick, slow = await judged(execution, driver), await judged(execution, driver, sleeping(0.1))
    key = slow.uid, slow.ulid
    await driver.stores.bodies.put(_code_key(slow), sleeping(60).encode())
    watched = WatchedJudge(judge)
    watched.may_return.set()
    job = await new_job(driver, {"uid": key[0], "ulid": key[1]})
    # Renewals come every half hour, so only the cancellation can stop it.
    running = asyncio.create_task(make_jobs(watched, lease_seconds=600).run(job.ulid))
    assert await asyncio.to_thread(watched.began.wait, 20)
    await driver.stores.jobs.cancel(job.ulid)
    cancellations.notify(format_cancellation(JOB, job.ulid))
    await asyncio.wait_for(running, 20)
    assert (await seen(driver, job)).status is JobStatus.CANCELLED
    for history in (quick, slow):
        card = await driver.card(history)
        assert (card.status, card.verdict, card.rejudged_by) == (
            HistoryStatus.COMPLETED,
            Verdict.AC,
            None,
        )
    # The running job does not delay the next job.
    await driver.stores.bodies.put(_code_key(slow), WRONG.encode())
    again = await new_job(driver, {"uid": key[0], "ulid": key[1]})
    await make_jobs().run(again.ulid)
    assert (await driver.card(slow)).verdict is Verdict.WA


def _code_key(history: History) -> dict[str, str]:
    from graphql_api.data.keys import code_body  # noqa: PLC0415

    return code_body(history.uid, history.ulid)


async def test_an_ending_worker_leaves_the_job_for_another_who_goes_on_where_it_was(
    *,
    execution: ExecutionHandler,
    make_jobs: Make,
    driver: SubmissionDriver,
    judge: Judge,
    draining: threading.Event,
    sender: RecordingSender,
) -> None:
    histories = [await judged(execution, driver, WRONG) for _ in range(4)]
    await driver.stores.tests.replace("algoitny", "1", SEVENS)
    job = await new_job(driver)
    watched = WatchedJudge(judge)
    jobs = make_jobs(watched)
    running = asyncio.create_task(jobs.run(job.ulid))
    assert await asyncio.to_thread(watched.began.wait, PATIENCE_S)
    draining.set()
    watched.may_return.set()
    await running
    left = await seen(driver, job)
    assert left.status is JobStatus.RUNNING
    assert left.checkpoint is not None
    assert sender.jobs == [("editor", job.ulid, None)]
    done = [one for one in histories if (await driver.card(one)).rejudged_by]
    assert done == histories[:1]
    attempts = [(await driver.card(one)).attempt for one in done]
    draining.clear()
    await asyncio.sleep(0.01)
    await jobs.run(job.ulid)
    counts = {"judged": 4, "changed": 4, "skipped": 0, "failed": 0}
    assert await driver.stores.jobs.result(await seen(driver, job)) == counts
    assert [(await driver.card(one)).attempt for one in done] == attempts


async def test_where_a_worker_lacks_a_language_one_that_has_it_goes_on_with_the_job(
    *,
    execution: ExecutionHandler,
    make_jobs: Make,
    driver: SubmissionDriver,
    python_judge: Judge,
    sender: RecordingSender,
) -> None:
    first = await judged(execution, driver, WRONG)
    foreign = await judged(execution, driver, SEVEN_CPP, language="cpp")
    last = await judged(execution, driver, WRONG)
    await driver.stores.tests.replace("algoitny", "1", SEVENS)
    job = await new_job(driver)
    unable = make_jobs(python_judge)
    # More attempts than a job may have without progress.
    for _ in range(5):
        await unable.run(job.ulid)
        await asyncio.sleep(0.01)
    left = await seen(driver, job)
    assert (left.status, left.message) == (
        JobStatus.RUNNING,
        "The job is waiting for a worker that supports cpp.",
    )
    cards = [await driver.card(one) for one in (first, foreign, last)]
    assert [card.verdict for card in cards] == [Verdict.AC, Verdict.WA, Verdict.WA]
    assert sender.jobs == [("editor", job.ulid, PASSED_ON_MS)] * 5
    assert sender.required[job.ulid] == [{"cpp"}] * 5
    assert len(await driver.stores.jobs.events(job.ulid)) == 1
    await make_jobs().run(job.ulid)
    counts = {"judged": 3, "changed": 3, "skipped": 0, "failed": 0}
    assert await driver.stores.jobs.result(await seen(driver, job)) == counts


async def test_where_other_jobs_wait_one_gives_way_after_its_turn_and_gets_on_in_each(
    *,
    execution: ExecutionHandler,
    make_jobs: Make,
    driver: SubmissionDriver,
    sender: RecordingSender,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tasks.handlers.rejudge.JOB_SLICE_S", 0)
    histories = [await judged(execution, driver, WRONG) for _ in range(2)]
    await driver.stores.tests.replace("algoitny", "1", SEVENS)
    job = await new_job(driver)
    for done in (1, 2):
        await make_jobs(others_wait=True).run(job.ulid)
        cards = [await driver.card(one) for one in histories]
        assert [card.verdict for card in cards].count(Verdict.AC) == done
        assert (await seen(driver, job)).status is JobStatus.RUNNING
    assert sender.jobs == [("editor", job.ulid, None)] * 2
    await make_jobs(others_wait=False).run(job.ulid)
    assert (await seen(driver, job)).status is JobStatus.SUCCEEDED


async def test_what_was_running_when_a_job_began_is_judged_again_by_who_goes_on_with_it(
    *,
    execution: ExecutionHandler,
    make_jobs: Make,
    driver: SubmissionDriver,
    python_judge: Judge,
    slow: Slow,
) -> None:
    quick = await judged(execution, driver, WRONG)
    foreign = await judged(execution, driver, SEVEN_CPP, language="cpp")
    await driver.stores.tests.replace("algoitny", "1", SEVENS)
    job = await new_job(driver)
    await make_jobs(python_judge).run(job.ulid)
    await slow.end()
    await make_jobs().run(job.ulid)
    counts = {"judged": 3, "changed": 3, "skipped": 0, "failed": 0}
    assert await driver.stores.jobs.result(await seen(driver, job)) == counts
    for history in (slow.history, quick, foreign):
        card = await driver.card(history)
        assert (card.verdict, card.test_version) == (Verdict.AC, 2)


async def test_an_ending_worker_that_waits_for_what_runs_leaves_the_job_to_another(
    *,
    execution: ExecutionHandler,
    make_jobs: Make,
    driver: SubmissionDriver,
    draining: threading.Event,
    slow: Slow,
) -> None:
    quick = await judged(execution, driver, WRONG)
    await driver.stores.tests.replace("algoitny", "1", SEVENS)
    job = await new_job(driver)
    waiting = asyncio.create_task(make_jobs().run(job.ulid))
    # Then only the running execution is left.
    await until_rejudged(driver, quick)
    draining.set()
    await asyncio.wait_for(waiting, PATIENCE_S)
    assert (await seen(driver, job)).status is JobStatus.RUNNING
    draining.clear()
    await slow.end()
    await make_jobs().run(job.ulid)
    assert (await seen(driver, job)).status is JobStatus.SUCCEEDED
    assert (await driver.card(slow.history)).verdict is Verdict.AC


async def test_a_job_waits_for_submissions_of_users_but_not_forever(
    *,
    execution: ExecutionHandler,
    make_jobs: Make,
    driver: SubmissionDriver,
    idle_gate: IdleGate,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    history = await judged(execution, driver)
    job = await new_job(driver)
    with idle_gate.busy():
        monkeypatch.setattr(rejudge, "IDLE_WAIT_S", 600)
        running = asyncio.create_task(make_jobs().run(job.ulid))
        await asyncio.sleep(1)
        assert (await driver.card(history)).rejudged_by is None
    await asyncio.wait_for(running, PATIENCE_S)
    assert (await driver.card(history)).rejudged_by == job.ulid
    again = await new_job(driver)
    monkeypatch.setattr(rejudge, "IDLE_WAIT_S", 0.2)
    with idle_gate.busy():
        await asyncio.wait_for(make_jobs().run(again.ulid), PATIENCE_S)
    assert (await driver.card(history)).rejudged_by == again.ulid


async def test_executions_of_a_host_whose_clock_is_ahead_are_judged_again(
    execution: ExecutionHandler, make_jobs: Make, driver: SubmissionDriver
) -> None:
    """Their ids are later than that of the job, although they ended before the job."""
    ahead = [await judged(execution, driver, WRONG, age_ms=-ms) for ms in (0, 10_000, 50_000)]
    await driver.stores.tests.replace("algoitny", "1", SEVENS)
    job = await new_job(driver)
    assert ahead[-1].ulid > job.ulid
    await make_jobs().run(job.ulid)
    assert [(await driver.card(one)).verdict for one in ahead] == [Verdict.AC] * 3
    assert "judged again: 3" in ((await seen(driver, job)).message or "")
