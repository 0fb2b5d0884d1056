"""Faults between a client and DynamoDB."""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from graphql_api.data.dynamo.client import Dynamo

# The error code that makes the client report an unavailable database without retries.
AWAY = "ResourceNotFoundException"


class Crash(Exception):
    """A crash of the process at this point."""


class RequestRejected(AWSResponse):
    """An error response of the engine."""

    def __init__(self, code: str, *reasons: str) -> None:
        super().__init__("http://stub", 400, HTTPHeaders(), None)
        found = [{"Code": reason, "Message": reason} for reason in reasons]
        body = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": code}
        self._body = orjson.dumps(body | {"CancellationReasons": found})

    @property
    async def content(self) -> bytes:  # type: ignore[override]
        return self._body


class FaultyTransport:
    """Records the operations that a client sends, and injects faults."""

    Crash = Crash

    def __init__(self, dynamo: Dynamo) -> None:
        self.sent: list[str] = []
        self._faults: dict[str, list[Any]] = {}
        session = dynamo._transport.client._endpoint.http_session
        self._send, session.send = session.send, self._meet

    def crash(self, operation: str, *, after: bool = False) -> None:
        """Crash before the next request for this operation; with `after`, after its execution."""
        self._faults.setdefault(operation, []).append("after" if after else "before")

    def refuse(self, operation: str, code: str, *reasons: str, times: int = 1) -> None:
        """Reject the next `times` requests for this operation."""
        self._faults.setdefault(operation, []).extend([RequestRejected(code, *reasons)] * times)

    def lose(self, operation: str, *, times: int = 1) -> None:
        """Execute the next `times` requests for this operation, but answer that they failed."""
        self._faults.setdefault(operation, []).extend(["lost"] * times)

    def meanwhile(self, operation: str, act: Callable[[], Awaitable[Any]]) -> None:
        """Run `act` just before the next request for this operation is sent."""
        self._faults.setdefault(operation, []).append(act)

    async def _meet(self, request: Any) -> Any:
        target = request.headers["X-Amz-Target"]
        operation = (target.decode() if isinstance(target, bytes) else target).split(".")[1]
        self.sent.append(operation)
        faults = self._faults.get(operation)
        fault = faults.pop(0) if faults else None
        if isinstance(fault, RequestRejected):
            return fault
        if fault == "before":
            raise Crash
        if callable(fault):
            await fault()
        answer = await self._send(request)
        if fault == "after":
            raise Crash
        return RequestRejected("InternalServerError") if fault == "lost" else answer
