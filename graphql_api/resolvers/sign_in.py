"""Use cases of sign-in: return an access token to a person whom a sign-in provider has identified.

Each provider returns an `Identity`. All further steps are the same for every provider. If the
identity has no user, a user is created.
"""

from dataclasses import dataclass

from graphql_api.context import AccessToken, Context, Viewer, effective_role
from graphql_api.data.enums import UserState
from graphql_api.data.errors import Conflict, Forbidden
from graphql_api.data.records import User
from graphql_api.resolvers import users, validation


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The e-mail address and the name of a person, confirmed by a sign-in provider."""

    email: str
    name: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new access token and the user who signs in with it."""

    token: AccessToken
    viewer: Viewer


async def sign_in_for_development(context: Context, email: str, name: str | None) -> SignedIn:
    """Sign in with an unverified e-mail address. The user is created at the first sign-in.

    Raises:
        Forbidden: The environment is not development, or the account is not active.
        InvalidInput: The address or name is malformed.
    """
    if not context.settings.is_development:
        raise Forbidden(
            "`signInForDevelopment` is available only with `ENVIRONMENT=development`. Use another "
            "way to sign in."
        )
    address = validation.email(email)
    called = validation.optional(name, validation.name) or users.default_name(address)
    return await sign_in(context, Identity(email=address, name=called))


async def sign_in(context: Context, identity: Identity) -> SignedIn:
    """Return an access token for the user of an identity. Create the user if it is missing.

    Raises:
        Forbidden: The account is not active.
    """
    user = await _user_of(context, identity)
    if user.state is not UserState.ACTIVE:
        raise Forbidden("This account is not active. Ask an administrator to activate the account.")
    viewer = Viewer(user, effective_role(user, context.settings))
    # The fields of the payload are resolved with the rights of the new viewer.
    context.viewer = viewer
    return SignedIn(context.tokens.issue(user.uid), viewer)


async def _user_of(context: Context, identity: Identity) -> User:
    store = context.stores.users
    user = await store.by_email(identity.email, consistent=True)
    if user is not None:
        return user
    try:
        return await store.create(email=identity.email, name=identity.name)
    except Conflict:
        # Another request created a user with the same address at the same moment.
        user = await store.by_email(identity.email, consistent=True)
        if user is None:
            raise
        return user
