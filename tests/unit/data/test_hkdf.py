"""Key derivation, compared with the test vectors of RFC 5869 (appendix A, cases 1 to 3)."""

import pytest

from graphql_api.data.hkdf import derive_key


@pytest.mark.parametrize(
    ("secret", "salt", "purpose", "expected"),
    [
        (
            b"\x0b" * 22,
            bytes(range(13)),
            bytes(range(0xF0, 0xFA)),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
        ),
        (
            bytes(range(80)),
            bytes(range(0x60, 0xB0)),
            bytes(range(0xB0, 0x100)),
            (
                "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c6"
                "5e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"
            ),
        ),
        (
            b"\x0b" * 22,
            b"",
            b"",
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
        ),
    ],
)
def test_the_vectors_of_the_rfc_are_met(
    secret: bytes, salt: bytes, purpose: bytes, expected: str
) -> None:
    size = len(expected) // 2
    assert derive_key(secret, purpose, salt=salt, size=size).hex() == expected


def test_each_purpose_has_its_own_key_of_32_bytes() -> None:
    secret = b"one secret for every purpose of it"
    keys = {derive_key(secret, purpose) for purpose in (b"token", b"cursor", b"")}
    assert len(keys) == 3
    assert {len(key) for key in keys} == {32}
