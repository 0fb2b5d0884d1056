"""The execution handler on a real table and in a real sandbox, except where a test replaces it."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from graphql_api.data.clock import now_ms
from graphql_api.data.dynamo import meter
from graphql_api.data.enums import DiagnosisKind, HistoryStatus, Verdict
from graphql_api.data.errors import Conflict, Unavailable
from graphql_api.data.histories.executions import Claim, ExecutionStore, LeasedElsewhere
from graphql_api.data.keys import results_body
from graphql_api.data.problems.testsets import NewTest
from graphql_api.data.records import History
from graphql_api.data.stores import Stores
from judge.judge import Judge
from judge.models import Judgement
from tasks.handlers import executions
from tasks.handlers.concurrency import CANCEL_TIMEOUT_S
from tasks.handlers.executions import ExecutionHandler
from tasks.handlers.leases import PASSED_ON_MS
from tasks.handlers.loading import JudgeFailed
from tasks.queue.cancellations import Cancellations, format_cancellation
from tests.support.executions import ADD, ADD_CPP, WRONG, SubmissionDriver, sleeping
from tests.support.judging import WatchedJudge
from tests.support.senders import RecordingSender
from tests.support.waiting import PATIENCE_S, wait_until_async

# Less than the sleep of the programs that must be ended.
NOTICED_S = 45
pytestmark = [pytest.mark.slow, pytest.mark.dynamodb, pytest.mark.sandbox]


class BrokenJudge(Judge):
    """A judge whose sandbox fails on every submission."""

    def __init__(self) -> None:
        self.calls = 0

    def judge(self, *_: Any, **__: Any) -> Judgement:
        self.calls += 1
        return Judgement(Verdict.IE, "", [], 0, 0, 0, 0, "rlimits", "it broke", 0, 0, 0)


async def claim_at(stores: Stores, history: History, at_ms: int) -> Claim | LeasedElsewhere | None:
    """Claim an execution as another worker does at this moment."""
    store = ExecutionStore(stores.dynamo, stores.bodies, stores.feed, lambda: at_ms)
    return await store.claim(history.uid, history.ulid, token="other", lease_ms=60_000)


async def steal(stores: Stores, history: History) -> History:
    """Claim an execution that another worker has, long after its lease has expired."""
    claim = await claim_at(stores, history, now_ms() + 3_600_000)
    assert isinstance(claim, Claim)
    return claim.history


@pytest.mark.parametrize(
    ("language", "code", "expected"),
    [
        ("python", ADD, (Verdict.AC, 3)),
        ("cpp", ADD_CPP, (Verdict.AC, 3)),
        ("python", WRONG, (Verdict.WA, 1)),
        ("cpp", "int main() { return", (Verdict.CE, 0)),
        ("python", "raise ValueError", (Verdict.RE, 0)),
    ],
)
async def test_an_execution_ends_with_its_verdict_and_results(
    execution: ExecutionHandler,
    driver: SubmissionDriver,
    language: str,
    code: str,
    expected: tuple[Verdict, int],
) -> None:
    history = await driver.reserve(code, language=language)
    await execution.run(history.uid, history.ulid)
    card = await driver.card(history)
    assert card.status is HistoryStatus.COMPLETED
    assert (card.verdict, card.passed) == expected
    assert (card.total, card.attempt, card.test_version) == (3, 1, 1)
    results = await driver.stores.histories.results(card)
    assert results is not None
    assert [test.number for test in results.tests] == [1, 2, 3]
    assert [test.is_sample for test in results.tests] == [True, False, False]
    assert bool(results.compile_output) is (card.verdict is Verdict.CE)
    assert await driver.used(history) == 1
    assert await driver.judged() == 1
    assert await driver.stores.problems.run_count(driver.problem.id) == 1


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (ADD, None),
        ("a, b = map(int, input().split())\nprint(a + b + 1)", DiagnosisKind.OFF_BY_ONE),
        ("print(1", DiagnosisKind.COMPILE_UNBALANCED_BRACKET),
        ("{}[1]", DiagnosisKind.KEY_ERROR),
    ],
)
async def test_a_failed_execution_is_stored_with_its_diagnosis(
    execution: ExecutionHandler, driver: SubmissionDriver, code: str, kind: DiagnosisKind | None
) -> None:
    history = await driver.reserve(code)
    await execution.run(history.uid, history.ulid)
    results = await driver.stores.histories.results(await driver.card(history))
    assert results is not None
    assert (results.diagnosis.kind if results.diagnosis else None) is kind


async def test_a_diagnosis_that_fails_does_not_change_the_verdict(
    execution: ExecutionHandler, driver: SubmissionDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(executions, "diagnose", fail)
    history = await driver.reserve(WRONG)
    await execution.run(history.uid, history.ulid)
    card = await driver.card(history)
    results = await driver.stores.histories.results(card)
    assert results is not None
    assert (card.verdict, results.diagnosis) == (Verdict.WA, None)


async def test_running_twice_judges_once(
    execution: ExecutionHandler, driver: SubmissionDriver
) -> None:
    history = await driver.reserve()
    await execution.run(history.uid, history.ulid)
    first = await driver.card(history)
    await execution.run(history.uid, history.ulid)
    assert await driver.card(history) == first
    assert await driver.judged() == 1


async def test_of_two_at_once_one_judges_and_the_other_looks_again_when_the_lease_ends(
    execution: ExecutionHandler, driver: SubmissionDriver, sender: RecordingSender
) -> None:
    history = await driver.reserve(sleeping(1.5))
    await asyncio.gather(*(execution.run(history.uid, history.ulid) for _ in range(4)))
    card = await driver.card(history)
    assert (card.status, card.attempt) == (HistoryStatus.COMPLETED, 1)
    assert sender.ulids == [history.ulid] * 3
    for _, _, delay_ms in sender.sent:
        assert delay_ms is not None
        assert 0 < delay_ms <= 2001
    assert await driver.judged() == 1


async def test_what_does_not_exist_is_nothing_to_do(
    execution: ExecutionHandler, driver: SubmissionDriver, sender: RecordingSender
) -> None:
    await execution.run(driver.user.uid, "01ARZ3NDEKTSV4RRFFQ69G5FAV")
    assert sender.sent == []


async def test_an_execution_longer_than_its_lease_keeps_its_claim(
    make_execution: Callable[..., ExecutionHandler], judge: Judge, driver: SubmissionDriver
) -> None:
    watched = WatchedJudge(judge)
    history = await driver.reserve()
    running = asyncio.create_task(make_execution(watched).run(history.uid, history.ulid))
    first_end = (await driver.running(history)).lease_expires_at
    assert first_end is not None

    async def renewed() -> bool:
        return (await driver.card(history)).lease_expires_at != first_end

    await wait_until_async("a renewal", renewed)
    assert isinstance(await claim_at(driver.stores, history, first_end + 1), LeasedElsewhere)
    watched.may_return.set()
    await running
    assert (await driver.card(history)).attempt == 1


async def test_a_lost_lease_ends_the_judging_and_nothing_is_written(
    execution: ExecutionHandler, driver: SubmissionDriver
) -> None:
    history = await driver.reserve(sleeping(50))
    running = asyncio.create_task(execution.run(history.uid, history.ulid))
    await driver.running(history)
    stolen = await steal(driver.stores, history)
    async with asyncio.timeout(NOTICED_S):
        await running
    card = await driver.card(history)
    assert (card.status, card.attempt) == (HistoryStatus.RUNNING, 2)
    assert card.lease_expires_at == stolen.lease_expires_at


class EndedWhenClaimed(ExecutionStore):
    """Cancels the execution after the claim and before the worker has received it."""

    cancellations: Cancellations

    async def claim(self, uid: str, ulid: str, *, token: str, lease_ms: int) -> Any:
        claimed = await super().claim(uid, ulid, token=token, lease_ms=lease_ms)
        await self.cancel(uid, ulid)
        self.cancellations.notify(format_cancellation(uid, ulid))
        return claimed


async def test_a_signal_right_after_the_claim_is_not_missed(
    make_execution: Callable[..., ExecutionHandler],
    driver: SubmissionDriver,
    cancellations: Cancellations,
) -> None:
    stores = driver.stores
    store = EndedWhenClaimed(stores.dynamo, stores.bodies, stores.feed)
    store.cancellations = cancellations
    execution = make_execution()
    execution._stores = replace(stores, executions=store)
    # Renewals alone would notice after half an hour.
    execution._lease_ms = 3_600_000
    history = await driver.reserve(sleeping(50))
    await asyncio.wait_for(execution.run(history.uid, history.ulid), NOTICED_S)
    assert (await driver.card(history)).status is HistoryStatus.CANCELLED


async def test_a_cancelled_execution_is_noticed_at_a_signal_and_nothing_is_written(
    make_execution: Callable[..., ExecutionHandler],
    driver: SubmissionDriver,
    cancellations: Cancellations,
) -> None:
    execution = make_execution()
    # Renewals alone would notice after half an hour.
    execution._lease_ms = 3_600_000
    history = await driver.reserve(sleeping(60))
    running = asyncio.create_task(execution.run(history.uid, history.ulid))
    await driver.running(history)
    cancellations.notify(format_cancellation(history.uid, history.ulid))
    await asyncio.sleep(0.3)
    assert not running.done(), "a false signal ended it"
    cancelled = await driver.stores.executions.cancel(history.uid, history.ulid)
    cancellations.notify(format_cancellation(history.uid, history.ulid))
    await asyncio.wait_for(running, NOTICED_S)
    assert await driver.card(history) == cancelled
    assert await driver.stores.bodies.get(results_body(history.uid, history.ulid, 1)) is None
    assert await driver.judged() == 0


async def test_a_cancelled_execution_is_noticed_without_a_signal_at_the_next_renewal(
    execution: ExecutionHandler, driver: SubmissionDriver
) -> None:
    history = await driver.reserve(sleeping(60))
    running = asyncio.create_task(execution.run(history.uid, history.ulid))
    await driver.running(history)
    cancelled = await driver.stores.executions.cancel(history.uid, history.ulid)
    await asyncio.wait_for(running, NOTICED_S)
    assert await driver.card(history) == cancelled


async def test_concurrent_verdict_and_cancellation_leave_exactly_one_of_them(
    execution: ExecutionHandler, driver: SubmissionDriver
) -> None:
    judged = 0
    for pause_s in (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5):
        history = await driver.reserve()
        running = asyncio.create_task(execution.run(history.uid, history.ulid))
        await asyncio.sleep(pause_s)
        with suppress(Conflict):
            await driver.stores.executions.cancel(history.uid, history.ulid)
        await running
        card = await driver.card(history)
        assert card.status in {HistoryStatus.COMPLETED, HistoryStatus.CANCELLED}
        is_judged = card.status is HistoryStatus.COMPLETED
        judged += is_judged
        body = await driver.stores.bodies.get(results_body(card.uid, card.ulid, 1))
        assert (card.verdict is not None) == (body is not None) == is_judged
    assert await driver.judged() == judged


async def test_an_attempt_that_was_overtaken_cannot_complete(
    make_execution: Callable[..., ExecutionHandler], judge: Judge, driver: SubmissionDriver
) -> None:
    watched = WatchedJudge(judge)
    history = await driver.reserve()
    running = asyncio.create_task(make_execution(watched).run(history.uid, history.ulid))
    assert await asyncio.to_thread(watched.ended.wait, PATIENCE_S)
    await steal(driver.stores, history)
    watched.may_return.set()
    await running
    assert (await driver.card(history)).status is HistoryStatus.RUNNING
    assert await driver.judged() == 0


async def test_a_removed_problem_fails_and_refunds(
    execution: ExecutionHandler, driver: SubmissionDriver
) -> None:
    history = await driver.reserve()
    await driver.stores.problems.soft_delete("algoitny", "1")
    await execution.run(history.uid, history.ulid)
    card = await driver.card(history)
    assert card.status is HistoryStatus.FAILED
    assert card.message is not None
    assert "deleted" in card.message
    assert await driver.used(history) == 0


async def test_a_problem_without_tests_fails_and_refunds(
    execution: ExecutionHandler, driver: SubmissionDriver
) -> None:
    history = await driver.reserve()
    await driver.stores.tests.replace("algoitny", "1", [])
    await execution.run(history.uid, history.ulid)
    card = await driver.card(history)
    assert card.status is HistoryStatus.FAILED
    assert "no test cases" in (card.message or "")
    assert await driver.used(history) == 0


async def test_a_failing_judge_gives_up_its_claim_for_another_attempt_at_once(
    make_execution: Callable[..., ExecutionHandler], driver: SubmissionDriver
) -> None:
    history = await driver.reserve()
    with pytest.raises(JudgeFailed, match="it broke"):
        await make_execution(BrokenJudge()).run(history.uid, history.ulid)
    assert await driver.used(history) == 1
    await asyncio.sleep(0.01)
    await make_execution().run(history.uid, history.ulid)
    card = await driver.card(history)
    assert (card.status, card.verdict, card.attempt) == (
        HistoryStatus.COMPLETED,
        Verdict.AC,
        2,
    )


async def test_past_the_cap_it_is_failed_and_refunded_once_without_being_judged(
    make_execution: Callable[..., ExecutionHandler], driver: SubmissionDriver
) -> None:
    history = await driver.reserve()
    broken = BrokenJudge()
    execution = make_execution(broken)
    for _ in range(3):
        with pytest.raises(JudgeFailed):
            await execution.run(history.uid, history.ulid)
        await asyncio.sleep(0.01)
    await execution.run(history.uid, history.ulid)
    await execution.run(history.uid, history.ulid)
    card = await driver.card(history)
    assert (card.status, card.attempt, broken.calls) == (HistoryStatus.FAILED, 4, 3)
    assert "3 times" in (card.message or "")
    assert not (card.message or "").endswith("…")
    assert await driver.used(history) == 0


async def test_a_language_that_this_worker_lacks_is_left_to_another_and_costs_no_attempt(
    *,
    make_execution: Callable[..., ExecutionHandler],
    python_judge: Judge,
    driver: SubmissionDriver,
    sender: RecordingSender,
) -> None:
    history = await driver.reserve(ADD_CPP, language="cpp")
    unable = make_execution(python_judge)
    for _ in range(5):
        await unable.run(history.uid, history.ulid)
        left = await driver.card(history)
        assert (left.status, left.attempt) == (HistoryStatus.PENDING, 0)
    assert sender.sent == [(history.uid, history.ulid, PASSED_ON_MS)] * 5
    assert sender.required[history.ulid] == [{"cpp"}] * 5
    await make_execution().run(history.uid, history.ulid)
    card = await driver.card(history)
    assert (card.verdict, card.attempt) == (Verdict.AC, 1)
    assert await driver.used(history) == 1


async def test_what_was_cancelled_while_its_worker_found_that_it_is_unable_is_not_sent_on(
    make_execution: Callable[..., ExecutionHandler],
    python_judge: Judge,
    driver: SubmissionDriver,
    sender: RecordingSender,
) -> None:
    watched = WatchedJudge(python_judge)
    history = await driver.reserve(ADD_CPP, language="cpp")
    running = asyncio.create_task(make_execution(watched).run(history.uid, history.ulid))
    assert await asyncio.to_thread(watched.ended.wait, PATIENCE_S)
    cancelled = await driver.stores.executions.cancel(history.uid, history.ulid)
    watched.may_return.set()
    await running
    assert await driver.card(history) == cancelled
    assert sender.sent == []


async def test_an_interrupted_attempt_ends_its_program_and_gives_up_its_claim_at_once(
    make_execution: Callable[..., ExecutionHandler], judge: Judge, driver: SubmissionDriver
) -> None:
    watched = WatchedJudge(judge)
    execution = make_execution(watched)
    history = await driver.reserve(sleeping(50))
    running = asyncio.create_task(execution.run(history.uid, history.ulid))
    assert await asyncio.to_thread(watched.began.wait, PATIENCE_S)
    running.cancel()
    # Dramatiq waits for one second, so the handler must not wait for the judge to return.
    assert CANCEL_TIMEOUT_S < 1
    with pytest.raises(asyncio.CancelledError):
        await running
    assert not watched.may_return.is_set()
    assert await asyncio.to_thread(watched.ended.wait, NOTICED_S)
    watched.may_return.set()
    claim = await driver.stores.executions.claim(
        history.uid, history.ulid, token="next", lease_ms=1000
    )
    assert isinstance(claim, Claim)
    assert claim.history.attempt == 2


async def test_a_user_who_leaves_while_the_execution_runs_gets_no_verdict(
    make_execution: Callable[..., ExecutionHandler], judge: Judge, driver: SubmissionDriver
) -> None:
    watched = WatchedJudge(judge)
    history = await driver.reserve()
    running = asyncio.create_task(make_execution(watched).run(history.uid, history.ulid))
    await driver.running(history)
    await driver.stores.users.begin_deletion(driver.user.uid)
    watched.may_return.set()
    await running
    assert (await driver.card(history)).status is HistoryStatus.RUNNING


async def test_a_history_removed_while_the_execution_runs_stays_removed(
    make_execution: Callable[..., ExecutionHandler], judge: Judge, driver: SubmissionDriver
) -> None:
    watched = WatchedJudge(judge)
    history = await driver.reserve()
    running = asyncio.create_task(make_execution(watched).run(history.uid, history.ulid))
    await driver.running(history)
    await driver.stores.histories.delete(history.uid, history.ulid)
    watched.may_return.set()
    await running
    assert await driver.stores.histories.get(history.uid, history.ulid, consistent=True) is None
    assert await driver.judged() == 0


async def test_a_public_execution_is_in_the_feed_once_it_has_ended(
    execution: ExecutionHandler, driver: SubmissionDriver
) -> None:
    from graphql_api.data.dynamo.pages import PageWindow  # noqa: PLC0415

    history = await driver.reserve(is_public=True)
    assert (await driver.stores.feed.page(PageWindow())).records == []
    await execution.run(history.uid, history.ulid)
    (entry,) = (await driver.stores.feed.page(PageWindow())).records
    assert (entry.ulid, entry.verdict) == (history.ulid, Verdict.AC)


async def test_a_set_on_disk_costs_one_read_of_the_card_and_a_missing_set_also_one_query(
    execution: ExecutionHandler, driver: SubmissionDriver
) -> None:
    # Renewals of a short lease would be counted, too.
    execution._lease_ms = 3_600_000
    operations = []
    for _ in range(2):
        history = await driver.reserve()
        with meter.metered() as counted:
            await execution.run(history.uid, history.ulid)
        operations.append([call.operation for call in counted.calls])
    cold, warm = operations
    assert cold.count("query") == 1
    assert warm.count("query") == 0
    # Claim, code, problem, results body, solved mark, completion, run counter.
    assert len(warm) == 7
    assert len(cold) == len(warm) + 1


async def test_executions_that_find_a_set_missing_at_once_fetch_it_once(
    execution: ExecutionHandler, driver: SubmissionDriver
) -> None:
    histories = [await driver.reserve() for _ in range(5)]
    with meter.metered() as counted:
        await asyncio.gather(*(execution.run(one.uid, one.ulid) for one in histories))
    assert [call.operation for call in counted.calls].count("query") == 1
    assert await driver.judged() == 5


async def test_a_new_set_of_tests_is_judged_with_at_once(
    execution: ExecutionHandler, driver: SubmissionDriver
) -> None:
    first = await driver.reserve(WRONG)
    await execution.run(first.uid, first.ulid)
    await driver.stores.tests.replace(
        "algoitny", "1", [NewTest(input=b"3 4\n", output=b"7\n", is_sample=True)]
    )
    second = await driver.reserve(WRONG)
    await execution.run(second.uid, second.ulid)
    card = await driver.card(second)
    assert (card.verdict, card.total, card.test_version) == (Verdict.AC, 1, 2)


async def test_a_problem_created_again_under_its_old_name_is_judged_with_its_own_tests(
    execution: ExecutionHandler, driver: SubmissionDriver
) -> None:
    first = await driver.reserve()
    await execution.run(first.uid, first.ulid)
    await driver.stores.problems.delete("algoitny", "1")
    anew = await SubmissionDriver.open(driver.stores, "grace@example.org")
    await anew.stores.tests.replace("algoitny", "1", [NewTest(input=b"1 1\n", output=b"7\n")])
    history = await anew.reserve(WRONG)
    await execution.run(history.uid, history.ulid)
    assert (await anew.card(history)).verdict is Verdict.AC


async def test_a_verdict_is_held_while_the_database_is_away(
    make_execution: Callable[..., ExecutionHandler], driver: SubmissionDriver, stores: Stores
) -> None:
    class Flaky:
        """A store whose first two completions fail, one before and one after the write."""

        def __init__(self) -> None:
            self.failures = 2

        def __getattr__(self, name: str) -> Any:
            return getattr(stores.executions, name)

        async def complete(self, *given: Any) -> History:
            self.failures -= 1
            if self.failures == 1:
                raise Unavailable("the database did not answer")
            done = await stores.executions.complete(*given)
            if self.failures == 0:
                raise Unavailable("whether it was done is open")
            return done

    execution = make_execution()
    execution._stores = replace(stores, executions=Flaky())  # type: ignore[arg-type]
    history = await driver.reserve()
    await execution.run(history.uid, history.ulid)
    card = await driver.card(history)
    assert (card.status, card.attempt) == (HistoryStatus.COMPLETED, 1)
    assert await driver.judged() == 1
