"""Base classes with the fields that several payloads share."""

import strawberry

from graphql_api.resolvers import usage
from graphql_api.schema.fields import field
from graphql_api.schema.info import Info
from graphql_api.schema.jobs import Job
from graphql_api.schema.plans import Plan
from graphql_api.schema.problems import Problem
from graphql_api.schema.usage import Usage
from graphql_api.schema.users import User


@strawberry.type
class ProblemPayload:
    """Base of payloads with a changed problem."""

    problem: Problem = strawberry.field(description="The problem after the mutation.")


@strawberry.type
class FeedJobPayload:
    """Base of payloads with a job that changes the public feed.

    The job removes the executions of a problem from the feed, or adds them again.
    """

    job: Job | None = strawberry.field(
        description="The job that changes the public feed. After a deletion, the job removes the "
        "problem's executions from the feed. After a restoration, it puts the executions back. "
        "Null if no job was necessary, because the problem was already deleted."
    )


@strawberry.type
class UserPayload:
    """Base of payloads with a changed user."""

    user: User = strawberry.field(description="The user after the mutation.")


@strawberry.type
class PlanPayload:
    """Base of payloads with a new or changed plan."""

    plan: Plan = strawberry.field(description="The plan after the mutation.")


@strawberry.type
class UsagePayload:
    """Base of payloads with the viewer's usage after the mutation."""

    @field(
        description="The viewer's use of the daily limits on the current UTC day, including this "
        "call. Null if the use could not be read. Even then, the mutation has succeeded."
    )
    async def usage(self, info: Info) -> Usage | None:
        """Read the viewer's usage on the current UTC day with a strongly consistent read."""
        after = await usage.usage_after(info.context)
        return Usage.from_record(after.used, after.plan)
