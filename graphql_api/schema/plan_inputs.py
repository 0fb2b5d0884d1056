"""Inputs of the mutations on plans."""

import strawberry

from graphql_api.resolvers.plans import Limits


@strawberry.input(description="A new plan; a limit that is null or left out is none.")
class CreatePlanInput:
    """A plan to be."""

    id: strawberry.ID = strawberry.field(
        description="1 to 40 lower-case letters, digits, '-' or '_'."
    )
    name: str = strawberry.field(description="Its name, at most 100 characters.")
    executions_per_day: int | None = strawberry.field(
        default=strawberry.UNSET, description="Executions a UTC day."
    )
    hints_per_day: int | None = strawberry.field(
        default=strawberry.UNSET, description="Hints a UTC day."
    )
    runs_per_day: int | None = strawberry.field(
        default=strawberry.UNSET, description="Runs on own input a UTC day."
    )


@strawberry.input(
    description="What to change of a plan; what is left out stays, a limit of null is none."
)
class UpdatePlanInput:
    """Changes."""

    id: strawberry.ID = strawberry.field(description="The plan's id.")
    name: str | None = strawberry.field(default=None, description="Its name.")
    executions_per_day: int | None = strawberry.field(
        default=strawberry.UNSET, description="Executions a UTC day."
    )
    hints_per_day: int | None = strawberry.field(
        default=strawberry.UNSET, description="Hints a UTC day."
    )
    runs_per_day: int | None = strawberry.field(
        default=strawberry.UNSET, description="Runs on own input a UTC day."
    )
    is_active: bool | None = strawberry.field(
        default=None, description="Whether users can be put on it."
    )


def limits_of(given: CreatePlanInput | UpdatePlanInput) -> Limits:
    """Return the limits that were sent, null among them."""
    limits = {
        "executions_per_day": given.executions_per_day,
        "hints_per_day": given.hints_per_day,
        "runs_per_day": given.runs_per_day,
    }
    return {name: limit for name, limit in limits.items() if limit is not strawberry.UNSET}
