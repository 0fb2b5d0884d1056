"""The executable schema. It hides the details of unexpected errors from clients."""

from collections.abc import Callable
from functools import partial
from typing import Any

import strawberry
from graphql import GraphQLError, MiddlewareManager, Undefined, get_named_type
from strawberry.extensions.runner import SchemaExtensionsRunner
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from graphql_api.data.errors import DomainError
from graphql_api.data.limits import ANSWER_ERRORS
from graphql_api.http.masking import mask
from graphql_api.schema.custom_run_mutations import CustomRunMutations
from graphql_api.schema.document_cache import Documents
from graphql_api.schema.error_codes import OPERATION_TOO_LARGE, with_code
from graphql_api.schema.errors import code_of, error_handlers
from graphql_api.schema.execution import BoundedExecutor, execute_bounded
from graphql_api.schema.histories import History
from graphql_api.schema.history_mutations import HistoryMutations
from graphql_api.schema.job_mutations import JobMutations
from graphql_api.schema.jobs import Job
from graphql_api.schema.languages import Language
from graphql_api.schema.plan_mutations import PlanMutations
from graphql_api.schema.plans import Plan
from graphql_api.schema.problem_mutations import ProblemMutations
from graphql_api.schema.problems import Problem
from graphql_api.schema.query import Query
from graphql_api.schema.scalars import SCALARS
from graphql_api.schema.schema_names import hide_names
from graphql_api.schema.sign_in_mutations import SignInMutations
from graphql_api.schema.solution_mutations import SolutionMutations
from graphql_api.schema.testcase_mutations import TestCaseMutations
from graphql_api.schema.testcases import TestCase
from graphql_api.schema.user_mutations import UserMutations
from graphql_api.schema.users import User


@strawberry.type(
    description="All operations that change data. Each operation returns its payload, or an error "
    "if the change was rejected."
)
class Mutation(
    HistoryMutations,
    CustomRunMutations,
    JobMutations,
    ProblemMutations,
    TestCaseMutations,
    SolutionMutations,
    SignInMutations,
    UserMutations,
    PlanMutations,
):
    """Root type of all mutations."""


def to_client_error(error: GraphQLError, hide: Callable[[str], str] | None = None) -> GraphQLError:
    """Convert an error to the form that is sent to the client.

    A domain error and an error of graphql-core keep their messages and get a code. Any other error
    is logged with an error id, and the client receives only this id. `hide` is a function that
    removes the names of the schema from messages of graphql-core.
    """
    cause = error.original_error
    if isinstance(cause, DomainError):
        extensions: dict[str, object] = {"code": str(code_of(cause))}
        if cause.path:
            extensions["path"] = list(cause.path)
        return _copy_error(error, cause.message, extensions)
    if cause is None or isinstance(cause, GraphQLError):
        return with_code(error, hide)
    message, extensions = mask(cause, path=error.path)
    return _copy_error(error, message, extensions)


def _copy_error(error: GraphQLError, message: str, extensions: dict[str, object]) -> GraphQLError:
    return GraphQLError(message, nodes=error.nodes, path=error.path, extensions=extensions)


def _omission(count: int) -> GraphQLError:
    """Return an error whose message says that `count` more errors were left out."""
    message = (
        f"The answer omits {count} more errors. First correct the errors that are listed before "
        "this message."
    )
    return GraphQLError(message, extensions={"code": OPERATION_TOO_LARGE})


def _name_filter(operation: ExecutionContext) -> Callable[[str], str] | None:
    """Return a function that hides the names of the schema in a message.

    Return None if the caller may use introspection.
    """
    if operation.context.may_introspect:
        return None
    return partial(
        hide_names,
        schema=operation.schema._schema,  # noqa: SLF001 - Strawberry has no other way
        text=operation.query or "",
        variables=operation.variables,
    )


class ApiSchema(strawberry.Schema):
    """The schema. Before an error is sent to the client, `to_client_error` converts it."""

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Convert the errors of an answer in place. Keep only the first `ANSWER_ERRORS` errors."""
        hide = _name_filter(execution_context) if execution_context else None
        more = len(errors) - ANSWER_ERRORS
        errors[:] = [to_client_error(error, hide) for error in errors[:ANSWER_ERRORS]]
        if more > 0:
            errors.append(_omission(more))

    async def _execute_operation(
        self,
        execution_context: ExecutionContext,
        extensions_runner: SchemaExtensionsRunner,
        middleware_manager: MiddlewareManager,
        execute_function: Callable[..., Any],
        custom_context_kwargs: dict[str, Any],
    ) -> Any:
        """Execute an operation with bounds on the size of the answer and on database reads.

        Error messages suggest names of the schema only to callers who may use introspection.
        """
        hides = not execution_context.context.may_introspect
        execute = partial(
            super()._execute_operation,
            execution_context,
            extensions_runner,
            middleware_manager,
            execute_function,
            {**custom_context_kwargs, "hide_suggestions": hides},
        )
        return await execute_bounded(
            execution_context.context, execution_context.operation_type, execute
        )


def _finish(built: ApiSchema) -> ApiSchema:
    """Correct the schema that Strawberry generates.

    Remove the default value null from optional arguments and input fields. The default values of
    the Python functions then apply. If a field or an argument has no description, it gets the
    description of its type.
    """
    for kind in built._schema.type_map.values():  # noqa: SLF001 - Strawberry has no other way
        for member in getattr(kind, "fields", {}).values():
            for argument in (member, *getattr(member, "args", {}).values()):
                if getattr(argument, "default_value", Undefined) is None:
                    argument.default_value = Undefined
                if argument.description is None:
                    argument.description = get_named_type(argument.type).description
    return built


schema = _finish(
    ApiSchema(
        query=Query,
        mutation=Mutation,
        types=[User, Problem, History, TestCase, Job, Plan, Language],
        config=StrawberryConfig(scalar_map=SCALARS),
        extensions=[Documents],
        execution_context_class=BoundedExecutor,
        exception_handlers=error_handlers(),
    )
)
