"""Finds additional text in an output, such as a prompt, a unit or the brackets of a list."""

from collections.abc import Sequence

_PUNCTUATION = str.maketrans(dict.fromkeys("[](){}'\",;:=|", " "))
# A prompt or a label in front of a value ends with one of these.
_INTRODUCTIONS = (":", "=", "?", ">")


def has_extra_text(expected: Sequence[str], actual: Sequence[str], *, are_complete: bool) -> bool:
    """Return whether the actual lines contain the expected lines and additional text.

    If `are_complete` is False, the lines are the beginning of longer outputs. They are compared
    only up to the end of the shorter text. The last line or word, which may be truncated, is
    ignored.
    """
    if _adds_punctuation(expected, actual, are_complete=are_complete):
        return True
    if are_complete and len(expected) != len(actual):
        return False
    pairs = list(zip(expected, actual, strict=False))
    return _extends_lines(pairs if are_complete else pairs[:-1])


def _extends_lines(pairs: Sequence[tuple[str, str]]) -> bool:
    return any(left != right for left, right in pairs) and all(
        left == right or _extends(left, right) for left, right in pairs
    )


def _extends(expected: str, actual: str) -> bool:
    """Return whether a line is the expected line with additional text before or after it."""
    return any(
        found
        and _are_apart(before, expected, after)
        and (_is_introduced(before, after) or _is_text(before, after, expected))
        for before, found, after in (actual.partition(expected), actual.rpartition(expected))
    )


def _is_introduced(before: str, after: str) -> bool:
    return not after and before.rstrip().endswith(_INTRODUCTIONS)


def _are_apart(before: str, expected: str, after: str) -> bool:
    """Return whether a value is separate from the text before and after it.

    For example, `5` is separate from the text in `5kg`. In `-5`, `15` and `5.5`, it is only a part
    of another number.
    """
    is_decimal = after[:1] in (".", ",") and after[1:2].isdigit()
    touches = _touch(before[-1:], expected[:1]) or _touch(expected[-1:], after[:1])
    return not touches and not is_decimal and before[-1:] not in tuple("-+.,")


def _touch(left: str, right: str) -> bool:
    """Return whether two characters belong to one number or to one word."""
    return (left.isdigit() and right.isdigit()) or (left.isalpha() and right.isalpha())


def _is_text(before: str, after: str, expected: str) -> bool:
    """Return whether the text before and after an expected line contains no further value.

    If the expected line contains no digits, the result is always True. Otherwise, digits in `after`
    count as a value. Digits in `before` also count as a value, unless `before` contains at least
    two letters, such as `Case #1: `.
    """
    if not _has_digit(expected):
        return True
    return not _has_digit(after) and (not _has_digit(before) or sum(map(str.isalpha, before)) > 1)


def _has_digit(text: str) -> bool:
    return any(map(str.isdigit, text))


def _adds_punctuation(
    expected: Sequence[str], actual: Sequence[str], *, are_complete: bool
) -> bool:
    """Return whether the actual words are the expected words with brackets, quotes or commas."""
    wanted, raw = " ".join(expected).split(), " ".join(actual).split()
    words = " ".join(actual).translate(_PUNCTUATION).split()
    if are_complete:
        return words == wanted != raw
    count = min(len(wanted), len(words)) - 1
    return count > 0 and words[:count] == wanted[:count] != raw[:count]
