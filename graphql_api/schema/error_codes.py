"""Error codes of graphql-core's errors: parsing, validation, coercion and execution.

The names are those of Apollo Server, which many clients know. Only DOCUMENT_REFUSED is our own.
"""

import re

from graphql import GraphQLError, GraphQLSyntaxError

from graphql_api.data.text import ECHO_CHARACTERS

PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
BAD_USER_INPUT = "BAD_USER_INPUT"
OPERATION_RESOLUTION_FAILURE = "OPERATION_RESOLUTION_FAILURE"
BAD_REQUEST = "BAD_REQUEST"
# The document exceeds a limit in `complexity`, or uses introspection without permission.
DOCUMENT_REFUSED = "DOCUMENT_REFUSED"
INTERNAL = "INTERNAL"


# A quoted text, or a run of other characters such as digits, with more characters than are echoed.
_LONGEST = f"{{{ECHO_CHARACTERS}}}"
_LONG_LITERALS = (
    (re.compile(rf'("(?:[^"\\]|\\.){_LONGEST})(?:[^"\\]|\\.)+"'), r'\1…"'),
    (re.compile(rf"('(?:[^'\\]|\\.){_LONGEST})(?:[^'\\]|\\.)+'"), r"\1…'"),
    (re.compile(rf"""([^\s"'…]{_LONGEST})[^\s"'…]+"""), r"\1…"),
)
_MESSAGE_CHARACTERS = 2000


def shorten_literals(message: str) -> str:
    """Truncate each literal of the client in a message of graphql-core to 100 characters."""
    message = message[:_MESSAGE_CHARACTERS]
    for pattern, shortened in _LONG_LITERALS:
        message = pattern.sub(shortened, message)
    return message


def with_code(error: GraphQLError) -> GraphQLError:
    """Return an error of graphql-core with its code; an existing code is kept."""
    extensions = error.extensions or {}
    message = shorten_literals(error.message)
    if "code" in extensions and message == error.message:
        return error
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions={"code": _code_of(error), **extensions},
    )


def _code_of(error: GraphQLError) -> str:
    if isinstance(error, GraphQLSyntaxError):
        return PARSE_FAILED
    if error.path is None:
        # If a variable cannot be coerced, the error contains the node of the variable's definition.
        return BAD_USER_INPUT if error.nodes else BAD_REQUEST
    cause = error.original_error
    # If an argument cannot be coerced, the original error contains the argument's node. If a result
    # cannot be serialized, the original error contains no node.
    is_argument = isinstance(cause, GraphQLError) and bool(cause.nodes)
    return BAD_USER_INPUT if is_argument else INTERNAL
