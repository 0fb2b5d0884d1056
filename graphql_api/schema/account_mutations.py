"""Mutations on users and plans: signing in, one's own account, administration."""

from datetime import datetime
from typing import Annotated

import strawberry

from graphql_api.resolvers import plans, sign_in, users
from graphql_api.schema import ids
from graphql_api.schema.errors import (
    Conflict,
    Forbidden,
    Info,
    InvalidInput,
    NotFound,
    Unauthenticated,
    Unavailable,
)
from graphql_api.schema.fields import mutation
from graphql_api.schema.plan_inputs import (
    CreatePlanInput,
    UpdatePlanInput,
    limits_of,
)
from graphql_api.schema.usage import Plan
from graphql_api.schema.users import User


@strawberry.input(description="Who to be.")
class SignInForDevelopmentInput:
    """An address that nobody checks."""

    email: str = strawberry.field(description="Any e-mail address.")
    name: str | None = strawberry.field(
        default=None, description="A name for a new user; what stands before the @ unless told."
    )


@strawberry.type(description="A token and whose it is.")
class SignInPayload:
    """What every sign-in gives."""

    access_token: str = strawberry.field(description="Send it as `Authorization: Bearer …`.")
    expires_at: datetime = strawberry.field(description="When the token ends.")
    viewer: User = strawberry.field(description="Who is signed in now.")


SignInForDevelopmentResult = Annotated[
    SignInPayload | Forbidden | InvalidInput | Conflict | Unavailable,
    strawberry.union("SignInForDevelopmentResult", description="A token, or why there is none."),
]


@strawberry.input(description="What to change of one's own account.")
class UpdateViewerInput:
    """Changes."""

    name: str = strawberry.field(
        description="What others see, at most 100 characters and 200 bytes in UTF-8."
    )


@strawberry.type(description="The viewer as they are now.")
class UpdateViewerPayload:
    """The changed user."""

    viewer: User = strawberry.field(description="The changed user.")


UpdateViewerResult = Annotated[
    UpdateViewerPayload | Unauthenticated | NotFound | InvalidInput | Conflict | Unavailable,
    strawberry.union("UpdateViewerResult", description="The changed user, or why not."),
]


@strawberry.input(description="Which plan to put a user on.")
class SetUserPlanInput:
    """Which user, which plan."""

    user_id: strawberry.ID = strawberry.field(description="The user's global id.")
    plan_id: strawberry.ID = strawberry.field(description="The plan's id, such as `free`.")


@strawberry.input(description="Which user to let sign in again.")
class ActivateUserInput:
    """Which user."""

    user_id: strawberry.ID = strawberry.field(description="The user's global id.")


@strawberry.input(description="Which user to keep from signing in.")
class DeactivateUserInput:
    """Which user."""

    user_id: strawberry.ID = strawberry.field(description="The user's global id.")


@strawberry.input(description="Which user to delete with everything that is theirs.")
class DeleteUserInput:
    """Which user."""

    user_id: strawberry.ID = strawberry.field(description="The user's global id.")


@strawberry.type(description="The user as they are now.")
class SetUserPlanPayload:
    """The changed user."""

    user: User = strawberry.field(description="The changed user.")


@strawberry.type(description="The user as they are now.")
class ActivateUserPayload:
    """The changed user."""

    user: User = strawberry.field(description="The changed user.")


@strawberry.type(description="The user as they are now.")
class DeactivateUserPayload:
    """The changed user."""

    user: User = strawberry.field(description="The changed user.")


@strawberry.type(description="Who was deleted.")
class DeleteUserPayload:
    """A user that is gone."""

    user_id: strawberry.ID = strawberry.field(description="The id that names nobody now.")


SetUserPlanResult = Annotated[
    SetUserPlanPayload
    | Unauthenticated
    | Forbidden
    | NotFound
    | InvalidInput
    | Conflict
    | Unavailable,
    strawberry.union("SetUserPlanResult", description="The changed user, or why not."),
]
ActivateUserResult = Annotated[
    ActivateUserPayload
    | Unauthenticated
    | Forbidden
    | NotFound
    | InvalidInput
    | Conflict
    | Unavailable,
    strawberry.union("ActivateUserResult", description="The changed user, or why not."),
]
DeactivateUserResult = Annotated[
    DeactivateUserPayload
    | Unauthenticated
    | Forbidden
    | NotFound
    | InvalidInput
    | Conflict
    | Unavailable,
    strawberry.union("DeactivateUserResult", description="The changed user, or why not."),
]
DeleteUserResult = Annotated[
    DeleteUserPayload
    | Unauthenticated
    | Forbidden
    | NotFound
    | InvalidInput
    | Conflict
    | Unavailable,
    strawberry.union("DeleteUserResult", description="Who was deleted, or why not."),
]


@strawberry.type(description="The new plan.")
class CreatePlanPayload:
    """A plan."""

    plan: Plan = strawberry.field(description="The new plan.")


@strawberry.type(description="The plan as it is now.")
class UpdatePlanPayload:
    """A plan."""

    plan: Plan = strawberry.field(description="The changed plan.")


CreatePlanResult = Annotated[
    CreatePlanPayload | Unauthenticated | Forbidden | InvalidInput | Conflict | Unavailable,
    strawberry.union("CreatePlanResult", description="The new plan, or why there is none."),
]
UpdatePlanResult = Annotated[
    UpdatePlanPayload | Unauthenticated | Forbidden | NotFound | InvalidInput | Unavailable,
    strawberry.union("UpdatePlanResult", description="The changed plan, or why not."),
]


@strawberry.type
class AccountMutations:
    """What users do with their account, and administrators with users and plans."""

    @mutation(description="Sign in as anyone; refused unless in development.")
    async def sign_in_for_development(
        self,
        info: Info,
        input: SignInForDevelopmentInput,  # noqa: A002 - the rule of names
    ) -> SignInForDevelopmentResult:
        """Sign in by an address that nobody checks."""
        found = await sign_in.sign_in_for_development(info.context, input.email, input.name)
        return SignInPayload(
            access_token=found.token.value,
            expires_at=found.token.expires_at,
            viewer=User.from_record(found.viewer.user),
        )

    @mutation(description="Change one's own account.")
    async def update_viewer(self, info: Info, input: UpdateViewerInput) -> UpdateViewerResult:  # noqa: A002 - the rule of names
        """Change the viewer."""
        changed = await users.rename(info.context, input.name)
        return UpdateViewerPayload(viewer=User.from_record(changed))

    @mutation(description="Put a user on a plan; for administrators.")
    async def set_user_plan(self, info: Info, input: SetUserPlanInput) -> SetUserPlanResult:  # noqa: A002 - the rule of names
        """Change a user's plan."""
        uid = ids.user_key(input.user_id)
        changed = await users.set_plan(info.context, uid, input.plan_id)
        return SetUserPlanPayload(user=User.from_record(changed))

    @mutation(description="Let a user sign in again; for administrators.")
    async def activate_user(self, info: Info, input: ActivateUserInput) -> ActivateUserResult:  # noqa: A002 - the rule of names
        """Activate a user."""
        uid = ids.user_key(input.user_id)
        changed = await users.set_active(info.context, uid, is_active=True)
        return ActivateUserPayload(user=User.from_record(changed))

    @mutation(description="Keep a user from signing in; for administrators.")
    async def deactivate_user(
        self,
        info: Info,
        input: DeactivateUserInput,  # noqa: A002 - the rule of names
    ) -> DeactivateUserResult:
        """Deactivate a user."""
        uid = ids.user_key(input.user_id)
        changed = await users.set_active(info.context, uid, is_active=False)
        return DeactivateUserPayload(user=User.from_record(changed))

    @mutation(
        description="Delete a user with everything that is theirs: oneself, or anyone for "
        "administrators. Sent again, it finishes what was cut short."
    )
    async def delete_user(self, info: Info, input: DeleteUserInput) -> DeleteUserResult:  # noqa: A002 - the rule of names
        """Delete a user."""
        await users.delete(info.context, ids.user_key(input.user_id))
        return DeleteUserPayload(user_id=input.user_id)

    @mutation(description="Create a plan; for administrators.")
    async def create_plan(self, info: Info, input: CreatePlanInput) -> CreatePlanResult:  # noqa: A002 - the rule of names
        """Create a plan."""
        made = await plans.create(info.context, input.id, input.name, limits_of(input))
        return CreatePlanPayload(plan=Plan.from_record(made))

    @mutation(description="Change a plan, and so all its users; for administrators.")
    async def update_plan(self, info: Info, input: UpdatePlanInput) -> UpdatePlanResult:  # noqa: A002 - the rule of names
        """Change a plan."""
        changed = await plans.update(
            info.context, input.id, input.name, limits_of(input), is_active=input.is_active
        )
        return UpdatePlanPayload(plan=Plan.from_record(changed))
