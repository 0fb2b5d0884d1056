"""Mutations that sign a user in."""

from datetime import datetime
from typing import Annotated

import strawberry

from graphql_api.resolvers import sign_in
from graphql_api.schema.errors import Conflict, Forbidden, InvalidInput, Unavailable
from graphql_api.schema.fields import mutation
from graphql_api.schema.info import Info
from graphql_api.schema.users import User


@strawberry.input(description="Input of `signInForDevelopment`.")
class SignInForDevelopmentInput:
    """Input of `signInForDevelopment`."""

    email: str = strawberry.field(
        description="Any e-mail address, at most 254 characters. The address is not verified."
    )
    name: str | None = strawberry.field(
        default=None,
        description="Display name for a new user, 1 to 100 characters. The default is the part of "
        "the address before the `@`. The name is ignored if the user already exists.",
    )


@strawberry.type(description="Access token of a successful sign-in, and the signed-in user.")
class SignInPayload:
    """Payload of every sign-in."""

    access_token: str = strawberry.field(
        description="Token to send in the header `Authorization: Bearer <access token>`."
    )
    expires_at: datetime = strawberry.field(description="Time at which the token expires.")
    viewer: User = strawberry.field(description="The user who is signed in with the token.")


SignInForDevelopmentResult = Annotated[
    SignInPayload | Forbidden | InvalidInput | Conflict | Unavailable,
    strawberry.union(
        "SignInForDevelopmentResult",
        description="An access token, or the reason the sign-in was rejected.",
    ),
]


@strawberry.type
class SignInMutations:
    """Mutations that sign a user in."""

    @mutation(
        description="Sign in as any user with an e-mail address and without a password. If no "
        "user has this address, a user is created. Works only in development, and fails with "
        "FORBIDDEN in production.",
        confirms_viewer=False,  # reads the account that signs in
    )
    async def sign_in_for_development(
        self,
        info: Info,
        input: SignInForDevelopmentInput,
    ) -> SignInForDevelopmentResult | None:
        """Sign in with an e-mail address that is not verified."""
        signed_in = await sign_in.sign_in_for_development(info.context, input.email, input.name)
        return SignInPayload(
            access_token=signed_in.token.value,
            expires_at=signed_in.token.expires_at,
            viewer=User.from_record(signed_in.viewer.user),
        )
