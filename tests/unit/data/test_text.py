"""Truncation of text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphql_api.data.text import truncate_characters, truncate_utf8

ELLIPSES = st.sampled_from(["", "…", "\n… (cut)"])
LIMITS = st.integers(16, 64)


@given(st.text(max_size=80), st.integers(0, 64))
def test_a_truncated_text_is_the_longest_whole_beginning_that_fits(text: str, limit: int) -> None:
    truncated = truncate_utf8(text, limit)
    assert text.startswith(truncated)
    assert len(truncated.encode()) <= limit
    assert truncated == text or len(text[: len(truncated) + 1].encode()) > limit


@given(st.text(max_size=80), LIMITS, ELLIPSES)
def test_text_and_its_bytes_are_truncated_alike(text: str, limit: int, ellipsis: str) -> None:
    assert truncate_utf8(text.encode(), limit, ellipsis) == truncate_utf8(text, limit, ellipsis)


@given(st.binary(max_size=200), LIMITS, ELLIPSES)
def test_any_bytes_become_text_within_the_limit(raw: bytes, limit: int, ellipsis: str) -> None:
    whole = raw.decode("utf-8", "replace")
    truncated = truncate_utf8(raw, limit, ellipsis)
    assert len(truncated.encode()) <= limit
    if len(whole.encode()) <= limit:
        assert truncated == whole
    else:
        assert truncated.endswith(ellipsis)
        assert whole.startswith(truncated.removesuffix(ellipsis))


@given(st.binary(max_size=400), LIMITS, ELLIPSES)
def test_characters_are_counted_after_decoding(raw: bytes, limit: int, ellipsis: str) -> None:
    whole = raw.decode("utf-8", "replace")
    truncated = truncate_characters(raw, limit, ellipsis)
    assert len(truncated) == min(len(whole), limit)
    assert whole.startswith(truncated if truncated == whole else truncated.removesuffix(ellipsis))


@pytest.mark.parametrize(
    ("raw", "limit", "ellipsis", "truncated"),
    [
        ("", 0, "", ""),
        ("가나", 5, "", "가"),
        ("가나", 6, "…", "가나"),
        ("가나다", 8, "…", "가…"),
        (b"\xff", 3, "", "\ufffd"),
        (b"\xff", 2, "", ""),
        ("😀".encode()[:3] + b"x", 3, "", "\ufffd"),
    ],
)
def test_examples(raw: str | bytes, limit: int, ellipsis: str, truncated: str) -> None:
    assert truncate_utf8(raw, limit, ellipsis) == truncated
