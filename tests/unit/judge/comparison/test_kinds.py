"""The kind of difference between an output and the expected output."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphql_api.data.enums import Comparer, DifferenceKind
from judge.comparison import kinds, tokenizer
from judge.comparison.comparers import SUPPORTED, compare
from tests.unit.judge.comparison.test_comparers import Counting, reading

WHITE_SPACE, LETTER_CASE, ORDER, MISSING_LINES, EXTRA_LINES, NUMBER, OTHER = DifferenceKind
LINES = st.lists(st.sampled_from([b"a", b"A", b"b", b"1", b"2 a", b"b  1"]), max_size=6)


def kind_of(expected: bytes, actual: bytes, comparer: Comparer = Comparer.TOKENS) -> object:
    return compare(comparer, io.BytesIO(expected), io.BytesIO(actual)).kind


@pytest.mark.parametrize("size", [1, 3, 1 << 20])
@pytest.mark.parametrize(
    ("comparer", "expected", "actual", "kind"),
    [
        ("TOKENS", b"12 3\n", b"1 23\n", WHITE_SPACE),
        ("LINES", b"1 2\n", b"1  2\n", WHITE_SPACE),
        ("EXACT", b"1\n", b"1", WHITE_SPACE),
        ("EXACT", b"1\n\n2\n", b"1\n2\n", WHITE_SPACE),
        ("TOKENS", b"Yes\nNo\n", b"YES\nNO\n", LETTER_CASE),
        ("LINES", b"Yes No\n", b"yes  no\n", LETTER_CASE),
        ("TOKENS", "É\n".encode(), "é\n".encode(), LETTER_CASE),
        ("TOKENS", b"1 2 3\n", b"3 1 2\n", ORDER),
        ("LINES", b"1\n2\n", b"2\n1\n", ORDER),
        ("UNORDERED_LINES", b"1 2\n3\n", b"3\n2 1\n", ORDER),
        ("TOKENS", b"1\n2\n3\n", b"1\n3\n", MISSING_LINES),
        ("TOKENS", b"1\n2\n3\n", b"", MISSING_LINES),
        ("UNORDERED_LINES", b"1\n2\n3\n", b"3\n1\n", MISSING_LINES),
        ("UNORDERED_LINES", b"1\n1\n", b"1\n", MISSING_LINES),
        ("TOKENS", b"1\n2\n", b"1\nhello\n2\n", EXTRA_LINES),
        ("EXACT", b"1\n", b"1\n2\n", EXTRA_LINES),
        ("UNORDERED_LINES", b"1\n2\n", b"2\n3\n1\n", EXTRA_LINES),
        ("TOKENS", b"ok 5\n", b"ok 6\n", NUMBER),
        ("FLOAT", b"0.5 1\n", b"0.5 1.1\n", NUMBER),
        ("FLOAT", b"x -1e5\n", b"x 2\n", NUMBER),
        ("LINES", b"7\n", b"8\n", NUMBER),
        ("TOKENS", b"YES\n", b"NO\n", OTHER),
        ("TOKENS", b"1 2\n", b"1 x\n", OTHER),
        ("TOKENS", b"1 2\n", b"1\n", OTHER),
        ("FLOAT", b"nan\n", b"nan\n", OTHER),
        ("UNORDERED_LINES", b"1\n2\n", b"3\n1\n", OTHER),
        ("TOKENS", b"\x00\xff\n", b"\x00\xfe\n", OTHER),
    ],
)
def test_the_kind_does_not_depend_on_the_size_of_a_block(
    size: int, comparer: str, expected: bytes, actual: bytes, kind: DifferenceKind
) -> None:
    with reading(size):
        assert kind_of(expected, actual, Comparer(comparer)) is kind


@pytest.mark.parametrize("comparer", sorted(SUPPORTED))
@given(expected=LINES, actual=LINES)
def test_every_rejected_output_has_a_kind_and_no_accepted_one(
    comparer: Comparer, expected: list[bytes], actual: list[bytes]
) -> None:
    texts = (io.BytesIO(b"\n".join(lines)) for lines in (expected, actual))
    comparison = compare(comparer, *texts)
    assert comparison.equal is (comparison.kind is None)


@given(lines=LINES, extra=st.integers(0, 6), size=st.sampled_from([1, 2, 1 << 20]))
def test_an_output_without_one_of_its_lines_lacks_lines(
    lines: list[bytes], extra: int, size: int
) -> None:
    whole = [*lines[:extra], b"only here", *lines[extra:]]
    with reading(size):
        for comparer in (Comparer.TOKENS, Comparer.UNORDERED_LINES):
            assert kind_of(b"\n".join(whole), b"\n".join(lines), comparer) is MISSING_LINES
            assert kind_of(b"\n".join(lines), b"\n".join(whole), comparer) is EXTRA_LINES


@pytest.mark.parametrize("comparer", sorted(SUPPORTED))
def test_of_a_flood_of_lines_only_a_few_more_than_expected_are_read(comparer: Comparer) -> None:
    actual = Counting(b"a\n" * 5_000_000)
    assert compare(comparer, io.BytesIO(b"x\ny\n"), actual).kind is OTHER
    assert actual.total < 20 * tokenizer.BLOCK


@pytest.mark.parametrize("comparer", [Comparer.TOKENS, Comparer.UNORDERED_LINES])
def test_lines_of_a_longer_expected_output_are_neither_missing_nor_extra(
    monkeypatch: pytest.MonkeyPatch, comparer: Comparer
) -> None:
    monkeypatch.setattr(kinds, "MOST_LINES", 3)
    assert kind_of(b"a\nb\nc\n", b"a\nb\n", comparer) is MISSING_LINES
    assert kind_of(b"a\nb\nc\n", b"a\nb\nc\nd\n", comparer) is EXTRA_LINES
    assert kind_of(b"a\nb\nc\nd\n", b"a\nb\nc\n", comparer) is OTHER
    assert kind_of(b"a\nb\nc\nd\n", b"a\nb\nc\nd\ne\n", comparer) is OTHER
