"""Cache of documents. A document is parsed, measured and validated only when it is first sent."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    Source,
    parse,
    specified_rules,
)
from graphql.language import OperationDefinitionNode
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import validate_document

from graphql_api.context import Context
from graphql_api.schema.complexity import (
    TOKENS,
    Complexity,
    Variables,
    measure,
    too_costly,
    too_repetitive,
)
from graphql_api.schema.error_codes import (
    DOCUMENT_REFUSED,
    OPERATION_RESOLUTION_FAILURE,
    VALIDATION_FAILED,
    shorten_literals,
)

# Maximum number of cached documents, and maximum length of a cached document in characters.
_CACHED_DOCUMENTS = 512
_LONGEST_CACHED = 16 * 1024

_SUGGESTION = re.compile(r"\s*Did you mean .*$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _CheckedDocument:
    complexity: Complexity
    errors: tuple[GraphQLError, ...]
    operations: int = 1


def _parse(text: str) -> DocumentNode:
    try:
        return parse(text, max_tokens=TOKENS)
    except RecursionError:
        raise GraphQLSyntaxError(Source(text), 0, "The document is nested too deeply.") from None


def _check(schema: GraphQLSchema, text: str) -> _CheckedDocument:
    document = _load_document(text)
    try:
        complexity = measure(document)
    except RecursionError:
        return _CheckedDocument(Complexity(), (_reject("The document is nested too deeply."),))
    excess = complexity.excess() or too_repetitive(document)
    if excess is not None:
        return _CheckedDocument(complexity, (_reject(excess),))
    errors = validate_document(schema, document, tuple(specified_rules))
    operations = sum(isinstance(node, OperationDefinitionNode) for node in document.definitions)
    return _CheckedDocument(complexity, tuple(map(_explain, errors)), operations)


_parse_cached = lru_cache(maxsize=_CACHED_DOCUMENTS)(_parse)
_check_cached = lru_cache(maxsize=_CACHED_DOCUMENTS)(_check)


def _load_document(text: str) -> DocumentNode:
    return _parse_cached(text) if len(text) <= _LONGEST_CACHED else _parse(text)


def _load_check(schema: GraphQLSchema, text: str) -> _CheckedDocument:
    return _check_cached(schema, text) if len(text) <= _LONGEST_CACHED else _check(schema, text)


def _reject(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": DOCUMENT_REFUSED})


def _explain(error: GraphQLError) -> GraphQLError:
    """Return a validation error with its code.

    A number with very many digits raises a Python exception, whose message is replaced.
    """
    message = shorten_literals(error.message)
    if not isinstance(error.original_error, GraphQLError | None):
        message = "A value in the document cannot be read. A number may have too many digits."
    return GraphQLError(message, nodes=error.nodes, extensions={"code": VALIDATION_FAILED})


def find_errors(
    schema: GraphQLSchema,
    text: str,
    variables: Variables,
    *,
    may_introspect: bool,
    names_operation: bool = False,
) -> list[GraphQLError]:
    """Return the reasons for which a document must not be executed; empty if there are none.

    `names_operation` says whether the request names the operation to execute.
    """
    document = _load_check(schema, text)
    errors = list(document.errors)
    if not errors and document.operations > 1 and not names_operation:
        errors = [
            GraphQLError(
                "The document has several operations. Name one in `operationName`.",
                extensions={"code": OPERATION_RESOLUTION_FAILURE},
            )
        ]
    if not may_introspect:
        if document.complexity.introspects:
            errors = [
                _reject(
                    "Introspection is available only to signed-in users. The schema is "
                    "published in the documentation."
                )
            ]
        errors = [_without_suggestion(error) for error in errors]
    if errors or too_costly(document.complexity) is None:
        return errors
    # The cached cost assumes the largest size for each page whose size is a variable.
    excess = too_costly(measure(_load_document(text), variables))
    return [_reject(excess)] if excess else []


def _without_suggestion(error: GraphQLError) -> GraphQLError:
    message = _SUGGESTION.sub("", error.message)
    if message == error.message:
        return error
    return GraphQLError(message, nodes=error.nodes, extensions=error.extensions)


class Documents(SchemaExtension):
    """Extension that replaces Strawberry's parsing and validation of documents.

    Strawberry caches too few documents, and its limits take exponential time on nested fragments.
    """

    def on_parse(self) -> Iterator[None]:
        """Take the document from the cache, or parse it."""
        operation = self.execution_context
        operation.graphql_document = _load_document(operation.query or "")
        yield

    def on_validate(self) -> Iterator[None]:
        """Take the result of the validation from the cache, or validate."""
        operation = self.execution_context
        context: Context = operation.context
        operation.pre_execution_errors = find_errors(
            operation.schema._schema,  # noqa: SLF001 - Strawberry's own extensions do the same
            operation.query or "",
            operation.variables or {},
            may_introspect=context.may_introspect,
            names_operation=operation._provided_operation_name is not None,  # noqa: SLF001 - the public name falls back to the first operation
        )
        yield
