"""Bodies: large, compressed parts of an entity, such as the code of a submission.

The main item of a body is called the manifest. The manifest contains up to 300 KB of compressed
bytes. The rest of a larger body is stored in further items, called chunks, with the sort keys
`{SK}#p001`, `{SK}#p002` and so on. If an S3 bucket is configured, a larger body is stored as one S3
object instead of chunks, and the manifest contains the object's name.

The manifest is written last, so a body with a manifest is complete. A checksum inside the
compressed bytes detects a chunk that a later write has overwritten. Queries for lists do not read
bodies.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from typing import TYPE_CHECKING, Any, TypeVar

import structlog
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.exceptions import BotoCoreError, ClientError

from graphql_api.config import Settings
from graphql_api.data import keys
from graphql_api.data.dynamo.bounds import current_bounds
from graphql_api.data.dynamo.client import BATCH_GET_KEYS, Dynamo
from graphql_api.data.dynamo.memory import MemoryBudget
from graphql_api.data.errors import Unavailable
from graphql_api.data.keys import Key
from graphql_api.data.limits import READING_BYTES
from graphql_api.data.packing import DamagedBody, Unpacker, pack, read_unpacked_size, unpack
from graphql_api.data.records import UNREADABLE

if TYPE_CHECKING:
    from types_aiobotocore_s3 import S3Client

Item = dict[str, Any]
T = TypeVar("T")
_log = structlog.stdlib.get_logger(__name__)

# Names and keys add 0.5 KB to an item. DynamoDB allows 400 KB per item.
CHUNK_BYTES = 300 * 1024
# Maximum number of items that a GraphQL operation reads in one request (at most 3 MB).
BOUNDED_ITEMS = 10
# Compressing this many bytes takes about 5 ms. Larger bodies are compressed in another thread, so
# that they do not block the event loop.
INLINE_BYTES = 1024 * 1024

PACKED = "z"
CHUNKS = "np"
OBJECT = "s3"
SIZE = "sz"
# The type of the items that are chunks.
PIECE = "piece"
# Number of bytes at the start of a compressed body that contain the decompressed size.
HEADER_BYTES = 18


class ObjectStore:
    """The S3 bucket for bodies that are too large for one item.

    A body is a part of an entity, such as the code of a submission. The object names are
    hashes, so they do not reveal the owner of a body.
    """

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client, self._bucket = client, bucket

    async def put(self, name: str, packed: bytes) -> None:
        """Write an object with this name. An existing object with the name is replaced."""
        try:
            await self._client.put_object(Bucket=self._bucket, Key=name, Body=packed)
        except (ClientError, BotoCoreError) as error:
            raise _make_timeout("write") from error

    async def get(self, name: str, admit: Callable[[int], Awaitable[None]] | None = None) -> bytes:
        """Return the content of an object.

        When the first bytes have been read, `admit` is called with the required memory: the
        compressed size plus the decompressed size, in bytes. If `admit` raises an exception, the
        rest of the object is not read.

        Raises:
            DamagedBody: the object does not exist.
        """
        try:
            answer = await self._client.get_object(Bucket=self._bucket, Key=name)
            async with answer["Body"] as stream:
                if admit is None:
                    return await stream.read()
                header = await stream.read(HEADER_BYTES)
                await admit(answer["ContentLength"] + read_unpacked_size(header))
                return header + await stream.read()
        except self._client.exceptions.NoSuchKey as error:
            raise DamagedBody(
                f"The S3 object {name}, which contains a stored body, does not exist."
            ) from error
        except (ClientError, BotoCoreError) as error:
            raise _make_timeout("read") from error

    async def delete(self, name: str) -> None:
        """Remove an object. Do nothing if the object does not exist."""
        try:
            await self._client.delete_object(Bucket=self._bucket, Key=name)
        except (ClientError, BotoCoreError) as error:
            raise _make_timeout("removal") from error


def _make_timeout(what: str) -> Unavailable:
    return Unavailable(
        f"The {what} of stored content failed, because S3 did not answer in time. Try again later."
    )


@asynccontextmanager
async def open_bodies(settings: Settings, dynamo: Dynamo) -> AsyncIterator["Bodies"]:
    """Open the storage of bodies (large parts of entities), and close it at the end of the block.

    If the settings contain the name of a bucket, this also opens a connection to S3.

    The environment variable `LOCALSTACK_URL` sets the S3 endpoint. Without this variable,
    botocore's variable `AWS_ENDPOINT_URL_S3` sets the endpoint.
    """
    if settings.bodies_bucket is None:
        yield Bodies(dynamo)
        return
    config = AioConfig(connect_timeout=2, read_timeout=10, retries={"total_max_attempts": 3})
    async with get_session().create_client(
        "s3",
        region_name=settings.aws_default_region,
        endpoint_url=settings.localstack_url,
        config=config,
    ) as client:
        yield Bodies(dynamo, ObjectStore(client, settings.bodies_bucket))


class Bodies:
    """Reads and writes bodies, which are large, compressed parts of an entity.

    A body above 300 KB is stored in the object store. Without an object store, the body is split
    into several items.
    """

    def __init__(self, dynamo: Dynamo, objects: ObjectStore | None = None) -> None:
        self._dynamo, self._objects = dynamo, objects
        self._memory = MemoryBudget(READING_BYTES)

    async def items(
        self, key: Key, raw: bytes, extra: Mapping[str, Any] | None = None
    ) -> list[Item]:
        """Return the items of a body. The caller must write these items to the table.

        The first item is the manifest, the others are the chunks. Write the chunks before the
        manifest or in the same request. `extra` contains additional attributes for the manifest. If
        the body is stored in S3, this method writes the S3 object itself. A body of up to 300 KB
        (compressed) is one item and takes one write unit per started KB.
        """
        packed = await _run_in_thread_if_large(pack, raw, len(raw))
        manifest = {**key, "v": 1, "tp": "body", **(extra or {})}
        if len(packed) <= CHUNK_BYTES:
            return [{**manifest, PACKED: packed}]
        if self._objects is not None:
            name = _object_name(self._dynamo.table_name, key, packed)
            await self._objects.put(name, packed)
            return [{**manifest, OBJECT: name, SIZE: len(raw)}]
        first, *rest = (
            packed[start : start + CHUNK_BYTES] for start in range(0, len(packed), CHUNK_BYTES)
        )
        chunks = [
            {**_chunk_key(key, number), "v": 1, "tp": PIECE, PACKED: chunk}
            for number, chunk in enumerate(rest, 1)
        ]
        return [{**manifest, PACKED: first, CHUNKS: len(rest)}, *chunks]

    async def put(self, key: Key, raw: bytes, extra: Mapping[str, Any] | None = None) -> Item:
        """Write a body, and return its manifest (the main item of the body).

        A body is a large part of an entity, such as the code of a submission. Cost: one request for
        a body of up to 300 KB (compressed).
        """
        manifest, *chunks = await self.items(key, raw, extra)
        if chunks:
            await self._dynamo.batch_write(puts=chunks)
        await self._dynamo.put(manifest)
        return manifest

    async def get(
        self, key: Key, *, consistent: bool = False, recheck: bool = False
    ) -> bytes | None:
        """Return a body, or None if the body does not exist.

        With `recheck`, a missing body is read again with strong consistency. Cost: one request for
        a body of up to 300 KB (compressed).
        """
        manifest = await self._dynamo.get(key, consistent=consistent, recheck=recheck)
        return None if manifest is None else await self.of_manifest(manifest)

    async def load_many(
        self,
        keys: Sequence[Key],
        load: Callable[[bytes], T],
        *,
        recheck: bool = False,
        is_wanted: Callable[[Item], bool] = lambda _: True,
    ) -> list[T | None]:
        """Read bodies, and return the bodies converted by `load`, in the order of `keys`.

        `is_wanted` gets the main item of each body, and returns whether the body must be read. The
        list contains None for each body that does not exist, is not wanted, is damaged or cannot be
        converted. With `recheck`, missing bodies are read again with strong consistency.

        Cost: one BatchGetItem per 10 bodies in a GraphQL operation, or per 100 bodies in workers
        and commands. Each body above 300 KB needs further requests.
        """
        found: list[T | None] = []
        for batch in self.batches(keys):
            for manifest in await self.get_manifests(batch, recheck=recheck, is_wanted=is_wanted):
                found.append(await self.load_or_none(manifest, load) if manifest else None)  # noqa: PERF401 - the other bodies must not be in memory yet
        return found

    @staticmethod
    def batches(keys: Sequence[Key]) -> list[Sequence[Key]]:
        """Divide keys into parts. The bodies of one part are read with one request."""
        size = BOUNDED_ITEMS if current_bounds() else BATCH_GET_KEYS
        return [keys[start : start + size] for start in range(0, len(keys), size)]

    async def get_manifests(
        self,
        keys: Sequence[Key],
        *,
        recheck: bool = False,
        is_wanted: Callable[[Item], bool] = lambda _: True,
    ) -> list[Item | None]:
        """Read the manifests (main items) of bodies, and wait until there is memory for the bodies.

        Return the manifests in the order of `keys`. The list contains None for each body that does
        not exist or is not wanted. `recheck` and `is_wanted` are as in `load_many`. No
        memory is reserved for bodies that are too large for the current GraphQL operation (see
        `fits`). Cost: one BatchGetItem per 100 manifests.
        """

        async def read() -> list[Item | None]:
            async with self.reading(len(keys) * CHUNK_BYTES):
                items = await self._dynamo.batch_get(keys, recheck=recheck)
            return [item if item and is_wanted(item) else None for item in items]

        return await self.admit(read, lambda found: [item for item in found if item])

    async def admit(
        self, read: Callable[[], Awaitable[T]], manifests_of: Callable[[T], Iterable[Item]]
    ) -> T:
        """Call `read`, and wait until there is memory for the bodies that the result refers to.

        Return the result of `read`. `manifests_of` returns the manifests (the main items of the
        bodies) in this result. A GraphQL operation that must wait drops the result, and
        calls `read` again after the wait. So the results of many waiting operations do not fill the
        memory.
        """
        found, bounds = await read(), current_bounds()
        size = sum(unpacked_size(item) for item in manifests_of(found) if fits(item))
        if bounds is None or bounds.add_bodies(size):
            return found
        del found
        await bounds.wait_for_body_memory()
        return await read()

    @staticmethod
    async def wait_for_memory(size_bytes: int) -> None:
        """Count `size_bytes` for the current operation, and wait until the memory is free.

        Raises:
            BoundExceeded: the operation needs too much memory, or the memory was not free in time.
        """
        bounds = current_bounds()
        if bounds and not bounds.add_bodies(size_bytes):
            await bounds.wait_for_body_memory()

    @asynccontextmanager
    async def reading(self, size_bytes: int) -> AsyncIterator[None]:
        """Reserve `size_bytes` of the process's memory for reading while the block runs.

        If the current operation has no bounds, no memory is reserved.

        Raises:
            BoundExceeded: the memory was not free in time.
        """
        bounds = current_bounds()
        async with bounds.reading(self._memory, size_bytes) if bounds else nullcontext():
            yield

    async def load_or_none(
        self, manifest: Mapping[str, Any], load: Callable[[bytes], T], items: Sequence[Item] = ()
    ) -> T | None:
        """Read the body whose main item is `manifest`, and return the body converted by `load`.

        If the caller has read all items of the body, it passes them as `items`. If the body is
        damaged or cannot be converted, log the error and return None.
        """
        bounds = current_bounds()
        if bounds and not fits(manifest):
            bounds.add_bodies(unpacked_size(manifest))
        try:
            return load(await (self.join(items) if items else self.of_manifest(manifest)))
        except (DamagedBody, AttributeError, *UNREADABLE):
            _log.exception(
                "A stored body is damaged and is treated as missing.",
                PK=manifest["PK"],
                SK=manifest["SK"],
            )
            return None

    async def of_manifest(self, manifest: Mapping[str, Any]) -> bytes:
        """Return the body whose main item is `manifest`.

        Cost: no request, unless the body has chunks or is in S3.

        Raises:
            DamagedBody: a chunk or the S3 object is missing, or the bytes differ from the written
                bytes.
        """
        if OBJECT in manifest:
            return await self._read_object(manifest)
        size = unpacked_size(manifest)
        unpacker = Unpacker()
        parts = [await _run_in_thread_if_large(unpacker.add, manifest[PACKED], size)]
        async for chunk in self._read_chunks(manifest):
            parts.append(await _run_in_thread_if_large(unpacker.add, chunk, size))  # noqa: PERF401 - one chunk at a time
        unpacker.finish()
        return b"".join(parts)

    async def _read_chunks(self, manifest: Mapping[str, Any]) -> AsyncIterator[bytes]:
        keys = chunk_keys(manifest)
        for start in range(0, len(keys), BOUNDED_ITEMS):
            batch = keys[start : start + BOUNDED_ITEMS]
            async with self.reading(len(batch) * CHUNK_BYTES):
                chunks = await self._dynamo.batch_get(batch, consistent=True)
            if None in chunks:
                raise _make_damaged(len(keys) + 1)
            for chunk in filter(None, chunks):
                yield chunk[PACKED]

    async def _read_object(self, manifest: Mapping[str, Any]) -> bytes:
        objects, bounds = self._objects_or_fail(), current_bounds()
        if bounds is None:
            packed = await objects.get(manifest[OBJECT])
        else:
            # The manifests of older objects do not contain the size.
            admit = None if SIZE in manifest else self.wait_for_memory
            async with bounds.read():
                packed = await objects.get(manifest[OBJECT], admit)
        return await _run_in_thread_if_large(unpack, packed, read_unpacked_size(packed))

    async def join(self, items: Sequence[Mapping[str, Any]]) -> bytes:
        """Return the body that is stored in `items`.

        The items are its manifest (main item) and its chunks, in any order. Items of other kinds
        are ignored. Cost: no request, unless the body is in S3.

        Raises:
            DamagedBody: a chunk or the S3 object is missing, or the bytes differ from the written
                bytes.
            ValueError: the manifest is missing.
        """
        by_sort_key = {item["SK"]: item for item in items}
        manifests = [item for item in items if item.get("tp") != PIECE]
        if not manifests:
            key = next(iter(by_sort_key), None)
            raise ValueError(
                "A stored body is damaged: its manifest is missing, but its chunks exist. The key "
                f"is {key}."
            )
        return await self._assemble(
            manifests[0], [by_sort_key.get(key["SK"]) for key in chunk_keys(manifests[0])]
        )

    async def _assemble(
        self, manifest: Mapping[str, Any], chunks: Sequence[Mapping[str, Any] | None]
    ) -> bytes:
        if OBJECT in manifest:
            return await self._read_object(manifest)
        if None in chunks:
            raise _make_damaged(len(chunks) + 1)
        packed = b"".join([manifest[PACKED], *(chunk[PACKED] for chunk in chunks if chunk)])
        return await _run_in_thread_if_large(unpack, packed, read_unpacked_size(packed))

    async def delete(self, key: Key) -> None:
        """Remove a body with its chunks or its S3 object. Do nothing if the body does not exist."""
        await self.delete_many([key])

    async def delete_many(self, keys: Sequence[Key]) -> None:
        """Remove bodies (large parts of entities).

        Cost: one BatchGetItem per 100 bodies, then one request per 25 removed items.
        """
        manifests = await self._dynamo.batch_get(keys, consistent=True)
        await self.delete_manifests(manifest for manifest in manifests if manifest)

    async def delete_manifests(self, manifests: Iterable[Mapping[str, Any]]) -> None:
        """Remove the bodies whose main items are `manifests`.

        The chunks of a body are removed before its main item.
        """
        manifests = list(manifests)
        chunks = [key for manifest in manifests for key in chunk_keys(manifest)]
        await self.delete_items([*chunks, *manifests])

    async def delete_items(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Remove manifests and chunks, and the S3 objects that belong to the manifests.

        For a chunk, an item with only the key attributes is enough. A manifest must have all its
        attributes, because it may contain the name of an S3 object.
        """
        items = list(items)
        objects = [item[OBJECT] for item in items if OBJECT in item]
        if objects:
            store = self._objects_or_fail()
            await asyncio.gather(*map(store.delete, objects))
        await self._dynamo.batch_write(deletes=map(keys.of_item, items))

    def _objects_or_fail(self) -> ObjectStore:
        if self._objects is None:
            raise Unavailable(
                "The requested content is stored in S3, but the setting BODIES_BUCKET is empty. "
                "Ask the operator to set BODIES_BUCKET."
            )
        return self._objects


def _object_name(table_name: str, key: Key, packed: bytes) -> str:
    """Return the S3 object name of a body: hashes of the body's key and content.

    A retry writes the same content under the same name, so retries are safe.
    """
    owner = hashlib.sha256(f"{table_name}\n{key['PK']}\n{key['SK']}".encode()).hexdigest()
    return f"bodies/{owner[:40]}/{hashlib.sha256(packed).hexdigest()[:16]}"


def _chunk_key(key: Mapping[str, str], number: int) -> Key:
    return {"PK": key["PK"], "SK": f"{key['SK']}#p{number:03d}"}


def chunk_keys(manifest: Mapping[str, Any]) -> list[Key]:
    """Return the keys of the chunks of a body."""
    return [_chunk_key(manifest, number) for number in range(1, manifest.get(CHUNKS, 0) + 1)]


def unpacked_size(manifest: Mapping[str, Any]) -> int:
    """Return the decompressed size of a body in bytes.

    `manifest` is the main item of the body. The result is 0 for some older bodies in S3, because
    their main items do not contain the size.
    """
    if PACKED in manifest:
        return read_unpacked_size(manifest[PACKED])
    return int(manifest.get(SIZE, 0))


def fits(manifest: Mapping[str, Any]) -> bool:
    """Return whether a body (a large stored value) fits into the current operation's memory."""
    bounds = current_bounds()
    return bounds is None or unpacked_size(manifest) <= bounds.max_bytes


def _make_damaged(count: int) -> DamagedBody:
    return DamagedBody(f"A stored body is damaged: at least one of its {count} items is missing.")


async def _run_in_thread_if_large(
    convert: Callable[[bytes], bytes], data: bytes, size: int
) -> bytes:
    return await asyncio.to_thread(convert, data) if size > INLINE_BYTES else convert(data)
