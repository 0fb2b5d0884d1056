"""Bodies on a real table, and on an S3 server of the moto package."""

import random
from collections.abc import AsyncIterator, Iterator

import boto3
import pytest
from moto.server import ThreadedMotoServer

from graphql_api.config import Settings
from graphql_api.data import keys
from graphql_api.data.dynamo.bodies import CHUNK_BYTES, OBJECT, Bodies, open_bodies
from graphql_api.data.dynamo.client import Dynamo
from graphql_api.data.dynamo.expressions import begins_with, equals
from graphql_api.data.dynamo.meter import metered
from graphql_api.data.errors import Unavailable
from graphql_api.data.packing import DamagedBody

pytestmark = pytest.mark.dynamodb

KEY = keys.code_body("01U", "01H")
LARGE = random.Random(7).randbytes(2 * CHUNK_BYTES + 5000)  # random bytes do not compress


@pytest.fixture
def bodies(dynamo: Dynamo) -> Bodies:
    return Bodies(dynamo)


@pytest.fixture(scope="module")
def s3_endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
async def s3_bodies(
    settings: Settings, dynamo: Dynamo, s3_endpoint: str
) -> AsyncIterator[tuple[Bodies, "S3"]]:
    bucket = S3(s3_endpoint, f"bucket-{settings.table_name}")
    named = settings.model_copy(
        update={"bodies_bucket": bucket.name, "localstack_url": s3_endpoint}
    )
    async with open_bodies(named, dynamo) as found:
        yield found, bucket


class S3:
    """The bucket, read with boto3."""

    def __init__(self, endpoint: str, name: str) -> None:
        self.name = name
        self._client = boto3.client("s3", region_name="us-east-1", endpoint_url=endpoint)
        self._client.create_bucket(Bucket=name)

    def names(self) -> list[str]:
        found = self._client.list_objects_v2(Bucket=self.name).get("Contents", [])
        return [entry["Key"] for entry in found]

    def remove(self, name: str) -> None:
        self._client.delete_object(Bucket=self.name, Key=name)


async def stored(dynamo: Dynamo) -> list[str]:
    return [item["SK"] async for item in dynamo.query_all(equals("PK", KEY["PK"]))]


async def test_a_small_body_is_one_item_written_and_read_in_one_request_each(
    bodies: Bodies,
) -> None:
    with metered() as writing:
        await bodies.put(KEY, b"print(1)" * 200)
    with metered() as reading:
        assert await bodies.get(KEY) == b"print(1)" * 200
    assert (writing.requests, writing.write_units) == (1, 1)
    assert (reading.requests, reading.read_units) == (1, 0.5)


async def test_an_empty_body_is_not_a_missing_one(bodies: Bodies) -> None:
    await bodies.put(KEY, b"")
    assert await bodies.get(KEY) == b""
    assert await bodies.get(keys.hints_body("01U", "01H")) is None


async def test_a_body_past_300_kb_is_split_and_read_back_whole(
    bodies: Bodies, dynamo: Dynamo
) -> None:
    await bodies.put(KEY, LARGE)
    assert await stored(dynamo) == ["B#01H#c", "B#01H#c#p001", "B#01H#c#p002"]
    assert await bodies.get(KEY) == LARGE


async def test_a_query_s_items_join_to_the_body(bodies: Bodies, dynamo: Dynamo) -> None:
    for item in await bodies.items(KEY, LARGE, {"no": 4}):
        await dynamo.put(item)
    found = equals("PK", KEY["PK"]) & begins_with("SK", "B#01H#c")
    items = [item async for item in dynamo.query_all(found)]
    assert items[0]["no"] == 4
    assert await bodies.join(items) == LARGE


async def test_the_pieces_of_a_longer_body_that_was_overwritten_do_no_harm(bodies: Bodies) -> None:
    await bodies.put(KEY, LARGE)
    await bodies.put(KEY, LARGE[: CHUNK_BYTES + 10])
    assert await bodies.get(KEY) == LARGE[: CHUNK_BYTES + 10]


async def test_a_missing_or_foreign_piece_is_noticed(bodies: Bodies, dynamo: Dynamo) -> None:
    _, first, _ = await bodies.items(KEY, LARGE)
    await bodies.put(KEY, LARGE)
    chunk = {"PK": first["PK"], "SK": first["SK"]}
    await dynamo.put({**first, "z": b"x" * len(first["z"])})
    with pytest.raises(DamagedBody):
        await bodies.get(KEY)
    await dynamo.delete(chunk)
    with pytest.raises(DamagedBody):
        await bodies.get(KEY)


async def test_get_many_answers_in_order_with_one_request_for_small_bodies(bodies: Bodies) -> None:
    wanted = [keys.code_body("01U", f"{n:02d}") for n in range(30)]
    for n in range(0, 30, 2):
        await bodies.put(wanted[n], str(n).encode())
    with metered() as meter:
        found = await bodies.load_many(wanted, bytes)
    assert found == [None if n % 2 else str(n).encode() for n in range(30)]
    assert meter.requests == 1


async def test_delete_removes_the_pieces_too(bodies: Bodies, dynamo: Dynamo) -> None:
    await bodies.put(KEY, LARGE)
    await bodies.delete(KEY)
    await bodies.delete(KEY)
    assert await stored(dynamo) == []


async def test_with_a_bucket_a_large_body_is_one_object_and_a_small_one_stays(
    s3_bodies: tuple[Bodies, S3], dynamo: Dynamo
) -> None:
    bodies, bucket = s3_bodies
    other = keys.hints_body("01U", "01H")
    await bodies.put(other, b"short")
    assert bucket.names() == []
    await bodies.put(KEY, LARGE)
    await bodies.put(KEY, LARGE)
    assert len(bucket.names()) == 1
    assert await stored(dynamo) == ["B#01H#c", "B#01H#h"]
    assert await bodies.load_many([KEY, other], bytes) == [LARGE, b"short"]
    manifest = await dynamo.get(KEY)
    assert manifest is not None
    assert await bodies.join([manifest]) == LARGE


async def test_an_object_s_name_tells_nothing_of_its_owner(
    s3_bodies: tuple[Bodies, S3],
) -> None:
    bodies, bucket = s3_bodies
    await bodies.put(keys.code_body("zoe@example.org", "01H"), LARGE)
    (name,) = bucket.names()
    assert "zoe" not in name
    assert "01H" not in name


async def test_delete_removes_the_object(s3_bodies: tuple[Bodies, S3], dynamo: Dynamo) -> None:
    bodies, bucket = s3_bodies
    await bodies.put(KEY, LARGE)
    await bodies.delete(KEY)
    assert (bucket.names(), await stored(dynamo)) == ([], [])


async def test_a_missing_object_and_a_missing_bucket_setting_are_named(
    s3_bodies: tuple[Bodies, S3], dynamo: Dynamo
) -> None:
    bodies, bucket = s3_bodies
    manifest = await bodies.put(KEY, LARGE)
    with pytest.raises(Unavailable, match="BODIES_BUCKET"):
        await Bodies(dynamo).get(KEY)
    bucket.remove(manifest[OBJECT])
    with pytest.raises(DamagedBody):
        await bodies.get(KEY)
