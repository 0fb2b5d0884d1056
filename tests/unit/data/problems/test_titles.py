import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphql_api.data.problems.titles import tokens


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("A+B", ["a", "b"]),
        ("Two  SUMS, two sums", ["two", "sums"]),
        ("Straße 7", ["strasse", "7"]),
        ("ＡＢＣ", ["abc"]),  # noqa: RUF001 - full-width letters are the claim
        ("𝐀𝐁", ["ab"]),  # noqa: RUF001 - mathematical letters fold only once normalised
        ("피보나치 수 7", ["피보", "보나", "나치", "수", "7"]),
        ("最短路問題", ["最短", "短路", "路問", "問題"]),
        ("ダイクストラ", ["ダイ", "イク", "クス", "スト", "トラ"]),
        ("DP와 그래프", ["dp", "와", "그래", "래프"]),
        ("हिन्दी", ["हिन्दी"]),
        ("!?", []),
        ("", []),
    ],
)
def test_words_are_folded_and_scripts_without_spaces_give_bigrams(title, expected):
    assert tokens(title) == expected


@given(st.text())
def test_tokens_are_distinct_and_their_own_tokens(text):
    found = tokens(text)
    assert len(found) == len(set(found))
    assert all(found)


@given(st.text(alphabet="abcXYZ019 -가나"))
def test_case_and_width_make_no_difference(text):
    wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text.upper())
    assert tokens(wide) == tokens(text)


def test_decomposed_korean_is_found_like_composed():
    assert tokens("\u1112\u1161\u11ab\u1100\u1173\u11af") == ["한글"]
