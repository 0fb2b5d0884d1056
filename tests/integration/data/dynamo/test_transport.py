"""Requests to DynamoDB that fail: the retried ones, the others, and the time limit.

DynamoDB Local never throttles and never loses an answer, so the tests fail requests in botocore.
"""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from errno import ECONNRESET
from typing import Any

import orjson
import pytest
from aiohttp import ClientOSError
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from graphql_api.config import Settings
from graphql_api.data.dynamo import meter
from graphql_api.data.dynamo.client import Dynamo, open_dynamo
from graphql_api.data.dynamo.expressions import Change, absent, equals, exists
from graphql_api.data.dynamo.transactions import Check, Delete, Put, Update
from graphql_api.data.dynamo.transport import ConditionFailed, TransactionFailed
from graphql_api.data.errors import Unavailable

pytestmark = pytest.mark.dynamodb

KEY = {"PK": "a", "SK": "b"}
ONE = {"PK": "p", "SK": "1"}
COUNT = Change(add={"n": 1})


class Answer(AWSResponse):
    """A prepared HTTP answer."""

    def __init__(self, status: int, code: str, **extra: Any) -> None:
        super().__init__("http://stub", status, HTTPHeaders(), None)
        body = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": code, **extra}
        self._body = orjson.dumps(body)

    @property
    async def content(self) -> bytes:  # type: ignore[override]
        return self._body


class Faults:
    """The failures of the next requests, in order, and the count of all requests."""

    def __init__(self, dynamo: Dynamo) -> None:
        self.queue: list[Any] = []
        self.requests = 0
        self._send = dynamo._transport.client._endpoint.http_session.send
        dynamo._transport.client._endpoint.http_session.send = self._meet

    def then(self, *faults: Any) -> None:
        self.queue.extend(faults)

    async def _meet(self, request: Any) -> Any:
        self.requests += 1
        fault = self.queue.pop(0) if self.queue else None
        if isinstance(fault, Answer):
            return fault
        if fault == "answer lost":
            await self._send(request)
            raise ReadTimeoutError(endpoint_url=request.url)
        if fault == "connection reset":
            await self._send(request)
            # The error of aiobotocore at ECONNRESET in the middle of an answer.
            reset = ClientOSError(ECONNRESET, "Connection reset by peer")
            raise EndpointConnectionError(endpoint_url=request.url, error=reset)
        return await self._send(request)


@pytest.fixture
def faults(dynamo: Dynamo) -> Faults:
    return Faults(dynamo)


def throttled() -> Answer:
    return Answer(400, "ThrottlingException")


def broken() -> Answer:
    return Answer(500, "InternalServerError")


def cancelled(*codes: str) -> Answer:
    reasons = [{"Code": code, "Message": code} for code in codes]
    return Answer(400, "TransactionCanceledException", CancellationReasons=reasons)


async def count_of(dynamo: Dynamo) -> int:
    item = await dynamo.get(KEY, consistent=True)
    return 0 if item is None else int(item["n"])


@pytest.mark.parametrize("fault", [throttled, broken])
async def test_a_read_is_sent_again_until_it_is_answered(
    dynamo: Dynamo, faults: Faults, fault: Any
) -> None:
    await dynamo.put({**KEY, "n": 1})
    faults.then(fault(), fault(), "answer lost")
    assert await dynamo.get(KEY) == {**KEY, "n": 1}
    assert faults.requests == 5


async def test_an_addition_that_was_throttled_is_made_once(dynamo: Dynamo, faults: Faults) -> None:
    faults.then(throttled(), throttled())
    await dynamo.update(KEY, COUNT)
    assert await count_of(dynamo) == 1


@pytest.mark.parametrize("fault", ["answer lost", "connection reset", broken()])
async def test_an_addition_whose_answer_was_lost_is_not_sent_again(
    dynamo: Dynamo, faults: Faults, fault: Any
) -> None:
    faults.then(fault)
    with pytest.raises(Unavailable, match="may or may not have been saved"):
        await dynamo.update(KEY, COUNT)
    assert faults.requests == 1
    assert await count_of(dynamo) <= 1


async def test_an_addition_in_a_transaction_whose_answer_was_lost_is_made_once(
    dynamo: Dynamo, faults: Faults
) -> None:
    """The client request token makes the second request harmless."""
    faults.then("answer lost", "answer lost")
    await dynamo.transact([Update(KEY, COUNT), Put({"PK": "a", "SK": "c"})])
    assert await count_of(dynamo) == 1
    assert faults.requests == 4


async def test_a_transaction_in_conflict_is_tried_again(dynamo: Dynamo, faults: Faults) -> None:
    faults.then(cancelled("None", "TransactionConflict"), cancelled("ThrottlingError", "None"))
    await dynamo.transact([Update(KEY, COUNT), Put({"PK": "a", "SK": "c"})])
    assert await count_of(dynamo) == 1


@pytest.mark.parametrize("passing", ["TransactionConflict", "ThrottlingError"])
async def test_a_failed_condition_beside_a_conflict_is_decided_again(
    dynamo: Dynamo, faults: Faults, passing: str
) -> None:
    """Otherwise a caller would take the conflict for a failed condition."""
    await dynamo.put(KEY)
    faults.requests = 0
    faults.then(cancelled("ConditionalCheckFailed", passing))
    with pytest.raises(TransactionFailed) as failure:
        await dynamo.transact([Put(KEY, absent()), Put({"PK": "a", "SK": "c"})])
    assert [reason and reason.code for reason in failure.value.reasons] == [
        "ConditionalCheckFailed",
        None,
    ]
    assert faults.requests == 2


async def test_throttling_without_end_stops_at_the_deadline(settings: Settings) -> None:
    async with open_dynamo(settings.model_copy(update={"dynamodb_deadline_ms": 400})) as dynamo:
        faults = Faults(dynamo)
        faults.then(*(throttled() for _ in range(1000)))
        started = time.monotonic()
        with pytest.raises(Unavailable, match=r"in time\. Try again later"):
            await dynamo.get(KEY)
        assert time.monotonic() - started < 25
        assert 2 <= faults.requests <= 100


async def test_a_wrong_request_is_no_outage(dynamo: Dynamo, faults: Faults) -> None:
    with pytest.raises(Exception, match="ValidationException"):
        await dynamo.get({"PK": "", "SK": ""})
    assert faults.requests == 1


async def test_a_missing_table_names_the_command_that_makes_it(settings: Settings) -> None:
    async with open_dynamo(settings.model_copy(update={"table_name": "nowhere"})) as dynamo:
        with pytest.raises(Unavailable, match="algoitny table init"):
            await dynamo.get(KEY)


@asynccontextmanager
async def _nobody_listens(settings: Settings) -> AsyncIterator[Dynamo]:
    gone = {"aws_endpoint_url_dynamodb": "http://127.0.0.1:9", "dynamodb_deadline_ms": 300}
    async with open_dynamo(settings.model_copy(update=gone)) as dynamo:
        yield dynamo


async def test_an_engine_that_is_down_is_unavailable_within_the_deadline(
    settings: Settings,
) -> None:
    async with _nobody_listens(settings) as dynamo:
        started = time.monotonic()
        with pytest.raises(Unavailable):
            await dynamo.put(KEY)
        assert time.monotonic() - started < 25


async def test_a_failed_condition_returns_the_stored_item(dynamo: Dynamo) -> None:
    await dynamo.put({**KEY, "n": 7})
    with pytest.raises(ConditionFailed) as failure:
        await dynamo.put(KEY, absent())
    assert failure.value.item == {**KEY, "n": 7}
    with pytest.raises(ConditionFailed) as failure:
        await dynamo.update({"PK": "x", "SK": "y"}, COUNT, exists())
    assert failure.value.item is None


@pytest.mark.parametrize("name", ["url", "out", "plan", "ttl", "Language", "Status", "a-b c"])
async def test_no_name_of_an_attribute_is_reserved(dynamo: Dynamo, name: str) -> None:
    await dynamo.put({**KEY, name: 1}, absent(name))
    await dynamo.update(KEY, Change(add={name: 1}), equals(name, 1))
    await dynamo.transact([Update(KEY, Change(put={name: 5}), equals(name, 2))])
    assert await dynamo.get(KEY, consistent=True) == {**KEY, name: 5}
    assert await dynamo.update(KEY, Change(drop=[name])) == KEY


async def test_a_transaction_does_everything_or_nothing(dynamo: Dynamo) -> None:
    await dynamo.put({**KEY, "n": 1})
    there = Check(KEY, equals("n", 1))
    await dynamo.transact(
        [there, Put({"PK": "p", "SK": "1"}), Update({"PK": "p", "SK": "2"}, COUNT)]
    )
    with pytest.raises(TransactionFailed) as failure:
        await dynamo.transact([Delete(ONE), Check(KEY, equals("n", 2))])
    assert failure.value.reasons[0] is None
    assert failure.value.reasons[1] is not None
    assert failure.value.reasons[1].item == {**KEY, "n": 1}
    assert await dynamo.get(ONE) == ONE


async def test_a_batch_answers_in_the_order_of_its_keys_and_asks_for_each_once(
    dynamo: Dynamo,
) -> None:
    await dynamo.batch_write(puts=[{"PK": "p", "SK": f"{n:03d}", "n": n} for n in range(130)])
    keys = [{"PK": "p", "SK": f"{n:03d}"} for n in (129, 5, 999, 5, *range(130))]
    with meter.metered() as cost:
        found = await dynamo.batch_get(keys)
    assert [item and item["n"] for item in found] == [129, 5, None, 5, *range(130)]
    assert cost.requests == 2


async def test_items_that_a_batch_left_over_are_asked_for_again(
    dynamo: Dynamo, faults: Faults
) -> None:
    puts = [{"PK": "p", "SK": str(n)} for n in range(3)]
    table = dynamo.table_name
    left = {table: [{"PutRequest": {"Item": {"PK": {"S": "p"}, "SK": {"S": "2"}}}}]}
    faults.then(_partial(UnprocessedItems=left))
    await dynamo.batch_write(puts=puts)
    assert await dynamo.get(puts[2]) == puts[2]
    keys = {table: {"Keys": [{"PK": {"S": "p"}, "SK": {"S": "2"}}]}}
    faults.then(_partial(Responses={table: []}, UnprocessedKeys=keys))
    assert await dynamo.batch_get([puts[2]]) == [puts[2]]


def _partial(**body: Any) -> Answer:
    answer = Answer(200, "")
    answer._body = orjson.dumps(body)
    return answer


async def test_a_query_over_a_megabyte_is_read_to_its_end(dynamo: Dynamo) -> None:
    blob = b"x" * 300_000
    await dynamo.batch_write(puts=[{"PK": "big", "SK": str(n), "z": blob} for n in range(5)])
    with meter.metered() as cost:
        found = [item["SK"] async for item in dynamo.query_all(equals("PK", "big"))]
    assert found == list("01234")
    assert cost.requests >= 2


async def test_capacity_counts_transactions_and_index_copies_as_amazon_prices_them(
    dynamo: Dynamo,
) -> None:
    item = {"PK": "u", "SK": "v", "g1p": "a", "g1s": "b", "z": b"x" * 1500}
    with meter.metered() as cost:
        await dynamo.transact(
            [Put(item), Update(KEY, COUNT), Check({"PK": "n", "SK": "n"}, absent())]
        )
    assert cost.requests == 1
    assert cost.write_units == 2 * 2 + 2 + 2 + 2


async def test_meters_count_what_tasks_inside_them_do(dynamo: Dynamo) -> None:
    with meter.metered() as outer:
        await dynamo.get(KEY)
        with meter.metered() as inner:
            await dynamo.get(KEY)
    await dynamo.get(KEY)
    assert (outer.requests, inner.requests) == (2, 1)
    assert outer.read_units == 1
