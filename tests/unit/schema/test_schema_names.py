"""In production, no error reveals a name of the schema that an anonymous caller did not write."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import GraphQLField, GraphQLInterfaceType, GraphQLObjectType
from structlog.testing import capture_logs

from graphql_api.context import Context
from graphql_api.schema.schema import schema
from graphql_api.schema.schema_names import HIDDEN_NAMES_ADVICE
from tests.support.contexts import bare_context, make_viewer

CORE = schema._schema
KINDS = {name: kind for name, kind in CORE.type_map.items() if name[:2] != "__"}
OWNERS = {
    name: kind
    for name, kind in KINDS.items()
    if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType)
}
# Names that every schema has.
COMMON = {"Query", "Mutation", "Int", "Float", "String", "Boolean", "ID"}
NAMES = (
    set(KINDS)
    | {field for kind in KINDS.values() for field in getattr(kind, "fields", ())}
    | {value for kind in KINDS.values() for value in getattr(kind, "values", ())}
    | {name for kind in OWNERS.values() for field in kind.fields.values() for name in field.args}
) - COMMON
VALUES: list[Any] = [7, "x", "PUBLI", True, 1.5, {}, {"cod": 1, "x": {}}, [None], [{}], None]
LITERALS = ["7", '"x"', "PUBLI", "true", "1.5", "{}", "{cod: 1, x: {}}", "[null]", "[{}]", "null"]


def words(text: str) -> set[str]:
    return set(re.findall(r"[_A-Za-z][_0-9A-Za-z]*", text))


def leaked_names(message: str, written: str) -> set[str]:
    """Return the hidden names in a message: quoted names, and names that are not English words."""
    quoted = words(" ".join(re.findall(r"'([^']*)'", message)))
    unusual = {word for word in words(message) if not re.fullmatch(r"[A-Za-z]?[a-z]*", word)}
    return (quoted | unusual) & NAMES - words(written)


def probes_of(owner: str, name: str, field: GraphQLField) -> Iterator[str]:
    """Return documents with one mistake each, in a selection of a type."""
    near = f"{name[:-1]}q"
    selections = [near, name, f"{name}({near}: 1)", f"{name} {{ {near} }}", f"{name} @skp"]
    for argument in field.args:
        selections += [f"{name}({argument}q: 1)", f"{name}({argument}: $v)"]
        selections += [f"{name}({argument}: {literal})" for literal in LITERALS]
    for selection in selections:
        yield f"query($v: Boolea) {{ ... on {owner} {{ {selection} }} }}"


async def errors_of(context: Context, text: str, variables: Any = None) -> list[str]:
    # A value without a mistake reaches a resolver, which fails without services.
    with capture_logs():
        result = await schema.execute(text, variable_values=variables, context_value=context)
    return [error.message for error in result.errors or ()]


@pytest.mark.parametrize("owner", sorted(OWNERS))
async def test_no_mistake_in_a_document_reveals_a_name(owner: str) -> None:
    context = bare_context(introspection=False)
    for name, field in OWNERS[owner].fields.items():
        for text in probes_of(owner, name, field):
            messages = await errors_of(context, text)
            assert messages
            for message in messages:
                assert "Did you mean" not in message
                assert leaked_names(message, text) == set(), (text, message)


def list_variables() -> Iterator[tuple[str, str]]:
    """Return a document for each argument of a root field, with the argument's value in `$v`."""
    for kind in ("query", "mutation"):
        for name, field in OWNERS[kind.capitalize()].fields.items():
            for argument, declared in field.args.items():
                text = f"{kind}($v: {declared.type}) {{ {name}({argument}: $v) {{ __typename }} }}"
                yield f"{name}-{argument}", text


@pytest.mark.parametrize("text", [pytest.param(text, id=id_) for id_, text in list_variables()])
async def test_no_mistake_in_a_variable_reveals_a_name(text: str) -> None:
    context = bare_context(introspection=False)
    for value in VALUES:
        for message in await errors_of(context, text, {"v": value}):
            assert "Did you mean" not in message
            assert leaked_names(message, f"{text} {value}") == set(), (text, value, message)


NEAR_STATE = "query($s: ProblemState) { problems(state: $s) { edges { cursor } } }"
MISTAKES: list[tuple[str, Any, str]] = [
    ("{ viewr { id } }", None, "viewer"),
    ("{ problems(stat: DRAFT) { edges { cursor } } }", None, "state"),
    ("{ problems(state: COMPLETE) { edges { cursor } } }", None, "COMPLETED"),
    (NEAR_STATE, {"s": "COMPLETE"}, "COMPLETED"),
    ("query($s: ProblemStat) { problems(state: $s) { edges { cursor } } }", None, "ProblemState"),
    ("{ ... on Usr { id } }", None, "User"),
    ("mutation { runCode(input: {code: 1}) { __typename } }", None, "language"),
    (
        "mutation($i: RunCodeInput!) { runCode(input: $i) { __typename } }",
        {"i": {"cod": "", "code": "", "language": "c"}},
        "RunCodeInput",
    ),
]


@pytest.mark.parametrize(("text", "variables", "name"), MISTAKES)
@pytest.mark.parametrize("order", [(True, False), (False, True)])
async def test_names_are_for_signed_in_users_whoever_sends_the_document_first(
    text: str, variables: Any, name: str, order: tuple[bool, bool]
) -> None:
    """The cache of checked documents is shared by all callers."""
    text = f"{text} # {order}"
    for is_signed_in in order:
        context = bare_context(make_viewer() if is_signed_in else None, introspection=False)
        messages = " ".join(await errors_of(context, text, variables))
        assert messages
        if name not in text:
            assert (name in messages) is is_signed_in, messages
        assert is_signed_in or "Did you mean" not in messages


async def test_a_message_with_hidden_names_tells_how_to_see_them() -> None:
    text = "mutation { runCode(input: {code: 1}) { __typename } }"
    messages = await errors_of(bare_context(introspection=False), text)
    assert any(message.endswith(HIDDEN_NAMES_ADVICE) for message in messages)


async def test_names_that_the_client_wrote_stay_in_the_message() -> None:
    context = bare_context(introspection=False)
    message = "Cannot query field 'idd' on type '{}'."
    assert await errors_of(context, "{ ... on User { idd } }") == [
        "Fragment cannot be spread here as objects of type 'Query' can never be of type 'User'.",
        message.format("User"),
    ]
    assert await errors_of(context, "{ viewer { idd } }") == [
        f"{message.format('…')} {HIDDEN_NAMES_ADVICE}"
    ]
