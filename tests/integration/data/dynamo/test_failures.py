"""Statuses and bodies of DynamoDB, and of a balancer before it, from a real HTTP server.

The server answers each request with the next prepared response, and counts the requests.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
from structlog.testing import capture_logs

from graphql_api.data.dynamo.client import Dynamo, open_dynamo
from graphql_api.data.dynamo.expressions import Change, absent
from graphql_api.data.dynamo.transactions import Put
from graphql_api.data.dynamo.transport import TransactionFailed
from graphql_api.data.errors import Unavailable
from tests.support.settings import make_settings

KEY = {"PK": "a", "SK": "b"}
COUNT = Change(add={"n": 1})
HTML = b"<html><body><h1>Service error</h1></body></html>"
BODIES = {
    "html": HTML,
    "empty": b"",
    "no type": b'{"message": "no upstream"}',
    "list": b"[1, 2]",
    "number as type": b'{"__type": 7}',
    "binary": b"\xff\xfe\x00",
    "unknown type": b'{"__type": "com.example#Melted", "message": "x"}',
}
DONE = (200, orjson.dumps({"Attributes": {"n": {"N": "1"}}, "Item": {"n": {"N": "1"}}}))


@dataclass
class Engine:
    """An HTTP server on a free loopback port. It supports only the HTTP that the client uses."""

    responses: list[tuple[int, bytes]] = field(default_factory=list)
    requests: int = 0
    url: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with_error = (asyncio.IncompleteReadError, ConnectionError)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                length = int(head.split("content-length:")[1].split("\r\n")[0])
                await reader.readexactly(length)
                self.requests += 1
                status, body = self.responses.pop(0) if self.responses else DONE
                start = f"HTTP/1.1 {status} Prepared\r\nContent-Length: {len(body)}\r\n\r\n"
                writer.write(start.encode() + body)
                await writer.drain()
        except with_error:
            writer.close()


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    engine = Engine()
    server = await asyncio.start_server(engine.serve, "127.0.0.1", 0)
    engine.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield engine
    server.close()


@asynccontextmanager
async def connected(engine: Engine, deadline_ms: int = 20_000) -> AsyncIterator[Dynamo]:
    settings = make_settings(aws_endpoint_url_dynamodb=engine.url, dynamodb_deadline_ms=deadline_ms)
    async with open_dynamo(settings) as dynamo:
        yield dynamo


def error(code: str, **more: Any) -> bytes:
    return orjson.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{code}"} | more)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 520, 599])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
async def test_a_5xx_with_any_body_is_repeated_where_that_is_safe(
    engine: Engine, status: int, body: bytes
) -> None:
    async with connected(engine) as dynamo:
        engine.responses = [(status, body), (status, body)]
        assert await dynamo.get(KEY) == {"n": 1}
        assert engine.requests == 3
        engine.responses = [(status, body)]
        await dynamo.put(KEY)
        assert engine.requests == 5
        engine.responses = [(status, body)]
        with pytest.raises(Unavailable, match="may or may not have been saved"):
            await dynamo.update(KEY, COUNT)
        assert engine.requests == 6


async def test_a_5xx_without_end_is_unavailable(engine: Engine) -> None:
    async with connected(engine, deadline_ms=300) as dynamo:
        engine.responses = [(502, HTML)] * 1000
        with pytest.raises(Unavailable, match=r"in time\. Try again later"):
            await dynamo.get(KEY)
        assert engine.requests >= 2


@pytest.mark.parametrize("body", [HTML, b"", b"[]"])
async def test_a_success_that_is_not_json_is_uncertain(engine: Engine, body: bytes) -> None:
    async with connected(engine) as dynamo:
        engine.responses = [(200, body)]
        assert await dynamo.get(KEY) == {"n": 1}
        engine.responses = [(200, body)]
        with pytest.raises(Unavailable, match="may or may not have been saved"):
            await dynamo.update(KEY, COUNT)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        *(
            (400, error(code, message="x"))
            for code in (
                "ExpiredTokenException",
                "UnrecognizedClientException",
                "InvalidSignatureException",
                "MissingAuthenticationTokenException",
                "IncompleteSignatureException",
                "AccessDeniedException",
            )
        ),
        *((status, body) for status in (401, 403) for body in BODIES.values()),
    ],
)
async def test_rejected_credentials_are_unavailable_and_logged_for_the_operator(
    engine: Engine, status: int, body: bytes
) -> None:
    async with connected(engine) as dynamo:
        engine.responses = [(status, body)]
        with capture_logs() as logs, pytest.raises(Unavailable, match="credentials"):
            await dynamo.get(KEY)
    assert engine.requests == 1
    (line,) = (line for line in logs if line["log_level"] == "error")
    assert (line["event"], line["status"]) == ("DynamoDB rejected the AWS credentials.", status)
    assert "Renew the AWS credentials" in line["fix"]


@pytest.mark.parametrize("status", [301, 302, 400, 404, 405, 413])
@pytest.mark.parametrize("body", [HTML, b"", b"[]", b'{"message": "not here"}'])
async def test_an_answer_of_another_server_is_unavailable_and_logged(
    engine: Engine, status: int, body: bytes
) -> None:
    async with connected(engine) as dynamo:
        engine.responses = [(status, body)]
        with capture_logs() as logs, pytest.raises(Unavailable, match="another server"):
            await dynamo.put(KEY)
    assert engine.requests == 1
    assert [line["status"] for line in logs if line["log_level"] == "error"] == [status]


@pytest.mark.parametrize("response", [(429, HTML), (429, b""), (400, error("Throttling"))])
async def test_a_throttled_addition_is_sent_again(
    engine: Engine, response: tuple[int, bytes]
) -> None:
    async with connected(engine) as dynamo:
        engine.responses = [response, response]
        await dynamo.update(KEY, COUNT)
    assert engine.requests == 3


def cancelled(*codes: str, message: str = "") -> tuple[int, bytes]:
    reasons = [{"Code": code} for code in codes]
    body = error("TransactionCanceledException", CancellationReasons=reasons, message=message)
    return 400, body


async def test_the_reasons_of_a_cancelled_transaction_are_read_by_code(engine: Engine) -> None:
    actions = [Put(KEY, absent()), Put({"PK": "a", "SK": "c"})]
    misleading = "Transaction cancelled [None, TransactionConflict]"
    async with connected(engine) as dynamo:
        engine.responses = [cancelled("ConditionalCheckFailed", "None", message=misleading)]
        with pytest.raises(TransactionFailed) as failure:
            await dynamo.transact(actions)
        assert [reason and reason.code for reason in failure.value.reasons] == [
            "ConditionalCheckFailed",
            None,
        ]
        assert engine.requests == 1
        engine.responses = [cancelled("None", "TransactionConflict", message="")]
        await dynamo.transact(actions)
        assert engine.requests == 3


@pytest.mark.parametrize("code", ["ValidationError", "ItemCollectionSizeLimitExceeded"])
async def test_a_defect_that_cancels_a_transaction_is_no_failed_condition(
    engine: Engine, code: str
) -> None:
    """Otherwise a caller would report a change by another request, or a missing object."""
    async with connected(engine) as dynamo:
        engine.responses = [cancelled(code, "None")]
        with pytest.raises(Exception, match="TransactionCanceledException") as failure:
            await dynamo.transact([Put(KEY, absent()), Put({"PK": "a", "SK": "c"})])
    assert not isinstance(failure.value, TransactionFailed)
