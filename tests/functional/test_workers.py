"""`dramatiq tasks` as a process: messages, signals and a missing sandbox."""

import asyncio
import re
from pathlib import Path

import orjson
import pytest
import redis

from graphql_api.config import Settings
from graphql_api.data.enums import HistoryStatus, Verdict
from graphql_api.data.redis.language_board import open_language_board
from graphql_api.data.stores import Stores
from tasks.queue.cancellations import CHANNEL
from tasks.queue.sender import TaskSender
from tests.support.executions import ADD, ADD_CPP, SHORT, WRONG, SubmissionDriver, sleeping
from tests.support.system import Worker
from tests.support.waiting import PATIENCE_S, wait_until, wait_until_async

pytestmark = [pytest.mark.slow, pytest.mark.dynamodb, pytest.mark.redis, pytest.mark.sandbox]


@pytest.fixture
def env(settings_env: dict[str, str]) -> dict[str, str]:
    # The tests expect exactly one attempt, so a worker on a loaded host must not lose its lease.
    return {**settings_env, **SHORT, "LEASE_SECONDS": "20"}


def started(worker: Worker) -> Worker:
    wait_until("the worker's start", lambda: "ready for action" in worker.log())
    return worker


async def test_a_worker_judges_what_is_sent_and_logs_where_the_time_went(
    env: dict[str, str], stores: Stores, sender: TaskSender, tmp_path: Path
) -> None:
    driver = await SubmissionDriver.open(stores)
    with Worker(env, tmp_path) as worker:
        for language, code, verdict in (
            ("python", ADD, Verdict.AC),
            ("cpp", ADD_CPP, Verdict.AC),
            ("python", WRONG, Verdict.WA),
        ):
            history = await driver.reserve(code, language=language)
            await sender.send_execution(history.uid, history.ulid, history.language)
            assert (await driver.ended(history)).verdict is verdict
        lines = wait_until("three lines", lambda: _executed(worker))
    assert {"queue_ms", "claim_ms", "fetch_ms", "slot_ms", "compile_ms", "run_ms"} <= set(lines[0])
    assert {"store_ms", "total_ms", "verdict", "attempt", "problem"} <= set(lines[0])


def _executed(worker: Worker) -> list[dict[str, int]] | None:
    lines = [orjson.loads(line) for line in re.findall(r"^\{.*\}$", worker.log(), re.MULTILINE)]
    found = [line for line in lines if line["event"] == "executed"]
    return found if len(found) == 3 else None


async def test_without_a_sandbox_it_ends_says_what_to_install_and_takes_no_message(
    env: dict[str, str], stores: Stores, sender: TaskSender, tmp_path: Path
) -> None:
    driver = await SubmissionDriver.open(stores)
    history = await driver.reserve()
    await sender.send_execution(history.uid, history.ulid, history.language)
    worker = Worker({**env, "PATH": str(tmp_path)}, tmp_path).start()
    wait_until("the worker's end", lambda: not worker.is_running)
    assert worker.stop() != 0
    assert "bubblewrap" in worker.log()
    with redis.Redis.from_url(env["REDIS_URL"].replace("/0", "/1")) as queues:
        assert queues.hlen("dramatiq:execution.msgs") == 1
    assert (await driver.card(history)).status is HistoryStatus.PENDING


async def test_sigterm_lets_what_runs_finish_and_gives_the_rest_back(
    env: dict[str, str], stores: Stores, sender: TaskSender, tmp_path: Path
) -> None:
    driver = await SubmissionDriver.open(stores)
    with Worker(env, tmp_path) as worker:
        started(worker)
        histories = [await driver.reserve(sleeping(0.5)) for _ in range(8)]
        for history in histories:
            await sender.send_execution(history.uid, history.ulid, history.language)
        await driver.any_running(histories)
        assert await asyncio.to_thread(worker.stop) == 0
    cards = [await driver.card(history) for history in histories]
    ended = [card for card in cards if card.status is HistoryStatus.COMPLETED]
    waiting = [card for card in cards if card.status is HistoryStatus.PENDING]
    assert len(ended) + len(waiting) == 8
    assert ended
    assert waiting
    with redis.Redis.from_url(env["REDIS_URL"].replace("/0", "/1")) as queues:
        assert queues.hlen("dramatiq:execution.msgs") == len(waiting)
    with Worker(env, tmp_path):
        for history in histories:
            assert (await driver.ended(history)).attempt == 1
    assert await driver.judged() == 8


async def test_a_worker_stops_at_once_when_what_it_judges_is_cancelled(
    env: dict[str, str], stores: Stores, sender: TaskSender, tmp_path: Path
) -> None:
    driver = await SubmissionDriver.open(stores, number="slow")
    # Renewals come every five minutes, so only the cancellation can stop it in time.
    with Worker({**env, "LEASE_SECONDS": "600"}, tmp_path) as worker:
        history = await driver.reserve(sleeping(50))
        await sender.send_execution(history.uid, history.ulid, history.language)
        await driver.running(history)
        await asyncio.sleep(0.5)
        cancelled = await stores.executions.cancel(history.uid, history.ulid)
        await sender.send_cancellation(history.uid, history.ulid)
        wait_until(
            "the worker to notice",
            lambda: "The worker lost its claim" in worker.log(),
            timeout_s=45,
        )
        healthy = await driver.reserve()
        await sender.send_execution(healthy.uid, healthy.ulid, healthy.language)
        assert (await driver.ended(healthy)).verdict is Verdict.AC
    assert await driver.card(history) == cancelled
    assert cancelled.status is HistoryStatus.CANCELLED
    assert await driver.judged() == 1
    assert await driver.used(history) == 2


async def test_a_worker_hears_signals_again_after_redis_was_away(
    env: dict[str, str], stores: Stores, sender: TaskSender, tmp_path: Path
) -> None:
    driver = await SubmissionDriver.open(stores, number="slow")
    with Worker({**env, "LEASE_SECONDS": "600"}, tmp_path) as worker:
        started(worker)
        with redis.Redis.from_url(env["REDIS_URL"]) as server:
            server.client_kill_filter(_type="pubsub", skipme=True)
            wait_until("the worker to listen again", lambda: _listeners(server))
        history = await driver.reserve(sleeping(50))
        await sender.send_execution(history.uid, history.ulid, history.language)
        await driver.running(history)
        await stores.executions.cancel(history.uid, history.ulid)
        await sender.send_cancellation(history.uid, history.ulid)
        wait_until(
            "the worker to notice",
            lambda: "The worker lost its claim" in worker.log(),
            timeout_s=45,
        )


def _listeners(server: redis.Redis) -> int:
    ((_, count),) = server.pubsub_numsub(CHANNEL)
    return int(count)


async def test_it_announces_its_languages(
    env: dict[str, str], full_settings: Settings, tmp_path: Path
) -> None:
    async with open_language_board(full_settings) as board:
        with Worker(env, tmp_path):

            async def announced() -> int | None:
                return await board.last_announced()

            await wait_until_async("an announcement", announced)
            assert await board.is_offered("python") is True
            offered = {language.id: language for language in await board.available()}
    assert {"python", "c", "cpp"} <= set(offered)
    assert offered["python"].version.startswith("3.")


@pytest.mark.thorough
async def test_a_hundred_at_once_of_twenty_users_each_sent_twice_are_judged_once_each(
    env: dict[str, str], stores: Stores, sender: TaskSender, tmp_path: Path
) -> None:
    first = await SubmissionDriver.open(stores, "user0@example.org")
    drivers = [
        first,
        *[await SubmissionDriver.open(stores, f"user{n}@example.org") for n in range(1, 20)],
    ]
    with Worker(env, tmp_path) as worker:
        started(worker)

        async def submit(driver: SubmissionDriver, number: int) -> None:
            code = ADD if number % 5 else sleeping(0.3)
            history = await driver.reserve(code, is_public=bool(number % 2))
            twice = (
                sender.send_execution(history.uid, history.ulid, history.language) for _ in range(2)
            )
            await asyncio.gather(*twice)
            card = await driver.ended(history, timeout_s=PATIENCE_S)
            assert (card.verdict, card.attempt) == (Verdict.AC, 1)

        await asyncio.gather(*(submit(drivers[n % 20], n) for n in range(100)))
    for driver in drivers:
        assert await driver.judged() == 5
        totals, _ = await stores.users.totals(driver.user.uid)
        assert totals.executions == totals.accepted == 5
    assert await stores.problems.run_count(drivers[0].problem.id) == 100
