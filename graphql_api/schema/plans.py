"""Plans. A plan limits the executions, custom runs and hints of a user per UTC day."""

from typing import Self

import strawberry

from graphql_api.data import records
from graphql_api.schema import ids
from graphql_api.schema.connections import Node


@strawberry.type(
    description="A plan, which sets the daily limits of its users. A day is a UTC day."
)
class Plan(Node):
    """A plan, which sets the daily limits of its users."""

    key: str = strawberry.field(
        description="Key of the plan, such as `free`. `updatePlan` and `setUserPlan` accept this "
        "key as `planKey`."
    )
    name: str = strawberry.field(description="Display name of the plan.")
    executions_per_day: int | None = strawberry.field(
        description="Number of executions allowed per UTC day. Null means unlimited."
    )
    hints_per_day: int | None = strawberry.field(
        description="Number of hints allowed per UTC day. Null means unlimited. No operation "
        "gives hints yet."
    )
    runs_per_day: int | None = strawberry.field(
        description="Number of custom runs (`runCode`) allowed per UTC day. Null means unlimited."
    )
    is_active: bool = strawberry.field(description="True if the plan can be assigned to users.")

    @classmethod
    def from_record(cls, record: records.Plan) -> Self:
        """Convert a stored plan to its GraphQL type."""
        return cls(
            id=ids.plan_id(record.plan_id),
            key=record.plan_id,
            name=record.title,
            executions_per_day=record.executions_per_day,
            hints_per_day=record.hints_per_day,
            runs_per_day=record.runs_per_day,
            is_active=record.is_active,
        )
