"""Every field with any combination of arguments: the API answers, or returns a typed error.

The arguments come from the schema, so a new field is tested without a change here.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphql_api.schema.ids import Kind, encode
from graphql_api.schema.schema import schema
from tests.support.api import ADMIN, Api

pytestmark = [pytest.mark.dynamodb, pytest.mark.redis, pytest.mark.thorough]

EXAMPLES = 100
# Levels of objects in a selection. Deeper selections cost more points than a document may have.
LEVELS = 2
TYPES: dict[str, GraphQLNamedType] = schema._schema.type_map

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2)
    ),
    max_leaves=4,
)
INTEGERS = st.sampled_from(
    [-(2**31) - 1, -(2**31), -1, 0, 1, 2, 100, 101, 2**31 - 1, 2**31, 2**63]
) | st.integers(-200, 200)
NUMBERS = st.sampled_from([-1.0, -0.0, 5e-324, 1e-9, 0.5, 1.0, 1e6, 1e308, 10**400]) | st.floats(
    allow_nan=False, allow_infinity=False
)
ODD_TEXTS = ["", " ", "\0", "\u200b", "\ud800", "a\u0301", "a#b", "½", "😀" * 90, "x" * 300]
USUAL_TEXTS = ["algoitny", "1", "2", "python", "print(1)", "FREE", "free", "2026-11-29", "a/b"]
TEXTS = st.sampled_from(ODD_TEXTS + USUAL_TEXTS) | st.text(max_size=40)
TIMES = st.sampled_from(
    ["2026-11-29T10:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-11-29"]
)
DATES = st.sampled_from(["2026-11-29", "0001-01-01", "9999-12-31", "1969-12-31", "2026-02-30", ""])


@dataclass(frozen=True)
class Target:
    """A field with arguments, and the type of the object that has it."""

    parent: str
    name: str

    def __str__(self) -> str:
        return f"{self.parent}.{self.name}"

    @property
    def field(self) -> GraphQLField:
        parent = TYPES[self.parent]
        assert isinstance(parent, GraphQLObjectType)
        found: GraphQLField = parent.fields[self.name]
        return found


@dataclass(frozen=True)
class World:
    """Objects of the table, which the arguments name."""

    tokens: tuple[str | None, ...]
    ids: tuple[str, ...]
    cursors: tuple[str, ...]


KEYS: dict[Kind, tuple[str, ...]] = {
    Kind.PROBLEM: ("algoitny", "1"),
    Kind.HISTORY: ("x", "y"),
    Kind.TEST_CASE: ("algoitny", "1", "1", "1"),
}
# Ids that have the form of an id. One part of each is the part of no key.
WELL_FORMED_IDS = [
    str(encode(kind, *parts[:place], strange, *parts[place + 1 :]))
    for kind in Kind
    for parts in [KEYS.get(kind, ("x",))]
    for place in range(len(parts))
    for strange in ("", "\0", "é", "-1", "²", "1" * 40, "y" * 120)
]

TARGETS = [
    Target(name, field_name)
    for name, kind in sorted(TYPES.items())
    if isinstance(kind, GraphQLObjectType) and not name.startswith("__")
    for field_name, field in kind.fields.items()
    if field.args
]


def select(kind: Any, levels: int = LEVELS) -> str:
    """Return a selection of all fields that need no arguments."""
    kind = get_named_type(kind)
    if is_leaf_type(kind):
        return ""
    if isinstance(kind, GraphQLUnionType):
        members = (f"... on {member.name} {select(member, levels)}" for member in kind.types)
        return f"{{ __typename {' '.join(members)} }}"
    assert isinstance(kind, GraphQLObjectType | GraphQLInterfaceType)
    fields = [
        f"{name} {select(field.type, levels - _cost(field))}"
        for name, field in kind.fields.items()
        if not any(is_required_argument(argument) for argument in field.args.values())
        and (is_leaf_type(get_named_type(field.type)) or levels > 0)
    ]
    return f"{{ __typename {' '.join(fields)} }}"


def _cost(field: GraphQLField) -> int:
    """Return the number of levels that a field uses: 0 for edges and page information, else 1."""
    name = get_named_type(field.type).name
    return 0 if name.endswith(("Edge", "PageInfo")) else 1


def values(kind: Any, name: str, world: World) -> st.SearchStrategy[Any]:
    """Return a strategy of values of an argument. Some have the wrong type."""
    if isinstance(kind, GraphQLNonNull):
        return values(kind.of_type, name, world)
    fitting = _fitting(kind, name, world)
    return st.integers(0, 19).flatmap(lambda dice: JSON if dice == 0 else fitting)


def _fitting(kind: Any, name: str, world: World) -> st.SearchStrategy[Any]:
    if isinstance(kind, GraphQLList):
        return st.lists(values(kind.of_type, name, world), max_size=4)
    if isinstance(kind, GraphQLInputObjectType):
        return arguments(kind.fields, world)
    if isinstance(kind, GraphQLEnumType):
        return st.sampled_from(sorted(kind.values))
    cursors = name in ("after", "before")
    strategies = {
        "ID": st.sampled_from(world.ids) | st.sampled_from(WELL_FORMED_IDS) | TEXTS,
        "Int": INTEGERS,
        "Float": NUMBERS,
        "Boolean": st.booleans(),
        "DateTime": TIMES,
        "Date": DATES,
        "String": st.sampled_from(world.cursors) | TEXTS if cursors else TEXTS,
    }
    return strategies[kind.name]


def arguments(
    fields: Mapping[str, GraphQLArgument] | Mapping[str, GraphQLInputField], world: World
) -> st.SearchStrategy[dict[str, Any]]:
    """Return a strategy of arguments: required ones always, the others also null or absent."""
    required, optional = {}, {}
    for name, field in fields.items():
        value = values(field.type, name, world)
        is_required = (
            is_required_argument(field)
            if isinstance(field, GraphQLArgument)
            else is_required_input_field(field)
        )
        if is_required:
            required[name] = value
        else:
            optional[name] = st.none() | value
    return st.fixed_dictionaries(required, optional=optional)


def document(target: Target) -> str:
    """Return a document that selects the field with each of its arguments from a variable."""
    declared = ", ".join(f"${name}: {a.type}" for name, a in target.field.args.items())
    passed = ", ".join(f"{name}: ${name}" for name in target.field.args)
    selected = f"{target.name}({passed}) {select(target.field.type)}"
    if target.parent in ("Query", "Mutation"):
        return f"{target.parent.lower()}({declared}) {{ {selected} }}"
    return (
        f"query($node__: ID!, {declared}) {{ node(id: $node__) "
        f"{{ ... on {target.parent} {{ {selected} }} }} }}"
    )


@pytest.fixture
async def world(api: Api) -> World:
    user, editor, admin = (
        await api.sign_in("user@example.org"),
        await api.editor(),
        await api.sign_in(ADMIN),
    )
    await api.problem("1")
    await api.problem("2")
    history = await api.submit(user)
    await api.judge()
    pending = await api.submit(user)
    job = await api.mutate("rejudge", "job { id }", editor, problemId=await _id(api, "1"))
    found = await api.data(
        """{ viewer { id } plans { id } problems(first: 1) { edges { cursor node {
        id testCases { edges { cursor node { id } } } } } } }""",
        editor,
    )
    edges = found["problems"]["edges"]
    tests = edges[0]["node"]["testCases"]["edges"]
    user_id = (await api.data("{ viewer { id } }", user))["viewer"]["id"]
    ids = [
        history,
        pending,
        job["job"]["id"],
        found["viewer"]["id"],
        user_id,
        edges[0]["node"]["id"],
    ]
    ids += [node["id"] for node in (*found["plans"], *(edge["node"] for edge in tests))]
    cursors = [edge["cursor"] for edge in (*edges, *tests)]
    return World((None, user, editor, admin), tuple(ids), tuple(cursors))


async def _id(api: Api, number: str) -> str:
    query = 'query($n: String!) { problem(platform: "algoitny", number: $n) { id } }'
    found: str = (await api.data(query, n=number))["problem"]["id"]
    return found


def test_every_field_with_arguments_belongs_to_a_type_that_a_document_can_reach() -> None:
    for target in TARGETS:
        kind = TYPES[target.parent]
        assert isinstance(kind, GraphQLObjectType)
        interfaces = {interface.name for interface in kind.interfaces}
        assert target.parent in ("Query", "Mutation") or "Node" in interfaces, target


async def test_ids_with_strange_parts_belong_to_no_object(api: Api) -> None:
    await api.problem("1")
    for token in (None, await api.sign_in(ADMIN)):
        found = await api.data(
            "query($ids: [ID!]!) { nodes(ids: $ids) { id } }", token, ids=WELL_FORMED_IDS
        )
        assert found["nodes"] == [None] * len(WELL_FORMED_IDS)


async def _post(
    api: Api, query: str, variables: dict[str, Any], token: str | None
) -> httpx.Response:
    """Send a request in ASCII, so that it can contain escaped lone surrogates."""
    headers = {"content-type": "application/json"}
    if token is not None:
        headers["authorization"] = f"Bearer {token}"
    body = json.dumps({"query": query, "variables": variables})
    return await api.client.post("/graphql", content=body, headers=headers)


@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
@pytest.mark.parametrize("target", TARGETS, ids=str)
async def test_any_arguments_give_an_answer_or_a_typed_error(
    api: Api, world: World, target: Target, data: st.DataObject
) -> None:
    variables = data.draw(arguments(target.field.args, world), "variables")
    if target.parent not in ("Query", "Mutation"):
        variables["node__"] = data.draw(st.sampled_from(world.ids), "node")
    token = data.draw(st.sampled_from(world.tokens), "token")

    response = await _post(api, document(target), variables, token)

    answer = response.json()
    assert response.status_code in (200, 400, 401), answer
    codes = [error["extensions"]["code"] for error in answer.get("errors", ())]
    assert "INTERNAL" not in codes, answer
    assert "data" in answer or codes, answer
