"""Rules for the schema."""

import re
from collections.abc import Iterator
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
)

from graphql_api.cli.commands.schema import SCHEMA_FILE, schema_text
from graphql_api.data import errors as domain
from graphql_api.schema.enums import ErrorCode
from graphql_api.schema.errors import CODES
from graphql_api.schema.ids import Kind
from graphql_api.schema.nodes import _FINDERS
from graphql_api.schema.schema import schema
from tests.support.paths import ROOT

GRAPHQL: Any = schema._schema
OWN = {name: kind for name, kind in GRAPHQL.type_map.items() if not name.startswith("__")}
BUILT_IN = {"ID", "String", "Int", "Float", "Boolean"}


def described() -> Iterator[tuple[str, Any]]:
    for name, kind in OWN.items():
        if name not in BUILT_IN:
            yield name, kind
        if isinstance(kind, GraphQLEnumType):
            yield from ((f"{name}.{value}", found) for value, found in kind.values.items())
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            for field_name, field in kind.fields.items():
                yield f"{name}.{field_name}", field
                for argument_name, argument in getattr(field, "args", {}).items():
                    yield f"{name}.{field_name}({argument_name})", argument


def test_everything_has_a_description() -> None:
    assert [name for name, thing in described() if not thing.description] == []


def test_every_description_is_a_full_statement() -> None:
    bare = re.compile(r"(What|How|Its|Which|Whose|Who)\b")
    wrong = [
        f"{name}: {thing.description}"
        for name, thing in described()
        if not re.fullmatch(r"[A-Z0-9`].*\.", thing.description, re.DOTALL)
        or bare.match(thing.description)
    ]
    assert wrong == []


def test_mutations_are_named_by_one_rule() -> None:
    for name, field in OWN["Mutation"].fields.items():
        kind = name[0].upper() + name[1:]
        assert {key: str(found.type) for key, found in field.args.items()} == {
            "input": f"{kind}Input!"
        }
        assert str(field.type) == f"{kind}Result"


def test_a_root_field_that_fails_leaves_its_neighbours() -> None:
    for root in ("Query", "Mutation"):
        assert [
            name
            for name, field in OWN[root].fields.items()
            if isinstance(field.type, GraphQLNonNull)
        ] == []


def test_a_result_is_a_payload_or_errors() -> None:
    for name, kind in OWN.items():
        if isinstance(kind, GraphQLUnionType):
            payload, *failures = kind.types
            assert payload.name.endswith("Payload"), name
            assert all(OWN["UserError"] in failure.interfaces for failure in failures), name
            assert len(failures) > 1


def test_every_domain_error_has_a_code_and_a_member() -> None:
    members = {
        kind.name for kind in OWN.values() if OWN["UserError"] in getattr(kind, "interfaces", ())
    }
    for code in ErrorCode:
        assert "".join(word.title() for word in code.value.split("_")) in members
    kinds = {
        kind
        for kind in vars(domain).values()
        if isinstance(kind, type) and issubclass(kind, domain.DomainError)
    }
    assert kinds - {domain.DomainError} == set(CODES)


def test_what_is_optional_has_no_null_default() -> None:
    assert not re.search(r"= null", schema_text())


def test_the_committed_file_is_the_schema() -> None:
    assert (ROOT / SCHEMA_FILE).read_text() == schema_text()


def test_every_object_with_an_id_is_a_node_that_can_be_found() -> None:
    objects = [kind for kind in OWN.values() if isinstance(kind, GraphQLObjectType)]
    with_id = {kind.name for kind in objects if "id" in kind.fields}
    nodes = {kind.name for kind in objects if OWN["Node"] in kind.interfaces}
    assert with_id == nodes
    assert {kind.name for kind in Kind} == {
        re.sub(r"(?<!^)(?=[A-Z])", "_", name).upper() for name in nodes
    }
    assert set(_FINDERS) == set(Kind)


def test_a_usage_that_cannot_be_read_leaves_its_payload() -> None:
    for name, kind in OWN.items():
        if name.endswith("Payload") and "usage" in kind.fields:
            assert str(kind.fields["usage"].type) == "Usage", name
