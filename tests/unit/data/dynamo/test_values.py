"""Typed attribute values and Python values convert into each other without loss."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphql_api.data.dynamo.values import dump, dump_item, item_size, load, load_item

scalars = st.none() | st.booleans() | st.integers() | st.binary() | st.text()
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=12
)


@given(st.dictionaries(st.text(min_size=1), values))
def test_an_item_comes_back_as_it_was(item: dict[str, object]) -> None:
    assert load_item(dump_item(item)) == item


@given(st.binary())
def test_binary_values_are_read_from_base64_and_from_bytes_alike(raw: bytes) -> None:
    assert load({"B": b64encode(raw).decode()}) == load({"B": raw}) == raw


def test_empty_strings_survive() -> None:
    assert load(dump("")) == ""


def test_what_the_table_cannot_hold_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match="type set cannot be stored"):
        dump({1, 2})


def test_the_size_of_an_item_counts_names_and_utf8_bytes() -> None:
    assert item_size({"PK": "가", "z": b"1234"}) == 2 + 3 + 1 + 4
