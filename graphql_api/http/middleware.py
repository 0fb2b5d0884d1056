"""Request ids, and one log line per request."""

import re
import time
from uuid import uuid4

import structlog
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUEST_ID = "x-request-id"
HEALTH = frozenset({"/healthz", "/readyz"})
_ACCEPTED = re.compile(r"[A-Za-z0-9_-]{1,64}")

_log = structlog.stdlib.get_logger(__name__)


class RequestLog:
    """ASGI middleware that logs requests and adds a request id to each response.

    A valid `x-request-id` of the request is used. Otherwise, a new id is created.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request to the application, and log it after the response."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        started = time.perf_counter()
        status = 500

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID] = request_id
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, send_with_id)
            finally:
                # Health checks arrive every few seconds.
                log = _log.debug if scope["path"] in HEALTH else _log.info
                log(
                    "request",
                    request_id=request_id,
                    method=scope["method"],
                    path=scope["path"],
                    status=status,
                    elapsed_ms=round((time.perf_counter() - started) * 1000, 1),
                )


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == REQUEST_ID.encode():
            request_id: str = value.decode("latin-1")
            if _ACCEPTED.fullmatch(request_id):
                return request_id
    return uuid4().hex
