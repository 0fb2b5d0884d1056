"""The text that lists the identities of a set's tests."""

from hypothesis import given
from hypothesis import strategies as st

from graphql_api.data.problems.testcase_ids import pack_ids, unpack_ids
from graphql_api.data.records import TestId

IDS = st.builds(TestId, st.integers(1, 99_999), st.integers(1, 2000))


@given(st.lists(IDS, min_size=1, unique=True))
def test_a_text_contains_the_identities_in_their_order(ids: list[TestId]) -> None:
    assert unpack_ids(pack_ids(ids)) == ids


def test_consecutive_numbers_are_written_as_a_range() -> None:
    ids = [TestId(3, number) for number in (*range(1, 11), 12)]
    assert pack_ids([*ids, TestId(9, 12), TestId(9, 13)]) == "3:1-10,12;9:12-13"
