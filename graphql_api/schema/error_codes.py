"""Error codes of graphql-core's errors: parsing, validation, coercion and execution.

The names are those of Apollo Server, which clients know. DOCUMENT_REFUSED is our own.
"""

from graphql import GraphQLError, GraphQLSyntaxError

PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
BAD_USER_INPUT = "BAD_USER_INPUT"
OPERATION_RESOLUTION_FAILURE = "OPERATION_RESOLUTION_FAILURE"
BAD_REQUEST = "BAD_REQUEST"
# The document exceeds a limit in `complexity`, or uses introspection without permission.
DOCUMENT_REFUSED = "DOCUMENT_REFUSED"
INTERNAL = "INTERNAL"


def with_code(error: GraphQLError) -> GraphQLError:
    """Return an error of graphql-core with its code; an existing code is kept."""
    if "code" in (error.extensions or {}):
        return error
    return GraphQLError(
        error.message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions={**(error.extensions or {}), "code": _code_of(error)},
    )


def _code_of(error: GraphQLError) -> str:
    if isinstance(error, GraphQLSyntaxError):
        return PARSE_FAILED
    if error.path is None:
        # The error of a variable that cannot be coerced has the node of its definition.
        return BAD_USER_INPUT if error.nodes else BAD_REQUEST
    cause = error.original_error
    # The error of an argument that cannot be coerced has the argument's node. The error of a result
    # that cannot be serialized has none: the wrapping error gets the field's node later.
    is_argument = isinstance(cause, GraphQLError) and bool(cause.nodes)
    return BAD_USER_INPUT if is_argument else INTERNAL
