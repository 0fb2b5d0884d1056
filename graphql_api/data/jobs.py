"""Jobs: authoring work that workers claim with a lease, its progress, attempts and result.

Each write after a claim names the attempt that it belongs to, so that a worker whose lease was
taken over changes nothing any more.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from graphql_api.data import keys
from graphql_api.data.clock import Clock, now_ms, ulid_at
from graphql_api.data.dynamo.bodies import Bodies
from graphql_api.data.dynamo.client import Dynamo, Item
from graphql_api.data.dynamo.expressions import (
    Change,
    Condition,
    below,
    between,
    equals,
    exists,
    one_of,
)
from graphql_api.data.dynamo.pages import Page, PageWindow, PartitionList, read_page
from graphql_api.data.dynamo.removal import remove_items
from graphql_api.data.dynamo.transport import ConditionFailed
from graphql_api.data.enums import JobKind, JobStatus
from graphql_api.data.errors import Conflict, InvalidInput, NotFound
from graphql_api.data.limits import JOB_BODY_BYTES, JOB_MESSAGE_BYTES
from graphql_api.data.records import Job, JobEvent
from graphql_api.data.text import truncate_utf8

# A finished job is kept this long; its progress and bodies a while longer than any retry.
KEPT_DAYS = 30
RETRIED_WITHIN_DAYS = 365
PARTS_KEPT_DAYS = RETRIED_WITHIN_DAYS + 2 * KEPT_DAYS
DAY_S = 86_400
# A job that was sent is claimed long before; the pause doubles with each time it is sent again.
RESEND_AFTER_MS = 60_000
# A paused one was sent on, too, perhaps for a worker who is not there yet.
PAUSED_RESEND_MS = 600_000
MOST_DOUBLINGS = 10

_LIVE = (JobStatus.QUEUED, JobStatus.RUNNING)
_RETRIABLE = (JobStatus.FAILED, JobStatus.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """What a job is created from; `parameters` is whatever JSON its kind asks for."""

    kind: JobKind
    uid: str
    parameters: Mapping[str, Any]
    platform: str | None = None
    number: str | None = None


class JobStore:
    """The jobs of the table."""

    def __init__(self, dynamo: Dynamo, bodies: Bodies, clock: Clock = now_ms) -> None:
        self._dynamo, self._bodies, self._clock = dynamo, bodies, clock

    # Creating, reading, removing

    async def create(self, new: NewJob) -> Job:
        """Create a QUEUED job: its parameters first, then the card; two requests.

        Raises:
            InvalidInput: the parameters are too large.
        """
        now = self._clock()
        job = Job(
            ulid=ulid_at(now),
            kind=new.kind,
            uid=new.uid,
            platform=new.platform,
            number=new.number,
            due_at=now + RESEND_AFTER_MS,
            created_at=now,
            updated_at=now,
        )
        await self._put_body(keys.job_parameters(job.ulid), new.parameters, now)
        await self._dynamo.put({**keys.job(job.ulid), **_index_keys(job), **job.to_item()})
        return job

    async def get(self, ulid: str, *, consistent: bool = False) -> Job | None:
        """Return a job: one request, 0.5 read units (1 if consistent)."""
        item = await self._dynamo.get(keys.job(ulid), consistent=consistent)
        return self._read(item)

    async def get_many(self, ulids: Sequence[str]) -> list[Job | None]:
        """Return one entry a ULID, in order, None where there is none: ceil(N/100) requests."""
        items = await self._dynamo.batch_get([keys.job(ulid) for ulid in ulids])
        return [
            Job.from_item_or_none(item) if item and self._is_kept(item) else None for item in items
        ]

    async def parameters(self, ulid: str) -> dict[str, Any] | None:
        """Return what a job is to work on, None where there is no such job: one strong request."""
        raw = await self._bodies.get(keys.job_parameters(ulid), consistent=True)
        return None if raw is None else dict(orjson.loads(raw))

    async def result(self, job: Job) -> dict[str, Any] | None:
        """Return what a job found, None until it has SUCCEEDED: one request."""
        return (await self.results([job]))[0]

    async def results(self, jobs: Sequence[Job]) -> list[dict[str, Any] | None]:
        """Return one entry a job, in order, None until it has SUCCEEDED: ceil(N/100) requests."""
        done = [job for job in jobs if job.status is JobStatus.SUCCEEDED]
        wanted = [keys.job_result(job.ulid, job.attempt) for job in done]
        raws = await self._bodies.get_many(wanted) if wanted else []
        found = {
            job.ulid: dict(orjson.loads(raw))
            for job, raw in zip(done, raws, strict=True)
            if raw is not None
        }
        return [found.get(job.ulid) for job in jobs]

    async def events(
        self, ulid: str, *, after: int = 0, size: int = 20, from_end: bool = False
    ) -> list[JobEvent]:
        """Return at most `size` events after the event `after`, in order: one request.

        They are the first of them, or with `from_end` the last.
        """
        first = keys.job_event(ulid, after + 1)
        later = equals("PK", first["PK"]) & between("SK", first["SK"], keys.JOB_EVENTS + "~")
        found: list[JobEvent] = []
        async for item in self._dynamo.query_all(
            later, consistent=True, limit=size, forward=not from_end
        ):
            if self._is_kept(item):
                found.append(JobEvent.from_item(item))
            if len(found) == size:
                break
        return found[::-1] if from_end else found

    async def delete(self, ulid: str) -> None:
        """Remove a job that nobody works on, with its progress and bodies; the card goes first.

        Raises:
            NotFound: there is no such job.
            Conflict: it is RUNNING; cancel it first.
        """
        seen = await self._existing(ulid)
        if seen.status is JobStatus.RUNNING:
            raise Conflict("The job is running. Cancel it first.")
        try:
            await self._dynamo.delete(keys.job(ulid), _is_unchanged(seen))
        except ConditionFailed as error:
            # Gone: a repeated request, or another's; either way its parts are to go.
            if error.item is not None:
                raise _explain_conflict(error) from error
        partition = equals("PK", keys.job(ulid)["PK"])
        parts = [item async for item in self._dynamo.query_all(partition, consistent=True)]
        await remove_items(self._dynamo, self._bodies, parts)

    # Working

    async def claim(self, ulid: str, *, token: str, lease_ms: int) -> Job | None:
        """Take a job that waits, or whose worker's lease has ended: one request, 3 write units.

        `token` is of this claim alone: it tells a repeated request from another worker's claim.
        None where another worker has it, it is finished, or there is none.
        """
        now = self._clock()
        free = equals("st", str(JobStatus.QUEUED)) | (
            equals("st", str(JobStatus.RUNNING)) & below("lx", now)
        )
        running = JobStatus.RUNNING
        change = Change(
            {
                "st": str(running),
                "g1p": keys.job_status_partition(running),
                "lx": now + lease_ms,
                "du": now + lease_ms + RESEND_AFTER_MS,
                "clm": token,
                "rs": 0,
                "ua": now,
            },
            add={"att": 1},
        )
        try:
            # Sent again it fails on its own effect, which the token tells.
            item = await self._dynamo.update(keys.job(ulid), change, free, repeatable=True)
        except ConditionFailed as error:
            mine = error.item and error.item["st"] == running and error.item.get("clm") == token
            return Job.from_item(error.item) if error.item and mine else None
        return Job.from_item(item)

    async def renew(self, ulid: str, attempt: int, lease_ms: int) -> bool:
        """Prolong a lease: one request. False where the attempt is over or was taken over."""
        now = self._clock()
        lease = {"lx": now + lease_ms, "du": now + lease_ms + RESEND_AFTER_MS, "ua": now}
        try:
            await self._dynamo.update(
                keys.job(ulid), Change(lease), _of_attempt(attempt), returns="NONE"
            )
        except ConditionFailed:
            return False
        return True

    async def pause(self, ulid: str, attempt: int, why: str | None = None) -> bool:
        """Leave a job for another attempt; this one counts as one that got on: one request.

        `why` it waits is for people. False where the attempt is over or was taken over.
        """
        now = self._clock()
        free: dict[str, Any] = {"lx": now, "du": now + PAUSED_RESEND_MS, "cka": attempt, "ua": now}
        if why is not None:
            free["msg"] = truncate_utf8(why, JOB_MESSAGE_BYTES)
        try:
            await self._dynamo.update(
                keys.job(ulid), Change(free), _of_attempt(attempt), returns="NONE"
            )
        except ConditionFailed:
            return False
        return True

    async def progress(
        self,
        ulid: str,
        attempt: int,
        message: str,
        percent: int,
        *,
        checkpoint: Mapping[str, Any] | None = None,
    ) -> JobEvent:
        """Add a line to a job's progress: two requests.

        `checkpoint` is where the next attempt is to begin; keep it small, as it lies on the card.
        A lost answer may leave a number out of the sequence, never two events under one.

        Raises:
            NotFound: there is no such job.
            Conflict: the attempt is over or was taken over.
        """
        now = self._clock()
        found = truncate_utf8(message.strip(), JOB_MESSAGE_BYTES)
        begins = {} if checkpoint is None else {"ck": dict(checkpoint), "cka": attempt}
        change = Change({"pg": percent, "msg": found, "ua": now, **begins}, add={"nev": 1})
        item = await self._change(ulid, change, _of_attempt(attempt), repeatable=True)
        event = JobEvent(
            seq=item["nev"],
            message=found,
            progress=percent,
            created_at=now,
            expires_at_s=now // 1000 + PARTS_KEPT_DAYS * DAY_S,
        )
        await self._dynamo.put({**keys.job_event(ulid, event.seq), **event.to_item()})
        return event

    async def finish(self, ulid: str, attempt: int, result: Mapping[str, Any]) -> Job:
        """Mark an attempt's job SUCCEEDED: the result first, then the card; two requests.

        Raises:
            NotFound: there is no such job.
            Conflict: the attempt is over or was taken over.
            InvalidInput: the result is too large.
        """
        manifest = await self._put_body(keys.job_result(ulid, attempt), result, self._clock())
        try:
            return await self._end(
                ulid, JobStatus.SUCCEEDED, _of_attempt(attempt), {"pg": 100}, attempt
            )
        except (Conflict, NotFound):
            await self._bodies.delete_manifests([manifest])
            raise

    async def fail(self, ulid: str, attempt: int, message: str) -> Job:
        """Mark an attempt's job FAILED, with what a person may read of it: one request.

        Raises:
            NotFound: there is no such job.
            Conflict: the attempt is over or was taken over.
        """
        why = {"msg": truncate_utf8(message.strip(), JOB_MESSAGE_BYTES)}
        return await self._end(ulid, JobStatus.FAILED, _of_attempt(attempt), why, attempt)

    async def cancel(self, ulid: str) -> Job:
        """Cancel a job that is QUEUED or RUNNING; its worker finds its attempt over: one request.

        Harmless twice.

        Raises:
            NotFound: there is no such job.
            Conflict: it has SUCCEEDED or FAILED.
        """
        return await self._end(ulid, JobStatus.CANCELLED, one_of("st", [*map(str, _LIVE)]), {})

    async def retry(self, ulid: str) -> Job:
        """Queue a FAILED or CANCELLED job once more: one read, one write.

        Raises:
            NotFound: there is no such job.
            Conflict: it is in another state, or too old for its parameters to be there.
        """
        seen = await self._existing(ulid)
        now = self._clock()
        if seen.status not in _RETRIABLE:
            raise Conflict(
                f"The job is {seen.status}. Only FAILED and CANCELLED jobs can be retried."
            )
        if now - seen.created_at > RETRIED_WITHIN_DAYS * DAY_S * 1000:
            raise Conflict(f"The job is older than {RETRIED_WITHIN_DAYS} days. Start a new one.")
        queued = replace(seen, status=JobStatus.QUEUED)
        change = {
            "st": str(queued.status),
            **_index_keys(queued),
            "du": now + RESEND_AFTER_MS,
            "rs": 0,
            "pg": 0,
            "ua": now,
            **dict.fromkeys(("lx", "clm", "fa", "msg", "x", "ck")),
            "cka": seen.attempt,
        }
        return Job.from_item(await self._change(ulid, Change(change), _is_unchanged(seen)))

    # Sweeping

    async def due(self, now: int, limit: int = 100) -> list[Job]:
        """Return jobs that nobody claimed in time, or whose worker is gone: two requests and more.

        It reads what is QUEUED and RUNNING, which is little.
        """
        found: list[Job] = []
        for status in _LIVE:
            partition = equals("g1p", keys.job_status_partition(status))
            async for item in self._dynamo.query_all(partition, index="GSI1"):
                if len(found) < limit and item.get("du", now) <= now:
                    found.append(Job.from_item(item))
        return found

    async def postpone(self, job: Job, now: int) -> bool:
        """Move the time at which a job is due, if it is as seen; only who wins sends it again.

        The pause doubles with each time, from 60 s on: one request.
        """
        pause_ms = RESEND_AFTER_MS * 2 ** min(job.resends, MOST_DOUBLINGS)
        change = Change({"du": now + pause_ms, "rs": job.resends + 1})
        try:
            await self._dynamo.update(
                keys.job(job.ulid), change, _is_unchanged(job) & equals("du", job.due_at), returns="NONE"
            )
        except ConditionFailed:
            return False
        return True

    # Shared

    def _read(self, item: Item | None) -> Job | None:
        return Job.from_item(item) if item and self._is_kept(item) else None

    def _is_kept(self, item: Item) -> bool:
        """Tell whether an item's time to live lasts; DynamoDB removes it days later."""
        return "x" not in item or bool(item["x"] * 1000 > self._clock())

    async def _put_body(self, key: keys.Key, content: Mapping[str, Any], now: int) -> Item:
        raw = orjson.dumps(content)
        if len(raw) > JOB_BODY_BYTES:
            raise InvalidInput(
                "`parameters` and the result of a job must each have at most "
                f"{JOB_BODY_BYTES // 2**20} MB.",
                ("parameters",),
            )
        return await self._bodies.put(key, raw, {"x": now // 1000 + PARTS_KEPT_DAYS * DAY_S})

    async def _existing(self, ulid: str) -> Job:
        job = await self.get(ulid, consistent=True)
        if job is None:
            raise _not_found()
        return job

    async def _end(
        self,
        ulid: str,
        status: JobStatus,
        condition: Condition,
        fields: dict[str, Any],
        attempt: int | None = None,
    ) -> Job:
        """Bring a job to an end, or find that a repeated request has done so already."""
        now = self._clock()
        change = {
            **fields,
            "st": str(status),
            "g1p": keys.job_status_partition(status),
            "fa": now,
            "ua": now,
            "x": now // 1000 + KEPT_DAYS * DAY_S,
            "lx": None,
            "du": None,
        }
        try:
            item = await self._dynamo.update(keys.job(ulid), Change(change), condition)
        except ConditionFailed as error:
            done = error.item is not None and (error.item["st"], error.item.get("att")) == (
                str(status),
                error.item.get("att") if attempt is None else attempt,
            )
            if not (done and error.item):
                raise _explain_conflict(error) from error
            item = error.item
        return Job.from_item(item)

    async def _change(
        self, ulid: str, change: Change, condition: Condition, *, repeatable: bool | None = None
    ) -> Item:
        try:
            return await self._dynamo.update(
                keys.job(ulid), change, condition, repeatable=repeatable
            )
        except ConditionFailed as error:
            raise _explain_conflict(error) from error

    # Last: its name hides the type from what follows it in the class.

    async def list(
        self, window: PageWindow, *, kind: JobKind | None = None, status: JobStatus | None = None
    ) -> Page[Job]:
        """Return a page of jobs, newest first, by kind, by status or of all.

        One request, 2.5 read units for 20 at most; five requests without a filter. By both: what
        the status's list holds, filtered by kind; at most five requests, and the page may be short
        with more to come.
        """
        lists = [PartitionList(keys.job_status_partition(one), index="GSI1") for one in JobStatus]
        if status is not None:
            lists = [PartitionList(keys.job_status_partition(status), index="GSI1")]
        elif kind is not None:
            lists = [PartitionList(keys.job_kind_partition(kind), index="GSI2")]
        page = await read_page(self._dynamo, lists, window, self._filter(kind))
        return page.map(Job.from_item_or_none)

    @staticmethod
    def scope(*, kind: JobKind | None = None, status: JobStatus | None = None) -> str:
        """Return what binds cursors to the list of these arguments."""
        return f"jobs\n{kind or ''}\n{status or ''}"

    def _filter(self, kind: JobKind | None) -> Callable[[Item], bool]:
        return lambda item: self._is_kept(item) and (kind is None or item["jk"] == kind)


def _index_keys(job: Job) -> dict[str, str]:
    return {
        "g1p": keys.job_status_partition(job.status),
        "g1s": job.ulid,
        "g2p": keys.job_kind_partition(job.kind),
        "g2s": job.ulid,
    }


def _of_attempt(attempt: int) -> Condition:
    return equals("st", str(JobStatus.RUNNING)) & equals("att", attempt)


def _is_unchanged(job: Job) -> Condition:
    return exists() & equals("st", str(job.status)) & equals("att", job.attempt)


def _not_found() -> NotFound:
    return NotFound("There is no such job.")


def _explain_conflict(error: ConditionFailed) -> Conflict | NotFound:
    if error.item is None:
        return _not_found()
    return Conflict(
        f"The job has changed: it is {error.item['st']} in attempt "
        f"{error.item['att']}. Read it again."
    )
