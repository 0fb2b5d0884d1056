"""Plans: what everyone may read and administrators change."""

from collections.abc import Mapping

from graphql_api.context import Context
from graphql_api.data.accounts.plans import NewPlan
from graphql_api.data.limits import PLAN_LIMIT_PER_DAY
from graphql_api.data.records import Plan
from graphql_api.resolvers import access, validation

# A plan's limits by the name of the record's field; None is unlimited.
Limits = Mapping[str, int | None]

_FIELDS = {
    "executions_per_day": "executionsPerDay",
    "hints_per_day": "hintsPerDay",
    "runs_per_day": "runsPerDay",
}


def _checked(limits: Limits) -> Limits:
    for name, limit in limits.items():
        if limit is not None:
            validation.within(limit, _FIELDS[name], 0, PLAN_LIMIT_PER_DAY)
    return limits


async def list_plans(context: Context) -> list[Plan]:
    """Return the active plans, and the others too for administrators."""
    is_admin = context.viewer is not None and context.viewer.is_admin
    return await context.stores.plans.list(active_only=not is_admin)


async def create(context: Context, plan_id: str, name: str, limits: Limits) -> Plan:
    """Create a plan; a limit that is not given is none.

    Raises:
        Unauthenticated, Forbidden: the viewer is no administrator.
        InvalidInput: the id, name or a limit is malformed.
        Conflict: there is a plan of that id.
    """
    access.require_admin(context)
    given = _checked(limits)
    return await context.stores.plans.create(
        NewPlan(
            plan_id=validation.plan_id(plan_id),
            title=validation.name(name),
            executions_per_day=given.get("executions_per_day"),
            hints_per_day=given.get("hints_per_day"),
            runs_per_day=given.get("runs_per_day"),
        )
    )


async def update(
    context: Context, plan_id: str, name: str | None, limits: Limits, *, is_active: bool | None
) -> Plan:
    """Change what is given of a plan; every user on it has the new limits within a minute.

    Raises:
        Unauthenticated, Forbidden: the viewer is no administrator.
        InvalidInput: the id, name or a limit is malformed.
        NotFound: there is no such plan.
    """
    access.require_admin(context)
    given = _checked(limits)
    return await context.stores.plans.update(
        validation.plan_id(plan_id),
        title=validation.given(name, validation.name),
        is_active=is_active,
        **given,
    )
