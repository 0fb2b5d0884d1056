"""Documents that are not executed, and the caches of parsed and checked documents."""

import gc
import tracemalloc
from typing import Any

import pytest
from cachetools import LRUCache
from graphql import DocumentNode, GraphQLError, get_introspection_query, parse

from graphql_api.schema import document_cache
from graphql_api.schema.document_cache import find_errors, load_document
from graphql_api.schema.schema import schema
from tests.support.call_counter import counted_calls
from tests.support.contexts import bare_context

TWO = "query A { __typename } query B { __typename }"


def errors_of(
    text: str, operation_name: str | None = None, *, may_introspect: bool = True
) -> list[str]:
    errors = find_errors(
        schema._schema,
        load_document(text, 64),
        {},
        may_introspect=may_introspect,
        max_requests=100,
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


PLAIN = "query Plain { __typename }"
OF_TYPES = "ofType { " * 12
EXCESSIVE = {
    "Introspection": "query Other { __schema { types { name } } }",
    "costs": "query Other { problems(first: 100) { edges { node { testCases(first: 100) { edges { "
    "cursor } } } } } }",
    "aliases": f"query Other {{ {' '.join(f'a{n}: __typename' for n in range(16))} }}",
    "directives": f"query Other {{ viewer {{ {'id @skip(if: false) ' * 51} }} }}",
    "root fields": f"query Other {{ {'__typename ' * 21} }}",
    "levels": f"query Other {{ __schema {{ types {{ fields {{ type {{ {OF_TYPES} name {'} ' * 17}",
}


@pytest.mark.parametrize(("rule", "other"), EXCESSIVE.items())
def test_rules_apply_to_the_operation_that_runs_and_not_to_its_neighbours(
    rule: str, other: str
) -> None:
    for text in (f"{PLAIN} {other}", f"{other} {PLAIN}"):
        messages = errors_of(text, "Other", may_introspect=rule != "Introspection")
        assert len(messages) == 1
        assert rule in messages[0]
        assert errors_of(text, "Plain", may_introspect=False) == []


def test_a_heavier_operation_does_not_cover_introspection() -> None:
    heavy = "query Heavy { problems(first: 90) { edges { node { id } } } }"
    text = (
        f'{heavy} query Look {{ __type(name: "User") {{ ...F }} }} fragment F on __Type {{ name }}'
    )
    (message,) = errors_of(text, "Look", may_introspect=False)
    assert "Introspection" in message
    assert errors_of(text, "Heavy", may_introspect=False) == []


@pytest.mark.parametrize(
    "text",
    [
        "".join(
            f"query A{n} {{ ...F0 ...F1 }} "
            f"fragment F{n} on Query {{ viewer {{ id }} ...F{n + 1} }} "
            for n in range(40)
        )
        + "fragment F40 on Query { viewer { id } }",
        "query A0 { __typename } query B { "
        + " ".join(f"...F{n}" for n in range(70))
        + "} "
        + " ".join(f"fragment F{n} on Query {{ viewer {{ id }} }}" for n in range(70)),
        "query A0 { __typename } query B { problem: node(id: 1) { ...F0 ...F0 } } "
        + " ".join(
            f"fragment F{n} on History {{ problem {{ ...P{n} ...P{n} }} ...F{n + 1} }} "
            f"fragment P{n} on Problem {{ id }}"
            for n in range(35)
        )
        + "fragment F35 on History { id }",
    ],
)
def test_operations_that_do_not_run_are_validated_within_bounds(text: str) -> None:
    document = load_document(text, 64)
    with counted_calls() as calls:
        find_errors(
            schema._schema, document, {}, may_introspect=True, max_requests=100, operation_name="A0"
        )
    assert calls.count < 500_000


@pytest.mark.parametrize("character", ["x", "한"])
def test_a_document_is_bounded_in_bytes(character: str) -> None:
    empty = "{ __typename } #"
    room = 64 * 1024 - len(empty)
    fitting = empty + character * (room // len(character.encode()))
    assert errors_of(fitting) == []
    with pytest.raises(GraphQLError, match="64 KB") as refused:
        errors_of(fitting + character)
    assert refused.value.extensions == {"code": "DOCUMENT_REFUSED"}


@pytest.mark.parametrize("padding", [0, 20_000, 60_000])
async def test_a_document_is_parsed_once_and_then_taken_from_the_cache(
    padding: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[str] = []

    def count(text: str, **options: Any) -> DocumentNode:
        parsed.append(text)
        return parse(text, **options)

    monkeypatch.setattr(document_cache, "parse", count)
    text = f"query P{padding} {{ __typename }} #{'x' * padding}"
    for _ in range(2):
        await schema.execute(text, context_value=bare_context())
    assert parsed == [text]


TREES = {
    "fields": "{ " + "a " * 990 + "}",
    "nested fields": "{ viewer { " + "plan { id } " * 240 + "} }",
    "arguments": "{ " + " ".join(f'a{n}: node(id: "{n}") {{ id }}' for n in range(76)) + "}",
    "strings": "{ nodes(ids: [" + '"" ' * 980 + "]) { id } }",
    "long strings": '{ nodes(ids: ["' + "x" * 60_000 + '"]) { id } }',
    "wide characters": '{ nodes(ids: ["' + "한" * 20_000 + '"]) { id } }',
    "widest characters": '{ nodes(ids: ["' + "\N{GRINNING FACE}" * 15_000 + '"]) { id } }',
    "comments": "#\n" * 30_000 + "{ a }",
    "directives": "{ a " + "@x " * 490 + "}",
    "variables": "query(" + "$a:I " * 240 + ") { a }",
    "fragments": "".join(f"fragment F{n} on Q {{ a }} " for n in range(140)) + "{ a }",
    "operations": "".join(f"query Q{n} {{ a }} " for n in range(190)),
    "names": "{ " + " ".join("x" * 60 + str(n) for n in range(900)) + " }",
}


@pytest.mark.parametrize("text", TREES.values(), ids=TREES.keys())
def test_the_estimate_of_a_syntax_tree_is_at_least_its_memory(text: str) -> None:
    parse(text)
    gc.collect()
    tracemalloc.start()
    try:
        document = parse(text)
        gc.collect()
        size_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size_bytes <= document_cache._document_bytes(document)


@pytest.mark.parametrize(
    "text",
    [
        "{ " + " ".join(f"unknown{n}" for n in range(120)) + " }",
        "{ " + " ".join("x" * 500 + str(n) for n in range(120)) + " }",
        " ".join(f"query Q{n} {{ __typename }}" for n in range(190)),
    ],
)
def test_the_estimate_of_a_check_is_at_least_its_memory(text: str) -> None:
    document = parse(text)
    document_cache._check(schema._schema, document, hide_suggestions=False)
    gc.collect()
    tracemalloc.start()
    try:
        checked = document_cache._check(schema._schema, document, hide_suggestions=False)
        gc.collect()
        size_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size_bytes <= document_cache._check_bytes(checked)


def test_different_documents_without_end_keep_the_caches_within_their_bounds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parsed: LRUCache[str, DocumentNode] = LRUCache(1024 * 1024, document_cache._document_bytes)
    checked: LRUCache[Any, Any] = LRUCache(1024 * 1024, document_cache._check_bytes)
    monkeypatch.setattr(document_cache, "_parsed", parsed)
    monkeypatch.setattr(document_cache, "_checked", checked)
    tracemalloc.start()
    try:
        for number in range(20):
            text = "{ " + " ".join(f"x{number}_{n}" for n in range(150)) + " }"
            errors_of(text, may_introspect=False)
        gc.collect()
        size_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 0 < len(parsed) < 20
    assert 0 < len(checked) < 20
    assert size_bytes <= parsed.currsize + checked.currsize <= 2 * 1024 * 1024


def test_a_document_of_more_than_a_quarter_of_a_cache_evicts_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    large = "{ " + " ".join(f"viewer{n}: viewer {{ id }}" for n in range(60)) + " }"
    limit = 4 * document_cache._document_bytes(parse(large)) - 4
    parsed: LRUCache[str, DocumentNode] = LRUCache(limit, document_cache._document_bytes)
    monkeypatch.setattr(document_cache, "_parsed", parsed)
    small = [f"{{ viewer{n}: viewer {{ id }} }}" for n in range(20)]
    for text in [*small, large]:
        load_document(text, 64)
    assert list(parsed) == small
