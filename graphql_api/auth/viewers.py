"""Authentication of requests by their `Authorization` header."""

from collections import OrderedDict

from graphql_api.config import Settings
from graphql_api.context import TokenIssuer, Viewer, effective_role
from graphql_api.data.accounts.users import UserStore
from graphql_api.data.clock import Clock, now_ms
from graphql_api.data.enums import UserState
from graphql_api.data.errors import Unauthenticated
from graphql_api.data.records import User

CACHED_MS = 60_000
CACHED_USERS = 10_000


class Viewers:
    """Finds the viewer (the signed-in user) of each request. Each process has one instance.

    Users are cached for one minute. A change of a user's account therefore takes effect after one
    minute at the latest.
    """

    def __init__(
        self, users: UserStore, tokens: TokenIssuer, settings: Settings, clock: Clock = now_ms
    ) -> None:
        self._users = users
        self._tokens = tokens
        self._settings = settings
        self._clock = clock
        self._known: OrderedDict[str, tuple[int, User]] = OrderedDict()

    async def authenticate(self, authorization: str | None) -> Viewer | None:
        """Return the viewer that the header identifies, or None if the header is missing.

        Raises:
            Unauthenticated: The token is not valid, or its user is not active.
        """
        if authorization is None:
            return None
        scheme, _, token = authorization.partition(" ")
        if scheme.casefold() != "bearer" or not token.strip():
            raise Unauthenticated(
                "The `Authorization` header is malformed. Send `Authorization: Bearer "
                "<access token>`."
            )
        user = await self._user(self._tokens.read(token.strip()))
        if user is None or user.state is not UserState.ACTIVE:
            raise Unauthenticated(
                "This account is no longer active. Ask an administrator to activate the account."
            )
        return Viewer(user, effective_role(user, self._settings))

    def forget(self, uid: str) -> None:
        """Remove a user from the cache, so that the next request reads the user again."""
        self._known.pop(uid, None)

    async def _user(self, uid: str) -> User | None:
        now = self._clock()
        read_at, user = self._known.get(uid, (None, None))
        if read_at is not None and now - read_at < CACHED_MS:
            return user
        user = await self._users.get(uid)
        self.forget(uid)
        if user is not None:
            self._known[uid] = (now, user)
            if len(self._known) > CACHED_USERS:
                self._known.popitem(last=False)
        return user
