"""A small ASGI application, and the API's HTTP protocol with short limits."""

import asyncio
from typing import Any, ClassVar

import orjson
from starlette.types import Receive, Scope, Send

from graphql_api.data.limits import KB, MB
from graphql_api.http.protocol import BoundedHttpProtocol

LARGE_BYTES = 16 * MB
# Longer than every limit of `ScaledProtocol`.
WORK_S = 4.0


class ScaledProtocol(BoundedHttpProtocol):
    """The protocol with limits that a test can wait for. It records the longest pipeline."""

    HEADER_S = 1.0
    STALL_S = 1.0
    TOTAL_S = 3.0
    TICK_S = 0.05
    LINGER_S = 0.5
    CONNECTIONS = 20
    longest_pipeline: ClassVar[int] = 0
    most_connections: ClassVar[int] = 0

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        ScaledProtocol.longest_pipeline = max(self.longest_pipeline, len(self.pipeline))

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        is_open = [not other.transport.is_closing() for other in self.connections]
        ScaledProtocol.most_connections = max(self.most_connections, sum(is_open))


class EchoApplication:
    """Echoes requests. The path selects another behaviour."""

    def __init__(self) -> None:
        self.disconnects = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        match scope["path"]:
            case "/early":
                await _answer(send, b"early")
            case "/large":
                await _answer(send, bytes(LARGE_BYTES))
            case "/work":
                await asyncio.sleep(WORK_S)
                await _answer(send, b"worked")
            case "/unread":
                await asyncio.sleep(WORK_S)
                await _answer(send, b"%d" % len(await self._read(receive)))
            case "/counts":
                await _answer(send, orjson.dumps(self._counts()))
            case path:
                body = await self._read(receive)
                names = [name.decode() for name, _ in scope["headers"]]
                echo = {"path": path, "body": body.decode(), "method": scope["method"]}
                await _answer(send, orjson.dumps({**echo, "headers": names}))

    async def _read(self, receive: Receive) -> bytes:
        body = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.disconnects += 1
                return body
            body += bytes(message["body"])
            if not message["more_body"]:
                return body

    def _counts(self) -> dict[str, int]:
        return {
            "disconnects": self.disconnects,
            "longest_pipeline": ScaledProtocol.longest_pipeline,
            "most_connections": ScaledProtocol.most_connections,
        }


async def _answer(send: Send, body: bytes) -> None:
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for start in range(0, len(body), 64 * KB) or [0]:
        part = body[start : start + 64 * KB]
        is_last = start + len(part) == len(body)
        await send({"type": "http.response.body", "body": part, "more_body": not is_last})


app = EchoApplication()
