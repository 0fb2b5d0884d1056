"""Health checks: liveness of the process, and readiness of its services."""

import asyncio
from typing import Protocol

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from graphql_api.data import keys
from graphql_api.data.clock import Clock
from graphql_api.data.errors import DomainError
from graphql_api.data.redis.language_board import LanguageBoard
from graphql_api.data.stores import Stores

# Workers announce themselves every 30 s: three missed announcements.
SEEN_MS = 90_000
OK = "ok"

_log = structlog.stdlib.get_logger(__name__)


class Checked(Protocol):
    """The services that the readiness check tests."""

    @property
    def stores(self) -> Stores:
        """The stores of the table."""

    @property
    def board(self) -> LanguageBoard:
        """The language board in Redis, where workers announce themselves."""

    @property
    def clock(self) -> Clock:
        """The clock, in epoch milliseconds."""


async def healthz(_: Request) -> Response:
    """Answer 200. Any answer shows that the process can handle requests."""
    return JSONResponse({"alive": True})


async def readyz(request: Request) -> Response:
    """Answer 200 if the table, Redis and a worker are available, else 503 with the reasons."""
    services: Checked = request.app.state.services
    table, (redis, worker) = await asyncio.gather(_table(services), _workers(services))
    ready = table == redis == worker == OK
    body = {"ready": ready, "table": table, "redis": redis, "worker": worker}
    return JSONResponse(body, status_code=200 if ready else 503)


async def _table(services: Checked) -> str:
    try:
        await services.stores.dynamo.get(keys.plan("free"))
    except DomainError as error:
        return error.message
    except Exception as error:  # noqa: BLE001 - the response reports it
        _log.warning("table not ready", error=str(error))
        return "The table does not exist. Create it with `algoitny table init`."
    return OK


async def _workers(services: Checked) -> tuple[str, str]:
    try:
        seen_at = await services.board.last_announced()
    except DomainError as error:
        return error.message, "unknown"
    if seen_at is None or services.clock() - seen_at > SEEN_MS:
        return OK, (
            "No worker has announced itself in the last 90 s. Start one with `dramatiq tasks`."
        )
    return OK, OK
