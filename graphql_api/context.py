"""The context of one request: viewer, stores, and the loaders that batch the request's reads."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar

from graphql_api.config import SettingError, Settings
from graphql_api.data.clock import Clock, now_ms
from graphql_api.data.cursors import Cursors
from graphql_api.data.dynamo.memory import AnswerShare
from graphql_api.data.enums import Role
from graphql_api.data.errors import InvalidInput, Unauthenticated
from graphql_api.data.loaders import Loaders
from graphql_api.data.names import email_set, is_one_of
from graphql_api.data.records import User
from graphql_api.data.redis.custom_runs import RunBoard
from graphql_api.data.redis.language_board import LanguageBoard
from graphql_api.data.stores import Stores
from tasks.queue.sender import TaskSender

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A signed token and the time at which it expires."""

    value: str
    expires_at: datetime


class TokenIssuer(Protocol):
    """Issuer and reader of access tokens."""

    def issue(self, uid: str) -> AccessToken:
        """Return a new access token for a user."""

    def read(self, token: str) -> str:
        """Return the id of the token's user.

        Raises:
            Unauthenticated: The token is malformed, was tampered with, or has expired.
        """


@dataclass(frozen=True, slots=True)
class Viewer:
    """The signed-in user, with the role from `effective_role`."""

    user: User
    role: Role

    @property
    def uid(self) -> str:
        """The user's id."""
        return self.user.uid

    @property
    def is_admin(self) -> bool:
        """True if the viewer may manage users and plans."""
        return self.role is Role.ADMIN

    @property
    def is_editor(self) -> bool:
        """True if the viewer may see and change drafts, tests, solutions and jobs."""
        return self.role is not Role.USER


def check_admin_emails(settings: Settings) -> None:
    """Check at start-up that `ADMIN_EMAILS` contains e-mail addresses only.

    Raises:
        SettingError: An entry is not an e-mail address.
    """
    for email in settings.admin_emails:
        try:
            email_set((email,))
        except InvalidInput as error:
            raise SettingError(
                f"`ADMIN_EMAILS` contains `{email}`, which is not an e-mail address. Correct this "
                "address."
            ) from error


def effective_role(user: User, settings: Settings) -> Role:
    """Return ADMIN if `ADMIN_EMAILS` contains the user's e-mail address, else the stored role."""
    admins = email_set(settings.admin_emails)
    return Role.ADMIN if is_one_of(user.email, admins) else user.role


def _forget_nobody(_uid: str) -> None:
    """Do nothing. A context that has no cache of users uses this function as `forget_user`."""


@dataclass(slots=True, kw_only=True)
class Context:
    """The context of one request: its viewer, and all services that resolvers and fields use."""

    settings: Settings
    stores: Stores
    loaders: Loaders
    cursors: Cursors
    sender: TaskSender
    languages: LanguageBoard
    runs: RunBoard
    tokens: TokenIssuer
    answer: AnswerShare
    viewer: Viewer | None = None
    clock: Clock = now_ms
    forget_user: Callable[[str], None] = _forget_nobody
    _reads: dict[Hashable, asyncio.Task[Any]] = field(default_factory=dict)

    async def read_once(self, key: Hashable, read: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return the result of `read`, which is called only once per request and key.

        Later calls with the same key get the same result, until `forget_reads` is called.
        """
        if key not in self._reads:
            task = self._reads[key] = asyncio.create_task(read())
            # If all callers are cancelled, only this callback retrieves the exception. Without it,
            # asyncio would log the exception.
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
        # Without `shield`, a cancelled caller would also cancel the read for the other callers.
        result: T = await asyncio.shield(self._reads[key])
        return result

    def forget_reads(self) -> None:
        """Remove the results of `read_once`, because a mutation may have changed the data."""
        self._reads.clear()

    def forget_objects(self) -> None:
        """Remove all objects that were read, to free their memory.

        Call this method only at the end of the operation.
        """
        self.forget_reads()
        self.loaders.clear()

    def require_viewer(self) -> Viewer:
        """Return the viewer (the signed-in user).

        Raises:
            Unauthenticated: The caller is not signed in.
        """
        if self.viewer is None:
            raise Unauthenticated(
                "You are not signed in. Sign in and send `Authorization: Bearer <access token>`."
            )
        return self.viewer

    @property
    def is_editor(self) -> bool:
        """True if the viewer is an editor or administrator."""
        return self.viewer is not None and self.viewer.is_editor

    @property
    def may_introspect(self) -> bool:
        """True if the caller may use introspection. Errors then also suggest names of fields."""
        allowed = self.settings.introspection
        if allowed is None:
            allowed = self.settings.is_development
        return allowed or self.viewer is not None
