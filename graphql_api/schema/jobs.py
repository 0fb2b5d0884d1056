"""Jobs: work that goes on in the background, with its progress."""

from datetime import datetime
from typing import Annotated, Self

import strawberry

from graphql_api.data import records
from graphql_api.data.clock import to_datetime
from graphql_api.resolvers import jobs
from graphql_api.resolvers.paging import PageRequest
from graphql_api.schema import ids
from graphql_api.schema.connections import First, Last, Node
from graphql_api.schema.enums import JobKind, JobStatus
from graphql_api.schema.errors import (
    Conflict,
    Forbidden,
    Info,
    InvalidInput,
    NotFound,
    Unauthenticated,
    Unavailable,
)
from graphql_api.schema.fields import field, mutation


@strawberry.type(description="One line of a job's progress.")
class JobEvent:
    """What was told."""

    sequence: int = strawberry.field(description="Its place in the job's progress; may skip some.")
    message: str = strawberry.field(description="For people.")
    progress: int = strawberry.field(description="How much was done, in percent.")
    created_at: datetime = strawberry.field(description="When it was told.")

    @classmethod
    def from_record(cls, record: records.JobEvent) -> Self:
        """Return an event as GraphQL shows it."""
        return cls(
            sequence=record.seq,
            message=record.message,
            progress=record.progress,
            created_at=to_datetime(record.created_at),
        )


@strawberry.type(description="What a rejudging did.")
class RejudgeCounts:
    """Histories by what became of them."""

    judged: int = strawberry.field(description="Histories with a new result.")
    changed: int = strawberry.field(description="Those of them whose verdict is another.")
    skipped: int = strawberry.field(
        description="Gone meanwhile, or judged again by a later rejudging."
    )
    failed: int = strawberry.field(
        description="They could not be judged, by the judge's fault or the problem's; the old "
        "result stands."
    )


@strawberry.type(description="A piece of work in the background; for editors.")
class Job(Node):
    """One job."""

    record: strawberry.Private[records.Job]
    kind: JobKind = strawberry.field(description="What it does.")
    status: JobStatus = strawberry.field(description="Where it stands.")
    progress: int = strawberry.field(description="How much was done, in percent, roughly.")
    message: str | None = strawberry.field(description="How far it is, or why it failed.")
    platform: str | None = strawberry.field(description="The platform of its problem.")
    problem_number: str | None = strawberry.field(description="The number of its problem.")
    attempt: int = strawberry.field(description="How often a worker has begun it.")
    created_at: datetime = strawberry.field(description="When it was asked for.")
    updated_at: datetime = strawberry.field(description="When something was last heard of it.")
    finished_at: datetime | None = strawberry.field(description="When it ended.")

    @classmethod
    def from_record(cls, record: records.Job) -> Self:
        """Return a job as GraphQL shows it."""
        return cls(
            record=record,
            id=ids.job_id(record.ulid),
            kind=record.kind,
            status=record.status,
            progress=record.progress,
            message=record.message,
            platform=record.platform,
            problem_number=record.number,
            attempt=record.attempt,
            created_at=to_datetime(record.created_at),
            updated_at=to_datetime(record.updated_at),
            finished_at=None if record.finished_at is None else to_datetime(record.finished_at),
        )

    @field(
        description="Its progress line by line, in order: to follow it, ask again `after` the last "
        "`sequence` that you have; to see where it is, for the `last` lines. Each job's is a "
        "request of its own; null if it cannot be read."
    )
    async def events(
        self,
        info: Info,
        *,
        after: Annotated[
            int, strawberry.argument(description="Only those after this `sequence`.")
        ] = 0,
        first: First = None,
        last: Last = None,
    ) -> list[JobEvent] | None:
        """Read the progress."""
        page = PageRequest(first=first, last=last)
        found = await jobs.events_of(info.context, self.record, page, after)
        return [JobEvent.from_record(event) for event in found]

    @field(description="What a REJUDGE did, once it has SUCCEEDED.")
    async def rejudged(self, info: Info) -> RejudgeCounts | None:
        """Read the result."""
        if self.kind is not JobKind.REJUDGE:
            return None
        found = await jobs.result_of(info.context, self.record)
        return None if found is None else RejudgeCounts(**found)


@strawberry.input(description="What to judge again: exactly one of both.")
class RejudgeInput:
    """A problem, or a history."""

    problem_id: strawberry.ID | None = strawberry.field(
        default=None, description="A problem, of which every judged execution is judged again."
    )
    history_id: strawberry.ID | None = strawberry.field(
        default=None, description="A history that is to be judged again."
    )


@strawberry.type(description="The job that judges again.")
class RejudgePayload:
    """A job in the queue."""

    job: Job = strawberry.field(description="The job; poll it until it has ended.")


RejudgeResult = Annotated[
    RejudgePayload | Unauthenticated | Forbidden | NotFound | InvalidInput | Conflict | Unavailable,
    strawberry.union("RejudgeResult", description="The job, or why there is none."),
]


@strawberry.input(description="Which job to stop.")
class CancelJobInput:
    """Which job."""

    job_id: strawberry.ID = strawberry.field(description="The job's global id.")


@strawberry.type(description="The job as it is now.")
class CancelJobPayload:
    """A cancelled job."""

    job: Job = strawberry.field(description="The cancelled job.")


CancelJobResult = Annotated[
    CancelJobPayload
    | Unauthenticated
    | Forbidden
    | NotFound
    | InvalidInput
    | Conflict
    | Unavailable,
    strawberry.union("CancelJobResult", description="The cancelled job, or why it goes on."),
]


@strawberry.type
class JobMutations:
    """What editors do with jobs."""

    @mutation(
        description="Judge executions again, with the problem as it is now; for editors. Each "
        "keeps its result until the new one is there, and nobody's quota is touched."
    )
    async def rejudge(self, info: Info, input: RejudgeInput) -> RejudgeResult:  # noqa: A002 - the rule of names
        """Begin a rejudging."""
        problem, history = input.problem_id, input.history_id
        job = await jobs.rejudge(
            info.context,
            None if problem is None else ids.problem_key(problem),
            None if history is None else ids.history_key(history),
        )
        return RejudgePayload(job=Job.from_record(job))

    @mutation(description="Stop a job; what it has done so far stands. For editors.")
    async def cancel_job(self, info: Info, input: CancelJobInput) -> CancelJobResult:  # noqa: A002 - the rule of names
        """Cancel a job."""
        job = await jobs.cancel(info.context, ids.job_key(input.job_id))
        return CancelJobPayload(job=Job.from_record(job))
