"""Access tokens."""

from base64 import urlsafe_b64encode
from datetime import timedelta

import jwt
import pytest

from graphql_api.auth.tokens import JwtTokens
from graphql_api.data.errors import Unauthenticated

NOW = 1_773_144_000_000
OLD, NEW = b"an-older-secret" * 4, b"a-newer-secret" * 4


def tokens(*secrets: bytes, now: int = NOW) -> JwtTokens:
    return JwtTokens(secrets or (NEW,), timedelta(minutes=60), lambda: now)


def test_a_token_names_its_user_until_it_ends() -> None:
    token = tokens().issue("U1")
    assert tokens().read(token.value) == "U1"
    assert token.expires_at.timestamp() * 1000 == NOW + 3_600_000
    assert tokens(now=NOW + 3_599_999).read(token.value) == "U1"
    with pytest.raises(Unauthenticated, match="expired"):
        tokens(now=NOW + 3_600_000).read(token.value)


def test_the_first_secret_signs_and_all_verify() -> None:
    token = tokens(OLD).issue("U1").value
    assert tokens(NEW, OLD).read(token) == "U1"
    with pytest.raises(Unauthenticated):
        tokens(NEW).read(token)
    with pytest.raises(Unauthenticated):
        tokens(OLD).read(tokens(NEW, OLD).issue("U1").value)


def forged(key: bytes, algorithm: str = "HS256", **changed: object) -> str:
    claims = {
        "iss": "algoitny",
        "aud": "algoitny-api",
        "typ": "access",
        "sub": "U1",
        "iat": NOW // 1000,
        "exp": NOW // 1000 + 60,
    } | changed
    kept = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(kept, key, algorithm)


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "other"},
        {"aud": "other"},
        {"typ": "refresh"},
        {"typ": None},
        {"sub": None},
        {"exp": None},
        {"exp": "soon"},
        {"iat": None},
        {"aud": None},
    ],
)
def test_a_token_for_another_purpose_is_refused(changed: dict[str, object]) -> None:
    issuer = tokens()
    key = issuer._keys[0]
    assert issuer.read(forged(key)) == "U1"
    with pytest.raises(Unauthenticated):
        issuer.read(forged(key, "HS256", **changed))


def test_the_secret_itself_signs_no_token() -> None:
    with pytest.raises(Unauthenticated):
        tokens().read(forged(NEW))


def test_other_algorithms_are_refused() -> None:
    issuer = tokens()
    key = issuer._keys[0] * 2
    with pytest.raises(Unauthenticated):
        issuer.read(forged(key, "HS512"))
    unsigned = [urlsafe_b64encode(part).decode().rstrip("=") for part in (b'{"alg":"none"}', b"{}")]
    with pytest.raises(Unauthenticated):
        issuer.read(".".join([*unsigned, ""]))


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "é.é.é", "a" * 3000])
def test_text_that_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(Unauthenticated):
        tokens().read(text)


def test_every_changed_character_is_noticed() -> None:
    issuer = tokens()
    token = issuer.issue("U1").value
    header = token.index(".")
    for place in range(header, len(token) - 1, 7):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        with pytest.raises(Unauthenticated):
            issuer.read(changed)
