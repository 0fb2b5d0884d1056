"""Expressions name every attribute and value by placeholder and keep their grouping."""

from graphql_api.data.dynamo.expressions import (
    Change,
    Condition,
    Placeholders,
    above,
    absent,
    below,
    between,
    equals,
    exists,
    one_of,
)


def rendered(condition: Condition) -> tuple[str, Placeholders]:
    places = Placeholders()
    return condition.render(places), places


def test_or_inside_and_keeps_its_brackets() -> None:
    text, _ = rendered(exists() & (equals("st", "PENDING") | below("lx", 5)))
    assert text == "attribute_exists(#PK) AND (#st = :0 OR #lx < :1)"


def test_and_inside_or_keeps_its_brackets() -> None:
    text, _ = rendered(equals("a", 1) | (equals("b", 2) & above("c", 3)))
    assert text == "#a = :0 OR (#b = :1 AND #c > :2)"


def test_a_chain_of_one_kind_needs_no_brackets() -> None:
    text, _ = rendered(equals("a", 1) & equals("b", 2) & equals("c", 3))
    assert text == "#a = :0 AND #b = :1 AND #c = :2"


def test_equal_to_none_means_absent() -> None:
    assert rendered(equals("fid", None))[0] == rendered(absent("fid"))[0]


def test_names_that_look_alike_get_placeholders_of_their_own() -> None:
    places = Placeholders()
    assert places.name("l:c") != places.name("l-c")
    assert set(places.names.values()) == {"l:c", "l-c"}


def test_between_and_in_take_all_their_values() -> None:
    assert rendered(between("SK", "a", "b"))[0] == "#SK BETWEEN :0 AND :1"
    text, places = rendered(one_of("st", ["A", "B"]))
    assert text == "#st IN (:0, :1)"
    assert places.values == {":0": {"S": "A"}, ":1": {"S": "B"}}


def test_a_change_sets_adds_and_removes_and_none_removes() -> None:
    change = Change(put={"a": 1, "gone": None}, add={"n": 2}, drop=["d"])
    assert change.render(Placeholders()) == "SET #a = :0 ADD #n :1 REMOVE #gone, #d"
