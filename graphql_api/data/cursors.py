"""Cursors: signed positions in a list. A cursor is valid only for one list with one filter.

A cursor is the base64url encoding of a version byte, 12 bytes of HMAC-SHA256 and the position. A
cursor reveals only the position. `Cursors.decode` rejects a cursor of another list, filter or
installation.
"""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Sequence

from graphql_api.data.errors import InvalidCursor
from graphql_api.data.hkdf import derive_key
from graphql_api.data.limits import CURSOR_CHARACTERS

_VERSION = b"\x01"
_MAC_BYTES = 12


class Cursors:
    """Creates and verifies cursors.

    New cursors are signed with the first secret. A cursor signed with any of the secrets is valid.
    """

    def __init__(self, secrets: Sequence[bytes]) -> None:
        self._keys = [derive_key(secret, b"algoitny cursor") for secret in secrets]

    def encode(self, scope: str, position: str) -> str:
        """Return the cursor of a position. `scope` identifies the list and its filter."""
        raw = position.encode()
        return _text(_VERSION + _mac(self._keys[0], scope, raw) + raw)

    def decode(self, scope: str, cursor: str) -> str:
        """Return the position that a cursor contains. `scope` identifies the list and its filter.

        Raises:
            InvalidCursor: the cursor was not issued for this list and filter.
        """
        payload = _payload(cursor)
        mac, raw = payload[1 : 1 + _MAC_BYTES], payload[1 + _MAC_BYTES :]
        if payload[:1] != _VERSION or not any(
            hmac.compare_digest(mac, _mac(key, scope, raw)) for key in self._keys
        ):
            raise _invalid()
        return raw.decode()


def _mac(key: bytes, scope: str, raw: bytes) -> bytes:
    scope_hash = hashlib.sha256(scope.encode()).digest()
    return hmac.digest(key, _VERSION + scope_hash + raw, "sha256")[:_MAC_BYTES]


def _text(payload: bytes) -> str:
    return urlsafe_b64encode(payload).decode().rstrip("=")


def _payload(cursor: str) -> bytes:
    if len(cursor) > CURSOR_CHARACTERS:
        raise _invalid()
    try:
        payload = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except (Base64Error, ValueError) as error:
        raise _invalid() from error
    if _text(payload) != cursor:  # the decoder ignores characters outside the alphabet
        raise _invalid()
    return payload


def _invalid() -> InvalidCursor:
    return InvalidCursor(
        "The cursor is not valid for this list and these filters. Use a cursor from `edges` or "
        "`pageInfo` of the same list with the same filters.",
        ("after",),
    )
