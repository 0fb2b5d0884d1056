"""Quotas: the daily limits of a user's plan, and how many units the user has used."""

from datetime import date, datetime
from typing import Self

import strawberry

from graphql_api.data import records
from graphql_api.data.clock import end_of_day, parse_day


@strawberry.type(
    description="Use of one daily limit on one UTC day. Each execution, custom run "
    "or hint uses one unit."
)
class Quota:
    """One daily limit, and the number of units used on one day."""

    used: int = strawberry.field(description="Number of units used on this UTC day.")
    limit: int | None = strawberry.field(
        description="Number of units allowed per UTC day. Null means unlimited."
    )
    remaining: int | None = strawberry.field(
        description="Number of units left on this UTC day. Null means unlimited."
    )
    reset_at: datetime = strawberry.field(
        description="Time at which the number of used units is reset to 0: the end of the UTC day."
    )

    @classmethod
    def of(cls, used: int, limit: int | None, reset_at: datetime) -> Self:
        """Return the quota for a number of used units and a limit (None means unlimited)."""
        remaining = None if limit is None else max(0, limit - used)
        return cls(used=used, limit=limit, remaining=remaining, reset_at=reset_at)


@strawberry.type(
    description="A user's use of the daily limits on one UTC day, compared with the "
    "limits of the user's current plan."
)
class Usage:
    """All daily limits of the user's current plan, and the units used on one day."""

    day: date = strawberry.field(name="date", description="The UTC day.")
    executions: Quota = strawberry.field(description="Use of the limit on executions.")
    hints: Quota = strawberry.field(
        description="Use of the limit on hints. No operation gives hints yet."
    )
    runs: Quota = strawberry.field(description="Use of the limit on custom runs (`runCode`).")

    @classmethod
    def from_record(cls, used: records.DayUsage, plan: records.Plan) -> Self:
        """Combine the counters of one day and the limits of a plan in the GraphQL type."""
        reset_at = end_of_day(used.day)
        return cls(
            day=parse_day(used.day).date(),
            executions=Quota.of(used.execution, plan.executions_per_day, reset_at),
            hints=Quota.of(used.hint, plan.hints_per_day, reset_at),
            runs=Quota.of(used.run, plan.runs_per_day, reset_at),
        )
