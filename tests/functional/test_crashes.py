"""Real processes killed at any moment: every submission ends exactly once, and usage is exact."""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path

import httpx
import pytest
import redis

from graphql_api.cli.local.dynamodb_local import DynamoDBLocal
from graphql_api.cli.local.redis_server import RedisServer
from graphql_api.config import Settings
from graphql_api.data import keys
from graphql_api.data.clock import now_ms
from graphql_api.data.dynamo.expressions import Change
from graphql_api.data.dynamo.pages import PageWindow
from graphql_api.data.dynamo.table import open_table
from graphql_api.data.enums import HistoryStatus, Verdict
from graphql_api.data.records import History
from graphql_api.data.stores import open_stores
from tasks.queue.sender import TaskSender
from tests.support.executions import ADD, OVERDUE_MS, SHORT, SubmissionDriver, sleeping
from tests.support.services import run_engine
from tests.support.settings import PATIENCE_MS, make_settings
from tests.support.system import Api, Client, Worker
from tests.support.waiting import PATIENCE_S, wait_until, wait_until_async

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.slow,
    pytest.mark.dynamodb,
    pytest.mark.redis,
    pytest.mark.sandbox,
]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[DynamoDBLocal]:
    """A DynamoDB Local only for this test, which keeps its data over a kill."""
    yield from run_engine(DynamoDBLocal(tmp_path / "dynamodb", log_path=tmp_path / "dynamodb.log"))


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis only for this test, with its append-only file."""
    yield from run_engine(RedisServer(tmp_path / "redis", log_path=tmp_path / "redis.log"))


@pytest.fixture
def crash_settings(database: DynamoDBLocal, queue: RedisServer) -> Settings:
    found = make_settings(
        aws_endpoint_url_dynamodb=database.endpoint,
        table_name="crashes",
        redis_url=queue.url,
        dynamodb_deadline_ms=PATIENCE_MS,
        redis_timeout_ms=PATIENCE_MS,
    )
    for _ in open_table(found).provision():
        pass
    return found


@pytest.fixture
def env(settings_env: dict[str, str], crash_settings: Settings, tmp_path: Path) -> dict[str, str]:
    return {
        **settings_env,
        **SHORT,
        "AWS_ENDPOINT_URL_DYNAMODB": str(crash_settings.dynamodb_endpoint),
        "TABLE_NAME": crash_settings.table_name,
        "REDIS_URL": crash_settings.redis_url,
        "WORK_DIR": str(tmp_path / "work"),
    }


@pytest.fixture
async def driver(crash_settings: Settings) -> AsyncIterator[SubmissionDriver]:
    async with open_stores(crash_settings) as stores:
        yield await SubmissionDriver.open(stores)


@pytest.fixture
async def sender(crash_settings: Settings) -> AsyncIterator[TaskSender]:
    found = TaskSender(crash_settings)
    yield found
    await found.aclose()


def ready(worker: Worker) -> Worker:
    wait_until("the worker's start", lambda: "ready for action" in worker.log())
    return worker


async def submit(
    driver: SubmissionDriver, sender: TaskSender, code: str = ADD, **more: int
) -> History:
    history = await driver.reserve(code, **more)  # type: ignore[arg-type]
    await sender.send_execution(history.uid, history.ulid, history.language)
    return history


async def all_ended_once(
    driver: SubmissionDriver, histories: list[History], timeout_s: float = 60
) -> None:
    """Check that each history was accepted once, and the counts of completions and usage."""
    for history in histories:
        card = await driver.ended(history, timeout_s=timeout_s)
        assert (card.status, card.verdict) == (HistoryStatus.COMPLETED, Verdict.AC)
        assert await driver.stores.histories.results(card) is not None
    assert await driver.judged() == len(histories)
    assert await driver.used(histories[0]) == len(histories)


async def test_another_worker_finishes_what_a_killed_one_was_judging(
    env: dict[str, str], driver: SubmissionDriver, sender: TaskSender, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    async with AsyncExitStack() as stack:
        killed = ready(stack.enter_context(Worker(env, tmp_path)))
        # 30 s in the two slots of its worker, so that the other worker is ready before its end.
        history = await submit(driver, sender, sleeping(15))
        await driver.running(history)
        # The other worker needs the third slot for the test of its sandbox.
        ready(stack.enter_context(Worker({**env, "JUDGE_SLOTS": "3"}, tmp_path / "other")))
        killed.kill()
        await driver.running(history, attempt=2)
        await all_ended_once(driver, [history])


async def test_what_was_reserved_and_never_sent_is_judged(
    env: dict[str, str], driver: SubmissionDriver, tmp_path: Path
) -> None:
    histories = [await driver.reserve(age_ms=OVERDUE_MS) for _ in range(5)]
    with Worker(env, tmp_path):
        await all_ended_once(driver, histories)


async def test_what_a_killed_api_had_reserved_and_not_sent_is_judged(
    env: dict[str, str], driver: SubmissionDriver, queue: RedisServer, tmp_path: Path
) -> None:
    async def reserved() -> History | None:
        found = await driver.stores.histories.list(driver.user.uid, PageWindow())
        return found.records[0] if found.records else None

    with ExitStack() as stack:
        patient = {**env, "REDIS_TIMEOUT_MS": "10000"}
        api = stack.enter_context(Api(patient, tmp_path)).wait_until_alive()
        nobody = stack.enter_context(Client(api.url))
        client = stack.enter_context(await asyncio.to_thread(nobody.signed_in, driver.user.email))
        # Redis is stopped, so that the API is killed while it sends the message.
        os.kill(queue.pid, signal.SIGSTOP)
        call = asyncio.create_task(asyncio.to_thread(client.submit, "1", "python", ADD))
        history = await wait_until_async("a reservation", reserved)
        assert not call.done()
        api.kill()
        with pytest.raises(httpx.HTTPError):
            await call
        os.kill(queue.pid, signal.SIGCONT)
    assert (await driver.card(history)).status is HistoryStatus.PENDING
    # The execution becomes overdue now, instead of after 30 s.
    overdue = Change(put={"g2s": keys.due_sort(now_ms() - 1)})
    await driver.stores.dynamo.update(keys.history(history.uid, history.ulid), overdue)
    with redis.Redis.from_url(env["REDIS_URL"].replace("/0", "/1")) as queues:
        assert queues.hlen("dramatiq:execution.msgs") == 0
    with Worker(env, tmp_path):
        await all_ended_once(driver, [history])


async def test_workers_killed_again_and_again_lose_and_double_nothing(
    env: dict[str, str], driver: SubmissionDriver, sender: TaskSender, tmp_path: Path
) -> None:
    moments = random.Random(20261121)
    patient = {**env, "ATTEMPT_CAP": "20"}
    histories = [await submit(driver, sender, sleeping(0.5) if n % 2 else ADD) for n in range(20)]
    for _ in range(3):
        with Worker(patient, tmp_path) as worker:
            started = worker.log().count("ready for action")
            wait_until("a start", lambda: worker.log().count("ready for action") > started)  # noqa: B023
            await asyncio.sleep(moments.uniform(0.05, 1.0))
            worker.kill()
    with Worker(patient, tmp_path):
        await all_ended_once(driver, histories)


async def test_a_submission_that_kills_its_worker_fails_at_the_cap_and_is_refunded(
    env: dict[str, str], driver: SubmissionDriver, sender: TaskSender, tmp_path: Path
) -> None:
    poison = await submit(driver, sender, sleeping(10))
    for attempt in (1, 2, 3):
        with Worker(env, tmp_path) as worker:
            await driver.running(poison, attempt=attempt)
            worker.kill()
    with Worker(env, tmp_path):
        card = await driver.ended(poison)
        assert card.status is HistoryStatus.FAILED
        assert "3 times" in (card.message or "")
        assert await driver.used(poison) == 0
        assert await driver.judged() == 0
        healthy = await submit(driver, sender)
        assert (await driver.ended(healthy)).verdict is Verdict.AC


async def test_redis_killed_in_the_middle_loses_and_doubles_nothing(
    env: dict[str, str],
    driver: SubmissionDriver,
    sender: TaskSender,
    queue: RedisServer,
    tmp_path: Path,
) -> None:
    with Worker({**env, "ATTEMPT_CAP": "20"}, tmp_path) as worker:
        ready(worker)
        histories = [await submit(driver, sender, sleeping(0.5)) for _ in range(10)]
        await driver.any_running(histories)
        queue.kill()
        # Without Redis they are accepted too, and the sweeper sends them later.
        histories += [await submit(driver, sender, age_ms=OVERDUE_MS) for _ in range(5)]
        await asyncio.sleep(0.5)
        await asyncio.to_thread(queue.start)
        await all_ended_once(driver, histories, timeout_s=PATIENCE_S)
        assert worker.is_running


async def test_the_database_killed_in_the_middle_loses_and_doubles_nothing(
    env: dict[str, str],
    driver: SubmissionDriver,
    sender: TaskSender,
    database: DynamoDBLocal,
    tmp_path: Path,
) -> None:
    with Worker({**env, "ATTEMPT_CAP": "20"}, tmp_path) as worker:
        ready(worker)
        histories = [await submit(driver, sender, sleeping(0.5)) for _ in range(10)]
        await driver.any_running(histories)
        database.kill()
        await asyncio.sleep(1)
        await asyncio.to_thread(database.start)

        async def answers() -> bool:
            return await driver.stores.users.get(driver.user.uid) is not None

        await wait_until_async("the database's return", answers)
        histories.append(await submit(driver, sender))
        await all_ended_once(driver, histories, timeout_s=PATIENCE_S)
        assert worker.is_running
