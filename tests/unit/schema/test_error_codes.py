"""Each GraphQL error has a code; the messages are those of graphql-core."""

from typing import Any

import pytest
from graphql import GraphQLError

from graphql_api.schema.error_codes import with_code
from graphql_api.schema.schema import schema
from tests.support.contexts import bare_context


async def codes_of(text: str, **variables: Any) -> set[str]:
    result = await schema.execute(
        text, variable_values=variables, context_value=bare_context(introspection=True)
    )
    assert result.errors
    return {str((error.extensions or {})["code"]) for error in result.errors}


SEARCH = "query($n: Int!, $s: ProblemState) { problems(first: $n, state: $s) { edges { cursor } } }"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{ viewer { ", "GRAPHQL_PARSE_FAILED"),
        ("{ a " * 1200, "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ node }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ problems(state: GONE) { edges { cursor } } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ ...F } fragment G on Query { viewer { id } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ viewer { id } } { viewer { id } }", "GRAPHQL_VALIDATION_FAILED"),
        ("query A { viewer { id } } query B { viewer { id } }", "OPERATION_RESOLUTION_FAILURE"),
        ("{ " + "viewer { id } " * 25 + "}", "DOCUMENT_REFUSED"),
    ],
)
async def test_a_document_that_is_not_executed_has_a_code(text: str, code: str) -> None:
    assert await codes_of(text) == {code}


@pytest.mark.parametrize(
    "variables",
    [{}, {"n": None}, {"n": "one"}, {"n": 2**40}, {"n": 1, "s": "GONE"}, {"n": 1, "s": 7}],
)
async def test_variables_that_cannot_be_coerced_are_bad_user_input(variables: Any) -> None:
    assert await codes_of(SEARCH, **variables) == {"BAD_USER_INPUT"}


async def test_an_unknown_input_field_in_variables_is_bad_user_input() -> None:
    text = "mutation($i: RunCodeInput!) { runCode(input: $i) { __typename } }"
    assert await codes_of(text, i={"language": "c", "code": "", "speed": 1}) == {"BAD_USER_INPUT"}


async def test_an_argument_that_a_variable_leaves_null_is_bad_user_input() -> None:
    text = "query($n: ID! = null) { node(id: $n) { id } }"
    assert await codes_of(text) == {"GRAPHQL_VALIDATION_FAILED"}
    text = 'query($n: ID = "x") { node(id: $n) { id } }'
    assert await codes_of(text, n=None) == {"BAD_USER_INPUT"}


async def test_an_input_error_of_a_query_has_its_domain_code() -> None:
    assert await codes_of("{ problems(first: 0) { edges { cursor } } }") == {"INVALID_INPUT"}


def test_a_result_that_cannot_be_serialized_is_our_failure() -> None:
    cause = GraphQLError("Int cannot represent non 32-bit signed integer value: 1e10")
    error = with_code(GraphQLError(cause.message, path=["viewer"], original_error=cause))
    assert (error.message, error.extensions) == (cause.message, {"code": "INTERNAL"})


def test_an_error_without_a_place_is_the_request_s() -> None:
    assert with_code(GraphQLError("Must provide an operation.")).extensions == {
        "code": "BAD_REQUEST"
    }
