"""The order in which one worker finishes the submissions of several users."""

import asyncio
from pathlib import Path

import pytest

from graphql_api.data.clock import now_ms
from graphql_api.data.enums import CheckerConvention, Comparer, HistoryStatus, Verdict
from graphql_api.data.problems.inputs import ProblemChanges
from graphql_api.data.records import Checker, History
from graphql_api.data.stores import Stores
from tasks.queue.sender import TaskSender
from tests.support.executions import (
    ADD,
    ADD_CPP,
    SHORT,
    TESTS,
    SubmissionDriver,
    new_problem,
    sleeping,
)
from tests.support.system import Worker
from tests.support.waiting import PATIENCE_S, wait_until, wait_until_async

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.slow,
    pytest.mark.dynamodb,
    pytest.mark.redis,
    pytest.mark.sandbox,
]

MANY = 150
ALL_RIGHT_CPP = "int main() { return 42; }"
# The worker already holds a message for each slot and one more, and one of the many may be next.
PLACES = int(SHORT["JUDGE_SLOTS"]) + 1


async def send(driver: SubmissionDriver, sender: TaskSender, count: int) -> list[History]:
    histories = [await driver.reserve(ADD) for _ in range(count)]
    for one in histories:
        await sender.send_execution(one.uid, one.ulid, one.language)
    return histories


async def ended_count(driver: SubmissionDriver, histories: list[History]) -> int:
    cards = await driver.stores.histories.get_many([history.key for history in histories])
    return sum(1 for card in cards if card and card.status is HistoryStatus.COMPLETED)


async def test_one_submission_passes_those_of_a_user_who_sent_many_at_once(
    settings_env: dict[str, str], stores: Stores, sender: TaskSender, tmp_path: Path
) -> None:
    ada = await SubmissionDriver.open(stores, "ada@example.org")
    others = [await SubmissionDriver.open(stores, f"{name}@example.org") for name in ("bob", "cy")]
    ada.limit = None
    many = await send(ada, sender, MANY)
    with Worker({**settings_env, **SHORT, "LEASE_SECONDS": "20"}, tmp_path) as worker:
        wait_until(
            "the worker's start", lambda: "ready for action" in worker.log(), timeout_s=PATIENCE_S
        )

        async def some() -> bool:
            return await ended_count(ada, many) >= 5

        await wait_until_async("some of the many", some)
        for driver in others:
            (single,) = await send(driver, sender, 1)
            sent_at = now_ms()
            card = await driver.ended(single)
            assert card.verdict is Verdict.AC
            assert card.finished_at is not None
            cards = [await ada.card(one) for one in many]
            ended_at = [one.finished_at for one in cards if one.finished_at]
            earlier = [at for at in ended_at if sent_at < at < card.finished_at]
            assert len(earlier) <= 3 * PLACES, "it waited for the many"
            assert sum(at < card.finished_at for at in ended_at) < MANY, "none was left to pass"
        await asyncio.gather(*(ada.ended(one, timeout_s=PATIENCE_S) for one in many))
    assert await ada.judged() == MANY


async def test_a_user_waits_for_the_end_of_one_program_when_another_has_filled_the_worker(
    settings_env: dict[str, str], stores: Stores, sender: TaskSender, tmp_path: Path
) -> None:
    await new_problem(stores, "one test", tests=TESTS[:1])
    ada = await SubmissionDriver.open(stores, "ada@example.org", "one test")
    bob = await SubmissionDriver.open(stores, "bob@example.org")
    with Worker({**settings_env, **SHORT, "LEASE_SECONDS": "20"}, tmp_path):
        sleepers = []
        for sleep_s in (30, *[60] * (PLACES - 1)):
            sleepers.append(sleeper := await ada.reserve(sleeping(sleep_s)))
            await sender.send_execution(sleeper.uid, sleeper.ulid, sleeper.language)
            await ada.running(sleeper)
        (single,) = await send(bob, sender, 1)
        assert (await bob.ended(single, timeout_s=PATIENCE_S)).verdict is Verdict.AC
        cards = [await ada.card(sleeper) for sleeper in sleepers]
        # The first program of Ada has ended. The other slot is still hers, and nobody got the first
        # one between the compiler and the tests of Bob's submission.
        statuses = [HistoryStatus.COMPLETED, *[HistoryStatus.RUNNING] * (PLACES - 1)]
        assert [card.status for card in cards] == statuses


async def test_a_worker_leaves_what_it_cannot_run_to_one_that_can(
    settings_env: dict[str, str], stores: Stores, sender: TaskSender, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    env = {**settings_env, **SHORT, "LEASE_SECONDS": "20"}
    driver = await SubmissionDriver.open(stores)
    with Worker({**env, "JUDGE_LANGUAGES": "python"}, tmp_path):
        foreign = await driver.reserve(ADD_CPP, language="cpp")
        own = await driver.reserve(ADD)
        for one in (foreign, own):
            await sender.send_execution(one.uid, one.ulid, one.language)
        assert (await driver.ended(own, timeout_s=PATIENCE_S)).verdict is Verdict.AC
        assert (await driver.card(foreign)).status is HistoryStatus.PENDING
        with Worker({**env, "JUDGE_LANGUAGES": "cpp"}, tmp_path / "other"):
            card = await driver.ended(foreign, timeout_s=PATIENCE_S)
    assert (card.verdict, card.attempt) == (Verdict.AC, 1)


async def test_a_worker_without_the_checker_s_language_leaves_an_execution_to_one_that_has_it(
    settings_env: dict[str, str], stores: Stores, sender: TaskSender, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    env = {**settings_env, **SHORT, "LEASE_SECONDS": "20"}
    driver = await SubmissionDriver.open(stores)
    checker = Checker(language="cpp", code=ALL_RIGHT_CPP, convention=CheckerConvention.ICPC)
    changes = ProblemChanges(comparer=Comparer.CHECKER, checker=checker)
    await stores.problems.update("algoitny", "1", changes)
    with Worker({**env, "JUDGE_LANGUAGES": "python"}, tmp_path) as unable:
        history = await driver.reserve(ADD)
        await sender.send_execution(history.uid, history.ulid, history.language)
        wait_until(
            "the worker to pass it on",
            lambda: "The work was released for another worker" in unable.log(),
            timeout_s=PATIENCE_S,
        )
        await asyncio.sleep(3)
        card = await driver.card(history)
        assert (card.status, card.attempt) == (HistoryStatus.PENDING, 0)
        assert unable.log().count("The work was released for another worker") == 1
        with Worker({**env, "JUDGE_LANGUAGES": "python,cpp"}, tmp_path / "other"):
            card = await driver.ended(history, timeout_s=PATIENCE_S)
    assert (card.verdict, card.attempt) == (Verdict.AC, 1)
