"""Hides names of the schema in error messages, for callers who may not use introspection.

graphql-core has an option to omit suggestions of names. Other messages of graphql-core still
contain the names of required arguments and of types. With these names, a caller could discover the
whole schema step by step.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from graphql import GraphQLSchema, is_specified_scalar_type

HIDDEN_NAMES_ADVICE = "Sign in to see the hidden names."

# The sentence of graphql-core about a missing selection. graphql-core does not omit it on request.
_SUGGESTION = " Did you mean '"
_QUOTED = re.compile(r"'[^']*+'?")
_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*+")


def hide_names(
    message: str, schema: GraphQLSchema, text: str, variables: Mapping[str, Any] | None
) -> str:
    """Replace names of the schema in a message by `…`, except the names that the client sent.

    The client sent a name if the document `text` contains it, or if it is a key or a complete
    string value of the variables.
    """
    message = message.partition(_SUGGESTION)[0]
    hidden = _quoted_names(message) & _names_of(schema)
    if hidden:
        hidden.difference_update(_NAME.findall(text))
    if hidden:
        hidden.difference_update(_strings(variables))
    if not hidden:
        return message
    return f"{_QUOTED.sub(lambda quoted: _hide(quoted[0], hidden), message)} {HIDDEN_NAMES_ADVICE}"


def _hide(quoted: str, hidden: set[str]) -> str:
    return _NAME.sub(lambda name: "…" if name[0] in hidden else name[0], quoted)


def _quoted_names(message: str) -> set[str]:
    return {name for quoted in _QUOTED.findall(message) for name in _NAME.findall(quoted)}


def _strings(variables: object) -> Iterator[str]:
    """Yield all keys and all string values in the variables, at all depths."""
    pending = [variables]
    while pending:
        match pending.pop():
            case str() as value:
                yield value
            case dict() as value:
                yield from value
                pending.extend(value.values())
            case list() as value:
                pending.extend(value)


@lru_cache(maxsize=1)
def _names_of(schema: GraphQLSchema) -> frozenset[str]:
    """Return the names that this schema defines. Names that GraphQL defines are left out."""
    roots = {schema.query_type, schema.mutation_type}
    names: set[str] = set()
    for name, kind in schema.type_map.items():
        if kind not in roots and not is_specified_scalar_type(kind) and name[:2] != "__":
            names.add(name)
        if name[:2] == "__":
            continue
        names.update(getattr(kind, "values", ()))
        for field_name, field in getattr(kind, "fields", {}).items():
            names.add(field_name)
            names.update(getattr(field, "args", ()))
    return frozenset(names)
