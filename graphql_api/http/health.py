"""Health checks: liveness of the process, and readiness of its services."""

import asyncio
from typing import Any, Protocol

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from graphql_api.data import keys
from graphql_api.data.clock import Clock
from graphql_api.data.errors import DomainError
from graphql_api.data.redis.language_board import LanguageBoard
from graphql_api.data.stores import Stores

# Workers are AWAY after three missed announcements. Each worker announces its languages every 30 s.
SEEN_MS = 90_000
# The states of a part (table, Redis or workers).
OK = "ok"
AWAY = "away"
UNKNOWN = "unknown"

_log = structlog.stdlib.get_logger(__name__)


class Checked(Protocol):
    """The services that the readiness check tests."""

    @property
    def stores(self) -> Stores:
        """The stores, which read and write the DynamoDB table."""

    @property
    def board(self) -> LanguageBoard:
        """The language board in Redis, which contains the announcements of the workers."""

    @property
    def clock(self) -> Clock:
        """The clock, which returns the current time in epoch milliseconds."""


async def healthz(_: Request) -> Response:
    """Answer with status 200, which shows that the process can handle requests."""
    return JSONResponse({"alive": True})


async def readyz(request: Request) -> Response:
    """Answer with status 200 if the table can be read, and with status 503 otherwise.

    The body also reports the state of Redis and the workers. Their failure does not change the
    status: the API still answers queries, and accepted submissions wait in the table. So a load
    balancer should continue to send requests to the API process.
    """
    services: Checked = request.app.state.services
    table, redis_and_workers = await asyncio.gather(_table(services), _workers(services))
    ready = table["state"] == OK
    body = {"ready": ready, "table": table, **redis_and_workers}
    return JSONResponse(body, status_code=200 if ready else 503)


def _part(message: str | None = None, *, state: str | None = None, **facts: Any) -> dict[str, Any]:
    """Return the report of a part (table, Redis or workers).

    If `state` is None, the reported state is AWAY if there is a message, and OK otherwise. `facts`
    contains additional fields of the report.
    """
    found = state or (OK if message is None else AWAY)
    return {"state": found, **facts, **({} if message is None else {"message": message})}


async def _table(services: Checked) -> dict[str, Any]:
    try:
        await services.stores.dynamo.get(keys.plan("free"))
    except DomainError as error:
        return _part(error.message)
    except Exception as error:  # noqa: BLE001 - the response reports it
        _log.warning("The check of the table failed.", error=str(error))
        return _part("The table does not exist. Create the table with `algoitny table init`.")
    return _part()


async def _workers(services: Checked) -> dict[str, Any]:
    try:
        announced_at = await services.board.last_announced()
        languages = [language.id for language in await services.board.available()]
    except DomainError as error:
        return {"redis": _part(error.message), "workers": _part(state=UNKNOWN)}
    age_ms = None if announced_at is None else max(0, services.clock() - announced_at)
    message = None
    if age_ms is None or age_ms > SEEN_MS:
        message = "No worker was active within the last 90 s. Start a worker with `dramatiq tasks`."
    age_s = None if age_ms is None else age_ms // 1000
    return {
        "redis": _part(),
        "workers": _part(message, announced_s_ago=age_s, languages=languages),
    }
