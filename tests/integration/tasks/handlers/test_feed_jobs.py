"""Feed jobs on a real table: deletion, restoration, crashes, and requests at the same time."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from itertools import permutations

import pytest

from graphql_api.config import Settings
from graphql_api.data import keys
from graphql_api.data.dynamo.expressions import Change
from graphql_api.data.dynamo.pages import PageWindow
from graphql_api.data.enums import JobKind, JobStatus, ProblemState, Verdict
from graphql_api.data.histories.problem_feed import FeedChange
from graphql_api.data.records import NO_PID, PID, History, Job
from graphql_api.data.stores import Stores
from judge.judge import Judge
from tasks.handlers import feed_jobs
from tasks.handlers.executions import ExecutionHandler
from tasks.handlers.feed_jobs import FeedJobHandler
from tasks.handlers.jobs import JobHandler
from tasks.queue.cancellations import Cancellations
from tests.support.api import Api
from tests.support.executions import SubmissionDriver, new_problem
from tests.support.feed_jobs import FeedDriver
from tests.support.judging import WatchedJudge
from tests.support.lagging import LAGGING
from tests.support.rejudges import seen
from tests.support.senders import RecordingSender
from tests.support.stores import StoreHarness
from tests.support.transport import Crash, FaultyTransport
from tests.support.waiting import PATIENCE_S, wait_until_async

pytestmark = pytest.mark.dynamodb

MakeJobs = Callable[..., JobHandler]


@pytest.fixture
def make_jobs(
    work_settings: Settings,
    stores: Stores,
    sender: RecordingSender,
    cancellations: Cancellations,
) -> MakeJobs:
    def make(
        *,
        publishing_s: float = 0,
        draining: threading.Event | None = None,
        others_wait: Callable[[], bool] = lambda: False,
    ) -> JobHandler:
        handler = FeedJobHandler(
            stores=stores,
            draining=draining or threading.Event(),
            others_wait=others_wait,
            publishing_s=publishing_s,
            index_lag_s=0,
        )
        return JobHandler(
            settings=work_settings,
            store=stores.jobs,
            sender=sender,
            cancellations=cancellations,
            handlers={JobKind.REMOVE_FROM_FEED: handler, JobKind.RETURN_TO_FEED: handler},
        )

    return make


@pytest.fixture
def feed(driver: SubmissionDriver) -> FeedDriver:
    return FeedDriver(driver)


@pytest.fixture
def faults(stores: Stores) -> FaultyTransport:
    return FaultyTransport(stores.dynamo)


async def finished(feed: FeedDriver, job: Job) -> tuple[JobStatus, dict[str, object] | None]:
    card = await seen(feed.submissions, job)
    return card.status, await feed.stores.jobs.result(card)


def done(changed: int, *, ended_early: bool = False) -> tuple[JobStatus, dict[str, object]]:
    return JobStatus.SUCCEEDED, {"changed": changed, "ended_early": ended_early}


# Deletion and restoration


async def test_the_executions_leave_every_list_of_the_feed_and_return_to_the_same_places(
    feed: FeedDriver, make_jobs: MakeJobs
) -> None:
    other = FeedDriver(
        replace(feed.submissions, problem=await new_problem(feed.stores, "2")),
    )
    await feed.completed(is_public=False)
    for language in ("python", "cpp", "python"):
        await feed.completed(language=language)
        await other.completed(language=language)
    before = await feed.feed()
    assert len(before) == 6
    totals = await feed.stores.users.totals(feed.submissions.user.uid)

    deletion = await feed.soft_delete()
    await make_jobs().run(deletion.ulid)
    assert await finished(feed, deletion) == done(3)
    assert [one.number for one in await feed.feed()] == ["2"] * 3
    for history in before:
        card = await feed.card(history)
        assert (card.is_public, card.feed_id) == (True, history.feed_id)
    assert await feed.stores.users.totals(feed.submissions.user.uid) == totals

    restoration = await feed.restore()
    await make_jobs().run(restoration.ulid)
    assert await finished(feed, restoration) == done(3)
    assert await feed.feed() == before
    rest = await feed.stores.feed.page(PageWindow(size=20, after=before[1].feed_id))
    assert rest.records == before[2:]


async def test_a_permanent_deletion_removes_the_executions_from_the_feed(
    feed: FeedDriver, make_jobs: MakeJobs
) -> None:
    histories = [await feed.completed() for _ in range(3)]
    job = await feed.delete()
    await make_jobs().run(job.ulid)
    assert await finished(feed, job) == done(3)
    assert await feed.feed() == []
    assert all([(await feed.card(history)).is_public for history in histories])


async def test_the_progress_tells_editors_how_many_executions_were_changed(
    feed: FeedDriver, make_jobs: MakeJobs
) -> None:
    await feed.completed()
    job = await feed.soft_delete()
    await make_jobs().run(job.ulid)
    card = await seen(feed.submissions, job)
    assert (card.message, card.progress) == ("Executions removed from the feed: 1.", 100)
    job = await feed.restore()
    await make_jobs().run(job.ulid)
    assert (await seen(feed.submissions, job)).message == "Executions back in the feed: 1."


# Crashes and repeated messages


@pytest.mark.parametrize("after", [False, True])
async def test_a_job_that_was_killed_in_the_middle_is_completed_by_the_next_attempt(
    feed: FeedDriver,
    make_jobs: MakeJobs,
    faults: FaultyTransport,
    monkeypatch: pytest.MonkeyPatch,
    *,
    after: bool,
) -> None:
    monkeypatch.setattr(feed_jobs, "CHECKPOINT_S", 0)
    monkeypatch.setattr("graphql_api.data.histories.problem_feed.EXECUTIONS_AT_ONCE", 2)
    for _ in range(5):
        await feed.completed()
    before = await feed.feed()
    for start, expected in ((feed.soft_delete, []), (feed.restore, before)):
        job = await start()
        faults.meanwhile("TransactWriteItems", nothing)
        faults.crash("TransactWriteItems", after=after)
        with pytest.raises(Crash):
            await make_jobs().run(job.ulid)
        assert await feed.feed() not in ([], before)
        await make_jobs().run(job.ulid)
        assert (await seen(feed.submissions, job)).status is JobStatus.SUCCEEDED
        assert await feed.feed() == expected


async def nothing() -> None:
    """Do not disturb this request."""


async def test_an_attempt_continues_after_the_last_page_that_was_saved(
    feed: FeedDriver, make_jobs: MakeJobs, faults: FaultyTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_jobs, "CHECKPOINT_S", 0)
    of_problem = feed.stores.rejudges.of_problem
    asked: list[str | None] = []

    async def small_page(problem, *, after=None):
        asked.append(after)
        return await of_problem(problem, after=after, size=2)

    monkeypatch.setattr(feed.stores.rejudges, "of_problem", small_page)
    histories = [await feed.completed() for _ in range(5)]
    job = await feed.soft_delete()
    for _ in range(2):
        faults.meanwhile("TransactWriteItems", nothing)
    faults.crash("TransactWriteItems")
    with pytest.raises(Crash):
        await make_jobs().run(job.ulid)
    asked.clear()
    await make_jobs().run(job.ulid)
    assert asked == [histories[3].ulid]
    assert await finished(feed, job) == done(5)
    assert await feed.feed() == []


async def test_a_message_that_is_delivered_twice_changes_each_execution_once(
    feed: FeedDriver, make_jobs: MakeJobs
) -> None:
    for _ in range(3):
        await feed.completed()
    before = await feed.feed()
    job = await feed.soft_delete()
    await asyncio.gather(make_jobs().run(job.ulid), make_jobs().run(job.ulid))
    await make_jobs().run(job.ulid)
    assert await finished(feed, job) == done(3)
    assert await feed.feed() == []
    again = await feed.delete()
    await make_jobs().run(again.ulid)
    assert await finished(feed, again) == done(0)
    assert [(await feed.card(one)).feed_id for one in before] == [one.feed_id for one in before]


async def test_a_worker_that_stops_gives_the_job_to_another_worker(
    feed: FeedDriver, make_jobs: MakeJobs, sender: RecordingSender
) -> None:
    await feed.completed()
    job = await feed.soft_delete()
    draining = threading.Event()
    draining.set()
    await make_jobs(draining=draining).run(job.ulid)
    assert sender.jobs == [("editor", job.ulid, None)]
    await make_jobs().run(job.ulid)
    assert (await seen(feed.submissions, job)).status is JobStatus.SUCCEEDED
    assert await feed.feed() == []


async def test_a_job_that_only_waits_lets_other_jobs_run_and_keeps_the_time_that_it_has_waited(
    feed: FeedDriver,
    make_jobs: MakeJobs,
    sender: RecordingSender,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(feed_jobs, "WAITING_SLICE_S", 0)
    monkeypatch.setattr(feed_jobs, "POLL_S", 0.1)
    job = await feed.soft_delete()
    jobs = make_jobs(publishing_s=0.3, others_wait=lambda: True)
    attempts = 0
    while (await seen(feed.submissions, job)).status is not JobStatus.SUCCEEDED:
        await jobs.run(job.ulid)
        attempts += 1
    assert 1 < attempts <= 4
    assert len(sender.jobs) == attempts - 1


# Deletion and restoration at the same time


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_the_last_request_decides_in_whatever_order_the_jobs_run(
    feed: FeedDriver, make_jobs: MakeJobs, order: tuple[int, ...]
) -> None:
    for _ in range(2):
        await feed.completed()
    before = await feed.feed()
    jobs = [await feed.soft_delete(), await feed.restore(), await feed.soft_delete()]
    for number in order:
        await make_jobs().run(jobs[number].ulid)
    assert await feed.feed() == []
    jobs = [await feed.restore(), await feed.soft_delete(), await feed.restore()]
    for number in order:
        await make_jobs().run(jobs[number].ulid)
    assert await feed.feed() == before


async def test_a_restoration_in_the_middle_of_the_removal_stops_it_before_its_next_write(
    feed: FeedDriver,
    make_jobs: MakeJobs,
    faults: FaultyTransport,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The removal has read the state of the problem and its executions before the restoration."""
    monkeypatch.setattr("graphql_api.data.histories.problem_feed.EXECUTIONS_AT_ONCE", 2)
    for _ in range(4):
        await feed.completed()
    before = await feed.feed()
    restorations: list[Job] = []

    async def restore_and_return() -> None:
        restorations.append(await feed.restore())
        await make_jobs().run(restorations[0].ulid)

    removal = await feed.soft_delete()
    faults.meanwhile("TransactWriteItems", nothing)
    faults.meanwhile("TransactWriteItems", restore_and_return)
    await make_jobs().run(removal.ulid)
    assert await finished(feed, restorations[0]) == done(2)
    assert await feed.feed() == before
    status, result = await finished(feed, removal)
    assert (status, result and result["ended_early"]) == (JobStatus.SUCCEEDED, True)
    message = (await seen(feed.submissions, removal)).message or ""
    assert message.endswith("so another job returns its executions to the feed.")


async def test_a_deletion_in_the_middle_of_the_return_stops_it_before_its_next_write(
    feed: FeedDriver, make_jobs: MakeJobs, faults: FaultyTransport
) -> None:
    await feed.completed()
    await make_jobs().run((await feed.soft_delete()).ulid)
    job = await feed.restore()

    async def remove() -> None:
        await make_jobs().run((await feed.soft_delete()).ulid)

    faults.meanwhile("TransactWriteItems", remove)
    await make_jobs().run(job.ulid)
    assert await finished(feed, job) == done(0, ended_early=True)
    assert await feed.feed() == []


async def test_a_late_job_reads_no_further_than_the_first_page(
    feed: FeedDriver, make_jobs: MakeJobs
) -> None:
    """The problem has no execution in the feed, so no write shows that it was restored."""
    await feed.completed(is_public=False)
    removal = await feed.soft_delete()
    await feed.restore()
    await make_jobs(publishing_s=600).run(removal.ulid)
    assert await finished(feed, removal) == done(0, ended_early=True)


# Other requests at the same time


@pytest.mark.parametrize("is_removal", [True, False])
async def test_an_execution_that_is_made_private_meanwhile_stays_private(
    feed: FeedDriver, make_jobs: MakeJobs, faults: FaultyTransport, *, is_removal: bool
) -> None:
    first, second, third = [await feed.completed() for _ in range(3)]
    job = await feed.soft_delete()
    if not is_removal:
        await make_jobs().run(job.ulid)
        job = await feed.restore()

    async def unpublish() -> None:
        await feed.stores.histories.unpublish(*second.key)

    faults.meanwhile("TransactWriteItems", unpublish)
    await make_jobs().run(job.ulid)
    assert await finished(feed, job) == done(2)
    if is_removal:
        assert await feed.feed() == []
        await make_jobs().run((await feed.restore()).ulid)
    assert [one.ulid for one in await feed.feed()] == [third.ulid, first.ulid]
    card = await feed.card(second)
    assert (card.is_public, card.feed_id, card.feed_hidden) == (False, None, None)
    totals, _ = await feed.stores.users.totals(feed.submissions.user.uid)
    assert totals.public_histories == 2


async def test_what_users_do_while_the_problem_is_deleted_counts_after_the_restoration(
    feed: FeedDriver, make_jobs: MakeJobs
) -> None:
    private, deleted, shown = [await feed.completed() for _ in range(3)]
    await make_jobs().run((await feed.soft_delete()).ulid)
    await feed.stores.histories.unpublish(*private.key)
    await feed.stores.histories.delete(*deleted.key)
    assert await feed.feed() == []
    await make_jobs().run((await feed.restore()).ulid)
    assert [(one.ulid, one.feed_id) for one in await feed.feed()] == [(shown.ulid, shown.feed_id)]


async def test_an_execution_that_is_published_again_after_the_restoration_has_one_new_place(
    feed: FeedDriver, make_jobs: MakeJobs
) -> None:
    first, second = [await feed.completed() for _ in range(2)]
    await make_jobs().run((await feed.soft_delete()).ulid)
    job = await feed.restore()
    await feed.stores.histories.unpublish(*first.key)
    await feed.stores.histories.publish(*first.key, problem_public=True)
    await make_jobs().run(job.ulid)
    assert await finished(feed, job) == done(1)
    assert [one.ulid for one in await feed.feed()] == [first.ulid, second.ulid]


@pytest.mark.parametrize("kind", ["removal", "rejudge"])
async def test_a_rejudge_at_the_same_time_neither_returns_an_execution_nor_loses_its_result(
    feed: FeedDriver, make_jobs: MakeJobs, faults: FaultyTransport, kind: str
) -> None:
    """The one of `kind` has read the card before the other one writes."""
    history = await feed.completed()
    rejudges = feed.stores.rejudges
    begun = await rejudges.begin(*history.key, "rejudge")
    assert begun is not None

    async def rejudge() -> None:
        outcome = replace(Api.outcome(attempt=2), verdict=Verdict.AC)
        assert await rejudges.complete(begun, outcome, "rejudge") is not None

    job = await feed.soft_delete()
    remove = make_jobs().run
    if kind == "removal":
        faults.meanwhile("TransactWriteItems", rejudge)
        await remove(job.ulid)
    else:
        faults.meanwhile("TransactWriteItems", lambda: remove(job.ulid))
        await rejudge()
    assert await feed.feed() == []
    assert await finished(feed, job) == done(1)
    await remove((await feed.restore()).ulid)
    (shown,) = await feed.feed()
    assert (shown.ulid, shown.feed_id, shown.verdict) == (
        history.ulid,
        history.feed_id,
        Verdict.AC,
    )


async def test_an_execution_whose_worker_did_not_know_of_the_deletion_is_removed_when_it_ends(
    feed: FeedDriver, make_jobs: MakeJobs
) -> None:
    listed, claimed = await feed.completed(), await feed.claimed()
    job = await feed.soft_delete()
    running = asyncio.create_task(make_jobs().run(job.ulid))
    await until_hidden(feed, listed)
    completed = await feed.complete(claimed)
    await running
    assert await finished(feed, job) == done(2)
    assert await feed.feed() == []
    assert (await feed.card(completed)).feed_id == completed.feed_id
    await make_jobs().run((await feed.restore()).ulid)
    assert [one.ulid for one in await feed.feed()] == [completed.ulid, listed.ulid]


async def test_an_execution_whose_worker_did_not_know_of_the_restoration_returns_when_it_ends(
    feed: FeedDriver, make_jobs: MakeJobs
) -> None:
    listed, claimed = await feed.completed(), await feed.claimed()
    removal = asyncio.create_task(make_jobs().run((await feed.soft_delete()).ulid))
    await until_hidden(feed, listed)
    job = await feed.restore()
    running = asyncio.create_task(make_jobs().run(job.ulid))
    await until_shown(feed, listed)
    outcome = replace(Api.outcome(attempt=1), problem_deleted=True)
    completed = await feed.stores.executions.complete(claimed, outcome)
    assert completed.feed_hidden
    await asyncio.gather(running, removal)
    assert [one.ulid for one in await feed.feed()] == [completed.ulid, listed.ulid]


@pytest.mark.sandbox
@pytest.mark.parametrize("is_permanent", [False, True])
async def test_an_execution_that_ends_after_the_deletion_of_its_problem_does_not_enter_the_feed(
    feed: FeedDriver,
    make_jobs: MakeJobs,
    make_execution: Callable[..., ExecutionHandler],
    judge: Judge,
    *,
    is_permanent: bool,
) -> None:
    """No worker has time for the job of the deletion before the end of the execution."""
    history, watched = await feed.submissions.reserve(is_public=True), WatchedJudge(judge)
    running = asyncio.create_task(make_execution(watched).run(*history.key))
    assert await asyncio.to_thread(watched.began.wait, PATIENCE_S)
    await (feed.delete() if is_permanent else feed.soft_delete())
    watched.may_return.set()
    await running
    card = await feed.card(history)
    assert (card.verdict, card.is_public, card.feed_id is None) == (Verdict.AC, True, is_permanent)
    assert await feed.feed() == []
    if not is_permanent:
        await make_jobs().run((await feed.restore()).ulid)
        assert [one.feed_id for one in await feed.feed()] == [card.feed_id]


@LAGGING
async def test_an_execution_that_has_just_completed_is_changed_although_the_indexes_are_behind(
    feed: FeedDriver, make_jobs: MakeJobs
) -> None:
    history = await feed.completed()
    await make_jobs().run((await feed.soft_delete()).ulid)
    assert (await feed.card(history)).feed_hidden
    await make_jobs().run((await feed.restore()).ulid)
    assert not (await feed.card(history)).feed_hidden


async def test_a_request_that_read_the_problem_before_its_deletion_publishes_nothing_for_long(
    feed: FeedDriver, make_jobs: MakeJobs
) -> None:
    listed, private = await feed.completed(), await feed.completed(is_public=False)
    job = await feed.soft_delete()
    running = asyncio.create_task(make_jobs(publishing_s=5).run(job.ulid))
    await until_hidden(feed, listed)
    await feed.stores.histories.publish(*private.key, problem_public=True)
    await running
    assert await finished(feed, job) == done(2)
    assert await feed.feed() == []


async def until_hidden(feed: FeedDriver, history: History) -> None:
    async def check() -> bool:
        return bool((await feed.card(history)).feed_hidden)

    await wait_until_async("the removal of an execution", check)


async def until_shown(feed: FeedDriver, history: History) -> None:
    async def check() -> bool:
        return not (await feed.card(history)).feed_hidden

    await wait_until_async("the return of an execution", check)


class Mix:
    """Requests and jobs at the same time, until the problem has changed its state six times."""

    def __init__(self, feed: FeedDriver, make_jobs: MakeJobs) -> None:
        self.feed, self._make_jobs = feed, make_jobs
        self._jobs: list[Job] = []
        self._is_over = False

    async def change_problem(self, *, ends_deleted: bool) -> None:
        for _ in range(3):
            for start in (self.feed.soft_delete, self.feed.restore):
                self._jobs.append(await start())
                await asyncio.sleep(0.05)
        if ends_deleted:
            self._jobs.append(await self.feed.soft_delete())
        self._is_over = True

    async def run_jobs(self) -> None:
        """Run jobs as one of several workers: always the latest of the waiting jobs."""
        while self._jobs or not self._is_over:
            if self._jobs:
                await self._make_jobs(publishing_s=2).run(self._jobs.pop().ulid)
            await asyncio.sleep(0.01)

    async def change_visibility(self, history: History) -> None:
        """Do what `setHistoryVisibility` does, again and again."""
        stores, key = self.feed.stores, self.feed.submissions.problem.key
        while not self._is_over:
            problem = await stores.problems.get(*key, consistent=True)
            if problem and problem.state is ProblemState.COMPLETED:
                await stores.histories.publish(*history.key, problem_public=True)
            await stores.histories.unpublish(*history.key)

    async def rejudge(self, history: History) -> None:
        store, number = self.feed.stores.rejudges, 0
        while not self._is_over:
            number += 1
            begun = await store.begin(*history.key, str(number))
            assert begun is not None
            outcome = Api.outcome(attempt=begun.rejudge_attempt or 0)
            await store.complete(begun, outcome, str(number))


@pytest.mark.slow
@pytest.mark.parametrize("ends_deleted", [True, False])
async def test_any_mix_of_requests_leaves_the_feed_as_problem_and_cards_say(
    feed: FeedDriver, make_jobs: MakeJobs, monkeypatch: pytest.MonkeyPatch, *, ends_deleted: bool
) -> None:
    monkeypatch.setattr("graphql_api.data.histories.problem_feed.EXECUTIONS_AT_ONCE", 1)
    histories = [await feed.completed() for _ in range(6)]
    mix = Mix(feed, make_jobs)
    await asyncio.gather(
        mix.change_problem(ends_deleted=ends_deleted),
        *(mix.run_jobs() for _ in range(3)),
        *map(mix.change_visibility, histories[:3]),
        *map(mix.rejudge, histories[2:5]),
    )
    await StoreHarness(feed.stores.dynamo).consistent()
    positioned = {one.ulid for one in histories if (await feed.card(one)).feed_id}
    assert {one.ulid for one in histories[3:]} <= positioned
    assert {one.ulid for one in await feed.feed()} == (set() if ends_deleted else positioned)


# Problems of the same name


async def test_a_change_of_one_problem_does_not_touch_an_execution_of_another_one(
    feed: FeedDriver,
) -> None:
    other = FeedDriver(replace(feed.submissions, problem=await new_problem(feed.stores, "2")))
    histories = [await feed.completed(), await other.completed()]
    await feed.soft_delete()
    change = FeedChange(feed.submissions.problem.id, hides=True)
    wanted = [history.key for history in histories]
    assert await feed.stores.problem_feed.apply(change, wanted) == 1
    assert [one.number for one in await feed.feed()] == ["2"]


@pytest.mark.parametrize("has_pid", [True, False])
async def test_a_job_of_a_deleted_problem_does_not_touch_a_new_problem_of_the_same_name(
    feed: FeedDriver, make_jobs: MakeJobs, *, has_pid: bool
) -> None:
    if not has_pid:
        await remove_pid(feed)
    old = [await feed.completed() for _ in range(2)]
    job = await feed.delete()
    new = FeedDriver(replace(feed.submissions, problem=await new_problem(feed.stores, "1")))
    assert new.submissions.problem.pid not in (NO_PID, feed.submissions.problem.pid)
    shown = await new.completed()
    await make_jobs().run(job.ulid)
    assert await finished(feed, job) == done(len(old))
    assert [one.ulid for one in await feed.feed()] == [shown.ulid]


async def test_a_problem_without_a_pid_is_deleted_and_restored_like_others(
    feed: FeedDriver, make_jobs: MakeJobs
) -> None:
    await remove_pid(feed)
    history = await feed.completed()
    assert history.pid == NO_PID
    await make_jobs().run((await feed.soft_delete()).ulid)
    assert await feed.feed() == []
    await make_jobs().run((await feed.restore()).ulid)
    assert [one.ulid for one in await feed.feed()] == [history.ulid]


async def remove_pid(feed: FeedDriver) -> None:
    """Give the problem the form of those that the previous version has stored."""
    problem = feed.submissions.problem
    await feed.stores.dynamo.update(keys.problem(*problem.key), Change({PID: None}))
    feed.submissions.problem = replace(problem, pid=NO_PID)
