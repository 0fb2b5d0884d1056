import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphql_api.data.errors import InvalidInput
from graphql_api.data.limits import MAX_LANGUAGE_LIMITS, TIME_MULTIPLIER
from graphql_api.data.problems.language_limits import pack, unpack

NAMES = st.text(alphabet="abcz+#:,019", min_size=1, max_size=8).filter(
    lambda name: not set(name) & set("#:,")
)
MULTIPLIERS = st.integers(10, 10_000).map(lambda hundredths: hundredths / 100)


@given(st.dictionaries(NAMES, MULTIPLIERS, max_size=MAX_LANGUAGE_LIMITS))
def test_multipliers_come_back_as_they_were(multipliers):
    assert unpack(pack(multipliers)) == multipliers


def test_they_are_kept_short():
    assert pack({"python": 4.0, "java": 1.5}) == "java:1.5,python:4"
    assert pack({}) is None
    assert unpack(None) == {}


@pytest.mark.parametrize(
    "multipliers",
    [
        {"c": 0.0},
        {"c": -1.0},
        {"c": TIME_MULTIPLIER[1] + 1},
        {"c": float("nan")},
        {"c": 1.234},
        {"a:b": 1.0},
        {"a,b": 1.0},
        {str(n): 1.0 for n in range(MAX_LANGUAGE_LIMITS + 1)},
    ],
)
def test_what_a_card_has_no_room_for_is_refused(multipliers):
    with pytest.raises(InvalidInput):
        pack(multipliers)
