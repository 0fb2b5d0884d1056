"""Estimate of the requests of an operation, before it is executed."""

import pytest
from graphql import OperationDefinitionNode, parse

from graphql_api.data.records import NO_PID, ProblemId
from graphql_api.schema import ids
from graphql_api.schema.document_cache import find_errors, load_document
from graphql_api.schema.error_codes import DOCUMENT_REFUSED
from graphql_api.schema.request_estimate import estimate_requests
from graphql_api.schema.schema import schema
from tests.support.call_counter import counted_calls

PROBLEMS = [ids.problem_id(ProblemId("a", str(number), NO_PID)) for number in range(100)]
HISTORIES = [ids.encode(ids.Kind.HISTORY, "U", str(number)) for number in range(100)]
TESTS = "testCases { edges { node { input } } }"
NODES = "query($i: [ID!]!) { nodes(ids: $i) { %s } }"


def of(text: str, **variables: object) -> int:
    document = parse(text)
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    return estimate_requests(document, operation, variables)


@pytest.mark.parametrize(
    ("text", "requests"),
    [
        ("{ viewer { id name } }", 1),
        ("{ problems { edges { node { title tags } } } }", 1),
        ("{ problems(first: 30) { edges { node { executionCount } } } }", 1 + 30),
        ("{ problems(last: 3) { edges { node { testCases { edges { cursor } } } } } }", 1 + 3),
        ("{ problems(first: 25) { edges { node { statement constraints } } } }", 1 + 3),
        ("{ publicFeed(first: 100) { edges { node { code } } } }", 1 + 10),
        ("{ jobs { edges { node { events { message } } } } }", 5 + 20),
        ("{ jobs(status: RUNNING) { edges { node { events { message } } } } }", 1 + 20),
        ("{ viewer { usage { date } stats { executions } } }", 1 + 2),
    ],
)
def test_each_page_of_each_object_is_a_request_and_bodies_are_read_in_batches(
    text: str, requests: int
) -> None:
    assert of(text) == requests


@pytest.mark.parametrize(
    ("text", "requests"),
    [
        ("{ a: problems { edges { cursor } } b: problems { pageInfo { hasNextPage } } }", 1),
        ("{ a: problems(first: 1) { __typename } b: problems(first: 2) { __typename } }", 2),
        ("{ problems { edges { node { a: executionCount b: executionCount } } } }", 1 + 20),
        ("{ ...F ...F } fragment F on Query { problems { edges { cursor } } }", 1),
        ("{ a: viewer { ...H } b: viewer { ...H } } fragment H on User { stats { id } }", 2),
        ("query($n: Int = 3, $m: Int = 3) { a: users(first: $n) { x } users(first: $m) { x } }", 1),
    ],
)
def test_equal_reads_are_made_once(text: str, requests: int) -> None:
    assert of(text) == requests


def test_a_repeated_id_is_read_once() -> None:
    assert of(NODES % f"... on Problem {{ {TESTS} }}", i=PROBLEMS[:3] * 30) == 1 + 3


def test_a_fragment_concerns_only_the_ids_of_its_type() -> None:
    fields = f"... on Problem {{ {TESTS} }} ... on History {{ code }} ... on Node {{ id }}"
    assert of(NODES % fields, i=[*PROBLEMS[:4], *HISTORIES[:11], "nonsense"]) == 2 + 4 + 2
    assert of(f"{NODES % '...F'} fragment F on User {{ {TESTS} }}", i=PROBLEMS) == 1


def test_ids_in_the_text_count_like_those_in_variables() -> None:
    listed = ", ".join(f'"{gid}"' for gid in PROBLEMS[:7])
    assert of(f"{{ nodes(ids: [{listed}]) {{ ... on Problem {{ executionCount }} }} }}") == 1 + 7


def test_problems_of_histories_may_be_one_problem() -> None:
    text = "{ publicFeed(first: 100) { edges { node { problem { executionCount } } } } }"
    assert of(text) == 1 + 1 + 1


@pytest.mark.parametrize(
    ("directive", "requests"),
    [
        ("@include(if: false)", 1),
        ("@skip(if: true)", 1),
        ("@include(if: $yes)", 21),
        ("@skip(if: $yes)", 1),
        ("@skip(if: $no)", 21),
    ],
)
def test_skipped_fields_are_not_read(directive: str, requests: int) -> None:
    text = (
        "query($yes: Boolean!, $no: Boolean = false) "
        f"{{ problems {{ edges {{ node {{ executionCount {directive} }} }} }} }}"
    )
    assert of(text, yes=True) == requests


def test_the_change_of_a_mutation_is_not_a_read_but_its_payload_is() -> None:
    text = "mutation { cancelJob(input: {}) { ... on P { job { events { message } } } } }"
    assert of(text) == 1 + 1


@pytest.mark.parametrize("given", [None, 3, "x", {"a": 1}, [None, 1, {"b": 2}], [["x"]], True])
def test_variables_of_a_wrong_type_make_no_error(given: object) -> None:
    assert of(NODES % TESTS, i=given) <= 1
    assert of("query($n: Int) { problems(first: $n) { edges { cursor } } }", n=given) == 1


def test_the_estimate_reads_each_field_of_an_expanded_document_once() -> None:
    next_one = "{{ ...F{} }}"
    parts = [
        f"fragment F{n} on Q {{ a{n} {next_one.format(n + 1)} b{n} {next_one.format(n + 1)} }}"
        for n in range(8)
    ]
    text = "{ ...F0 } " + " ".join(parts) + " fragment F8 on Q { a }"
    with counted_calls() as calls:
        of(text)
    assert calls.count < 100 * 2**9


def refuse(text: str, **variables: object) -> str:
    (error,) = find_errors(
        schema._schema, load_document(text, 64), variables, may_introspect=True, max_requests=100
    )
    assert error.extensions == {"code": DOCUMENT_REFUSED}
    return error.message


def test_an_operation_that_needs_too_many_requests_is_refused_before_it_runs() -> None:
    message = refuse("{ jobs(first: 100) { edges { node { events { message } } } } }")
    assert message.startswith("The operation needs up to 105 requests to the database, but at most")
    pages = " ".join(f"t{n}: testCases(first: {n + 1}) {{ __typename }}" for n in range(8))
    assert "801 requests" in refuse(NODES % f"... on Problem {{ {pages} }}", i=PROBLEMS)
