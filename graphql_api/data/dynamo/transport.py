"""Requests to DynamoDB: retries with jitter until a deadline, metering, and conversion of errors.

A request is retried after throttling, a transaction conflict, a 5xx response or a broken
connection. A write whose response was lost may have been applied. This write is retried only if
applying it twice is safe. `failures.py` recognises the kinds of failures.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog
from aiobotocore.config import AioConfig
from botocore.exceptions import BotoCoreError, ClientError

from graphql_api.config import Settings
from graphql_api.data.dynamo import meter
from graphql_api.data.dynamo.bounds import current_bounds
from graphql_api.data.dynamo.failures import Failure, cancellation_reasons, recognise
from graphql_api.data.dynamo.parsing import fast_session
from graphql_api.data.dynamo.values import load_item
from graphql_api.data.errors import (
    NO_CREDENTIALS,
    REJECTED_CREDENTIALS,
    UNEXPECTED_RESPONSE,
    Unavailable,
)

CONNECT_TIMEOUT_S = 0.5
READ_TIMEOUT_S = 2.0
# DynamoDB closes connections that are idle for longer than about 20 s.
KEEP_ALIVE_S = 15
FIRST_PAUSE_S = 0.02
LONGEST_PAUSE_S = 0.5

READS = frozenset({"get_item", "query", "batch_get_item", "scan"})
# The log event, the advice to the operator, and the message to the client.
_OPERATOR_ERRORS = {
    Failure.NO_CREDENTIALS: (
        "DynamoDB cannot be reached, because no AWS credentials were found.",
        "Configure AWS credentials.",
        NO_CREDENTIALS,
    ),
    Failure.REJECTED_CREDENTIALS: (
        "DynamoDB rejected the AWS credentials.",
        "Renew the AWS credentials, or check their permissions and the clock of this host.",
        REJECTED_CREDENTIALS,
    ),
    Failure.FOREIGN: (
        "The response was sent by a server that is not DynamoDB.",
        "Check AWS_ENDPOINT_URL_DYNAMODB and the servers between this host and DynamoDB.",
        UNEXPECTED_RESPONSE,
    ),
}
MAYBE_SAVED = "The change may or may not have been saved: read the object again before you retry."

_log = structlog.stdlib.get_logger(__name__)


class ConditionFailed(Exception):
    """The condition of a write did not hold, so the write was rejected.

    `item` is the item in the table, or None if the item does not exist.
    """

    def __init__(self, item: dict[str, Any] | None) -> None:
        super().__init__("The write was not executed, because its condition was false.")
        self.item = item


@dataclass(frozen=True, slots=True)
class Reason:
    """The reason why an action cancelled its transaction.

    `code` is DynamoDB's code of the reason. `item` is the action's item in the table, or None if
    the item does not exist.
    """

    code: str
    item: dict[str, Any] | None


class TransactionFailed(Exception):
    """The transaction was cancelled because the condition of an action did not hold.

    `reasons` has one element per action. The element is None if the action's condition held.
    """

    def __init__(self, reasons: Sequence[Reason | None]) -> None:
        super().__init__(
            "The transaction was not executed, because the condition of at least one of its "
            "writes was false."
        )
        self.reasons = tuple(reasons)


class Backoff:
    """Random pauses between the attempts of one operation, until a deadline.

    The maximum of a pause doubles with each attempt, from 20 ms to 500 ms.
    """

    def __init__(self, operation: str, deadline_s: float) -> None:
        self._operation = operation
        self._ends_at = time.monotonic() + deadline_s
        self._longest_s = FIRST_PAUSE_S

    @property
    def remaining_s(self) -> float:
        """Time until the deadline, in seconds."""
        return max(0.0, self._ends_at - time.monotonic())

    async def pause(self, cause: Exception | None = None) -> None:
        """Wait for a random time before the next attempt.

        Raises:
            Unavailable: the deadline leaves no time for another attempt.
        """
        pause_s = random.uniform(0, self._longest_s)  # noqa: S311 - jitter, no secret
        if pause_s > self.remaining_s:
            raise _make_timeout(self._operation) from cause
        await asyncio.sleep(pause_s)
        self._longest_s = min(self._longest_s * 2, LONGEST_PAUSE_S)


class Transport:
    """The pool of HTTP connections from one process to DynamoDB."""

    def __init__(self, client: Any, *, deadline_ms: int) -> None:
        self.client = client
        self._deadline_s = deadline_ms / 1000

    def backoff(self, operation: str) -> Backoff:
        """Return the backoff of one operation that starts now."""
        return Backoff(operation, self._deadline_s)

    async def call(
        self,
        operation: str,
        *,
        repeatable: bool = True,
        transaction_units: float | None = None,
        **request: Any,
    ) -> dict[str, Any]:
        """Send a request, retry it if necessary, and return the response.

        If `repeatable` is False, a request that may have been applied is not retried.
        `transaction_units` is the known cost of a transaction in write units. This number is
        recorded instead of the cost that the engine reports. In a GraphQL operation, reads count
        towards the bounds of the operation (`bounds.py`).

        Raises:
            ConditionFailed: the condition of a single write did not hold.
            TransactionFailed: a condition in a transaction did not hold.
            Unavailable: no response arrived before the deadline, the table cannot be used, or
                `repeatable` is False and the response was lost.
            BoundExceeded: the GraphQL operation has exceeded a bound.
        """
        send = partial(self._send, operation, repeatable, transaction_units, request)
        bounds = current_bounds()
        if bounds is None:
            answer, _ = await send()
            return answer
        async with bounds.read() if operation in READS else bounds.connection():
            answer, call = await send()
        bounds.add_units(call.read_units)
        return answer

    async def _send(
        self,
        operation: str,
        repeatable: bool,  # noqa: FBT001 - an argument of `call`
        transaction_units: float | None,
        request: dict[str, Any],
    ) -> tuple[dict[str, Any], meter.Call]:
        backoff = self.backoff(operation)
        started, attempts = time.perf_counter(), 0
        method = getattr(self.client, operation)
        while True:
            attempts += 1
            try:
                async with asyncio.timeout(backoff.remaining_s):
                    answer = await method(**request, ReturnConsumedCapacity="INDEXES")
            except (ClientError, BotoCoreError, TimeoutError) as error:
                failure = recognise(error)
                if not _may_repeat(failure, repeatable=repeatable):
                    raise _translate_error(error, failure, operation) from error
                await backoff.pause(error)
                continue
            call = _measure_call(operation, answer, transaction_units, started, attempts)
            meter.record(call)
            return answer, call


def _may_repeat(failure: Failure, *, repeatable: bool) -> bool:
    return failure is Failure.NOT_APPLIED or (repeatable and failure is Failure.UNCERTAIN)


def _translate_error(error: Exception, failure: Failure, operation: str) -> Exception:
    """Convert an error of botocore to an exception that `Transport.call` documents.

    An error that is caused by a defect in this program is returned as it is.
    """
    match failure:
        case Failure.NOT_APPLIED | Failure.UNCERTAIN:
            return _make_timeout(operation)
        case Failure.NO_CREDENTIALS | Failure.REJECTED_CREDENTIALS | Failure.FOREIGN:
            event, fix, message = _OPERATOR_ERRORS[failure]
            _log.error(event, operation=operation, **_describe(error), fix=fix)
            return Unavailable(message)
        case Failure.NO_TABLE:
            return Unavailable(
                "The table does not exist. Create the table with `algoitny table init`."
            )
        case Failure.CONDITION if isinstance(error, ClientError):
            return ConditionFailed(_read_previous(error.response))
        case Failure.TRANSACTION if isinstance(error, ClientError):
            return TransactionFailed([_reason(entry) for entry in cancellation_reasons(error)])
    return error


def _describe(error: Exception) -> dict[str, Any]:
    """Return the fields that describe an error in the log, such as the HTTP status."""
    if not isinstance(error, ClientError):
        return {"reason": str(error)}
    metadata = error.response.get("ResponseMetadata", {})
    return {"status": metadata.get("HTTPStatusCode"), "code": error.response["Error"]["Code"]}


def _make_timeout(operation: str) -> Unavailable:
    advice = "Try again later." if operation in READS else MAYBE_SAVED
    return Unavailable(f"The database did not answer in time. {advice}")


def _reason(entry: dict[str, Any]) -> Reason | None:
    return None if entry["Code"] == "None" else Reason(entry["Code"], _read_previous(entry))


def _read_previous(holder: Any) -> dict[str, Any] | None:
    return load_item(holder["Item"]) if holder.get("Item") else None


def _measure_call(
    operation: str,
    answer: dict[str, Any],
    transaction_units: float | None,
    started: float,
    attempts: int,
) -> meter.Call:
    consumed = answer.get("ConsumedCapacity") or []
    tables = [consumed] if isinstance(consumed, dict) else consumed
    units = sum(table["CapacityUnits"] for table in tables)
    if transaction_units is not None:
        units = transaction_units
    reads = operation in READS
    elapsed_ms = (time.perf_counter() - started) * 1000
    return meter.Call(operation, units if reads else 0, 0 if reads else units, elapsed_ms, attempts)


@asynccontextmanager
async def open_transport(settings: Settings) -> AsyncIterator[Transport]:
    """Open the connection pool to the DynamoDB endpoint of the settings."""
    config = AioConfig(
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=READ_TIMEOUT_S,
        max_pool_connections=settings.dynamodb_max_connections,
        parameter_validation=False,
        retries={"total_max_attempts": 1, "mode": "standard"},
        connector_args={"keepalive_timeout": KEEP_ALIVE_S},
    )
    async with fast_session().create_client(
        "dynamodb",
        region_name=settings.aws_default_region,
        endpoint_url=settings.dynamodb_endpoint,
        config=config,
    ) as client:
        yield Transport(client, deadline_ms=settings.dynamodb_deadline_ms)
