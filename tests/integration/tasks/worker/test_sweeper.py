"""The sweeper on a real table: the items that it handles and those that it leaves alone."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from structlog.testing import capture_logs

from graphql_api.config import Settings
from graphql_api.data import keys
from graphql_api.data.clock import Clock, now_ms
from graphql_api.data.dynamo import meter
from graphql_api.data.dynamo.expressions import Change
from graphql_api.data.enums import HistoryStatus, JobKind
from graphql_api.data.histories.executions import Claim
from graphql_api.data.jobs import RESEND_AFTER_MS, NewJob
from graphql_api.data.records import History
from tasks.worker.sweeper import SweepCounts, Sweeper
from tests.support.executions import TESTS, SubmissionDriver
from tests.support.senders import RecordingSender
from tests.support.waiting import wait_until_async

pytestmark = pytest.mark.dynamodb

MakeSweeper = Callable[..., Sweeper]
OVERDUE_MS = 31_000


@dataclass
class Refusing(RecordingSender):
    """A sender that fails for some executions."""

    refused: set[str] = field(default_factory=set)

    async def send_execution(self, uid: str, ulid: str, language: str, **more: Any) -> None:
        if ulid in self.refused:
            raise RuntimeError("a defect")
        await super().send_execution(uid, ulid, language, **more)


@pytest.fixture
async def make_sweeper(
    work_settings: Settings, driver: SubmissionDriver, sender: RecordingSender
) -> AsyncIterator[MakeSweeper]:
    made: list[Sweeper] = []

    def make(name: str = "one", clock: Clock = now_ms, **changed: Any) -> Sweeper:
        settings = work_settings.model_copy(update=changed)
        made.append(Sweeper(settings, driver.stores, sender, worker_name=name, clock=clock))
        return made[-1]

    yield make
    for sweeper in made:
        await sweeper.aclose()


async def claim(driver: SubmissionDriver, history: History, lease_ms: int = -1) -> History:
    """Claim an execution, by default with a lease that has already expired."""
    found = await driver.stores.executions.claim(
        history.uid, history.ulid, token=f"dead-{lease_ms}", lease_ms=lease_ms
    )
    assert isinstance(found, Claim)
    return found.history


async def test_what_was_never_sent_is_sent_once_by_sweepers_at_once(
    make_sweeper: MakeSweeper, driver: SubmissionDriver, sender: RecordingSender
) -> None:
    histories = [await driver.reserve(age_ms=OVERDUE_MS) for _ in range(5)]
    found = await asyncio.gather(*(make_sweeper(str(n)).sweep() for n in range(4)))
    assert sum(swept.sent for swept in found) == 5
    assert sorted(sender.ulids) == sorted(history.ulid for history in histories)


async def test_an_unclaimed_job_is_sent_again_once_by_concurrent_sweepers(
    make_sweeper: MakeSweeper, driver: SubmissionDriver, sender: RecordingSender
) -> None:
    new = NewJob(kind=JobKind.REJUDGE, uid="editor", parameters={})
    job = await driver.stores.jobs.create(new)
    await make_sweeper().sweep()
    assert sender.jobs == []

    def later() -> int:
        return now_ms() + RESEND_AFTER_MS + 1000

    await asyncio.gather(*(make_sweeper(str(n), clock=later).sweep() for n in range(4)))
    assert sender.jobs == [("editor", job.ulid, None)]
    await make_sweeper(clock=later).sweep(may_send=False)
    assert len(sender.jobs) == 1


async def test_one_that_cannot_be_sent_does_not_hold_up_the_others(
    work_settings: Settings, driver: SubmissionDriver
) -> None:
    histories = [await driver.reserve(age_ms=OVERDUE_MS) for _ in range(6)]
    broken = Refusing(refused={histories[0].ulid, histories[3].ulid})
    sweeper = Sweeper(work_settings, driver.stores, broken, worker_name="one")
    swept = await sweeper.sweep()
    await sweeper.aclose()
    assert swept.sent == 4
    assert sorted(broken.ulids) == sorted({one.ulid for one in histories} - broken.refused)


async def test_what_is_not_overdue_is_left_alone(
    make_sweeper: MakeSweeper, driver: SubmissionDriver, sender: RecordingSender
) -> None:
    await driver.reserve()
    await claim(driver, await driver.reserve(), lease_ms=60_000)
    swept = await make_sweeper().sweep()
    assert not swept
    assert sender.sent == []


async def test_a_dead_workers_execution_is_sent_again(
    make_sweeper: MakeSweeper, driver: SubmissionDriver, sender: RecordingSender
) -> None:
    history = await claim(driver, await driver.reserve())
    assert await make_sweeper().sweep() == SweepCounts(sent=1)
    assert sender.ulids == [history.ulid]
    assert await driver.used(history) == 1


async def test_what_was_sent_again_is_left_alone_for_a_while(
    make_sweeper: MakeSweeper, driver: SubmissionDriver, sender: RecordingSender
) -> None:
    await driver.reserve(age_ms=OVERDUE_MS)
    sweeper = make_sweeper()
    await sweeper.sweep()
    assert not await sweeper.sweep()
    assert len(sender.sent) == 1


async def test_past_the_cap_it_is_failed_and_refunded_once(
    make_sweeper: MakeSweeper, driver: SubmissionDriver, sender: RecordingSender
) -> None:
    history = await driver.reserve()
    for lease_ms in (-1, -2, -3):
        await claim(driver, history, lease_ms)
    assert await driver.used(history) == 1
    found = await asyncio.gather(*(make_sweeper(str(n)).sweep() for n in range(3)))
    assert sum(swept.failed for swept in found) == 1
    card = await driver.card(history)
    assert card.status is HistoryStatus.FAILED
    assert "3 times" in (card.message or "")
    assert await driver.used(history) == 0
    assert sender.sent == []


async def test_the_last_attempt_is_left_alone_while_it_runs(
    make_sweeper: MakeSweeper, driver: SubmissionDriver
) -> None:
    history = await driver.reserve()
    for lease_ms in (-1, -2, 60_000):
        await claim(driver, history, lease_ms)
    assert not await make_sweeper().sweep()
    assert (await driver.card(history)).status is HistoryStatus.RUNNING


async def test_without_redis_nothing_is_sent_or_put_off_but_the_hopeless_end(
    make_sweeper: MakeSweeper, driver: SubmissionDriver, sender: RecordingSender
) -> None:
    waiting = await driver.reserve(age_ms=OVERDUE_MS)
    hopeless = await driver.reserve()
    for lease_ms in (-1, -2, -3):
        await claim(driver, hopeless, lease_ms)
    await make_sweeper(redis_url="redis://127.0.0.1:1/0").sweep_if_elected()
    assert (await driver.card(hopeless)).status is HistoryStatus.FAILED
    assert sender.sent == []
    assert await make_sweeper().sweep() == SweepCounts(sent=1)
    assert sender.ulids == [waiting.ulid]


@pytest.mark.redis
async def test_of_all_processes_one_looks_at_a_time(
    make_sweeper: MakeSweeper, redis_url: str
) -> None:
    first, second = (
        make_sweeper(name, redis_url=redis_url, sweep_seconds=60) for name in ("first", "second")
    )
    with meter.metered() as looked:
        await first.sweep_if_elected()
    with meter.metered() as stood_by:
        await second.sweep_if_elected()
    assert looked.requests > 0
    assert stood_by.requests == 0


@pytest.mark.slow
@pytest.mark.redis
async def test_another_process_looks_after_the_first_has_died(
    make_sweeper: MakeSweeper, redis_url: str, driver: SubmissionDriver, sender: RecordingSender
) -> None:
    await make_sweeper("dead", redis_url=redis_url).sweep_if_elected()
    history = await driver.reserve(age_ms=OVERDUE_MS)
    living = asyncio.create_task(make_sweeper("living", redis_url=redis_url).run_forever())

    async def sent() -> bool:
        return bool(sender.sent)

    await wait_until_async("the next look", sent)
    living.cancel()
    assert sender.ulids == [history.ulid]


async def test_a_replaced_set_of_tests_goes_after_its_grace(
    make_sweeper: MakeSweeper, driver: SubmissionDriver
) -> None:
    await driver.stores.tests.replace("algoitny", "1", TESTS[:1])
    assert not await make_sweeper().sweep()
    swept = await make_sweeper(clock=lambda: now_ms() + 7_200_000).sweep()
    assert swept == SweepCounts(purged=1)
    found = await driver.stores.tests.with_problem("algoitny", "1")
    assert found is not None
    assert len(found[1]) == 1


# Attributes that make a card unreadable: missing, of another type, unknown, and of newer code.
POISON: dict[str, dict[str, Any]] = {
    "status": {"st": "UNKNOWN"},
    "due time": {"g2s": "0000soon"},
    "no owner": {"u": None},
    "newer format": {"v": 99},
}


async def poison(driver: SubmissionDriver, key: dict[str, str], fields: dict[str, Any]) -> None:
    await driver.stores.dynamo.update(key, Change(fields))


async def quarantined(driver: SubmissionDriver) -> list[dict[str, str]]:
    return [item.key for item in await driver.stores.executions.quarantine.list_items()]


@pytest.mark.parametrize("fields", POISON.values(), ids=POISON)
async def test_an_unreadable_execution_is_quarantined_once_and_the_others_are_sent(
    make_sweeper: MakeSweeper,
    driver: SubmissionDriver,
    sender: RecordingSender,
    fields: dict[str, Any],
) -> None:
    histories = [await driver.reserve(age_ms=OVERDUE_MS) for _ in range(4)]
    key = keys.history(histories[0].uid, histories[0].ulid)
    stored = await driver.stores.dynamo.get(key, consistent=True)
    await poison(driver, key, fields)
    with capture_logs() as logs:
        swept = await make_sweeper().sweep()
    assert swept == SweepCounts(sent=3, quarantined=1)
    assert sorted(sender.ulids) == sorted(history.ulid for history in histories[1:])
    (line,) = (
        line
        for line in logs
        if line["event"] == "The item cannot be read, so it was moved into quarantine."
    )
    assert (line["PK"], line["SK"]) == (key["PK"], key["SK"])
    assert not await make_sweeper().sweep()
    assert await quarantined(driver) == [key]

    assert stored is not None
    if "g2s" not in fields:
        await poison(driver, key, {name: stored[name] for name in fields})
    assert await driver.stores.executions.quarantine.release(key)
    assert await make_sweeper().sweep() == SweepCounts(sent=1)
    assert sender.ulids[-1] == histories[0].ulid


async def test_an_execution_without_attempts_whose_card_is_unreadable_is_quarantined(
    make_sweeper: MakeSweeper, driver: SubmissionDriver
) -> None:
    """The index entry can be read, but the card cannot be changed to FAILED."""
    history = await driver.reserve()
    for lease_ms in (-1, -2, -3):
        await claim(driver, history, lease_ms)
    key = keys.history(history.uid, history.ulid)
    await poison(driver, key, {"ti": None})
    assert await make_sweeper().sweep() == SweepCounts(quarantined=1)
    assert not await make_sweeper().sweep()
    assert await quarantined(driver) == [key]


async def test_unreadable_jobs_and_purge_notes_are_quarantined_and_the_others_go_on(
    make_sweeper: MakeSweeper, driver: SubmissionDriver, sender: RecordingSender
) -> None:
    new = NewJob(kind=JobKind.REJUDGE, uid="editor", parameters={})
    broken, other = [await driver.stores.jobs.create(new) for _ in range(2)]
    await poison(driver, keys.job(broken.ulid), {"jk": "UNKNOWN"})
    for count in (1, 2):
        await driver.stores.tests.replace("algoitny", "1", TESTS[:count])
    note = keys.case_purge("algoitny", "1", 1)
    await poison(driver, note, {"tcv": None})
    swept = await make_sweeper(clock=lambda: now_ms() + 7_200_000).sweep()
    assert swept == SweepCounts(sent=1, purged=1, quarantined=2)
    assert [ulid for _, ulid, _ in sender.jobs] == [other.ulid]
    assert sorted(map(str, await quarantined(driver))) == sorted(
        map(str, [keys.job(broken.ulid), note])
    )


async def test_a_card_of_newer_code_is_not_claimed(driver: SubmissionDriver) -> None:
    history = await driver.reserve()
    key = keys.history(history.uid, history.ulid)
    await poison(driver, key, {"v": 99})
    executions = driver.stores.executions
    found = await executions.claim(history.uid, history.ulid, token="me", lease_ms=60_000)
    assert found is None
    stored = await driver.stores.dynamo.get(key, consistent=True)
    assert stored is not None
    assert (stored["st"], stored.get("att", 0)) == ("PENDING", 0)
