"""Error messages for documents that are not executed."""

import pytest
from graphql import GraphQLError, get_introspection_query

from graphql_api.schema.document_cache import find_errors, load_document
from graphql_api.schema.schema import schema
from tests.support.call_counter import counted_calls

TWO = "query A { __typename } query B { __typename }"


def errors_of(
    text: str, operation_name: str | None = None, *, may_introspect: bool = True
) -> list[str]:
    errors = find_errors(
        schema._schema,
        load_document(text, 64),
        {},
        may_introspect=may_introspect,
        operation_name=operation_name,
    )
    assert all(error.original_error is None for error in errors)
    return [error.message for error in errors]


def test_of_several_operations_one_must_be_named() -> None:
    (message,) = errors_of(TWO)
    assert "`operationName`" in message
    assert errors_of(TWO, "B") == []
    assert errors_of("query A { __typename }") == []


@pytest.mark.parametrize(
    "text",
    [
        "{ problems(first: %s) { edges { cursor } } }",
        "query($n: Int = %s) { problems(first: $n) { edges { cursor } } }",
    ],
)
def test_a_number_without_end_is_the_client_s_mistake(text: str) -> None:
    (message,) = errors_of(text % ("1" * 5000))
    assert "digits" in message
    assert "sys." not in message


@pytest.mark.parametrize("repeated", ["plan { id } ", "usage { executions { used } } "])
def test_fields_repeated_without_end_keep_no_one_waiting(repeated: str) -> None:
    """Validation compares all fields of one name with each other."""
    text = "{ viewer { " + repeated * (1900 // len(repeated.split())) + "} }"
    with counted_calls() as calls, pytest.raises(GraphQLError, match="tokens"):
        errors_of(text)
    assert calls.count < 50_000


@pytest.mark.parametrize(
    ("repeated", "times"), [("plan { id } ", 245), ("usage { executions { used } } ", 140)]
)
def test_fields_repeated_within_the_tokens_are_refused_before_they_are_compared(
    repeated: str, times: int
) -> None:
    with counted_calls() as calls:
        (message,) = errors_of("{ viewer { " + repeated * times + "} }")
    assert "same name too often" in message
    assert calls.count < 100_000


def test_what_may_be_repeated_is_compared_within_bounds() -> None:
    with counted_calls() as calls:
        assert errors_of("{ viewer { " + "plan { id } " * 95 + "} }") == []
    assert calls.count < 400_000


def test_playgrounds_introspection_repeats_little() -> None:
    assert errors_of(get_introspection_query(input_value_deprecation=True)) == []
