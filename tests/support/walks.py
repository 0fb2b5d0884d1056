"""Selects every field of a type of the schema, and lists every value of an answer."""

from collections.abc import Iterator
from typing import Any

from graphql import GraphQLObjectType, get_named_type, is_leaf_type

from graphql_api.schema.schema import schema

DEEPEST = 6
PAGE = 3


def select_all(type_name: str, depth: int = 0) -> str:
    """Return a selection of all fields of a type, and of the types that can be reached from it.

    A connection is selected with its first `PAGE` items.
    """
    kind = schema._schema.type_map[type_name]
    assert isinstance(kind, GraphQLObjectType), f"{type_name} needs a selection for each type"
    parts = []
    for name, field in kind.fields.items():
        target = get_named_type(field.type)
        page = f"(first: {PAGE})" if "first" in field.args else ""
        if is_leaf_type(target):
            parts.append(name)
        elif depth < DEEPEST:
            parts.append(f"{name}{page} {select_all(target.name, depth + 1)}")
    return "{ " + " ".join(parts) + " }"


def list_values(answer: Any) -> Iterator[str]:
    """Yield every string, number and truth value in an answer, as text."""
    if isinstance(answer, dict):
        for value in answer.values():
            yield from list_values(value)
    elif isinstance(answer, list):
        for value in answer:
            yield from list_values(value)
    elif answer is not None:
        yield str(answer)
