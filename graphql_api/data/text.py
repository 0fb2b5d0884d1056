"""Truncation of text: at a number of bytes in UTF-8, or at a number of characters."""

ECHO_CHARACTERS = 100


def truncate_utf8(raw: str | bytes, limit: int, ellipsis: str = "") -> str:
    """Return the longest beginning of a text that has at most `limit` bytes in UTF-8.

    Bytes that are not UTF-8 become U+FFFD, three bytes each. When something is missing, the result
    ends in `ellipsis`, which counts towards the limit.
    """
    if isinstance(raw, bytes):
        # Four more bytes than needed, so that the last character is whole.
        raw = raw[: limit + 4].decode("utf-8", "replace")
    encoded = raw.encode()
    if len(encoded) <= limit:
        return raw
    room = limit - len(ellipsis.encode())
    return encoded[:room].decode("utf-8", "ignore") + ellipsis


def truncate_characters(raw: bytes, limit: int, ellipsis: str = "") -> str:
    """Return the longest beginning of a UTF-8 text that has at most `limit` characters.

    Bytes that are not UTF-8 become U+FFFD. When something is missing, the result ends in
    `ellipsis`, which counts towards the limit.
    """
    text = raw[: 4 * limit + 4].decode("utf-8", "replace")
    if len(text) <= limit:
        return text
    return text[: limit - len(ellipsis)] + ellipsis


def shorten(text: str) -> str:
    """Return a text of a client as an error message may repeat it: at most 100 characters."""
    return text if len(text) <= ECHO_CHARACTERS else text[: ECHO_CHARACTERS - 1] + "…"
