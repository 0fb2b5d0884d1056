"""Truncation of text to a maximum number of bytes or characters."""

ECHO_CHARACTERS = 100


def truncate_utf8(raw: str | bytes, limit: int, ellipsis: str = "") -> str:
    """Truncate a text to at most `limit` bytes in UTF-8.

    A truncated text ends in `ellipsis`, which counts towards the limit. If `raw` is bytes, each
    byte that is not valid UTF-8 becomes the character U+FFFD, which has three bytes.
    """
    if isinstance(raw, bytes):
        # Keep four more bytes than necessary, so that the last character is complete.
        raw = raw[: limit + 4].decode("utf-8", "replace")
    encoded = raw.encode()
    if len(encoded) <= limit:
        return raw
    room = limit - len(ellipsis.encode())
    return encoded[:room].decode("utf-8", "ignore") + ellipsis


def truncate_characters(raw: str | bytes, limit: int, ellipsis: str = "") -> str:
    """Truncate a text to at most `limit` characters.

    A truncated text ends in `ellipsis`, which counts towards the limit. If `raw` is bytes, the
    bytes are decoded as UTF-8, and each byte that is not valid becomes the character U+FFFD.
    """
    text = raw if isinstance(raw, str) else raw[: 4 * limit + 4].decode("utf-8", "replace")
    if len(text) <= limit:
        return text
    return text[: limit - len(ellipsis)] + ellipsis


def shorten(text: str) -> str:
    """Truncate a client's text to at most 100 characters, for use in an error message."""
    return truncate_characters(text, ECHO_CHARACTERS, "…")
