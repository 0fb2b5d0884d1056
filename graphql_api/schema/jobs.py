"""Background jobs and their progress logs."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Self

import strawberry
import structlog

from graphql_api.data import keys, records
from graphql_api.data.clock import to_datetime
from graphql_api.data.enums import JobKind, JobStatus
from graphql_api.resolvers import jobs
from graphql_api.resolvers.paging import PageRequest
from graphql_api.schema import ids
from graphql_api.schema.connections import First, Last, Node
from graphql_api.schema.fields import field
from graphql_api.schema.info import Info

_log = structlog.stdlib.get_logger(__name__)


@strawberry.type(description="One line of a job's progress log.")
class JobEvent:
    """One line of a job's log."""

    sequence: int = strawberry.field(
        description="Sequence number of the line in the job's log. Later lines have higher "
        "numbers. Some numbers may be unused."
    )
    message: str = strawberry.field(description="Text of the line, written for users.")
    progress: int = strawberry.field(
        description="Progress of the job when the line was written, 0 to 100 percent."
    )
    created_at: datetime = strawberry.field(description="Time at which the line was written.")

    @classmethod
    def from_record(cls, record: records.JobEvent) -> Self:
        """Convert a stored event to its GraphQL type."""
        return cls(
            sequence=record.seq,
            message=record.message,
            progress=record.progress,
            created_at=to_datetime(record.created_at),
        )


@strawberry.type(description="Numbers of histories by outcome of a rejudge.")
class RejudgeCounts:
    """Result of a rejudge: the number of executions with each outcome."""

    judged: int = strawberry.field(
        description="Number of histories that were judged again and have a new result."
    )
    changed: int = strawberry.field(
        description="Number of histories whose verdict changed. The number `judged` includes "
        "these histories."
    )
    skipped: int = strawberry.field(
        description="Number of histories that this job did not judge, because the histories were "
        "deleted or a later rejudge judged them."
    )
    failed: int = strawberry.field(
        description="Number of histories that could not be judged, because the judge or the "
        "problem's checker failed. These histories keep their previous result."
    )

    @classmethod
    def from_result(cls, result: Mapping[str, Any]) -> Self | None:
        """Convert the result of a rejudge. Return None if a count is missing or not an integer."""
        names = ("judged", "changed", "skipped", "failed")
        counts: dict[str, Any] = {name: result.get(name) for name in names}
        return cls(**counts) if all(isinstance(count, int) for count in counts.values()) else None


@strawberry.type(description="A background job, such as a rejudge. Only editors see jobs.")
class Job(Node):
    """A background job."""

    record: strawberry.Private[records.Job]
    kind: JobKind = strawberry.field(description="Kind of the job.")
    status: JobStatus = strawberry.field(description="State of the job.")
    progress: int = strawberry.field(
        description="Approximate progress of the job, 0 to 100 percent."
    )
    message: str | None = strawberry.field(
        description="Reason why the job failed, or otherwise its latest progress message. Null if "
        "the job has no message."
    )
    platform: str | None = strawberry.field(
        description="Key of the platform that the job's problem comes from, such as `algoitny`. "
        "Null if the job has no problem."
    )
    problem_number: str | None = strawberry.field(
        description="Number of the job's problem on its platform. Null if the job has no problem."
    )
    attempt: int = strawberry.field(
        description="Number of times that workers have started the job, or 0 before the first "
        "start."
    )
    created_at: datetime = strawberry.field(description="Time at which the job was requested.")
    updated_at: datetime = strawberry.field(
        description="Time at which the job was last changed, or at which its worker last reported "
        "that the job is still running."
    )
    finished_at: datetime | None = strawberry.field(
        description="Time at which the job ended. Null until the job has ended."
    )

    @classmethod
    def from_record(cls, record: records.Job) -> Self:
        """Convert a stored job to its GraphQL type."""
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

    @classmethod
    def from_optional(cls, record: records.Job | None) -> Self | None:
        """Convert a stored job to its GraphQL type, and None to None."""
        return None if record is None else cls.from_record(record)

    @field(
        description="Progress log of the job, oldest line first. To follow a running job, pass "
        "the highest `sequence` that you have received as `after`. To read only the newest lines, "
        "use `last`. Reading the log of one job costs one database request. Null if the log "
        "cannot be read."
    )
    async def events(
        self,
        info: Info,
        *,
        after: Annotated[
            int,
            strawberry.argument(
                description="Sequence number of a line. Only lines with a higher sequence number "
                "are returned (default 0, which returns all lines)."
            ),
        ] = 0,
        first: First = None,
        last: Last = None,
    ) -> list[JobEvent] | None:
        """Read a page of the progress log."""
        page = PageRequest(first=first, last=last)
        events = await jobs.events_of(info.context, self.record, page, after)
        return [JobEvent.from_record(event) for event in events]

    @field(
        description="Numbers of histories by outcome of the rejudge. Null until the status is "
        "SUCCEEDED. Always null for jobs of other kinds than REJUDGE."
    )
    async def rejudged(self, info: Info) -> RejudgeCounts | None:
        """Read the result of a rejudge."""
        if self.kind is not JobKind.REJUDGE:
            return None
        result = await jobs.result_of(info.context, self.record)
        counts = None if result is None else RejudgeCounts.from_result(result)
        if result is not None and counts is None:
            key = keys.job_result(self.record.ulid, self.record.attempt)
            _log.error("The result of a rejudge cannot be read, so it is null.", **key)
        return counts
