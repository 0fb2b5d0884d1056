"""Requests to DynamoDB: retries with jitter until a deadline, metering, and conversion of errors.

Throttling, transaction conflicts, 5xx responses and broken connections are retried. If the response
to a write is lost, the write may have been applied. Such a write is retried only if applying it
twice is safe.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from socket import gaierror
from typing import Any

from aiobotocore.config import AioConfig
from aiohttp import ClientConnectorError
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
)

from graphql_api.config import Settings
from graphql_api.data.dynamo import meter
from graphql_api.data.dynamo.parsing import fast_session
from graphql_api.data.dynamo.values import load_item
from graphql_api.data.errors import NO_CREDENTIALS, Unavailable

CONNECT_TIMEOUT_S = 0.5
READ_TIMEOUT_S = 2.0
# DynamoDB closes connections that are idle for longer than about 20 s.
KEEP_ALIVE_S = 15
FIRST_PAUSE_S = 0.02
LONGEST_PAUSE_S = 0.5

# Error codes of requests that DynamoDB did not apply.
_REFUSED_CODES = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
# Error codes of requests that DynamoDB may have applied.
_UNCERTAIN_CODES = frozenset({"InternalServerError", "InternalFailure", "ServiceUnavailable"})
_REFUSED_REASONS = frozenset(
    {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
)

READS = frozenset({"get_item", "query", "batch_get_item", "scan"})
MAYBE_SAVED = "The change may or may not have been saved: read the object again before you retry."


class ConditionFailed(Exception):
    """The condition of a write did not hold.

    `item` is the stored item, or None if no item is stored.
    """

    def __init__(self, item: dict[str, Any] | None) -> None:
        super().__init__("A condition of a write was not met.")
        self.item = item


@dataclass(frozen=True, slots=True)
class Reason:
    """The reason why an action cancelled its transaction.

    `item` is the stored item, or None if no item is stored.
    """

    code: str
    item: dict[str, Any] | None


class TransactionFailed(Exception):
    """The transaction was cancelled because the condition of an action did not hold.

    `reasons` has one entry per action. The entry is None if the action's condition held.
    """

    def __init__(self, reasons: Sequence[Reason | None]) -> None:
        super().__init__("A condition of a transaction was not met.")
        self.reasons = tuple(reasons)


class Backoff:
    """Random pauses between attempts.

    Their maximum doubles with each attempt, until the deadline.
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
        """Wait before the next attempt.

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
        """Return the pauses for one operation.

        The deadline of the operation starts at this moment.
        """
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

        `repeatable` means that a request that is applied twice has the same effect as once.
        `transaction_units` replaces the consumed capacity that the engine reports.

        Raises:
            ConditionFailed: the condition of a single write did not hold.
            TransactionFailed: a condition in a transaction did not hold.
            Unavailable: no response arrived before the deadline, or a request that must not be
                repeated may have been applied.
        """
        backoff = self.backoff(operation)
        started, attempts = time.perf_counter(), 0
        method = getattr(self.client, operation)
        while True:
            attempts += 1
            try:
                async with asyncio.timeout(backoff.remaining_s):
                    answer = await method(**request, ReturnConsumedCapacity="INDEXES")
            except (ClientError, BotoCoreError, TimeoutError) as error:
                if not _may_repeat(error, repeatable=repeatable):
                    raise _translate_error(error, operation) from error
                await backoff.pause(error)
                continue
            meter.record(_measure_call(operation, answer, transaction_units, started, attempts))
            return answer  # type: ignore[no-any-return]


def _may_repeat(error: Exception, *, repeatable: bool) -> bool:
    if isinstance(error, NoCredentialsError):
        return False
    if not isinstance(error, ClientError):
        return repeatable or _never_sent(error)
    code = error.response["Error"]["Code"]
    if code == "TransactionCanceledException":
        # If an action conflicts with another transaction, DynamoDB does not evaluate all
        # conditions. So the request is retried even if a condition failed.
        codes = {reason["Code"] for reason in _reasons_of(error)} - {"None"}
        return not codes or not codes.isdisjoint(_REFUSED_REASONS)
    return code in _REFUSED_CODES or (repeatable and code in _UNCERTAIN_CODES)


def _never_sent(error: Exception) -> bool:
    # An EndpointConnectionError can also mean a connection that was reset after sending the
    # request.
    cause = getattr(error, "kwargs", {}).get("error")
    return isinstance(error, ConnectTimeoutError) or (
        isinstance(error, EndpointConnectionError)
        and isinstance(cause, ClientConnectorError | gaierror)
    )


def _reasons_of(error: ClientError) -> list[dict[str, Any]]:
    reasons: Any = error.response.get("CancellationReasons", ())
    return list(reasons)


def _translate_error(error: Exception, operation: str) -> Exception:
    """Convert an error of botocore to the exception that callers of `Transport.call` handle."""
    if not isinstance(error, ClientError):
        is_configured = not isinstance(error, NoCredentialsError)
        return _make_timeout(operation) if is_configured else Unavailable(NO_CREDENTIALS)
    match error.response["Error"]["Code"]:
        case "ConditionalCheckFailedException":
            return ConditionFailed(_read_previous(error.response))
        case "TransactionCanceledException":
            return TransactionFailed([_reason(entry) for entry in _reasons_of(error)])
        case "ResourceNotFoundException":
            return Unavailable("The table does not exist. Create it with `algoitny table init`.")
        case code if code in _UNCERTAIN_CODES:
            return _make_timeout(operation)
    return error


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
    """Open the connection pool to the DynamoDB endpoint that the settings name."""
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
