"""Arguments of connections."""

import pytest

from graphql_api.data.cursors import Cursors
from graphql_api.data.dynamo.pages import PageWindow
from graphql_api.data.errors import InvalidCursor, InvalidInput
from graphql_api.resolvers.paging import PageRequest, scope_of

CURSORS = Cursors([b"secret" * 8])


def test_without_arguments_a_page_holds_the_first_twenty() -> None:
    assert PageRequest().window(CURSORS, "s") == PageWindow(size=20)


def test_last_reads_from_the_end_up_to_before() -> None:
    before = CURSORS.encode("s", "p")
    window = PageRequest(last=5, before=before).window(CURSORS, "s")
    assert window == PageWindow(size=5, from_end=True, before="p")


@pytest.mark.parametrize("size", [0, -1, 101, 2**31 - 1])
def test_a_size_out_of_range_is_named(size: int) -> None:
    for name in ("first", "last"):
        with pytest.raises(InvalidInput) as refused:
            PageRequest(**{name: size}).window(CURSORS, "s")  # type: ignore[arg-type]
        assert refused.value.path == (name,)


def test_a_foreign_cursor_is_named_by_its_argument() -> None:
    foreign = CURSORS.encode("other", "p")
    for name in ("after", "before"):
        with pytest.raises(InvalidCursor) as refused:
            PageRequest(**{name: foreign}).window(CURSORS, "s")  # type: ignore[arg-type]
        assert refused.value.path == (name,)


def test_no_two_filters_share_a_scope() -> None:
    filters = [(None, None), ("", None), (None, ""), ("a", None), (None, "a"), ("a", "a"), ("aa",)]
    assert len({scope_of("list", *found) for found in filters}) == len(filters)
