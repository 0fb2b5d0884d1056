"""Use cases of usage: the plan of a user, and the used part of the plan's daily limits."""

from dataclasses import dataclass

from graphql_api.context import Context, effective_role
from graphql_api.data import limits
from graphql_api.data.accounts.plans import UNLIMITED
from graphql_api.data.clock import day_of
from graphql_api.data.enums import Role
from graphql_api.data.errors import NotFound
from graphql_api.data.records import DayUsage, Plan, User
from graphql_api.resolvers import validation


@dataclass(frozen=True, slots=True)
class Usage:
    """The used units of quota on one UTC day, and the user's current plan."""

    used: DayUsage
    plan: Plan


async def plan_of(context: Context, user: User) -> Plan:
    """Return the plan of a user. Administrators have the plan without limits.

    Raises:
        NotFound: The plan no longer exists.
    """
    is_admin = effective_role(user, context.settings) is Role.ADMIN
    plan_id = UNLIMITED.plan_id if is_admin else user.plan_id
    plans = context.stores.plans
    plan = await plans.get(plan_id)
    if plan is None and await plans.ensure_defaults():
        # The table was created after this process had started.
        plan = await plans.get(plan_id)
    if plan is None:
        raise NotFound(
            f"The plan `{plan_id}` no longer exists. Ask an administrator to create it again."
        )
    return plan


async def usage(context: Context, user: User, days: int) -> list[Usage]:
    """Return the usage of each of the last `days` UTC days, today first.

    Raises:
        InvalidInput: `days` is out of range.
    """
    validation.within(days, "days", 1, limits.USAGE_DAYS)
    today = day_of(context.clock())
    plan = await plan_of(context, user)
    used = await context.read_once(
        ("usage", user.uid, days, today),
        lambda: context.stores.usage.days(user.uid, days, today),
    )
    return [Usage(day, plan) for day in used]


async def usage_after(context: Context) -> Usage:
    """Return the viewer's usage today, including the current mutation.

    The read is strongly consistent.
    """
    viewer = context.require_viewer()
    used = await context.stores.usage.day(viewer.uid, day_of(context.clock()))
    return Usage(used, await plan_of(context, viewer.user))
