"""Parsing and validation of GraphQL documents, with a cache for each step.

A document in the caches is not parsed or validated again. The caches are limited in bytes. The
limits on tokens and repeated fields apply to the whole document. The limits on complexity apply
only to the operation that is executed.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from cachetools import LRUCache
from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    Source,
    parse,
    specified_rules,
    validate,
)
from strawberry.extensions import SchemaExtension
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from graphql_api.context import Context
from graphql_api.data.limits import KB, MB
from graphql_api.schema.complexity import (
    TOKENS,
    Complexity,
    Variables,
    measure,
    too_costly,
    too_many_requests,
    too_repetitive,
)
from graphql_api.schema.error_codes import (
    DOCUMENT_REFUSED,
    OPERATION_RESOLUTION_FAILURE,
    VALIDATION_FAILED,
    shorten_literals,
)
from graphql_api.schema.request_estimate import estimate_requests

PARSED_BYTES = 48 * MB
CHECKED_BYTES = 16 * MB

# Upper bounds of the memory of a syntax tree per token, and of an error without its message.
# `tests/unit/schema/test_document_cache.py` measures both.
_TOKEN_BYTES = 700
_ERROR_BYTES = 2 * KB

_RULES = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule)
_TOO_DEEP = "The document is nested too deeply. Remove levels of nested fields or values."
_NO_INTROSPECTION = (
    "Introspection is available only to signed-in users. Sign in, or read the schema in the "
    "documentation."
)
K = TypeVar("K")
V = TypeVar("V")

# The key of an operation without a name is None.
Operations = Mapping[str | None, OperationDefinitionNode]


@dataclass(frozen=True, slots=True)
class _CheckedDocument:
    """Text of a document, its errors, and the complexity of each operation.

    If a variable contains the size of a page, the complexity assumes the largest allowed size.
    """

    text: str
    errors: tuple[GraphQLError, ...]
    complexities: Mapping[str | None, Complexity]


def load_document(text: str, limit_kb: int) -> DocumentNode:
    """Return the syntax tree of a document, from the cache if possible.

    Raises:
        GraphQLError: The text has a syntax error, or is larger than `limit_kb`.
    """
    _require_size(text, limit_kb)
    document = _parsed.get(text)
    if document is None:
        document = _parse(text)
        _keep(_parsed, text, document)
    return document


def _require_size(text: str, limit_kb: int) -> None:
    limit = limit_kb * KB
    if len(text) > limit or len(text.encode(errors="replace")) > limit:
        raise _reject(
            f"`query` must be at most {limit_kb} KB in UTF-8. Move long values to `variables`, or "
            "split the document."
        )


def _parse(text: str) -> DocumentNode:
    try:
        return parse(text, max_tokens=TOKENS)
    except RecursionError:
        raise GraphQLSyntaxError(Source(text), 0, _TOO_DEEP) from None


def _text_of(document: DocumentNode) -> str:
    return document.loc.source.body if document.loc else ""


def _document_bytes(document: DocumentNode) -> int:
    """Return an upper bound of the memory of a document and its text, in bytes."""
    count = 0
    token = document.loc.start_token if document.loc else None
    while token is not None:
        count += 1
        token = token.next
    # Names and values in the tree are copies of parts of the text.
    return 2 * sys.getsizeof(_text_of(document)) + count * _TOKEN_BYTES


def _check_bytes(checked: _CheckedDocument) -> int:
    """Return an upper bound of the memory of a checked document and its text, in bytes."""
    messages = sum(sys.getsizeof(error.message) for error in checked.errors)
    entries = len(checked.errors) + len(checked.complexities) + 1
    return sys.getsizeof(checked.text) + messages + entries * _ERROR_BYTES


# Both caches remove the least recently used entries. Their sizes are in bytes.
_parsed: LRUCache[str, DocumentNode] = LRUCache(PARSED_BYTES, _document_bytes)
_checked: LRUCache[tuple[GraphQLSchema, str, bool], _CheckedDocument] = LRUCache(
    CHECKED_BYTES, _check_bytes
)


def _keep(cache: LRUCache[K, V], key: K, value: V) -> None:
    """Add an entry, unless it is larger than a quarter of the cache.

    A larger entry would remove too many other entries.
    """
    if cache.getsizeof(value) <= cache.maxsize // 4:
        cache[key] = value


def _load_check(
    schema: GraphQLSchema, document: DocumentNode, *, hide_suggestions: bool
) -> _CheckedDocument:
    key = schema, _text_of(document), hide_suggestions
    checked = _checked.get(key)
    if checked is None:
        checked = _check(schema, document, hide_suggestions=hide_suggestions)
        _keep(_checked, key, checked)
    return checked


def _check(
    schema: GraphQLSchema, document: DocumentNode, *, hide_suggestions: bool
) -> _CheckedDocument:
    text = _text_of(document)
    repetition = too_repetitive(document)
    if repetition is not None:
        return _CheckedDocument(text, (_reject(repetition),), {})
    try:
        complexities = {
            name: measure(document, operation) for name, operation in _operations(document).items()
        }
    except RecursionError:
        return _CheckedDocument(text, (_reject(_TOO_DEEP),), {})
    errors = validate(schema, document, _RULES, hide_suggestions=hide_suggestions)
    return _CheckedDocument(text, tuple(map(_explain, errors)), complexities)


def _operations(document: DocumentNode) -> Operations:
    return {
        node.name.value if node.name else None: node
        for node in document.definitions
        if isinstance(node, OperationDefinitionNode)
    }


def _reject(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": DOCUMENT_REFUSED})


def _explain(error: GraphQLError) -> GraphQLError:
    """Return a validation error with a code, and without references to the syntax tree.

    A number with too many digits raises a Python exception in the validation. The message of this
    exception is replaced.
    """
    message = shorten_literals(error.message)
    if not isinstance(error.original_error, GraphQLError | None):
        message = "A value in the document cannot be read. Check for numbers with too many digits."
    return GraphQLError(
        message,
        source=error.source,
        positions=error.positions,
        extensions={"code": VALIDATION_FAILED},
    )


def find_errors(
    schema: GraphQLSchema,
    document: DocumentNode,
    variables: Variables,
    *,
    may_introspect: bool,
    max_requests: int,
    operation_name: str | None = None,
) -> list[GraphQLError]:
    """Return the errors that prevent the execution of an operation, or an empty list.

    `max_requests` is the maximum number of requests to the database in one operation.
    `operation_name` is the name in the request. If it is None, the only operation of the document
    is checked.
    """
    checked = _load_check(schema, document, hide_suggestions=not may_introspect)
    if checked.errors:
        return list(checked.errors)
    name = _resolve_name(checked.complexities, operation_name)
    if name not in checked.complexities:
        return [
            GraphQLError(
                "The document has several operations, or no operation with the requested name. "
                "Set `operationName` to the name of an operation in the document.",
                extensions={"code": OPERATION_RESOLUTION_FAILURE},
            )
        ]
    complexity = checked.complexities[name]
    if complexity.introspects and not may_introspect:
        return [_reject(_NO_INTROSPECTION)]
    operation = _operations(document)[name]
    excess = complexity.excess()
    if excess is None and too_costly(complexity):
        excess = too_costly(measure(document, operation, variables))
    if excess is None:
        requests = estimate_requests(document, operation, variables)
        excess = too_many_requests(requests, max_requests)
    return [_reject(excess)] if excess else []


def _resolve_name(operations: Mapping[str | None, object], requested: str | None) -> str | None:
    if requested is None and len(operations) == 1:
        return next(iter(operations))
    return requested


class Documents(SchemaExtension):
    """Extension that replaces Strawberry's parsing and validation of documents.

    Strawberry's own cache contains too few documents. The time that Strawberry needs to check its
    own limits grows exponentially with the number of nested fragments.
    """

    def on_parse(self) -> Iterator[None]:
        """Get the syntax tree of the document from the cache, or parse the document."""
        operation = self.execution_context
        context: Context = operation.context
        operation.graphql_document = load_document(
            operation.query or "", context.settings.document_kb
        )
        yield

    def on_validate(self) -> Iterator[None]:
        """Get the errors of the document from the cache, or validate the document."""
        operation = self.execution_context
        context: Context = operation.context
        assert operation.graphql_document is not None
        operation.pre_execution_errors = find_errors(
            operation.schema._schema,  # noqa: SLF001 - Strawberry's own extensions do the same
            operation.graphql_document,
            operation.variables or {},
            may_introspect=context.may_introspect,
            max_requests=context.settings.operation_reads,
            operation_name=operation._provided_operation_name,  # noqa: SLF001 - the public name falls back to the first operation
        )
        yield
