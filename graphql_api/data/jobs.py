"""Jobs: background work for editors, such as rejudges. A worker claims a job under a lease.

Each claim starts a new, numbered attempt. Every write of a worker requires that the worker's
attempt is the latest attempt. So a worker that has lost its lease cannot change the job.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from graphql_api.data import keys
from graphql_api.data.clock import Clock, now_ms, ulid_at
from graphql_api.data.dynamo.bodies import Bodies
from graphql_api.data.dynamo.client import Dynamo, Item
from graphql_api.data.dynamo.expressions import (
    Change,
    Condition,
    below,
    equals,
    one_of,
)
from graphql_api.data.dynamo.pages import Page, PageWindow, PartitionList, read_page
from graphql_api.data.dynamo.quarantine import Quarantine
from graphql_api.data.dynamo.removal import remove_items
from graphql_api.data.dynamo.transactions import Put, TransactItem
from graphql_api.data.dynamo.transport import ConditionFailed
from graphql_api.data.enums import JobKind, JobStatus
from graphql_api.data.errors import Conflict, NotFound
from graphql_api.data.job_cards import (
    card_item,
    explain_conflict,
    index_keys,
    is_held,
    is_unchanged,
    no_job,
)
from graphql_api.data.job_parts import (
    DAY_S,
    KEPT_DAYS,
    PARTS_KEPT_DAYS,
    RETRIED_WITHIN_DAYS,
    JobParts,
    dump_body,
)
from graphql_api.data.limits import JOB_BODY_BYTES, JOB_MESSAGE_BYTES, MB
from graphql_api.data.records import Job, JobEvent, ProblemId
from graphql_api.data.text import truncate_utf8

# Pause before the message for a job is sent again. During the pause, a worker can claim the job.
# The pause doubles with each message.
RESEND_AFTER_MS = 60_000
# Pause before the message for a paused job is sent again. This pause is longer, because the worker
# that paused the job has already sent a message. The worker for this message may start later.
PAUSED_RESEND_MS = 600_000
MOST_DOUBLINGS = 10

TOO_LARGE_PARAMETERS = f"`parameters` must be at most {JOB_BODY_BYTES // MB} MB."
TOO_LARGE_RESULT = f"The result of the job is larger than {JOB_BODY_BYTES // MB} MB."

_LIVE = (JobStatus.QUEUED, JobStatus.RUNNING)
_RETRIABLE = (JobStatus.FAILED, JobStatus.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """The fields of a new job.

    `parameters` is a JSON object. Its content depends on the kind of the job.
    """

    kind: JobKind
    uid: str
    parameters: Mapping[str, Any]
    problem: ProblemId | None = None


class JobStore(JobParts):
    """The store of all jobs."""

    def __init__(self, dynamo: Dynamo, bodies: Bodies, clock: Clock = now_ms) -> None:
        super().__init__(dynamo, bodies, clock)
        self.quarantine = Quarantine(dynamo, clock)

    # Creating, reading, removing

    async def create(self, new: NewJob) -> Job:
        """Create a QUEUED job. The parameters are stored before the job.

        Cost: two requests.

        Raises:
            InvalidInput: the parameters are too large.
        """
        job = self._make(new)
        await self._put_body(
            keys.job_parameters(job.ulid), new.parameters, job.created_at, TOO_LARGE_PARAMETERS
        )
        await self._dynamo.put(card_item(job))
        return job

    async def prepare(self, new: NewJob) -> tuple[Job, list[TransactItem]]:
        """Return a new QUEUED job, and the actions that create the job.

        The caller must apply the actions in a transaction, and then send the message for the job.
        If the caller crashes before the message is sent, the sweeper sends the message. Cost: no
        request. The actions take 6 write units.

        Raises:
            InvalidInput: the parameters are too large.
        """
        job = self._make(new)
        raw, extra = dump_body(new.parameters, job.created_at, TOO_LARGE_PARAMETERS)
        parameters = await self._bodies.items(keys.job_parameters(job.ulid), raw, extra)
        return job, [Put(card_item(job)), *map(Put, parameters)]

    def _make(self, new: NewJob) -> Job:
        now = self._clock()
        of_problem = {} if new.problem is None else new.problem._asdict()
        return Job(
            ulid=ulid_at(now),
            kind=new.kind,
            uid=new.uid,
            **of_problem,
            due_at=now + RESEND_AFTER_MS,
            created_at=now,
            updated_at=now,
        )

    async def get(self, ulid: str, *, consistent: bool = False) -> Job | None:
        """Return a job, or None if the job does not exist.

        Cost: one request of 0.5 read units (1 if consistent).
        """
        item = await self._dynamo.get(keys.job(ulid), consistent=consistent, recheck=True)
        return self._read(item)

    async def get_many(self, ulids: Sequence[str]) -> list[Job | None]:
        """Return the jobs in the order of `ulids`.

        The list contains None for each job that does not exist. Cost: ceil(N/100) requests for N
        jobs.
        """
        items = await self._dynamo.batch_get([keys.job(ulid) for ulid in ulids], recheck=True)
        return [
            Job.from_item_or_none(item) if item and self._is_kept(item) else None for item in items
        ]

    async def delete(self, ulid: str) -> None:
        """Remove a job that is not RUNNING, with its events, parameters and result.

        Raises:
            NotFound: the job does not exist.
            Conflict: the job is RUNNING and must be cancelled first, or another request changed
                the job.
        """
        expected = await self._read_existing(ulid)
        if expected.status is JobStatus.RUNNING:
            raise Conflict("The job is running, so it cannot be deleted. Cancel the job first.")
        try:
            await self._dynamo.delete(keys.job(ulid), is_unchanged(expected))
        except ConditionFailed as error:
            # If the card does not exist, another request has removed the job. Parts of the job may
            # still exist.
            if error.item is not None:
                raise explain_conflict(error) from error
        partition = equals("PK", keys.job(ulid)["PK"])
        parts = [item async for item in self._dynamo.query_all(partition, consistent=True)]
        await remove_items(self._dynamo, self._bodies, parts)

    # Working

    async def claim(self, ulid: str, *, token: str, lease_ms: int) -> Job | None:
        """Claim a job that is QUEUED or whose lease has ended. Cost: one request of 3 write units.

        `token` identifies this claim. If the response was lost, a second call with the same token
        returns the same claim. Return None if another worker has claimed the job, the job has
        ended, or the job does not exist.
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
            # A retry fails if the first attempt was applied. The token on the card shows whether
            # this happened.
            item = await self._dynamo.update(keys.job(ulid), change, free, repeatable=True)
        except ConditionFailed as error:
            is_own = error.item and error.item["st"] == running and error.item.get("clm") == token
            return Job.from_item(error.item) if error.item and is_own else None
        return Job.from_item(item)

    async def renew(self, ulid: str, attempt: int, lease_ms: int) -> bool:
        """Renew the lease of an attempt. Return False if the attempt has lost its claim.

        Cost: one request.
        """
        now = self._clock()
        lease = {"lx": now + lease_ms, "du": now + lease_ms + RESEND_AFTER_MS, "ua": now}
        try:
            await self._dynamo.update(
                keys.job(ulid), Change(lease), is_held(attempt), returns="NONE"
            )
        except ConditionFailed:
            return False
        return True

    async def pause(self, ulid: str, attempt: int, why: str | None = None) -> bool:
        """End the lease of an attempt, so that a later attempt can continue the job.

        The paused attempt counts as an attempt that made progress. `why` is a message for the
        viewers of the job. Return False if the attempt has lost its claim. Cost: one request.
        """
        now = self._clock()
        change: dict[str, Any] = {
            "lx": now,
            "du": now + PAUSED_RESEND_MS,
            "cka": attempt,
            "ua": now,
        }
        if why is not None:
            change["msg"] = truncate_utf8(why, JOB_MESSAGE_BYTES)
        try:
            await self._dynamo.update(
                keys.job(ulid), Change(change), is_held(attempt), returns="NONE"
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
        """Add an event to the progress of a job. Cost: two requests.

        `percent` is the progress, 0 to 100. `checkpoint` is the state from which the next attempt
        continues. The checkpoint must be small, because it is stored in the job's main item.
        Events are numbered. If a response is lost, a number may be skipped, but no number is used
        twice.

        Raises:
            NotFound: the job does not exist.
            Conflict: the attempt has lost its claim.
        """
        now = self._clock()
        message = truncate_utf8(message.strip(), JOB_MESSAGE_BYTES)
        start = {} if checkpoint is None else {"ck": dict(checkpoint), "cka": attempt}
        change = Change({"pg": percent, "msg": message, "ua": now, **start}, add={"nev": 1})
        item = await self._change(ulid, change, is_held(attempt), repeatable=True)
        event = JobEvent(
            seq=item["nev"],
            message=message,
            progress=percent,
            created_at=now,
            expires_at_s=now // 1000 + PARTS_KEPT_DAYS * DAY_S,
        )
        await self._dynamo.put({**keys.job_event(ulid, event.seq), **event.to_item()})
        return event

    async def finish(self, ulid: str, attempt: int, result: Mapping[str, Any]) -> Job:
        """Set a job to SUCCEEDED: first write the body with the result, then change the card.

        Cost: two requests.

        Raises:
            NotFound: the job does not exist.
            Conflict: the attempt has lost its claim.
            InvalidInput: the result is too large.
        """
        manifest = await self._put_body(
            keys.job_result(ulid, attempt), result, self._clock(), TOO_LARGE_RESULT
        )
        try:
            return await self._end(
                ulid, JobStatus.SUCCEEDED, is_held(attempt), {"pg": 100}, attempt
            )
        except (Conflict, NotFound):
            await self._bodies.delete_manifests([manifest])
            raise

    async def fail(self, ulid: str, attempt: int, message: str) -> Job:
        """Set a job to FAILED with a message for the viewers of the job. Cost: one request.

        Raises:
            NotFound: the job does not exist.
            Conflict: the attempt has lost its claim.
        """
        why = {"msg": truncate_utf8(message.strip(), JOB_MESSAGE_BYTES)}
        return await self._end(ulid, JobStatus.FAILED, is_held(attempt), why, attempt)

    async def cancel(self, ulid: str) -> Job:
        """Cancel a job that is QUEUED or RUNNING. A second call has no effect. Cost: one request.

        The next write of a worker that runs the job is rejected, so the worker stops.

        Raises:
            NotFound: the job does not exist.
            Conflict: the job has SUCCEEDED or FAILED.
        """
        return await self._end(ulid, JobStatus.CANCELLED, one_of("st", [*map(str, _LIVE)]), {})

    async def retry(self, ulid: str) -> Job:
        """Set a FAILED or CANCELLED job to QUEUED again. Cost: one read and one write.

        Raises:
            NotFound: the job does not exist.
            Conflict: the job has another status or is older than 365 days, or another request
                changed the job.
        """
        expected = await self._read_existing(ulid)
        now = self._clock()
        if expected.status not in _RETRIABLE:
            raise Conflict(
                f"The job has the status {expected.status}, so it cannot be retried. Only jobs "
                "with the status FAILED or CANCELLED can be retried."
            )
        if now - expected.created_at > RETRIED_WITHIN_DAYS * DAY_S * 1000:
            raise Conflict(
                f"The job is older than {RETRIED_WITHIN_DAYS} days, so it cannot be retried. "
                "Start a new job."
            )
        queued = replace(expected, status=JobStatus.QUEUED)
        change = {
            "st": str(queued.status),
            **index_keys(queued),
            "du": now + RESEND_AFTER_MS,
            "rs": 0,
            "pg": 0,
            "ua": now,
            **dict.fromkeys(("lx", "clm", "fa", "msg", "x", "ck")),
            "cka": expected.attempt,
        }
        return Job.from_item(await self._change(ulid, Change(change), is_unchanged(expected)))

    # Sweeping

    async def due(self, now: int, limit: int = 100) -> list[Job]:
        """Return at most `limit` jobs whose due time has passed.

        A QUEUED job is overdue if no worker has claimed the job in time. A RUNNING job is overdue
        if its lease has ended and has not been renewed. Jobs that this version of the program
        cannot read are moved into quarantine. `now` is the current time (epoch ms).

        Cost: at least two requests. All QUEUED and RUNNING jobs are read, because the number of
        these jobs is small.
        """
        overdue: list[Item] = []
        for status in _LIVE:
            partition = equals("g1p", keys.job_status_partition(status))
            async for item in self._dynamo.query_all(partition, index="GSI1"):
                if len(overdue) < limit and _is_due(item, now):
                    overdue.append(item)
        return await self.quarantine.read_all(overdue, Job.from_item)

    async def postpone(self, job: Job, now: int) -> bool:
        """Postpone the due time of an overdue job.

        Return True if the caller must send the message for the job again. If several sweepers call
        this method for the same job, only one sweeper gets True. The time until the new due time
        starts at 60 s and doubles with each message, up to about 17 hours. Cost: one request.
        """
        pause_ms = RESEND_AFTER_MS * 2 ** min(job.resends, MOST_DOUBLINGS)
        change = Change({"du": now + pause_ms, "rs": job.resends + 1})
        try:
            condition = is_unchanged(job) & equals("du", job.due_at)
            await self._dynamo.update(keys.job(job.ulid), change, condition, returns="NONE")
        except ConditionFailed:
            return False
        return True

    # Shared

    def _read(self, item: Item | None) -> Job | None:
        return Job.from_item(item) if item and self._is_kept(item) else None

    async def _read_existing(self, ulid: str) -> Job:
        job = await self.get(ulid, consistent=True)
        if job is None:
            raise no_job()
        return job

    async def _end(
        self,
        ulid: str,
        status: JobStatus,
        condition: Condition,
        fields: dict[str, Any],
        attempt: int | None = None,
    ) -> Job:
        """Set a job to a final status and return the job.

        If the response of an earlier call was lost, the job already has this status. In this case,
        return the stored job unchanged.
        """
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
            has_ended = error.item is not None and (error.item["st"], error.item.get("att")) == (
                str(status),
                error.item.get("att") if attempt is None else attempt,
            )
            if not (has_ended and error.item):
                raise explain_conflict(error) from error
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
            raise explain_conflict(error) from error

    # `list` is near the end, because its name hides the type `list` from the rest of the class.

    async def list(
        self, window: PageWindow, *, kind: JobKind | None = None, status: JobStatus | None = None
    ) -> Page[Job]:
        """Return a page of jobs, newest first. `kind` and `status` are optional filters.

        Cost for 20 jobs: with one filter, one request of at most 2.5 read units. Without a filter,
        five requests. With both filters, at most five requests. If the limit of five requests is
        reached, the page may contain fewer jobs than requested although `has_next` is True.
        """
        lists = [PartitionList(keys.job_status_partition(each), index="GSI1") for each in JobStatus]
        if status is not None:
            lists = [PartitionList(keys.job_status_partition(status), index="GSI1")]
        elif kind is not None:
            lists = [PartitionList(keys.job_kind_partition(kind), index="GSI2")]
        page = await read_page(self._dynamo, lists, window, self._filter(kind))
        return page.map(Job.from_item_or_none)

    def _filter(self, kind: JobKind | None) -> Callable[[Item], bool]:
        return lambda item: self._is_kept(item) and (kind is None or item.get("jk") == kind)


def _is_due(item: Item, now: int) -> bool:
    due_at = item.get("du", now)
    return not isinstance(due_at, int) or due_at <= now
