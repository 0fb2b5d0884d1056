"""The complexity of documents."""

import pytest
from graphql import OperationDefinitionNode, parse

from graphql_api.schema.complexity import COST, Complexity, measure, too_costly
from graphql_api.schema.schema import schema
from tests.support.call_counter import counted_calls


def of(text: str, **variables: object) -> Complexity:
    return measure_first(text, variables)


def measure_first(text: str, variables: dict[str, object] | None = None) -> Complexity:
    """Return the complexity of the first operation."""
    document = parse(text)
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    return measure(document, operation, variables)


def test_a_field_is_one_level_and_one_point() -> None:
    assert of("{ viewer { id } }") == Complexity(depth=2, fields=1, cost=2)


def test_a_fragment_counts_wherever_it_is_spread() -> None:
    text = "{ viewer { ...F } node(id: 1) { ...F } } fragment F on Node { a: id b: id @x }"
    weight = of(text)
    assert (weight.aliases, weight.directives, weight.depth, weight.fields) == (4, 2, 2, 2)


def test_inline_fragments_add_no_level() -> None:
    assert of("{ ... on Query { viewer { ... { id } } } }").depth == 2


@pytest.mark.parametrize(
    ("arguments", "size"),
    [("", 20), ("(first: 3)", 3), ("(last: 7)", 7), ("(first: 0)", 1), ("(first: 100000)", 100)],
)
def test_a_page_multiplies_what_is_below_it(arguments: str, size: int) -> None:
    assert of(f"{{ problems{arguments} {{ edges {{ cursor }} }} }}").cost == 5 + size * 2


@pytest.mark.parametrize(
    ("given_value", "size"), [(3, 3), (None, 20), ("x", 100), (2.5, 2), ([], 1), (10**9, 100)]
)
def test_a_variable_counts_for_what_it_is(given_value: object, size: int) -> None:
    text = "query($n: Int) { problems(first: $n) { edges { cursor } } }"
    assert of(text, n=given_value).cost == 5 + size * 2


def test_an_unknown_variable_counts_for_the_largest_page_and_a_default_for_itself() -> None:
    text = "query($n: Int = 4) { problems(first: $n) { edges { cursor } } }"
    assert measure_first(text).cost == 5 + 100 * 2
    assert of(text).cost == 5 + 4 * 2


def test_whatever_takes_first_weighs_as_a_page() -> None:
    fields = [
        name
        for kind in schema._schema.type_map.values()
        for name, field in getattr(kind, "fields", {}).items()
        if "first" in getattr(field, "args", {})
    ]
    assert {"jobs", "events", "problems", "publicFeed"} <= set(fields)
    for name in fields:
        assert of(f"{{ {name}(first: 3) {{ a }} }}").cost == 5 + 3, name


def test_nodes_multiply_by_the_number_of_ids() -> None:
    assert of('{ nodes(ids: ["a", "b", "c"]) { id } }').cost == 1 + 3
    assert of("query($i: [ID!]!) { nodes(ids: $i) { id } }", i=["a"] * 50).cost == 1 + 50


def test_an_operation_is_measured_without_its_neighbours() -> None:
    assert of("query A { a } query B { a { b { c } } }").depth == 1


def test_a_whole_page_of_the_feed_is_affordable() -> None:
    fields = " ".join(f"f{n}" for n in range(25))
    text = f"{{ publicFeed(first: 100) {{ edges {{ cursor node {{ {fields} }} }} }} }}"
    assert too_costly(of(text)) is None
    assert too_costly(Complexity(cost=COST + 1)) is not None


def test_cycles_end() -> None:
    assert of("{ ...A } fragment A on Query { a ...B } fragment B on Query { b ...A }").depth == 1


def test_an_unknown_fragment_weighs_nothing() -> None:
    assert of("{ a ...Missing }").fields == 1


@pytest.mark.parametrize("levels", [20, 150])
def test_fragments_spread_twice_over_and_over_are_weighed_at_once(levels: int) -> None:
    parts = [f"fragment F{n} on Q {{ x: a ...F{n + 1} ...F{n + 1} }}" for n in range(levels)]
    document = parse("{ ...F0 } " + " ".join(parts) + f" fragment F{levels} on Q {{ a }}")
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    with counted_calls() as calls:
        weight = measure(document, operation)
    assert calls.count < 100 * (levels + 1)
    assert weight.excess() is not None
