"""Execution of one operation with bounds on the size of the answer and on database reads."""

import asyncio
import gc
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import orjson
from graphql import ExecutionResult, GraphQLError
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types.graphql import OperationType

from graphql_api.context import Context
from graphql_api.data.dynamo.bounds import (
    BoundExceeded,
    Excess,
    OperationBounds,
    bounded,
    current_bounds,
)
from graphql_api.schema.enums import ErrorCode
from graphql_api.schema.error_codes import OPERATION_TOO_LARGE

# One operation may use a quarter of the connections to DynamoDB. The rest is for other operations.
_SHARE = 4
# Quotes, colon, comma and `null` around the name of a field in JSON.
_FIELD_BYTES = 8
_NUMBER_BYTES = 8
_ESCAPE_BYTES = 6
_SAVED = "The changes of the mutation may have been saved: read the objects before you retry."

T = TypeVar("T")


class BoundedExecutor(StrawberryGraphQLCoreExecutionContext):
    """Executor that counts the fields and the bytes of the answer.

    If the same value occurs several times in the answer, it is counted several times.
    """

    def execute_field(
        self, parent_type: Any, source: Any, details: Any, path: Any, *more: Any
    ) -> Any:
        """Count a field and the bytes of its name, and then resolve the field."""
        bounds = current_bounds()
        if bounds is not None:
            size = len(path.key) + _FIELD_BYTES
            # Fields of introspection are counted only in bytes. The introspection query has many
            # fields, but their number does not depend on data.
            is_data = not parent_type.name.startswith("__")
            (bounds.add_field if is_data else bounds.add_bytes)(size)
        return super().execute_field(parent_type, source, details, path, *more)

    @staticmethod
    def complete_leaf_value(return_type: Any, result: Any) -> Any:
        """Convert a scalar or enum value to its JSON value, and count the bytes of this value."""
        value = StrawberryGraphQLCoreExecutionContext.complete_leaf_value(return_type, result)
        bounds = current_bounds()
        if bounds is not None:
            bounds.add_bytes(measure_json(value))
        return value


def measure_json(value: Any) -> int:
    """Return the size of a scalar as JSON in UTF-8, in bytes. For numbers, this is an estimate."""
    if not isinstance(value, str):
        return _NUMBER_BYTES
    try:
        return len(orjson.dumps(value))
    except orjson.JSONEncodeError:  # a part of a surrogate pair
        return len(value) * _ESCAPE_BYTES


async def execute_bounded(
    context: Context, kind: OperationType, execute: Callable[[], Awaitable[T]]
) -> T | ExecutionResult:
    """Execute an operation, and cancel it when the answer or the reads exceed a bound.

    The result of a cancelled operation has no data. It contains one error, which has no path. If
    the operation is not cancelled and its answer is large, memory is reserved for the answer.
    """
    settings = context.settings
    scope = asyncio.timeout(None)
    bounds = OperationBounds(
        answer_mb=settings.answer_mb,
        reads=settings.operation_reads,
        connections=max(1, settings.dynamodb_max_connections // _SHARE),
        share=context.answer,
        on_excess=lambda: scope.reschedule(asyncio.get_running_loop().time()),
    )
    try:
        async with scope:
            with bounded(bounds):
                result = await execute()
                await bounds.wait_for_answer_memory()
    except (TimeoutError, BoundExceeded):
        if bounds.excess is None:
            raise
    if bounds.excess is not None:
        if context.answer.is_held:
            # The errors and the objects that were read refer to each other. Without this call,
            # their memory would not be freed now.
            gc.collect()
        return ExecutionResult(data=None, errors=[_explain(bounds.excess, kind)])
    return result


def _explain(excess: Excess, kind: OperationType) -> GraphQLError:
    parts = [excess.message]
    if not excess.is_busy:
        parts.append("Request fewer objects or fields, or smaller pages.")
    if kind is OperationType.MUTATION:
        parts.append(_SAVED)
    code = str(ErrorCode.UNAVAILABLE) if excess.is_busy else OPERATION_TOO_LARGE
    return GraphQLError(" ".join(parts), extensions={"code": code})
