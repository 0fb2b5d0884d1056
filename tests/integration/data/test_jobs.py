import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from typing import Any

import pytest

from graphql_api.data import keys
from graphql_api.data.dynamo.bodies import Bodies
from graphql_api.data.dynamo.expressions import equals
from graphql_api.data.dynamo.meter import metered
from graphql_api.data.dynamo.pages import PageWindow
from graphql_api.data.enums import JobKind, JobStatus
from graphql_api.data.errors import Conflict, InvalidInput, NotFound
from graphql_api.data.job_parts import DAY_S, KEPT_DAYS
from graphql_api.data.jobs import (
    PAUSED_RESEND_MS,
    RESEND_AFTER_MS,
    JobStore,
    NewJob,
)
from graphql_api.data.records import Job, ProblemId

pytestmark = pytest.mark.dynamodb

LEASE_MS = 10_000
QUEUED, RUNNING, SUCCEEDED, FAILED, CANCELLED = JobStatus
NEW = NewJob(
    kind=JobKind.EXTRACT_PROBLEM,
    uid="u1",
    parameters={"page": "x"},
    problem=ProblemId("demo", "1", "01M7Y86A6PFHHNZ5NC5P8SW17X"),
)


class Hands:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = 1_800_000_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock():
    return Hands()


@pytest.fixture
def jobs(dynamo, clock):
    return JobStore(dynamo, Bodies(dynamo), clock)


async def outcomes(*calls: Awaitable[Any]) -> list[Any]:
    return await asyncio.gather(*calls, return_exceptions=True)


async def claimed(jobs: JobStore, token: str = "t") -> Job:
    made = await jobs.create(NEW)
    found = await jobs.claim(made.ulid, token=token, lease_ms=LEASE_MS)
    assert found is not None
    return found


async def finished(jobs: JobStore, status: JobStatus) -> Job:
    job = await claimed(jobs)
    if status is SUCCEEDED:
        return await jobs.finish(job.ulid, 1, {"title": "Sums"})
    if status is FAILED:
        return await jobs.fail(job.ulid, 1, "The page has no title.")
    return await jobs.cancel(job.ulid)


async def test_a_created_job_waits_with_its_parameters(jobs):
    made = await jobs.create(NEW)
    assert (made.status, made.attempt, made.kind) == (QUEUED, 0, JobKind.EXTRACT_PROBLEM)
    assert made.problem_id == NEW.problem
    with metered() as meter:
        assert await jobs.get(made.ulid) == made
    assert (meter.requests, meter.read_units) == (1, 0.5)
    assert await jobs.parameters(made.ulid) == {"page": "x"}
    assert await jobs.result(made) is None
    assert await jobs.events(made.ulid) == []


async def test_what_is_not_there_is_none(jobs):
    assert await jobs.get("none") is None
    assert await jobs.parameters("none") is None
    assert await jobs.claim("none", token="t", lease_ms=LEASE_MS) is None
    assert not await jobs.renew("none", 1, LEASE_MS)


async def test_parameters_that_are_too_large_are_refused(jobs):
    with pytest.raises(InvalidInput):
        await jobs.create(replace(NEW, parameters={"page": "x" * 9_000_000}))


async def test_of_many_workers_exactly_one_claims(jobs):
    made = await jobs.create(NEW)
    claims = await asyncio.gather(
        *(jobs.claim(made.ulid, token=f"t{n}", lease_ms=LEASE_MS) for n in range(12))
    )
    (won,) = [claim for claim in claims if claim is not None]
    assert (won.status, won.attempt) == (RUNNING, 1)
    assert await jobs.get(made.ulid, consistent=True) == won


async def test_a_claim_whose_answer_was_lost_is_the_claimants(jobs, faults):
    made = await jobs.create(NEW)
    faults.lose("UpdateItem")
    found = await jobs.claim(made.ulid, token="mine", lease_ms=LEASE_MS)
    assert found is not None
    assert (found.attempt, found.claim_token) == (1, "mine")
    assert await jobs.claim(made.ulid, token="other", lease_ms=LEASE_MS) is None


async def test_an_expired_lease_is_taken_over_and_the_first_worker_changes_nothing(jobs, clock):
    first = await claimed(jobs, "one")
    clock.now += LEASE_MS + 1
    second = await jobs.claim(first.ulid, token="two", lease_ms=LEASE_MS)
    assert second.attempt == 2
    assert not await jobs.renew(first.ulid, 1, LEASE_MS)
    for call in (
        jobs.progress(first.ulid, 1, "Late", 50),
        jobs.finish(first.ulid, 1, {"late": True}),
        jobs.fail(first.ulid, 1, "Late"),
    ):
        with pytest.raises(Conflict):
            await call
    assert await jobs.get(first.ulid, consistent=True) == second
    assert await jobs.events(first.ulid) == []
    done = await jobs.finish(first.ulid, 2, {"title": "Sums"})
    assert await jobs.result(done) == {"title": "Sums"}


async def test_a_renewed_lease_cannot_be_taken_over(jobs, clock):
    job = await claimed(jobs)
    clock.now += LEASE_MS - 1
    assert await jobs.renew(job.ulid, 1, LEASE_MS)
    clock.now += LEASE_MS - 1
    assert await jobs.claim(job.ulid, token="other", lease_ms=LEASE_MS) is None
    clock.now += 2
    assert await jobs.claim(job.ulid, token="other", lease_ms=LEASE_MS) is not None


async def test_a_paused_job_is_free_at_once_and_its_attempt_does_not_count(jobs, clock):
    job = await claimed(jobs)
    assert await jobs.pause(job.ulid, job.attempt)
    left = await jobs.get(job.ulid, consistent=True)
    assert (left.status, left.checkpoint, left.checkpoint_attempt) == (RUNNING, None, 1)
    assert await jobs.due(clock.now + PAUSED_RESEND_MS - 1) == []
    (due,) = await jobs.due(clock.now + PAUSED_RESEND_MS)
    assert due.ulid == job.ulid
    clock.now += 1
    again = await jobs.claim(job.ulid, token="two", lease_ms=LEASE_MS)
    assert again.attempt == 2
    assert not await jobs.pause(job.ulid, 1)


async def test_progress_is_kept_in_order_and_on_the_card(jobs):
    job = await claimed(jobs)
    for n in range(12):
        event = await jobs.progress(job.ulid, 1, f" Step {n} ", n)
        assert event.seq == n + 1
    events = await jobs.events(job.ulid)
    assert [event.message for event in events] == [f"Step {n}" for n in range(12)]
    assert [event.seq for event in await jobs.events(job.ulid, after=10)] == [11, 12]
    card = await jobs.get(job.ulid, consistent=True)
    assert (card.progress, card.message, card.events) == (11, "Step 11", 12)


async def test_progress_at_once_is_never_under_one_number(jobs, faults):
    job = await claimed(jobs)
    faults.lose("UpdateItem")
    await asyncio.gather(*(jobs.progress(job.ulid, 1, f"Step {n}", n) for n in range(10)))
    events = await jobs.events(job.ulid)
    assert {event.message for event in events} == {f"Step {n}" for n in range(10)}


async def test_a_finished_job_shows_its_result_and_lives_thirty_days(jobs, clock):
    done = await finished(jobs, SUCCEEDED)
    assert (done.status, done.progress, done.finished_at) == (SUCCEEDED, 100, clock.now)
    assert (done.lease_expires_at, done.due_at) == (None, None)
    assert done.expires_at_s == clock.now // 1000 + KEPT_DAYS * DAY_S
    assert await jobs.result(done) == {"title": "Sums"}
    clock.now += KEPT_DAYS * DAY_S * 1000
    assert await jobs.get(done.ulid) is None
    assert (await jobs.list(PageWindow())).records == []


async def test_finishing_twice_after_a_lost_answer_is_finishing_once(jobs, faults):
    job = await claimed(jobs)
    faults.lose("UpdateItem")
    done = await jobs.finish(job.ulid, 1, {"title": "Sums"})
    assert done.status is SUCCEEDED
    assert await jobs.result(done) == {"title": "Sums"}


@pytest.mark.parametrize("status", [SUCCEEDED, FAILED, CANCELLED])
async def test_nothing_but_retry_leaves_an_end(jobs, status, clock):
    done = await finished(jobs, status)
    clock.now += 10 * LEASE_MS
    assert await jobs.claim(done.ulid, token="late", lease_ms=LEASE_MS) is None
    assert not await jobs.renew(done.ulid, 1, LEASE_MS)
    ends = (
        (SUCCEEDED, jobs.finish(done.ulid, 1, {})),
        (FAILED, jobs.fail(done.ulid, 1, "no")),
        (CANCELLED, jobs.cancel(done.ulid)),
    )
    for end, call in ends:
        if end is status:
            call.close()
            continue
        with pytest.raises(Conflict):
            await call
    with pytest.raises(Conflict):
        await jobs.progress(done.ulid, 1, "no", 1)
    assert await jobs.get(done.ulid, consistent=True) == done


async def test_cancelling_races_with_finishing_and_one_holds(jobs):
    for _ in range(6):
        job = await claimed(jobs)
        results = await outcomes(jobs.finish(job.ulid, 1, {"n": 1}), jobs.cancel(job.ulid))
        (won,) = [result for result in results if isinstance(result, Job)]
        assert sum(isinstance(result, Conflict) for result in results) == 1
        found = await jobs.get(job.ulid, consistent=True)
        assert found == won
        assert await jobs.result(found) == ({"n": 1} if found.status is SUCCEEDED else None)


async def test_a_waiting_job_is_cancelled_and_a_cancelled_one_again(jobs):
    made = await jobs.create(NEW)
    gone = await jobs.cancel(made.ulid)
    assert gone.status is CANCELLED
    assert await jobs.cancel(made.ulid) == gone


@pytest.mark.parametrize("status", [FAILED, CANCELLED])
async def test_a_failed_or_cancelled_job_is_retried_with_its_parameters(jobs, status):
    done = await finished(jobs, status)
    again = await jobs.retry(done.ulid)
    assert (again.status, again.attempt, again.expires_at_s) == (QUEUED, 1, None)
    assert (again.message, again.finished_at, again.claim_token) == (None, None, None)
    claim = await jobs.claim(done.ulid, token="again", lease_ms=LEASE_MS)
    assert claim.attempt == 2
    assert await jobs.parameters(done.ulid) == {"page": "x"}
    with pytest.raises(Conflict):
        await jobs.fail(done.ulid, 1, "late")


async def test_only_failed_and_cancelled_jobs_are_retried(jobs):
    waiting = await jobs.create(NEW)
    running = await claimed(jobs)
    done = await finished(jobs, SUCCEEDED)
    for job in (waiting, running, done):
        with pytest.raises(Conflict):
            await jobs.retry(job.ulid)


async def test_two_who_retry_at_once_queue_it_once(jobs):
    done = await finished(jobs, FAILED)
    results = await outcomes(*(jobs.retry(done.ulid) for _ in range(4)))
    assert sum(isinstance(result, Job) for result in results) == 1
    assert sum(isinstance(result, Conflict) for result in results) == 3


async def test_a_deleted_job_leaves_nothing(jobs, dynamo):
    job = await claimed(jobs)
    await jobs.progress(job.ulid, 1, "Step", 1)
    with pytest.raises(Conflict):
        await jobs.delete(job.ulid)
    await jobs.finish(job.ulid, 1, {"n": 1})
    await jobs.delete(job.ulid)
    partition = equals("PK", keys.job(job.ulid)["PK"])
    assert [item async for item in dynamo.query_all(partition, consistent=True)] == []
    assert (await jobs.list(PageWindow())).records == []


async def test_changing_no_job_is_refused_and_leaves_no_ghost(jobs, dynamo):
    for call in (
        jobs.progress("none", 1, "Ghost", 1),
        jobs.finish("none", 1, {}),
        jobs.fail("none", 1, "Ghost"),
        jobs.cancel("none"),
        jobs.retry("none"),
        jobs.delete("none"),
    ):
        with pytest.raises(NotFound):
            await call
    ghost = replace(await jobs.create(NEW), ulid="none")
    assert not await jobs.postpone(ghost, 0)
    partition = equals("PK", keys.job("none")["PK"])
    assert [item async for item in dynamo.query_all(partition, consistent=True)] == []


async def test_jobs_are_due_when_unclaimed_for_a_minute_or_their_worker_is_gone(jobs, clock):
    waiting = await jobs.create(NEW)
    running = await claimed(jobs)
    await finished(jobs, FAILED)
    assert await jobs.due(clock.now) == []
    later = clock.now + RESEND_AFTER_MS
    assert [job.ulid for job in await jobs.due(later)] == [waiting.ulid]
    much_later = later + LEASE_MS
    due = await jobs.due(much_later)
    assert {job.ulid for job in due} == {waiting.ulid, running.ulid}
    assert len(await jobs.due(much_later, limit=1)) == 1


async def test_one_sweeper_wins_and_the_pause_doubles(jobs, clock):
    job = await jobs.create(NEW)
    now = clock.now + RESEND_AFTER_MS
    for pause_ms in (60_000, 120_000, 240_000):
        (seen,) = await jobs.due(now)
        winners = await asyncio.gather(*(jobs.postpone(seen, now) for _ in range(5)))
        assert sum(winners) == 1
        assert await jobs.due(now + pause_ms - 1) == []
        now += pause_ms
    assert (await jobs.get(job.ulid, consistent=True)).resends == 3


async def test_a_job_that_was_just_claimed_is_not_postponed(jobs, clock):
    job = await jobs.create(NEW)
    await jobs.claim(job.ulid, token="t", lease_ms=LEASE_MS)
    assert not await jobs.postpone(job, clock.now)


async def test_postponing_does_not_hold_back_a_claim(jobs, clock):
    job = await claimed(jobs)
    clock.now += LEASE_MS + RESEND_AFTER_MS
    (seen,) = await jobs.due(clock.now)
    assert await jobs.postpone(seen, clock.now)
    claim = await jobs.claim(job.ulid, token="next", lease_ms=LEASE_MS)
    assert claim.attempt == 2


@pytest.mark.slow
async def test_jobs_are_listed_by_status_and_kind_newest_first(jobs, clock):
    made = []
    for n in range(24):
        clock.now += 1
        kind = JobKind.EXTRACT_PROBLEM if n % 2 else JobKind.GENERATE_SCRIPT
        made.append(await jobs.create(replace(NEW, kind=kind)))
    for job in made[:3]:
        await jobs.cancel(job.ulid)
    newest = [job.ulid for job in reversed(made)]
    with metered() as meter:
        page = await jobs.list(PageWindow(size=20), status=QUEUED)
    assert [job.ulid for job in page.records] == newest[:20]
    assert page.has_next
    assert (meter.requests, meter.read_units <= 2.5) == (1, True)
    with metered() as by_kind:
        page = await jobs.list(PageWindow(size=20), kind=JobKind.GENERATE_SCRIPT)
    assert [job.ulid for job in page.records] == newest[1::2]
    assert by_kind.requests == 1
    both = await jobs.list(PageWindow(size=20), kind=JobKind.GENERATE_SCRIPT, status=CANCELLED)
    assert [job.ulid for job in both.records] == [newest[21], newest[23]]
    everything = await jobs.list(PageWindow(size=20))
    assert [job.ulid for job in everything.records] == newest[:20]
    rest = await jobs.list(PageWindow(size=20, after=everything.end))
    assert [job.ulid for job in rest.records] == newest[20:]
