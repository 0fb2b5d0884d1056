"""Truncation of text to a number of bytes in UTF-8 or to a number of characters."""

ECHO_CHARACTERS = 100


def truncate_utf8(raw: str | bytes, limit: int, ellipsis: str = "") -> str:
    """Return the beginning of a text, at most `limit` bytes in UTF-8.

    Each byte that is not valid UTF-8 becomes U+FFFD, which has three bytes. A truncated text ends
    in `ellipsis`, which counts towards the limit.
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
    """Return the beginning of a text, at most `limit` characters. Bytes are UTF-8.

    Each byte that is not valid UTF-8 becomes U+FFFD. A truncated text ends in `ellipsis`, which
    counts towards the limit.
    """
    text = raw if isinstance(raw, str) else raw[: 4 * limit + 4].decode("utf-8", "replace")
    if len(text) <= limit:
        return text
    return text[: limit - len(ellipsis)] + ellipsis


def shorten(text: str) -> str:
    """Return a client's text in a form for error messages: at most 100 characters."""
    return truncate_characters(text, ECHO_CHARACTERS, "…")
