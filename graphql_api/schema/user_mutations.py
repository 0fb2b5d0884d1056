"""Mutations on users: changes of the viewer's own account, and changes by administrators."""

from typing import Annotated

import strawberry

from graphql_api.resolvers import users
from graphql_api.schema import ids
from graphql_api.schema.errors import (
    ChangeErrors,
    Conflict,
    InvalidInput,
    NotFound,
    Unauthenticated,
    Unavailable,
)
from graphql_api.schema.fields import mutation
from graphql_api.schema.info import Info
from graphql_api.schema.payloads import UserPayload
from graphql_api.schema.users import User


@strawberry.input(description="Input of `updateViewer`.")
class UpdateViewerInput:
    """Input of `updateViewer`."""

    name: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="New display name: one line of 1 to 100 characters and at most 200 bytes in "
        "UTF-8. Null sets the default: the part of the e-mail address before the `@`.",
    )


@strawberry.type(description="The viewer after the update.")
class UpdateViewerPayload:
    """Payload of `updateViewer`."""

    viewer: User = strawberry.field(description="The viewer after the update.")


UpdateViewerResult = Annotated[
    UpdateViewerPayload | Unauthenticated | NotFound | InvalidInput | Conflict | Unavailable,
    strawberry.union(
        "UpdateViewerResult",
        description="The updated viewer, or the reason the update was rejected.",
    ),
]


@strawberry.input(description="Input of `setUserPlan`.")
class SetUserPlanInput:
    """Input of `setUserPlan`."""

    user_id: strawberry.ID = strawberry.field(description="Global id of the user.")
    plan_key: str = strawberry.field(description="Key of an active plan, such as `free`.")


@strawberry.type(description="The user with the new plan.")
class SetUserPlanPayload(UserPayload):
    """Payload of `setUserPlan`."""


SetUserPlanResult = Annotated[
    SetUserPlanPayload | ChangeErrors,
    strawberry.union(
        "SetUserPlanResult",
        description="The user with the new plan, or the reason the change was rejected.",
    ),
]


@strawberry.input(description="Input of `activateUser`.")
class ActivateUserInput:
    """Input of `activateUser`."""

    user_id: strawberry.ID = strawberry.field(description="Global id of the user.")


@strawberry.type(description="The activated user.")
class ActivateUserPayload(UserPayload):
    """Payload of `activateUser`."""


ActivateUserResult = Annotated[
    ActivateUserPayload | ChangeErrors,
    strawberry.union(
        "ActivateUserResult",
        description="The activated user, or the reason the change was rejected.",
    ),
]


@strawberry.input(description="Input of `deactivateUser`.")
class DeactivateUserInput:
    """Input of `deactivateUser`."""

    user_id: strawberry.ID = strawberry.field(description="Global id of the user.")


@strawberry.type(description="The deactivated user.")
class DeactivateUserPayload(UserPayload):
    """Payload of `deactivateUser`."""


DeactivateUserResult = Annotated[
    DeactivateUserPayload | ChangeErrors,
    strawberry.union(
        "DeactivateUserResult",
        description="The deactivated user, or the reason the change was rejected.",
    ),
]


@strawberry.input(description="Input of `deleteUser`.")
class DeleteUserInput:
    """Input of `deleteUser`."""

    user_id: strawberry.ID = strawberry.field(description="Global id of the user.")


@strawberry.type(description="Id of the deleted user.")
class DeleteUserPayload:
    """Payload of `deleteUser`."""

    user_id: strawberry.ID = strawberry.field(description="Global id that the deleted user had.")


DeleteUserResult = Annotated[
    DeleteUserPayload | ChangeErrors,
    strawberry.union(
        "DeleteUserResult",
        description="The id of the deleted user, or the reason the deletion was rejected.",
    ),
]


@strawberry.type
class UserMutations:
    """Mutations on accounts, for their owners and administrators."""

    @mutation(description="Change the viewer's own account.")
    async def update_viewer(
        self, info: Info, input: UpdateViewerInput
    ) -> UpdateViewerResult | None:
        """Change the name of the viewer."""
        if input.name is strawberry.UNSET:
            viewer = info.context.require_viewer()
            return UpdateViewerPayload(viewer=User.from_record(viewer.user))
        changed = await users.rename(info.context, input.name)
        return UpdateViewerPayload(viewer=User.from_record(changed))

    @mutation(
        description="Assign a plan to a user. Requires the role ADMIN. Fails with INVALID_INPUT "
        "if the plan does not exist or is not active."
    )
    async def set_user_plan(self, info: Info, input: SetUserPlanInput) -> SetUserPlanResult | None:
        """Change a user's plan."""
        uid = ids.user_key(input.user_id)
        changed = await users.set_plan(info.context, uid, input.plan_key)
        return SetUserPlanPayload(user=User.from_record(changed))

    @mutation(
        description="Allow a deactivated user to sign in again. Requires the role ADMIN. Fails "
        "with CONFLICT if the user is being deleted."
    )
    async def activate_user(
        self, info: Info, input: ActivateUserInput
    ) -> ActivateUserResult | None:
        """Activate a user."""
        uid = ids.user_key(input.user_id)
        changed = await users.set_active(info.context, uid, is_active=True)
        return ActivateUserPayload(user=User.from_record(changed))

    @mutation(
        description="Prevent a user from signing in. Requires the role ADMIN. Fails with CONFLICT "
        "for the administrator's own account."
    )
    async def deactivate_user(
        self,
        info: Info,
        input: DeactivateUserInput,
    ) -> DeactivateUserResult | None:
        """Deactivate a user."""
        uid = ids.user_key(input.user_id)
        changed = await users.set_active(info.context, uid, is_active=False)
        return DeactivateUserPayload(user=User.from_record(changed))

    @mutation(
        description="Delete a user with all data of the user. Users may delete their own account. "
        "Administrators may delete any account. If a call is interrupted, repeat the call to "
        "complete the deletion."
    )
    async def delete_user(self, info: Info, input: DeleteUserInput) -> DeleteUserResult | None:
        """Delete a user with all their data."""
        await users.delete(info.context, ids.user_key(input.user_id))
        return DeleteUserPayload(user_id=input.user_id)
