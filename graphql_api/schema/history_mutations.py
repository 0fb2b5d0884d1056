"""Mutations on executions and their histories."""

from typing import Annotated

import strawberry

from graphql_api.resolvers import executions, histories
from graphql_api.resolvers.executions import ExecuteCode
from graphql_api.schema import ids
from graphql_api.schema.errors import (
    ChangeErrors,
    Conflict,
    InvalidInput,
    NotFound,
    QuotaExceeded,
    Unauthenticated,
    Unavailable,
)
from graphql_api.schema.fields import code_input, language_input, mutation
from graphql_api.schema.histories import History
from graphql_api.schema.info import Info
from graphql_api.schema.payloads import UsagePayload

STARTED = "Code execution started."


@strawberry.input(
    description="Input of `executeCode`. Identify the problem by exactly one of `problemId`, "
    "`platform` with `number`, or `legacyProblemId`."
)
class ExecuteCodeInput:
    """Input of `executeCode`."""

    problem_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="Global id of the problem. Cannot be combined with `platform`, `number` or "
        "`legacyProblemId`.",
    )
    platform: str | None = strawberry.field(
        default=None,
        description="Key of the platform that the problem comes from, such as "
        "`algoitny`. Requires `number`.",
    )
    number: str | None = strawberry.field(
        default=None, description="Number of the problem on its platform. Requires `platform`."
    )
    legacy_problem_id: int | None = strawberry.field(
        default=None,
        description="Id that the problem had in the previous system. Cannot be "
        "combined with `problemId`, `platform` or `number`.",
    )
    language: str = language_input()
    code: str = code_input()
    is_public: bool = strawberry.field(
        default=False,
        description="True to publish the history and its code as soon as the code is judged "
        "(default false).",
    )
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="Idempotency key: 1 to 128 characters that the client chooses. If a request "
        "with the same key and input is repeated, the code is not executed again, and the history "
        "of the first request is returned. A request with the same key and another input is "
        "rejected with CONFLICT.",
    )


@strawberry.type(description="The accepted submission, and the viewer's remaining quota.")
class ExecuteCodePayload(UsagePayload):
    """Payload of `executeCode`: the new history with status PENDING."""

    history: History = strawberry.field(
        description="The history of the execution. Poll the history until its status is "
        "COMPLETED, FAILED or CANCELLED."
    )
    message: str = strawberry.field(description="Text for the user that confirms the submission.")


ExecuteCodeResult = Annotated[
    ExecuteCodePayload
    | Unauthenticated
    | NotFound
    | InvalidInput
    | QuotaExceeded
    | Conflict
    | Unavailable,
    strawberry.union(
        "ExecuteCodeResult",
        description="The new execution, or the reason the request was rejected.",
    ),
]


@strawberry.input(description="Input of `setHistoryVisibility`.")
class SetHistoryVisibilityInput:
    """Input of `setHistoryVisibility`."""

    history_id: strawberry.ID = strawberry.field(description="Global id of the history.")
    is_public: bool = strawberry.field(
        description="True to publish the history with its code, false to make the history private."
    )


@strawberry.type(description="The history with its new visibility.")
class SetHistoryVisibilityPayload:
    """Payload of `setHistoryVisibility`."""

    history: History = strawberry.field(description="The history after the mutation.")


SetHistoryVisibilityResult = Annotated[
    SetHistoryVisibilityPayload | ChangeErrors,
    strawberry.union(
        "SetHistoryVisibilityResult",
        description="The changed history, or the reason the change was rejected.",
    ),
]


@strawberry.input(description="Input of `deleteHistory`.")
class DeleteHistoryInput:
    """Input of `deleteHistory`."""

    history_id: strawberry.ID = strawberry.field(description="Global id of the history.")


@strawberry.type(description="Id of the deleted history.")
class DeleteHistoryPayload:
    """Payload of `deleteHistory`."""

    history_id: strawberry.ID = strawberry.field(
        description="Global id that the deleted history had."
    )


DeleteHistoryResult = Annotated[
    DeleteHistoryPayload | ChangeErrors,
    strawberry.union(
        "DeleteHistoryResult",
        description="The id of the deleted history, or the reason the deletion was rejected.",
    ),
]


@strawberry.input(description="Input of `cancelExecution`.")
class CancelExecutionInput:
    """Input of `cancelExecution`."""

    history_id: strawberry.ID = strawberry.field(description="Global id of the history.")


@strawberry.type(description="The cancelled execution, and the viewer's remaining quota.")
class CancelExecutionPayload(UsagePayload):
    """Payload of `cancelExecution`."""

    history: History = strawberry.field(description="The history, with status CANCELLED.")


CancelExecutionResult = Annotated[
    CancelExecutionPayload | ChangeErrors,
    strawberry.union(
        "CancelExecutionResult",
        description="The cancelled execution, or the reason the cancellation was rejected.",
    ),
]


@strawberry.type
class HistoryMutations:
    """Mutations on executions, for their owners."""

    @mutation(
        description="Submit code, which is then judged with the tests of a problem. The viewer "
        "must be signed in. An accepted call uses one execution of the daily limit. A rejected "
        "call uses no execution. Fails with QUOTA_EXCEEDED if no execution is left on this UTC "
        "day. After the error UNAVAILABLE, repeat the call with the same `idempotencyKey`, so "
        "that the code is executed only once.",
        confirms_viewer=False,  # reads the account together with the problem
    )
    async def execute_code(self, info: Info, input: ExecuteCodeInput) -> ExecuteCodeResult | None:
        """Accept a submission and send it to the workers."""
        problem_id = input.problem_id
        request = ExecuteCode(
            problem=None if problem_id is None else ids.problem_of(problem_id),
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
        description="Cancel one of the viewer's own executions. An execution that no worker has "
        "started is refunded and does not count towards the daily limit. Fails with CONFLICT if "
        "the execution has already ended."
    )
    async def cancel_execution(
        self,
        info: Info,
        input: CancelExecutionInput,
    ) -> CancelExecutionResult | None:
        """Cancel an execution."""
        history = await histories.cancel(info.context, ids.history_key(input.history_id))
        return CancelExecutionPayload(history=History.from_record(history))

    @mutation(
        description="Publish one of the viewer's own histories with its code, or make the history "
        "private. Publishing fails with CONFLICT if the problem of the history is not published."
    )
    async def set_history_visibility(
        self,
        info: Info,
        input: SetHistoryVisibilityInput,
    ) -> SetHistoryVisibilityResult | None:
        """Publish a history, or make a public history private."""
        key = ids.history_key(input.history_id)
        history = await histories.set_visibility(info.context, key, is_public=input.is_public)
        return SetHistoryVisibilityPayload(history=History.from_record(history))

    @mutation(description="Delete one of the viewer's own histories with its code and results.")
    async def delete_history(
        self,
        info: Info,
        input: DeleteHistoryInput,
    ) -> DeleteHistoryResult | None:
        """Delete a history with its code and results."""
        await histories.delete(info.context, ids.history_key(input.history_id))
        return DeleteHistoryPayload(history_id=input.history_id)
