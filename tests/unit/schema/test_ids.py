"""Global ids."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphql_api.data.errors import InvalidInput
from graphql_api.data.records import TestCaseKey
from graphql_api.schema import ids

part = st.text(min_size=1, max_size=40).filter(lambda text: "#" not in text)


@given(st.tuples(part, part))
def test_an_id_names_what_it_was_made_of(parts: tuple[str, str]) -> None:
    assert ids.problem_key(ids.problem_id(*parts)) == parts


@given(st.text(max_size=60))
def test_no_other_text_is_an_id_twice(text: str) -> None:
    found = ids.decode(text)
    assert found is None or ids.encode(found[0], *found[1]) == text


def test_ids_show_no_type_s_name() -> None:
    raw = ids.user_id("01M7Y86A6PFHHNZ5NC5P8SW17X")
    assert "User" not in raw
    assert ids.user_key(raw) == "01M7Y86A6PFHHNZ5NC5P8SW17X"


@pytest.mark.parametrize("text", ["", "x", "!!", "dTA=", "cGE", "aGE", "a" * 500, "é"])
def test_what_is_no_id_is_a_typed_error(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        ids.history_key(text)
    assert refused.value.path == ("historyId",)


def test_the_id_of_another_kind_is_refused() -> None:
    with pytest.raises(InvalidInput):
        ids.user_key(ids.problem_id("a", "1"))


def test_a_test_is_named_with_its_version() -> None:
    key = TestCaseKey(platform="a", number="1", version=3, test=12)
    assert ids.test_case_key(ids.test_case_id(key)) == key
    with pytest.raises(InvalidInput):
        ids.test_case_key(ids.encode(ids.Kind.TEST_CASE, "a", "1", "x", "²"))


@pytest.mark.parametrize("parts", [("01", "1"), ("1", "00001"), ("1", "+1")])
def test_a_test_has_one_id(parts: tuple[str, str]) -> None:
    with pytest.raises(InvalidInput):
        ids.test_case_key(ids.encode(ids.Kind.TEST_CASE, "a", "1", *parts))
