"""Counts the requests that a process is answering.

With this count, a process can complete its requests before it stops.
"""

import asyncio

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from graphql_api.http.protocol import EXTENSION, SERVER_OPTIONS

_log = structlog.stdlib.get_logger(__name__)


class RunningRequests:
    """Counts the running requests of one process."""

    def __init__(self) -> None:
        self._count = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def start(self) -> None:
        """Add a request to the count."""
        self._count += 1
        self._idle.clear()

    def end(self) -> None:
        """Remove a request from the count."""
        self._count -= 1
        if not self._count:
            self._idle.set()

    async def wait_until_idle(self, timeout_s: float) -> bool:
        """Wait until all requests have ended. Return False after a wait of `timeout_s` seconds."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True


class TrackRequests:
    """ASGI middleware that counts the running requests.

    If uvicorn was started without BoundedHttpProtocol, a warning is logged at the first request.
    """

    def __init__(self, app: ASGIApp, running: RunningRequests) -> None:
        self._app, self._running = app, running
        self._is_checked = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request to the application, and count it until the response is complete."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        self._check_protocol(scope)
        self._running.start()
        try:
            await self._app(scope, receive, send)
        finally:
            self._running.end()

    def _check_protocol(self, scope: Scope) -> None:
        if self._is_checked:
            return
        self._is_checked = True
        if EXTENSION not in scope.get("extensions", {}):
            _log.warning(
                "Slow clients are not limited, because uvicorn was started without the required "
                "options.",
                missing=" ".join(SERVER_OPTIONS),
            )
