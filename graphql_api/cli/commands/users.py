"""`algoitny users …`: list users and set their roles."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, TypeVar

import typer

from graphql_api.cli.console import AsJson, Output
from graphql_api.config import get_settings
from graphql_api.data.dynamo.pages import PageWindow
from graphql_api.data.enums import Role
from graphql_api.data.errors import DomainError, NotFound
from graphql_api.data.limits import MAX_PAGE_SIZE
from graphql_api.data.records import User
from graphql_api.data.stores import Stores, open_stores

app = typer.Typer(help="List users and set their roles.", no_args_is_help=True)
T = TypeVar("T")
COLUMNS = ("user", "e-mail", "name", "role", "state", "plan")


@app.command("list")
def list_(*, as_json: AsJson = False) -> None:
    """List all users, newest first.

    The list shows the stored roles. A user whose e-mail address is in the setting ADMIN_EMAILS is
    an administrator, whatever the stored role is.
    """
    output = Output(as_json=as_json)
    users = _with_stores(output, _read_all_users)
    output.table(COLUMNS, [_row(user) for user in users])
    output.document([dict(zip(COLUMNS, _row(user), strict=True)) for user in users])


@app.command()
def role(
    email: Annotated[str, typer.Argument(help="The user's e-mail address.")],
    new_role: Annotated[
        Role, typer.Argument(metavar="ROLE", help="USER, EDITOR or ADMIN.", case_sensitive=False)
    ],
) -> None:
    """Set the role of a user. The API applies the new role within a minute."""
    output = Output()

    async def grant(stores: Stores) -> User:
        user = await stores.users.by_email(email, consistent=True)
        if user is None:
            raise NotFound(
                f"No user has the address {email}. The user must sign in before the role can be "
                "set."
            )
        return await stores.users.update(user.uid, role=new_role)

    user = _with_stores(output, grant)
    output.line(
        f"{user.email} has the role {user.role}. The API uses the new role within a minute."
    )


def _with_stores(output: Output, work: Callable[[Stores], Coroutine[Any, Any, T]]) -> T:
    async def run() -> T:
        async with open_stores(get_settings()) as stores:
            return await work(stores)

    try:
        return asyncio.run(run())
    except DomainError as error:
        output.error(error.message)
        raise typer.Exit(1) from error


async def _read_all_users(stores: Stores) -> list[User]:
    users: list[User] = []
    window = PageWindow(MAX_PAGE_SIZE)
    while True:
        page = await stores.users.list(window)
        users += page.records
        if not page.has_next:
            return users
        window = PageWindow(MAX_PAGE_SIZE, after=page.end)


def _row(user: User) -> tuple[str, ...]:
    return (user.uid, user.email, user.name, str(user.role), str(user.state), user.plan_id)
