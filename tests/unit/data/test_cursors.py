"""A cursor contains only a position, and only its own list accepts it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphql_api.data.cursors import Cursors
from graphql_api.data.errors import InvalidCursor

ULID = "01JD6Q0Y8ZK3V9M2N4P5R6S7T8"
cursors = Cursors([b"first secret", b"second secret"])


@given(scope=st.text(max_size=80), position=st.text(max_size=80))
def test_a_cursor_reads_back_as_its_position_in_its_own_list(scope: str, position: str) -> None:
    assert cursors.decode(scope, cursors.encode(scope, position)) == position


def test_a_cursor_of_a_ulid_has_at_most_sixty_characters() -> None:
    assert len(cursors.encode("feed", ULID)) <= 60


@given(scope=st.text(max_size=20), other=st.text(max_size=20))
def test_another_list_or_filter_refuses_it(scope: str, other: str) -> None:
    if scope != other:
        with pytest.raises(InvalidCursor):
            cursors.decode(other, cursors.encode(scope, ULID))


@pytest.mark.parametrize("index", range(52))
def test_a_cursor_changed_anywhere_is_refused(index: int) -> None:
    cursor = cursors.encode("feed", ULID)
    changed = "A" if cursor[index] != "A" else "B"
    with pytest.raises(InvalidCursor):
        cursors.decode("feed", cursor[:index] + changed + cursor[index + 1 :])


@pytest.mark.parametrize("extra", ["=", "==", "!", " ", "\n", "é"])
def test_an_issued_cursor_with_anything_added_is_refused(extra: str) -> None:
    cursor = cursors.encode("feed", ULID)
    for changed in (cursor + extra, extra + cursor, cursor[:9] + extra + cursor[9:]):
        with pytest.raises(InvalidCursor):
            cursors.decode("feed", changed)


@given(st.text(max_size=700))
def test_nothing_but_an_issued_cursor_is_accepted(text: str) -> None:
    with pytest.raises(InvalidCursor):
        cursors.decode("feed", text)


def test_a_new_first_secret_signs_and_the_old_one_still_verifies() -> None:
    old = Cursors([b"second secret"])
    assert cursors.decode("feed", old.encode("feed", ULID)) == ULID
    with pytest.raises(InvalidCursor):
        old.decode("feed", cursors.encode("feed", ULID))
