"""Codes and messages of graphql-core's errors: parsing, validation, coercion and execution.

Most of these codes are the codes of Apollo Server, which many clients know. DOCUMENT_REFUSED,
OPERATION_TOO_LARGE and INTERNAL exist only in this API.
"""

import re
from collections.abc import Callable

from graphql import GraphQLError, GraphQLSyntaxError

from graphql_api.data.text import ECHO_CHARACTERS, truncate_characters

PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
BAD_USER_INPUT = "BAD_USER_INPUT"
OPERATION_RESOLUTION_FAILURE = "OPERATION_RESOLUTION_FAILURE"
PERSISTED_QUERY_NOT_SUPPORTED = "PERSISTED_QUERY_NOT_SUPPORTED"
BAD_REQUEST = "BAD_REQUEST"
# The document exceeds a limit in `complexity`, or uses introspection without permission.
DOCUMENT_REFUSED = "DOCUMENT_REFUSED"
# The answer or the reads of the operation exceed a bound. See `data/dynamo/bounds.py`.
OPERATION_TOO_LARGE = "OPERATION_TOO_LARGE"
INTERNAL = "INTERNAL"

# One piece of a message: a quoted text (whose last quote may be missing), one bracket, other
# characters, or white space. Every repetition is possessive, so each character is read only once.
_PIECE = re.compile(
    r"""(?P<quoted>"(?:[^"\\]++|\\.)*+"?|'(?:[^'\\]++|\\.)*+'?)"""
    r"""|(?P<open>[\[{])|(?P<close>[\]}])|[^\s"'\[\]{}]++|\s++""",
    re.DOTALL,
)
# graphql-core does not escape quotes in values of enums and in keys of variables. Such a text can
# look like many short literals. Therefore the length of the whole message is limited, too.
_MESSAGE_CHARACTERS = 400


def shorten_literals(message: str) -> str:
    """Truncate long values that a message of graphql-core quotes from the client's document.

    Each quoted text, each list or object in brackets, and each word is truncated to 100 characters.
    """
    shortened: list[str] = []
    group: list[str] = []
    depth = 0
    for piece in _PIECE.finditer(message):
        group.append(piece[0])
        depth += (piece["open"] is not None) - (depth > 0 and piece["close"] is not None)
        if depth == 0:
            shortened.append(_shorten_literal("".join(group)))
            group.clear()
    shortened.append(_shorten_literal("".join(group)))
    return truncate_characters("".join(shortened), _MESSAGE_CHARACTERS, "…")


def _shorten_literal(literal: str) -> str:
    opening = literal[:1] if literal[:1] in ("'", '"') else ""
    closing = opening if len(literal) > 1 and literal.endswith(opening) else ""
    content = literal[len(opening) : len(literal) - len(closing)]
    if len(content) <= ECHO_CHARACTERS:
        return literal
    return f"{opening}{content[:ECHO_CHARACTERS]}…{closing}"


def with_code(error: GraphQLError, hide: Callable[[str], str] | None = None) -> GraphQLError:
    """Return an error of graphql-core with an error code. An existing code is kept.

    `hide` is a function that removes the names of the schema from a message.
    """
    extensions = error.extensions or {}
    message = shorten_literals(error.message)
    if hide is not None:
        message = hide(message)
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
