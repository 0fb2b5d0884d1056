from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from graphql import build_schema, parse, validate

from graphql_api.cli.api_client import SIGN_IN, ApiClient, ApiError, graphql_url, payload
from graphql_api.cli.commands import submit
from graphql_api.schema.schema import schema


@pytest.mark.parametrize("document", [SIGN_IN, submit.EXECUTE, submit.PROGRESS, submit.RESULT])
def test_the_documents_are_valid_in_the_schema(document: str) -> None:
    assert validate(build_schema(schema.as_str()), parse(document)) == []


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/graphql"),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8000/graphql"),
        ("https://example.org/graphql", "https://example.org/graphql"),
        ("https://example.org/api", "https://example.org/api"),
    ],
)
def test_an_address_without_a_path_is_completed(address: str, url: str) -> None:
    assert graphql_url(address) == url


def test_an_error_is_raised_and_a_payload_returned() -> None:
    with pytest.raises(ApiError, match="no more"):
        payload({"message": "no more", "code": "QUOTA_EXCEEDED"})
    assert payload({"message": "accepted", "history": {}}) == {"message": "accepted", "history": {}}


class Answers(HTTPServer):
    """A server with a list of prepared answers."""

    def __init__(self, *answers: tuple[int, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = list(answers)


class Handler(BaseHTTPRequestHandler):
    server: Answers

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        status, content = self.server.answers.pop(0)
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@contextmanager
def open_client(*answers: tuple[int, bytes]) -> Iterator[tuple[ApiClient, list[float]]]:
    """Open a client of a server with these answers, and record the client's pauses."""
    pauses: list[float] = []
    with Answers(*answers) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            with ApiClient(f"http://127.0.0.1:{server.server_port}", "t", pauses.append) as api:
                yield api, pauses
        finally:
            server.shutdown()
            thread.join()


FINE = (200, b'{"data": {"a": 1}}')


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_called_again(status: int) -> None:
    with open_client((status, b""), (status, b""), FINE) as (api, pauses):
        assert api.call("{a}", {}) == {"a": 1}
        assert pauses == [0.3, 1.0]


def test_a_server_that_stays_busy_is_an_error() -> None:
    with open_client(*[(503, b"")] * 4) as (api, _), pytest.raises(ApiError, match="503"):
        api.call("{a}", {})


def test_a_mutation_that_was_done_without_its_usage_is_no_error() -> None:
    error = b'{"message": "timed out", "path": ["executeCode", "usage"]}'
    with open_client((200, b'{"data": {"a": 1}, "errors": [' + error + b"]}")) as (api, _):
        assert api.call("{a}", {}) == {"a": 1}


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((200, b'{"errors": [{"message": "no such field"}]}'), "no such field"),
        ((404, b"Not Found"), "the address ends in /graphql"),
        ((200, b'{"data": null}'), "neither data nor errors"),
        ((200, b"[]"), "that is not JSON"),
    ],
)
def test_an_answer_without_data_is_an_error(answer: tuple[int, bytes], message: str) -> None:
    with open_client(answer) as (api, _), pytest.raises(ApiError, match=message):
        api.call("{a}", {})


def test_a_refused_first_connection_is_not_retried() -> None:
    pauses: list[float] = []
    with (
        ApiClient("http://127.0.0.1:1", None, pauses.append) as api,
        pytest.raises(ApiError, match="make dev"),
    ):
        api.call("{a}", {})
    assert pauses == []


def test_a_lost_connection_is_retried() -> None:
    pauses: list[float] = []
    server = Answers(FINE)
    thread = Thread(target=server.handle_request)
    thread.start()
    with ApiClient(f"http://127.0.0.1:{server.server_port}", "t", pauses.append) as api:
        api.call("{a}", {})
        thread.join()
        server.server_close()
        with pytest.raises(ApiError, match="cannot be reached"):
            api.call("{a}", {})
    assert pauses == [0.3, 1.0, 3.0]


@pytest.mark.parametrize("address", ["127.0.0.1:8000/graphql", "nonsense", "ftp://x/graphql"])
def test_an_invalid_address_is_an_error(address: str) -> None:
    with ApiClient(address) as api, pytest.raises(ApiError, match="--url"):
        api.call("{a}", {})


def test_a_token_with_invalid_characters_is_rejected() -> None:
    with pytest.raises(ApiError, match="Copy the access token again"):
        ApiClient("http://127.0.0.1:1", "토큰")


def test_variables_are_sent_as_given() -> None:
    sent: dict[str, Any] = {"input": {"code": "셋"}}
    with open_client(FINE) as (api, _):
        assert api.call("{a}", sent) == {"a": 1}
