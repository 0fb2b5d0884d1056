"""Signing in: from an identity that a provider vouches for to a user and a token.

A provider turns its credential into an `Identity`; everything after that is the same for all.
"""

from dataclasses import dataclass

from graphql_api.context import AccessToken, Context, Viewer, effective_role
from graphql_api.data import limits
from graphql_api.data.enums import UserState
from graphql_api.data.errors import Conflict, Forbidden
from graphql_api.data.records import User
from graphql_api.data.text import truncate_utf8
from graphql_api.resolvers import validation


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who somebody is, as a provider vouches for."""

    email: str
    name: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new access token and whose it is."""

    token: AccessToken
    viewer: Viewer


async def sign_in_for_development(context: Context, email: str, name: str | None) -> SignedIn:
    """Sign in whoever claims an address; created at the first sign-in.

    Raises:
        Forbidden: this is no development environment, or the account is not active.
        InvalidInput: the address or name is malformed.
    """
    if not context.settings.is_development:
        raise Forbidden("This sign-in is for development only.")
    address = validation.email(email)
    called = validation.given(name, validation.name) or _name_of(address)
    return await sign_in(context, Identity(email=address, name=called))


def _name_of(address: str) -> str:
    """Return what stands before the @, as far as it fits into a name."""
    return truncate_utf8(address.partition("@")[0][: limits.NAME_CHARACTERS], limits.NAME_BYTES)


async def sign_in(context: Context, identity: Identity) -> SignedIn:
    """Return a token for the user of an identity, who is created if there is none.

    Raises:
        Forbidden: the account is not active.
    """
    user = await _user_of(context, identity)
    if user.state is not UserState.ACTIVE:
        raise Forbidden("This account is not active. Ask an administrator to activate it.")
    viewer = Viewer(user, effective_role(user, context.settings))
    # The rest of the request is the new viewer's: the payload shows what is theirs.
    context.viewer = viewer
    return SignedIn(context.tokens.issue(user.uid), viewer)


async def _user_of(context: Context, identity: Identity) -> User:
    users = context.stores.users
    user = await users.by_email(identity.email, consistent=True)
    if user is not None:
        return user
    try:
        return await users.create(email=identity.email, name=identity.name)
    except Conflict:
        # Somebody signed in with the same address at the same moment.
        user = await users.by_email(identity.email, consistent=True)
        if user is None:
            raise
        return user
