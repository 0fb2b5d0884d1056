"""Mutations on executions and their histories."""

from typing import Annotated

import strawberry

from graphql_api.resolvers import executions, histories
from graphql_api.resolvers.executions import ExecuteCode
from graphql_api.schema import ids
from graphql_api.schema.errors import (
    Conflict,
    Forbidden,
    Info,
    InvalidInput,
    NotFound,
    QuotaExceeded,
    Unauthenticated,
    Unavailable,
)
from graphql_api.schema.fields import field, mutation
from graphql_api.schema.histories import History
from graphql_api.schema.usage import Usage

STARTED = "Code execution started"


async def _usage(info: Info) -> Usage:
    found = await executions.usage_after(info.context)
    return Usage.from_record(found.used, found.plan)


@strawberry.input(
    description="What to execute: exactly one of `problemId`, `platform` with `number`, "
    "`legacyProblemId`."
)
class ExecuteCodeInput:
    """A submission."""

    problem_id: strawberry.ID | None = strawberry.field(
        default=None, description="The problem's global id."
    )
    platform: str | None = strawberry.field(
        default=None, description="The problem's platform, with `number`."
    )
    number: str | None = strawberry.field(
        default=None, description="The problem's number, with `platform`."
    )
    legacy_problem_id: int | None = strawberry.field(
        default=None, description="The problem's id in the former system."
    )
    language: str = strawberry.field(description="The language: id, name or alias, in any case.")
    code: str = strawberry.field(description="The program, at most 256 KB in UTF-8.")
    is_public: bool = strawberry.field(
        default=False, description="Whether everyone may see it once it is judged."
    )
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="Your name of this request, 1 to 128 characters: sent twice, it executes once.",
    )


@strawberry.type(description="The accepted submission.")
class ExecuteCodePayload:
    """A history that a worker will take."""

    history: History = strawberry.field(description="The execution; poll it until it has ended.")
    message: str = strawberry.field(description="For people.")

    @field(description="What is left of the plan today.")
    async def usage(self, info: Info) -> Usage:
        """Read the day's counters."""
        return await _usage(info)


ExecuteCodeResult = Annotated[
    ExecuteCodePayload
    | Unauthenticated
    | NotFound
    | InvalidInput
    | QuotaExceeded
    | Conflict
    | Unavailable,
    strawberry.union("ExecuteCodeResult", description="The accepted submission, or why not."),
]


@strawberry.input(description="Whether everyone may see a history.")
class SetHistoryVisibilityInput:
    """Which history, and how."""

    history_id: strawberry.ID = strawberry.field(description="The history's global id.")
    is_public: bool = strawberry.field(description="Whether everyone may see it.")


@strawberry.type(description="The history as it is now.")
class SetHistoryVisibilityPayload:
    """A changed history."""

    history: History = strawberry.field(description="The changed history.")


SetHistoryVisibilityResult = Annotated[
    SetHistoryVisibilityPayload
    | Unauthenticated
    | Forbidden
    | NotFound
    | InvalidInput
    | Conflict
    | Unavailable,
    strawberry.union(
        "SetHistoryVisibilityResult", description="The changed history, or why it was not changed."
    ),
]


@strawberry.input(description="Which history to delete.")
class DeleteHistoryInput:
    """Which history."""

    history_id: strawberry.ID = strawberry.field(description="The history's global id.")


@strawberry.type(description="What was deleted.")
class DeleteHistoryPayload:
    """A history that is gone."""

    history_id: strawberry.ID = strawberry.field(description="The id that is free of meaning now.")


DeleteHistoryResult = Annotated[
    DeleteHistoryPayload
    | Unauthenticated
    | Forbidden
    | NotFound
    | InvalidInput
    | Conflict
    | Unavailable,
    strawberry.union("DeleteHistoryResult", description="What was deleted, or why it was not."),
]


@strawberry.input(description="Which execution to stop.")
class CancelExecutionInput:
    """Which history."""

    history_id: strawberry.ID = strawberry.field(description="The history's global id.")


@strawberry.type(description="The execution as it is now.")
class CancelExecutionPayload:
    """A cancelled history."""

    history: History = strawberry.field(description="The cancelled history.")

    @field(description="What is left of the plan today; null if it cannot be read.")
    async def usage(self, info: Info) -> Usage | None:
        """Read the day's counters."""
        return await _usage(info)


CancelExecutionResult = Annotated[
    CancelExecutionPayload
    | Unauthenticated
    | Forbidden
    | NotFound
    | InvalidInput
    | Conflict
    | Unavailable,
    strawberry.union(
        "CancelExecutionResult", description="The cancelled execution, or why it was not cancelled."
    ),
]


@strawberry.type
class ExecutionMutations:
    """What users do with executions."""

    @mutation(description="Have code judged by a problem's tests.")
    async def execute_code(self, info: Info, input: ExecuteCodeInput) -> ExecuteCodeResult:  # noqa: A002 - the rule of names
        """Accept a submission."""
        problem_id = input.problem_id
        request = ExecuteCode(
            problem=None if problem_id is None else ids.problem_key(problem_id),
            platform=input.platform,
            number=input.number,
            legacy_problem_id=input.legacy_problem_id,
            language=input.language,
            code=input.code,
            is_public=input.is_public,
            idempotency_key=input.idempotency_key,
        )
        history = await executions.execute_code(info.context, request)
        return ExecuteCodePayload(history=History.from_record(history), message=STARTED)

    @mutation(
        description="Stop an execution of one's own. One that no worker has begun gives its unit "
        "of quota back."
    )
    async def cancel_execution(
        self,
        info: Info,
        input: CancelExecutionInput,  # noqa: A002 - the rule of names
    ) -> CancelExecutionResult:
        """Cancel an execution."""
        history = await histories.cancel(info.context, ids.history_key(input.history_id))
        return CancelExecutionPayload(history=History.from_record(history))

    @mutation(description="Publish a history of one's own, or make it private again.")
    async def set_history_visibility(
        self,
        info: Info,
        input: SetHistoryVisibilityInput,  # noqa: A002 - the rule of names
    ) -> SetHistoryVisibilityResult:
        """Change who sees a history."""
        key = ids.history_key(input.history_id)
        history = await histories.set_visibility(info.context, key, is_public=input.is_public)
        return SetHistoryVisibilityPayload(history=History.from_record(history))

    @mutation(description="Delete a history of one's own, with its code and results.")
    async def delete_history(
        self,
        info: Info,
        input: DeleteHistoryInput,  # noqa: A002 - the rule of names
    ) -> DeleteHistoryResult:
        """Remove a history."""
        await histories.delete(info.context, ids.history_key(input.history_id))
        return DeleteHistoryPayload(history_id=input.history_id)
