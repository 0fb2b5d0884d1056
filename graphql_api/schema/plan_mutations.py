"""Mutations on plans, which only administrators may use."""

from typing import Annotated, Any, cast

import strawberry

from graphql_api.resolvers import plans
from graphql_api.resolvers.plans import Limits, PlanChanges
from graphql_api.schema.errors import (
    CreateErrors,
    Forbidden,
    InvalidInput,
    NotFound,
    Unauthenticated,
    Unavailable,
)
from graphql_api.schema.fields import mutation, sent_fields
from graphql_api.schema.info import Info
from graphql_api.schema.payloads import PlanPayload
from graphql_api.schema.plans import Plan


def _limit(units: str, note: str = "") -> Any:
    text = f"Number of {units} allowed per UTC day, 0 to 1,000,000. Null means unlimited. {note}"
    return strawberry.field(default=strawberry.UNSET, description=text.rstrip())


@strawberry.input(
    description="Input of `createPlan`. A limit that is omitted or null means unlimited use."
)
class CreatePlanInput:
    """Input of `createPlan`."""

    key: str = strawberry.field(
        description="Key of the plan: 1 to 40 lower-case letters, digits, `-` or `_`. The key "
        "begins with a letter or a digit."
    )
    name: str = strawberry.field(description="Display name of the plan, 1 to 100 characters.")
    executions_per_day: int | None = _limit("executions")
    hints_per_day: int | None = _limit("hints", "No operation gives hints yet.")
    runs_per_day: int | None = _limit("custom runs (`runCode`)")


@strawberry.type(description="The created plan.")
class CreatePlanPayload(PlanPayload):
    """Payload of `createPlan`."""


CreatePlanResult = Annotated[
    CreatePlanPayload | CreateErrors,
    strawberry.union(
        "CreatePlanResult", description="The created plan, or the reason the creation was rejected."
    ),
]


@strawberry.input(
    description="Input of `updatePlan`. Fields that are omitted keep their current value. A "
    "limit that is null means unlimited use."
)
class UpdatePlanInput:
    """Input of `updatePlan`."""

    plan_key: str = strawberry.field(description="Key of the plan, such as `free`.")
    name: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="New display name, 1 to 100 characters. Omit the field to keep the current "
        "name. Null is rejected.",
    )
    executions_per_day: int | None = _limit("executions")
    hints_per_day: int | None = _limit("hints", "No operation gives hints yet.")
    runs_per_day: int | None = _limit("custom runs (`runCode`)")
    is_active: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="True if administrators may assign the plan to users. Null sets the default, "
        "true.",
    )


@strawberry.type(description="The plan after the update.")
class UpdatePlanPayload(PlanPayload):
    """Payload of `updatePlan`."""


UpdatePlanResult = Annotated[
    UpdatePlanPayload | Unauthenticated | Forbidden | NotFound | InvalidInput | Unavailable,
    strawberry.union(
        "UpdatePlanResult", description="The updated plan, or the reason the update was rejected."
    ),
]


_LIMITS = ("executions_per_day", "hints_per_day", "runs_per_day")


def _limits_of(given: CreatePlanInput) -> Limits:
    """Return the limits that the client did not omit. The value of a null limit is None."""
    return sent_fields(given, *_LIMITS)


def _changes_of(given: UpdatePlanInput) -> PlanChanges:
    return cast("PlanChanges", sent_fields(given, "name", "is_active", *_LIMITS))


@strawberry.type
class PlanMutations:
    """Mutations on plans, for administrators."""

    @mutation(
        description="Create a plan. Requires the role ADMIN. Fails with CONFLICT if another plan "
        "has this key."
    )
    async def create_plan(self, info: Info, input: CreatePlanInput) -> CreatePlanResult | None:
        """Create a plan."""
        made = await plans.create(info.context, input.key, input.name, _limits_of(input))
        return CreatePlanPayload(plan=Plan.from_record(made))

    @mutation(
        description="Change a plan for all its users. Requires the role ADMIN. The new limits "
        "apply within a minute."
    )
    async def update_plan(self, info: Info, input: UpdatePlanInput) -> UpdatePlanResult | None:
        """Change a plan."""
        changed = await plans.update(info.context, input.plan_key, _changes_of(input))
        return UpdatePlanPayload(plan=Plan.from_record(changed))
