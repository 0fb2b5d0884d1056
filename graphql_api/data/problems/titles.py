"""The search words of titles and queries.

A search compares the search words of the query with the search words of the titles.
"""

import unicodedata
from collections.abc import Iterator
from itertools import groupby

# Scripts with few or no spaces between words. For these scripts, the search uses pairs of adjacent
# letters instead of words.
_PAIRED = (
    (0x1100, 0x11FF),  # Hangul jamo
    (0x3005, 0x3007),  # ideographic iteration and closing marks, zero
    (0x3040, 0x30FF),  # Hiragana, Katakana
    (0x3130, 0x318F),  # Hangul compatibility jamo
    (0x31F0, 0x31FF),  # Katakana phonetic extensions
    (0x3400, 0x4DBF),  # Chinese, extension A
    (0x4E00, 0x9FFF),  # Chinese
    (0xAC00, 0xD7A3),  # Hangul syllables
    (0xF900, 0xFAFF),  # Chinese, compatibility
    (0x20000, 0x3FFFF),  # Chinese, further extensions
)


def tokens(text: str) -> list[str]:
    """Return the distinct search words of a text, in the order of their first occurrence.

    The text is normalised (Unicode NFKC) and case-folded. A word is a run of letters and digits. A
    run of Korean, Chinese or Japanese letters is split into pairs of adjacent letters (bigrams). A
    run of one such letter is a word.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return list(dict.fromkeys(_tokens(folded)))


def _tokens(text: str) -> Iterator[str]:
    for kind, run in groupby(text, _kind):
        word = "".join(run)
        if kind == "word" or (kind == "paired" and len(word) == 1):
            yield word
        elif kind == "paired":
            yield from (word[start : start + 2] for start in range(len(word) - 1))


def _kind(character: str) -> str:
    code = ord(character)
    # A combining mark belongs to the letter before it.
    if unicodedata.category(character)[0] not in "LNM":
        return ""
    return "paired" if any(low <= code <= high for low, high in _PAIRED) else "word"
