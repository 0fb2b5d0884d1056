"""A client that calls the GraphQL API over HTTP."""

import time
from collections.abc import Callable
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit

import httpx

CONNECT_S, ANSWER_S = 5.0, 30.0
# Pauses in seconds before each retry after a network or server error.
PAUSES_S = (0.3, 1.0, 3.0)
_NOT_CONNECTED = (httpx.ConnectError, httpx.UnsupportedProtocol)
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
    """The API rejected a request or cannot be reached. The message says what to do."""


class ApiClient:
    """A client of one API. Use it as a context manager.

    A call is sent again after a network error, a server error or status 429. Mutations therefore
    need an idempotency key. A refused connection is retried only if the API has answered before.
    """

    def __init__(
        self, url: str, token: str | None = None, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.url = graphql_url(url)
        self._sleep = sleep
        self._has_answered = False
        self._http = httpx.Client(timeout=httpx.Timeout(ANSWER_S, connect=CONNECT_S))
        if token is not None:
            self._use(token)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def sign_in_for_development(self, email: str) -> None:
        """Sign in as the user with this e-mail address.

        This works only if the API runs in development.

        Raises:
            ApiError: The API rejects the sign-in or cannot be reached.
        """
        data = self.call(SIGN_IN, {"input": {"email": email}})
        self._use(str(payload(data["signInForDevelopment"])["accessToken"]))

    def call(self, document: str, variables: dict[str, Any]) -> dict[str, Any]:
        """Run one GraphQL operation and return the `data` of the response.

        Raises:
            ApiError: The API does not answer, or answers with an error.
        """
        response = self._post({"query": document, "variables": variables})
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise ApiError(
                f"{self.url} sent a response with the status {response.status_code} that is not "
                "JSON. Check that the address ends in /graphql."
            )
        if errors := list(filter(_is_failure, answer.get("errors") or ())):
            raise ApiError("; ".join(str(error.get("message", error)) for error in errors))
        data = answer.get("data")
        if not isinstance(data, dict):
            raise ApiError(
                f"{self.url} sent a response with the status {response.status_code} that contains "
                "neither data nor errors. Try again later."
            )
        return data

    def _post(self, body: dict[str, Any]) -> httpx.Response:
        failure = ""
        for pause in (*PAUSES_S, None):
            try:
                response = self._http.post(self.url, json=body)
            except httpx.TransportError as error:
                failure = self._unreachable(error)
                if not self._has_answered and isinstance(error, _NOT_CONNECTED):
                    break
            else:
                self._has_answered = True
                if response.status_code < _SERVER_ERROR and response.status_code != _TOO_MANY:
                    return response
                failure = (
                    f"{self.url} sent a response with the status {response.status_code}. Try "
                    "again later."
                )
            if pause is not None:
                self._sleep(pause)
        raise ApiError(failure)

    def _unreachable(self, error: httpx.TransportError) -> str:
        reason = str(error) or type(error).__name__
        if isinstance(error, httpx.UnsupportedProtocol):
            return (
                f"{self.url} is not a valid address. Set an address with the option --url, such "
                "as http://127.0.0.1:8000/graphql."
            )
        if isinstance(error, httpx.TimeoutException):
            return f"{self.url} did not answer in time. Try again later."
        return (
            f"{self.url} cannot be reached ({reason}). Start the API with `make dev`, or set "
            "another address with --url."
        )

    def _use(self, token: str) -> None:
        if not (token.strip().isascii() and token.strip().isprintable()):
            raise ApiError(
                "The access token contains invalid characters. Copy the access token again."
            )
        self._http.headers["Authorization"] = f"Bearer {token.strip()}"


def graphql_url(address: str) -> str:
    """Return the URL of the GraphQL endpoint. An `address` without a path gets `/graphql`."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(path="/graphql")) if parts.path in ("", "/") else address


def _is_failure(error: dict[str, Any]) -> bool:
    """Return whether a GraphQL error makes the call fail.

    An error of the field `usage` does not make the call fail, because the commands only print the
    usage as additional information.
    """
    return bool((error.get("path") or [None])[-1] != "usage")


def payload(result: dict[str, Any]) -> dict[str, Any]:
    """Return the result of a mutation if the mutation succeeded.

    Raises:
        ApiError: The result is an error (a type that implements `UserError`). The message of the
            exception contains the message and the code of this error.
    """
    code = result.get("code")
    if "message" in result and isinstance(code, str):
        raise ApiError(f"{result['message']} ({code})")
    return result
