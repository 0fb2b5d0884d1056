"""Negotiation of the media type; requests that end early or name an unknown path."""

from typing import Any

import httpx
import orjson
import pytest
from structlog.testing import capture_logs

from graphql_api.context import Context, Viewer
from graphql_api.http.view import GRAPHQL_JSON, JSON, GraphQLView, RequestRejected, negotiate
from graphql_api.schema.schema import schema
from tests.support.contexts import bare_context


@pytest.mark.parametrize(
    ("accept", "found"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("application/json", JSON),
        ("application/json; charset=utf-8", JSON),
        (GRAPHQL_JSON, GRAPHQL_JSON),
        (f"{GRAPHQL_JSON.upper()}", GRAPHQL_JSON),
        (f"{GRAPHQL_JSON}, application/json;q=0.9", GRAPHQL_JSON),
        (f"{GRAPHQL_JSON};q=0.1, application/json", JSON),
        (f"text/html, {GRAPHQL_JSON};q=0.2", GRAPHQL_JSON),
    ],
)
def test_the_best_of_what_is_accepted_is_taken(accept: str | None, found: str) -> None:
    assert negotiate(accept) == found


@pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", "*/*;q=x", ",,"])
def test_what_we_do_not_speak_is_refused(accept: str) -> None:
    with pytest.raises(RequestRejected) as refused:
        negotiate(accept)
    assert refused.value.status == 406


class Nobody:
    """Services for an anonymous caller."""

    async def authenticate(self, authorization: str | None) -> Viewer | None:
        assert authorization is None
        return None

    def context(self, viewer: Viewer | None) -> Context:
        return bare_context(viewer)


VIEW = GraphQLView(schema, Nobody)


async def test_a_client_that_goes_away_while_sending_is_no_failure_of_ours() -> None:
    pieces = [
        {"type": "http.request", "body": b"{", "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[Any] = []

    async def receive() -> Any:
        return pieces.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"content-type", b"application/json"), (b"content-length", b"50")]
    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": headers}
    await VIEW(scope, receive, send)
    assert sent[0]["status"] == 400


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_subscription_gets_the_advice_to_poll(method: str) -> None:
    body = {"query": "subscription { x }"}
    transport = httpx.ASGITransport(VIEW)
    async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
        if method == "GET":
            response = await client.get("/", params=body)
        else:
            headers = {"content-type": JSON}
            response = await client.post("/", content=orjson.dumps(body), headers=headers)
    assert response.status_code == 400
    (error,) = response.json()["errors"]
    assert "Poll" in error["message"]


class Broken(Nobody):
    """Services that fail unexpectedly."""

    async def authenticate(self, authorization: str | None) -> Viewer | None:
        raise RuntimeError(f"the record of {authorization} is of format 99")


async def test_a_failure_before_execution_is_masked_behind_an_id_that_the_log_has() -> None:
    transport = httpx.ASGITransport(GraphQLView(schema, Broken))
    async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
        with capture_logs() as logs:
            response = await client.post("/", json={"query": "{ __typename }"})
    assert response.status_code == 500
    (error,) = response.json()["errors"]
    assert error["extensions"]["code"] == "INTERNAL"
    assert "format" not in error["message"]
    (entry,) = [entry for entry in logs if entry["event"] == "An unexpected error occurred."]
    assert entry["error_id"] == error["extensions"]["errorId"]
    assert error["extensions"]["errorId"] in error["message"]
    assert "format 99" in str(entry["exc_info"])
