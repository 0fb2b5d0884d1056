"""Use cases of plans: reading by everyone, and changes by administrators."""

from collections.abc import Mapping
from typing import TypedDict, cast

from graphql_api.context import Context
from graphql_api.data.accounts.plans import NewPlan
from graphql_api.data.limits import PLAN_LIMIT_PER_DAY
from graphql_api.data.records import Plan
from graphql_api.resolvers import access, validation


class PlanChanges(TypedDict, total=False):
    """The fields of a plan that a client changes. A missing field keeps its value.

    If a limit is None, the plan has no such limit. If `is_active` is None, the plan becomes active.
    `name` must not be None.
    """

    name: str | None
    is_active: bool | None
    executions_per_day: int | None
    hints_per_day: int | None
    runs_per_day: int | None


# The limits of a plan, by the name of the record's field. None means unlimited.
Limits = Mapping[str, int | None]

_FIELDS = {
    "executions_per_day": "executionsPerDay",
    "hints_per_day": "hintsPerDay",
    "runs_per_day": "runsPerDay",
}


def _validate_limits(limits: Limits) -> Limits:
    for name, limit in limits.items():
        if limit is not None:
            validation.within(limit, _FIELDS[name], 0, PLAN_LIMIT_PER_DAY)
    return limits


async def list_plans(context: Context) -> list[Plan]:
    """Return the active plans. Administrators also get the inactive plans."""
    is_admin = context.viewer is not None and context.viewer.is_admin
    return await context.stores.plans.list(active_only=not is_admin)


async def get(context: Context, key: str, *, consistent: bool = False) -> Plan | None:
    """Return an active or inactive plan, or None if no plan has this key.

    The plan may be up to 60 s old, unless the read is consistent.
    """
    if not validation.is_plan_key(key):
        return None
    return await context.stores.plans.get(key, consistent=consistent)


async def find(context: Context, key: str) -> Plan | None:
    """Return a plan, or None if it does not exist or the viewer may not see it.

    Everyone may see active plans. Only administrators and the users of a plan may see an inactive
    plan.
    """
    viewer = context.viewer
    plan = await get(context, key)
    if plan is None or plan.is_active:
        return plan
    may_view = viewer is not None and (viewer.is_admin or viewer.user.plan_id == key)
    return plan if may_view else None


async def create(context: Context, key: str, name: str, limits: Limits) -> Plan:
    """Create a plan. A limit that is missing in `limits` means unlimited.

    Raises:
        Unauthenticated, Forbidden: The viewer is not an administrator.
        InvalidInput: The key, the name or a limit is invalid.
        Conflict: A plan with this key exists.
    """
    access.require_admin(context)
    valid_limits = _validate_limits(limits)
    return await context.stores.plans.create(
        NewPlan(
            plan_id=validation.plan_key(key, "key"),
            title=validation.name(name),
            executions_per_day=valid_limits.get("executions_per_day"),
            hints_per_day=valid_limits.get("hints_per_day"),
            runs_per_day=valid_limits.get("runs_per_day"),
        )
    )


async def update(context: Context, key: str, changes: PlanChanges) -> Plan:
    """Change fields of a plan. New limits apply to all users of the plan within a minute.

    Raises:
        Unauthenticated, Forbidden: The viewer is not an administrator.
        InvalidInput: The key, the name or a limit is invalid.
        NotFound: The plan does not exist.
    """
    access.require_admin(context)
    limits = {name: value for name, value in changes.items() if name in _FIELDS}
    return await context.stores.plans.update(
        validation.plan_key(key, "planKey"),
        title=_title(changes),
        is_active=_is_active(changes),
        **_validate_limits(cast("Limits", limits)),
    )


def _title(changes: PlanChanges) -> str | None:
    """Return the new name, or None to keep the current name."""
    if "name" not in changes:
        return None
    return validation.name(validation.not_null(changes["name"], "name"))


def _is_active(changes: PlanChanges) -> bool | None:
    """Return the new state, or None to keep the current state.

    If the client sent null, return True, which is the default.
    """
    if "is_active" not in changes:
        return None
    return True if changes["is_active"] is None else changes["is_active"]
