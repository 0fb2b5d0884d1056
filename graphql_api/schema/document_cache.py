"""Documents parsed, weighed and validated once, however often they are sent."""

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

# Documents with their syntax trees, kept in memory: so many, each at most so long.
_KEPT = 512
_LONGEST_KEPT = 16 * 1024

_SUGGESTION = re.compile(r"\s*Did you mean .*$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Checked:
    weight: Complexity
    errors: tuple[GraphQLError, ...]
    operations: int = 1


def _parse(text: str) -> DocumentNode:
    try:
        return parse(text, max_tokens=TOKENS)
    except RecursionError:
        raise GraphQLSyntaxError(Source(text), 0, "The document is nested too deeply.") from None


def _check(schema: GraphQLSchema, text: str) -> _Checked:
    document = _document(text)
    try:
        weight = measure(document)
    except RecursionError:
        return _Checked(Complexity(), (_refusal("The document is nested too deeply."),))
    excess = weight.excess() or too_repetitive(document)
    if excess is not None:
        return _Checked(weight, (_refusal(excess),))
    errors = validate_document(schema, document, tuple(specified_rules))
    operations = sum(isinstance(node, OperationDefinitionNode) for node in document.definitions)
    return _Checked(weight, tuple(map(_explained, errors)), operations)


_parse_kept = lru_cache(maxsize=_KEPT)(_parse)
_check_kept = lru_cache(maxsize=_KEPT)(_check)


def _document(text: str) -> DocumentNode:
    return _parse_kept(text) if len(text) <= _LONGEST_KEPT else _parse(text)


def _checked(schema: GraphQLSchema, text: str) -> _Checked:
    return _check_kept(schema, text) if len(text) <= _LONGEST_KEPT else _check(schema, text)


def _refusal(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": "DOCUMENT_REFUSED"})


def _explained(error: GraphQLError) -> GraphQLError:
    """Return an error of validation without Python's words: it trips over endless numbers."""
    if error.original_error is None or isinstance(error.original_error, GraphQLError):
        return error
    return GraphQLError(
        "A value in the document cannot be read. A number may have too many digits.",
        nodes=error.nodes,
    )


def find_errors(
    schema: GraphQLSchema,
    text: str,
    variables: Variables,
    *,
    may_introspect: bool,
    names_operation: bool = False,
) -> list[GraphQLError]:
    """Return why a document that parses is not to be executed; empty if it is.

    `names_operation` tells whether the request says which of the operations to execute.
    """
    checked = _checked(schema, text)
    errors = list(checked.errors)
    if not errors and checked.operations > 1 and not names_operation:
        errors = [GraphQLError("The document has several operations. Name one in `operationName`.")]
    if not may_introspect:
        if checked.weight.introspects:
            errors = [
                _refusal(
                    "Introspection is available only to signed-in users. The schema is "
                    "published in the documentation."
                )
            ]
        errors = [_without_suggestion(error) for error in errors]
    if errors or too_costly(checked.weight) is None:
        return errors
    # The cached cost took each page by variable for the largest.
    excess = too_costly(measure(_document(text), variables))
    return [_refusal(excess)] if excess else []


def _without_suggestion(error: GraphQLError) -> GraphQLError:
    message = _SUGGESTION.sub("", error.message)
    if message == error.message:
        return error
    return GraphQLError(message, nodes=error.nodes, extensions=error.extensions)


class Documents(SchemaExtension):
    """Parses and validates in place of Strawberry, whose caches miss and whose limits explode."""

    def on_parse(self) -> Iterator[None]:
        """Take the document from the cache, or parse it."""
        operation = self.execution_context
        operation.graphql_document = _document(operation.query or "")
        yield

    def on_validate(self) -> Iterator[None]:
        """Take what validation said from the cache, or validate."""
        operation = self.execution_context
        context: Context = operation.context
        operation.pre_execution_errors = find_errors(
            operation.schema._schema,  # noqa: SLF001 - as Strawberry's own extensions do
            operation.query or "",
            operation.variables or {},
            may_introspect=context.may_introspect,
            names_operation=operation._provided_operation_name is not None,  # noqa: SLF001 - the public one falls back to the first
        )
        yield
