"""Contexts of requests that reach no service."""

from typing import Any

from graphql_api.context import Context, Viewer
from graphql_api.data.dynamo.memory import AnswerMemory, AnswerShare
from graphql_api.data.enums import Role
from graphql_api.data.limits import MB
from graphql_api.data.records import User
from tests.support.settings import make_settings


def bare_context(viewer: Viewer | None = None, **settings: object) -> Context:
    """Return a context without services. A resolver that uses one fails."""
    bare: Any = object()
    return Context(
        settings=make_settings(**settings),
        stores=bare,
        loaders=bare,
        cursors=bare,
        sender=bare,
        languages=bare,
        runs=bare,
        tokens=bare,
        answer=AnswerShare(AnswerMemory(32 * MB)),
        viewer=viewer,
    )


def make_viewer() -> Viewer:
    """Return a signed-in user."""
    user = User(
        uid="1",
        email="ann@example.org",
        name="Ann",
        plan_id="free",
        created_at=0,
        updated_at=0,
    )
    return Viewer(user, Role.USER)
