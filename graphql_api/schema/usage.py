"""Plans, and what of them was used."""

from datetime import date, datetime
from typing import Self

import strawberry

from graphql_api.data import records
from graphql_api.data.clock import end_of_day, parse_day


@strawberry.type(description="Limits per UTC day; null is unlimited.")
class Plan:
    """What a user may consume."""

    id: strawberry.ID = strawberry.field(description="The plan's id, such as `free`.")
    name: str = strawberry.field(description="Its name.")
    executions_per_day: int | None = strawberry.field(description="Executions a day.")
    hints_per_day: int | None = strawberry.field(description="Hints a day.")
    runs_per_day: int | None = strawberry.field(description="Runs on own input a day.")
    is_active: bool = strawberry.field(description="Whether users can be put on it.")

    @classmethod
    def from_record(cls, record: records.Plan) -> Self:
        """Return a plan as GraphQL shows it."""
        return cls(
            id=strawberry.ID(record.plan_id),
            name=record.title,
            executions_per_day=record.executions_per_day,
            hints_per_day=record.hints_per_day,
            runs_per_day=record.runs_per_day,
            is_active=record.is_active,
        )


@strawberry.type(description="How much of one limit is used up.")
class Quota:
    """One action on one day."""

    used: int = strawberry.field(description="How many were used.")
    limit: int | None = strawberry.field(description="How many there are; null: unlimited.")
    remaining: int | None = strawberry.field(description="How many are left; null: unlimited.")
    reset_at: datetime = strawberry.field(description="When the limit starts anew.")

    @classmethod
    def of(cls, used: int, limit: int | None, reset_at: datetime) -> Self:
        """Return the quota of a count under a limit."""
        remaining = None if limit is None else max(0, limit - used)
        return cls(used=used, limit=limit, remaining=remaining, reset_at=reset_at)


@strawberry.type(description="What a user consumed on one UTC day.")
class Usage:
    """A day's counters with the limits of the present plan."""

    day: date = strawberry.field(name="date", description="The UTC day.")
    executions: Quota = strawberry.field(description="Executions.")
    hints: Quota = strawberry.field(description="Hints.")
    runs: Quota = strawberry.field(description="Runs on own input.")

    @classmethod
    def from_record(cls, used: records.DayUsage, plan: records.Plan) -> Self:
        """Return a day's usage under a plan."""
        reset_at = end_of_day(used.day)
        return cls(
            day=parse_day(used.day).date(),
            executions=Quota.of(used.execution, plan.executions_per_day, reset_at),
            hints=Quota.of(used.hint, plan.hints_per_day, reset_at),
            runs=Quota.of(used.run, plan.runs_per_day, reset_at),
        )
