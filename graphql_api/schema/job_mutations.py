"""Mutations on jobs, which only editors may use."""

from typing import Annotated

import strawberry

from graphql_api.resolvers import jobs
from graphql_api.schema import ids
from graphql_api.schema.errors import ChangeErrors
from graphql_api.schema.fields import mutation
from graphql_api.schema.info import Info
from graphql_api.schema.jobs import Job


@strawberry.input(
    description="Input of `rejudge`. Send exactly one of `problemId` and `historyId`."
)
class RejudgeInput:
    """Input of `rejudge`."""

    problem_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="Global id of a problem. All judged executions of this problem are judged "
        "again.",
    )
    history_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="Global id of a judged history. Only this history is judged again.",
    )


@strawberry.type(description="The job that judges the executions again.")
class RejudgePayload:
    """Payload of `rejudge`: the new job with status QUEUED."""

    job: Job = strawberry.field(
        description="The job. Poll the job until its status is SUCCEEDED, FAILED or CANCELLED."
    )


RejudgeResult = Annotated[
    RejudgePayload | ChangeErrors,
    strawberry.union(
        "RejudgeResult",
        description="The job that judges the executions again, or the reason no job was started.",
    ),
]


@strawberry.input(description="Input of `cancelJob`.")
class CancelJobInput:
    """Input of `cancelJob`."""

    job_id: strawberry.ID = strawberry.field(description="Global id of the job.")


@strawberry.type(description="The cancelled job.")
class CancelJobPayload:
    """Payload of `cancelJob`."""

    job: Job = strawberry.field(description="The job, with status CANCELLED.")


CancelJobResult = Annotated[
    CancelJobPayload | ChangeErrors,
    strawberry.union(
        "CancelJobResult",
        description="The cancelled job, or the reason the cancellation was rejected.",
    ),
]


@strawberry.type
class JobMutations:
    """Mutations on jobs, for editors."""

    @mutation(
        description="Start a job that judges past executions again with the current version of "
        "the problem. Requires the role EDITOR. Each execution keeps its result until the new "
        "result is saved. The job uses no user's quota. Fails with CONFLICT if the problem has no "
        "tests or the history was never judged."
    )
    async def rejudge(self, info: Info, input: RejudgeInput) -> RejudgeResult | None:
        """Start a job that judges past executions again."""
        problem, history = input.problem_id, input.history_id
        job = await jobs.rejudge(
            info.context,
            None if problem is None else ids.problem_of(problem),
            None if history is None else ids.history_key(history),
        )
        return RejudgePayload(job=Job.from_record(job))

    @mutation(
        description="Cancel a job. Requires the role EDITOR. The results that the job has already "
        "saved are kept. Fails with CONFLICT if the job has already ended."
    )
    async def cancel_job(self, info: Info, input: CancelJobInput) -> CancelJobResult | None:
        """Cancel a job."""
        job = await jobs.cancel(info.context, ids.job_key(input.job_id))
        return CancelJobPayload(job=Job.from_record(job))
