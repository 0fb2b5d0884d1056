"""Access tokens: JWTs signed with HS256. The keys are derived from the setting SECRET_KEYS.

A token contains only the id of its user. The user's rights are read when the token is used.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import jwt

from graphql_api.config import Settings
from graphql_api.context import AccessToken
from graphql_api.data.clock import Clock, now_ms
from graphql_api.data.errors import Unauthenticated
from graphql_api.data.hkdf import derive_key
from graphql_api.data.limits import TOKEN_CHARACTERS

ISSUER = "algoitny"
AUDIENCE = "algoitny-api"
ALGORITHM = "HS256"
_PURPOSE = "access"
_REQUIRED = ("sub", "exp", "iat", "iss", "aud", "typ")


class JwtTokens:
    """Issuer and reader of access tokens.

    New tokens are signed with the first secret. A token signed with any of the secrets is valid.
    """

    def __init__(
        self, secrets: Sequence[bytes], lifetime: timedelta, clock: Clock = now_ms
    ) -> None:
        self._keys = [derive_key(secret, b"algoitny access token") for secret in secrets]
        self._lifetime = lifetime
        self._clock = clock

    @classmethod
    def from_settings(cls, settings: Settings) -> "JwtTokens":
        """Return an instance that uses the secrets and the token lifetime from the settings."""
        return cls(settings.signing_secrets, timedelta(minutes=settings.access_token_minutes))

    def issue(self, uid: str) -> AccessToken:
        """Return a new access token for a user."""
        now = datetime.fromtimestamp(self._clock() // 1000, UTC)
        expires_at = now + self._lifetime
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "typ": _PURPOSE,
            "sub": uid,
            "iat": now,
            "exp": expires_at,
            "jti": uuid4().hex,
        }
        return AccessToken(jwt.encode(claims, self._keys[0], ALGORITHM), expires_at)

    def read(self, token: str) -> str:
        """Return the id of the token's user.

        Raises:
            Unauthenticated: The token is malformed, was tampered with, or has expired.
        """
        if len(token) > TOKEN_CHARACTERS:
            raise _invalid()
        for key in self._keys:
            try:
                claims = jwt.decode(
                    token,
                    key,
                    algorithms=[ALGORITHM],
                    audience=AUDIENCE,
                    issuer=ISSUER,
                    options={"require": list(_REQUIRED), "verify_exp": False, "verify_iat": False},
                )
            except jwt.InvalidSignatureError:
                continue
            except (jwt.InvalidTokenError, ValueError) as error:
                raise _invalid() from error
            return self._user_of(claims)
        raise _invalid()

    def _user_of(self, claims: dict[str, object]) -> str:
        uid, expires_s = claims["sub"], claims["exp"]
        if claims["typ"] != _PURPOSE or not isinstance(uid, str) or not isinstance(expires_s, int):
            raise _invalid()
        if expires_s * 1000 <= self._clock():
            raise Unauthenticated("The access token has expired. Sign in again.")
        return uid


def _invalid() -> Unauthenticated:
    return Unauthenticated("The access token is not valid. Sign in again.")
