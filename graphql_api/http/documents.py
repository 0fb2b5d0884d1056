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
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import validate_document

from graphql_api.context import Context
from graphql_api.http.safety import TOKENS, Variables, Weight, too_costly, weigh

# Documents with their syntax trees, kept in memory: so many, each at most so long.
_KEPT = 512
_LONGEST_KEPT = 16 * 1024

_SUGGESTION = re.compile(r"\s*Did you mean .*$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Checked:
    weight: Weight
    errors: tuple[GraphQLError, ...]


def _parse(text: str) -> DocumentNode:
    try:
        return parse(text, max_tokens=TOKENS)
    except RecursionError:
        raise GraphQLSyntaxError(Source(text), 0, "the document is nested too deeply") from None


def _check(schema: GraphQLSchema, text: str) -> _Checked:
    document = _document(text)
    try:
        weight = weigh(document)
    except RecursionError:
        return _Checked(Weight(), (_refusal("the document is nested too deeply"),))
    excess = weight.excess()
    if excess is not None:
        return _Checked(weight, (_refusal(excess),))
    return _Checked(weight, tuple(validate_document(schema, document, tuple(specified_rules))))


_parse_kept = lru_cache(maxsize=_KEPT)(_parse)
_check_kept = lru_cache(maxsize=_KEPT)(_check)


def _document(text: str) -> DocumentNode:
    return _parse_kept(text) if len(text) <= _LONGEST_KEPT else _parse(text)


def _checked(schema: GraphQLSchema, text: str) -> _Checked:
    return _check_kept(schema, text) if len(text) <= _LONGEST_KEPT else _check(schema, text)


def _refusal(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": "DOCUMENT_REFUSED"})


def find_errors(
    schema: GraphQLSchema, text: str, variables: Variables, *, may_introspect: bool
) -> list[GraphQLError]:
    """Return why a document that parses is not to be executed; empty if it is."""
    checked = _checked(schema, text)
    errors = list(checked.errors)
    if not may_introspect:
        if checked.weight.introspects:
            errors = [_refusal("introspection is for signed-in callers; the schema is documented")]
        errors = [_without_suggestion(error) for error in errors]
    if errors or too_costly(checked.weight) is None:
        return errors
    # The cached cost took each page by variable for the largest.
    excess = too_costly(weigh(_document(text), variables))
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
        )
        yield
