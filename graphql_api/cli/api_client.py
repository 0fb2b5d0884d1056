"""The API as the operator's command calls it: GraphQL over HTTP, like any other client."""

import time
from collections.abc import Callable
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit

import httpx

CONNECT_S, ANSWER_S = 5.0, 30.0
# Pauses before calling again after an error of the network or the server, in seconds.
PAUSES_S = (0.3, 1.0, 3.0)
_NOBODY = (httpx.ConnectError, httpx.UnsupportedProtocol)
_SERVER_ERROR = 500
_TOO_MANY = 429

SIGN_IN = """
mutation SignIn($input: SignInForDevelopmentInput!) {
  signInForDevelopment(input: $input) {
    __typename
    ... on SignInPayload { accessToken }
    ... on UserError { message code }
  }
}
"""


class ApiError(Exception):
    """The API refused, or cannot be reached; the message says what to do."""


class ApiClient:
    """Calls one API. Close it, or use it as a context manager.

    A call is repeated after a failure of network or server, so mutations need an idempotency key.
    Where nobody ever answered, nobody is asked again.
    """

    def __init__(
        self, url: str, token: str | None = None, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.url = graphql_url(url)
        self._sleep = sleep
        self._was_there = False
        self._http = httpx.Client(timeout=httpx.Timeout(ANSWER_S, connect=CONNECT_S))
        if token is not None:
            self._use(token)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def sign_in_for_development(self, email: str) -> None:
        """Sign in as whoever has an address; only an API in development does that.

        Raises:
            ApiError: it refuses, or cannot be reached.
        """
        data = self.call(SIGN_IN, {"input": {"email": email}})
        self._use(str(payload(data["signInForDevelopment"])["accessToken"]))

    def call(self, document: str, variables: dict[str, Any]) -> dict[str, Any]:
        """Run one operation and return its data.

        Raises:
            ApiError: there is no answer, or it is an error.
        """
        response = self._post({"query": document, "variables": variables})
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise ApiError(
                f"{self.url} answers {response.status_code} without JSON; is it AlgoItny's GraphQL "
                "address? It ends in /graphql."
            )
        if errors := answer.get("errors"):
            raise ApiError("; ".join(str(error.get("message", error)) for error in errors))
        data = answer.get("data")
        if not isinstance(data, dict):
            raise ApiError(f"{self.url} answers {response.status_code} without data")
        return data

    def _post(self, body: dict[str, Any]) -> httpx.Response:
        failure = ""
        for pause in (*PAUSES_S, None):
            try:
                response = self._http.post(self.url, json=body)
            except httpx.TransportError as error:
                failure = self._unreachable(error)
                if not self._was_there and isinstance(error, _NOBODY):
                    break
            else:
                self._was_there = True
                if response.status_code < _SERVER_ERROR and response.status_code != _TOO_MANY:
                    return response
                failure = f"{self.url} answers {response.status_code}; try again later"
            if pause is not None:
                self._sleep(pause)
        raise ApiError(failure)

    def _unreachable(self, error: httpx.TransportError) -> str:
        why = str(error) or type(error).__name__
        if isinstance(error, httpx.UnsupportedProtocol):
            return f"{self.url} is no address; give one as --url http://127.0.0.1:8000/graphql"
        if isinstance(error, httpx.TimeoutException):
            return f"{self.url} does not answer in time; try again later"
        return (
            f"{self.url} cannot be reached ({why}). Start the API with `make dev`, or name another "
            "one with --url."
        )

    def _use(self, token: str) -> None:
        if not (token.strip().isascii() and token.strip().isprintable()):
            raise ApiError("the token holds characters that no token has; copy it again")
        self._http.headers["Authorization"] = f"Bearer {token.strip()}"


def graphql_url(address: str) -> str:
    """Return the GraphQL endpoint of an API that is named with or without its path."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(path="/graphql")) if parts.path in ("", "/") else address


def payload(result: dict[str, Any]) -> dict[str, Any]:
    """Return a mutation's result if it is no member of `UserError`.

    Raises:
        ApiError: it is one; with its message.
    """
    code = result.get("code")
    if "message" in result and isinstance(code, str):
        raise ApiError(f"{result['message']} ({code})")
    return result
