"""Use cases of users: reading and changes, by the user or by administrators."""

from graphql_api.context import Context
from graphql_api.data import limits
from graphql_api.data.dynamo.pages import Page
from graphql_api.data.enums import UserState
from graphql_api.data.errors import Conflict, Forbidden, InvalidInput, NotFound
from graphql_api.data.records import Totals, User
from graphql_api.data.text import truncate_utf8
from graphql_api.resolvers import access, plans, validation
from graphql_api.resolvers.paging import PageRequest, list_page, scope_of


async def find(context: Context, uid: str) -> User | None:
    """Return a user, or None if the user does not exist or the viewer may not see the user."""
    return (
        await context.loaders.users.load(uid)
        if access.visibility_of(context).shows_user(uid)
        else None
    )


async def viewer(context: Context) -> User | None:
    """Return the stored user of the viewer, or None if the caller is not signed in."""
    return await find(context, context.viewer.uid) if context.viewer else None


async def list_users(context: Context, page: PageRequest) -> Page[User]:
    """Return a page of all users, newest first.

    Raises:
        Unauthenticated, Forbidden: The viewer is not an administrator.
    """
    access.require_admin(context)
    return await list_page(context, page, scope_of("users"), context.stores.users.list)


async def totals(context: Context, user: User) -> tuple[Totals, dict[str, int]]:
    """Return a user's all-time counters, and the number of executions in each language."""
    return await context.read_once(
        ("totals", user.uid), lambda: context.stores.users.totals(user.uid)
    )


def default_name(email: str) -> str:
    """Return the part of an e-mail address before the @, truncated to the maximum name length."""
    return truncate_utf8(email.partition("@")[0][: limits.NAME_CHARACTERS], limits.NAME_BYTES)


async def rename(context: Context, name: str | None) -> User:
    """Change the viewer's own name. None sets the default name (see `default_name`).

    Raises:
        Unauthenticated: The viewer is not signed in.
        InvalidInput: The name is invalid.
        Conflict: The account is being deleted.
    """
    viewer = context.require_viewer()
    uid = viewer.uid
    checked = default_name(viewer.user.email) if name is None else validation.name(name)
    return await _refresh_caches(context, await context.stores.users.update(uid, name=checked))


async def set_plan(context: Context, uid: str, plan_key: str) -> User:
    """Assign a plan to a user.

    Raises:
        Unauthenticated, Forbidden: The viewer is not an administrator.
        InvalidInput: The plan does not exist or is not active.
        NotFound: The user does not exist.
        Conflict: The user is being deleted.
    """
    access.require_admin(context)
    plan = await plans.get(context, plan_key, consistent=True)
    if plan is None or not plan.is_active:
        raise InvalidInput(
            "`planKey` must be the key of an active plan. See `plans` for the keys of all plans.",
            ("planKey",),
        )
    return await _refresh_caches(context, await context.stores.users.update(uid, plan_id=plan_key))


async def set_active(context: Context, uid: str, *, is_active: bool) -> User:
    """Activate or deactivate a user.

    Raises:
        Unauthenticated, Forbidden: The viewer is not an administrator.
        Conflict: The viewer deactivates their own account, or the account is being deleted.
        NotFound: The user does not exist.
    """
    if access.require_admin(context).uid == uid and not is_active:
        raise Conflict(
            "You cannot deactivate your own account. Ask another administrator.", ("userId",)
        )
    state = UserState.ACTIVE if is_active else UserState.INACTIVE
    return await _refresh_caches(context, await context.stores.users.set_state(uid, state))


async def delete(context: Context, uid: str) -> None:
    """Delete a user with all their data. If a call is interrupted, call the function again.

    Raises:
        Unauthenticated, Forbidden: The account is not the viewer's own, and the viewer is not an
            administrator.
        NotFound: The user does not exist.
    """
    viewer_uid = context.require_viewer().uid
    if not access.visibility_of(context).shows_user(uid):
        raise Forbidden(
            "Only administrators may delete the account of another user. Ask an administrator for "
            "help.",
            ("userId",),
        )
    if uid != viewer_uid and await context.stores.users.get(uid, consistent=True) is None:
        raise NotFound("The user does not exist. Check the user's id.", ("userId",))
    await context.stores.users.begin_deletion(uid)
    context.forget_user(uid)
    await context.stores.users.purge(uid)


async def _refresh_caches(context: Context, user: User) -> User:
    context.forget_user(user.uid)
    context.loaders.users.clear(user.uid)
    context.loaders.users.prime(user.uid, user)
    return user
