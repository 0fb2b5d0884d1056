"""Fields that several payloads share; each payload is a type of its own."""

import strawberry

from graphql_api.resolvers import usage
from graphql_api.schema.fields import field
from graphql_api.schema.info import Info
from graphql_api.schema.plans import Plan
from graphql_api.schema.problems import Problem
from graphql_api.schema.usage import Usage
from graphql_api.schema.users import User


@strawberry.type
class ProblemPayload:
    """The changed problem."""

    problem: Problem = strawberry.field(description="The problem after the change.")


@strawberry.type
class UserPayload:
    """The changed user."""

    user: User = strawberry.field(description="The user after the change.")


@strawberry.type
class PlanPayload:
    """The new or changed plan."""

    plan: Plan = strawberry.field(description="The plan after the change.")


@strawberry.type
class UsagePayload:
    """What the mutation left of the viewer's quota."""

    @field(
        description="The viewer's usage of today (UTC) after this call. Null if it cannot be "
        "read; the call itself succeeded."
    )
    async def usage(self, info: Info) -> Usage | None:
        """Read the day's counters."""
        after = await usage.usage_after(info.context)
        return Usage.from_record(after.used, after.plan)
