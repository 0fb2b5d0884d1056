"""Bodies that an operation with bounds reads: what is counted, and when reading stops."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from functools import partial

import boto3
import pytest
from moto.server import ThreadedMotoServer

from graphql_api.config import Settings
from graphql_api.data import keys
from graphql_api.data.dynamo.bodies import (
    BOUNDED_ITEMS,
    CHUNK_BYTES,
    SIZE,
    Bodies,
    open_bodies,
)
from graphql_api.data.dynamo.bounds import BoundExceeded, OperationBounds, bounded
from graphql_api.data.dynamo.client import Dynamo
from graphql_api.data.dynamo.memory import AnswerMemory, AnswerShare
from graphql_api.data.dynamo.meter import metered
from graphql_api.data.limits import KB, MB, READING_BYTES, UNSHARED_BYTES
from tests.support.waiting import wait_until_async

pytestmark = pytest.mark.dynamodb

LARGE = random.Random(7).randbytes(2 * CHUNK_BYTES + 5000)  # random bytes do not compress
WANTED = [keys.code_body("01U", f"{number:02d}") for number in range(30)]


@pytest.fixture
def bodies(dynamo: Dynamo) -> Bodies:
    return Bodies(dynamo)


@contextmanager
def operation(
    share: AnswerShare | None = None, *, reads: int = 100, answer_mb: int = 1
) -> Iterator[OperationBounds]:
    """Run the block with the bounds of an operation."""
    bounds = OperationBounds(
        answer_mb=answer_mb,
        reads=reads,
        connections=4,
        share=share or AnswerShare(AnswerMemory(4 * MB)),
    )
    with bounded(bounds):
        yield bounds


async def has_waiters(memory: AnswerMemory) -> bool:
    return memory.budget.has_waiters


async def store(bodies: Bodies, size_bytes: int) -> None:
    for key in WANTED:
        await bodies.put(key, b"x" * size_bytes)


async def test_small_bodies_need_no_memory_of_others(bodies: Bodies) -> None:
    memory = AnswerMemory(4 * MB)
    await store(bodies, UNSHARED_BYTES // len(WANTED))
    with operation(AnswerShare(memory)), metered() as meter:
        found = await bodies.load_many(WANTED, len)
    assert set(found) == {UNSHARED_BYTES // len(WANTED)}
    assert meter.requests == len(WANTED) / BOUNDED_ITEMS
    assert memory.budget.free_bytes == 4 * MB


async def test_bodies_are_counted_before_they_are_unpacked_and_reading_stops(
    bodies: Bodies,
) -> None:
    unpacked: list[int] = []
    await store(bodies, 90 * KB)
    with operation() as bounds, metered() as meter, pytest.raises(BoundExceeded):
        await bodies.load_many(WANTED, lambda raw: unpacked.append(len(raw)))
    assert bounds.excess is not None
    assert "more than 1 MB of codes" in bounds.excess.message
    assert len(unpacked) == BOUNDED_ITEMS  # ten bodies have 0.9 MB
    assert meter.requests == 2


async def test_an_operation_that_waits_for_memory_reads_again_afterwards(bodies: Bodies) -> None:
    memory = AnswerMemory(MB)
    await store(bodies, 90 * KB)
    await memory.take(MB)
    with operation(AnswerShare(memory)), metered() as meter:
        reading = asyncio.create_task(bodies.load_many(WANTED[:5], len))
        await wait_until_async("the operation to wait", partial(has_waiters, memory))
        memory.budget.give_back(MB)
        assert await reading == [90 * KB] * 5
    assert meter.requests == 2
    assert memory.budget.free_bytes == 0


async def test_without_memory_in_time_the_operation_is_busy_and_not_too_large(
    bodies: Bodies,
) -> None:
    memory = AnswerMemory(MB, wait_s=0.01)
    await store(bodies, 90 * KB)
    await memory.take(1)
    with operation(AnswerShare(memory)) as bounds, pytest.raises(BoundExceeded):
        await bodies.load_many(WANTED[:5], len)
    assert bounds.excess is not None
    assert bounds.excess.is_busy


async def test_the_process_reads_few_manifests_at_once_whatever_the_number_of_operations(
    bodies: Bodies, dynamo: Dynamo, monkeypatch: pytest.MonkeyPatch
) -> None:
    flying = most = 0
    batch_get = dynamo.batch_get

    async def count(wanted: list[keys.Key], **options: bool) -> object:
        nonlocal flying, most
        flying += len(wanted)
        most = max(most, flying)
        try:
            return await batch_get(wanted, **options)
        finally:
            flying -= len(wanted)

    await store(bodies, KB)
    monkeypatch.setattr(dynamo, "batch_get", count)

    async def read() -> None:
        with operation():
            assert await bodies.load_many(WANTED, len) == [KB] * len(WANTED)

    await asyncio.gather(*(read() for _ in range(10)))
    assert BOUNDED_ITEMS <= most <= READING_BYTES // CHUNK_BYTES


async def test_the_chunks_of_a_body_that_is_too_large_are_not_read(bodies: Bodies) -> None:
    await bodies.put(WANTED[0], LARGE + LARGE)
    with operation(), metered() as meter, pytest.raises(BoundExceeded):
        await bodies.load_many(WANTED[:1], len)
    assert meter.requests == 1
    with operation(answer_mb=2), metered() as meter:
        assert await bodies.load_many(WANTED[:1], len) == [2 * len(LARGE)]
    assert meter.requests == 2


@pytest.fixture
async def s3_bodies(settings: Settings, dynamo: Dynamo) -> AsyncIterator[Bodies]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint, bucket = f"http://{host}:{port}", f"bucket-{settings.table_name}"
    client = boto3.client("s3", region_name="us-east-1", endpoint_url=endpoint)
    client.create_bucket(Bucket=bucket)
    named = settings.model_copy(update={"bodies_bucket": bucket, "localstack_url": endpoint})
    async with open_bodies(named, dynamo) as found:
        yield found
    server.stop()


async def test_a_body_in_s3_counts_as_a_read(s3_bodies: Bodies) -> None:
    await s3_bodies.put(WANTED[0], LARGE)
    with operation(reads=2):
        assert await s3_bodies.load_many(WANTED[:1], bytes) == [LARGE]
    with operation(reads=1) as bounds, pytest.raises(BoundExceeded):
        await s3_bodies.load_many(WANTED[:1], bytes)
    assert bounds.excess is not None
    assert "more than 1 requests" in bounds.excess.message


@pytest.mark.parametrize("has_size", [True, False])
async def test_a_body_in_s3_is_counted_with_its_size(
    s3_bodies: Bodies, dynamo: Dynamo, *, has_size: bool
) -> None:
    """Manifests of earlier versions do not contain the size, but the object begins with it."""
    for key in WANTED[:2]:
        manifest = await s3_bodies.put(key, LARGE)
        if not has_size:
            del manifest[SIZE]
            await dynamo.put(manifest)
    with operation(answer_mb=2):
        assert await s3_bodies.load_many(WANTED[:1], bytes) == [LARGE]
    with operation(), pytest.raises(BoundExceeded):
        await s3_bodies.load_many(WANTED[:2], bytes)
