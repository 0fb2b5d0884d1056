"""Derivation of keys from a secret: HKDF with SHA-256 (RFC 5869)."""

import hmac

_HASH = "sha256"
_HASH_BYTES = 32


def derive_key(
    secret: bytes, purpose: bytes, *, salt: bytes = b"", size: int = _HASH_BYTES
) -> bytes:
    """Return a key of `size` bytes (default 32) for one purpose.

    Use a different `purpose` for each use of the secret. Neither the secret nor the key of another
    purpose can be computed from a key. `salt` is optional.
    """
    extracted = hmac.digest(salt or bytes(_HASH_BYTES), secret, _HASH)
    block, key = b"", b""
    for number in range(1, -(-size // _HASH_BYTES) + 1):
        block = hmac.digest(extracted, block + purpose + bytes([number]), _HASH)
        key += block
    return key[:size]
