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
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import structlog
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.exceptions import BotoCoreError, ClientError

from graphql_api.config import Settings
from graphql_api.data import keys
from graphql_api.data.dynamo.client import Dynamo
from graphql_api.data.errors import Unavailable
from graphql_api.data.keys import Key
from graphql_api.data.packing import DamagedBody, pack, read_unpacked_size, unpack

if TYPE_CHECKING:
    from types_aiobotocore_s3 import S3Client

Item = dict[str, Any]
_log = structlog.stdlib.get_logger(__name__)

# Names and keys add 0.5 KB to an item. DynamoDB allows 400 KB per item.
CHUNK_BYTES = 300 * 1024
# Compressing this many bytes takes about 5 ms. Larger bodies are compressed in another thread, so
# that they do not block the event loop.
INLINE_BYTES = 1024 * 1024

PACKED = "z"
CHUNKS = "np"
OBJECT = "s3"


class ObjectStore:
    """The S3 bucket for large bodies.

    The object names are hashes, so they do not reveal the owner of a body.
    """

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client, self._bucket = client, bucket

    async def put(self, name: str, packed: bytes) -> None:
        """Write an object with this name. An existing object with the name is replaced."""
        try:
            await self._client.put_object(Bucket=self._bucket, Key=name, Body=packed)
        except (ClientError, BotoCoreError) as error:
            raise _make_timeout("write") from error

    async def get(self, name: str) -> bytes:
        """Return the content of an object.

        Raises:
            DamagedBody: the object does not exist.
        """
        try:
            answer = await self._client.get_object(Bucket=self._bucket, Key=name)
            async with answer["Body"] as stream:
                return await stream.read()
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
    """Open the storage of bodies. If the settings name a bucket, also open a connection to S3.

    The environment variable `LOCALSTACK_URL` sets the S3 endpoint. If it is not set, botocore's
    variable `AWS_ENDPOINT_URL_S3` sets the endpoint.
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
    """Reads and writes bodies.

    A body above 300 KB is stored in the object store. Without an object store, the body is split
    into several items.
    """

    def __init__(self, dynamo: Dynamo, objects: ObjectStore | None = None) -> None:
        self._dynamo, self._objects = dynamo, objects

    async def items(
        self, key: Key, raw: bytes, extra: Mapping[str, Any] | None = None
    ) -> list[Item]:
        """Return the items of a body, which the caller must write.

        The first item is the manifest, the others are the chunks. Write the chunks before the
        manifest or in the same request. `extra` contains additional attributes for the manifest. If
        the body belongs in S3, this method also writes the S3 object. A body of up to 300 KB
        (compressed) is one item and takes one write unit per started KB.
        """
        packed = await _run_in_thread_if_large(pack, raw, len(raw))
        manifest = {**key, "v": 1, "tp": "body", **(extra or {})}
        if len(packed) <= CHUNK_BYTES:
            return [{**manifest, PACKED: packed}]
        if self._objects is not None:
            name = _object_name(self._dynamo.table_name, key, packed)
            await self._objects.put(name, packed)
            return [{**manifest, OBJECT: name}]
        first, *rest = (
            packed[start : start + CHUNK_BYTES] for start in range(0, len(packed), CHUNK_BYTES)
        )
        chunks = [
            {**_chunk_key(key, number), "v": 1, "tp": "piece", PACKED: chunk}
            for number, chunk in enumerate(rest, 1)
        ]
        return [{**manifest, PACKED: first, CHUNKS: len(rest)}, *chunks]

    async def put(self, key: Key, raw: bytes, extra: Mapping[str, Any] | None = None) -> Item:
        """Write a body and return its manifest.

        Cost: one request for a body of up to 300 KB (compressed).
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

    async def get_many(self, keys: Sequence[Key], *, recheck: bool = False) -> list[bytes | None]:
        """Return the bodies in the order of `keys`.

        The list contains None for each body that does not exist or is damaged. With `recheck`,
        missing bodies are read again with strong consistency. Cost: one BatchGetItem per 100
        manifests, and further requests for each body above 300 KB.
        """
        return await self.of_manifests(await self._dynamo.batch_get(keys, recheck=recheck))

    async def of_manifests(self, manifests: Sequence[Item | None]) -> list[bytes | None]:
        """Return the bodies in the order of `manifests`. The list contains None as in `get_many`.

        Cost: no request, unless a body has chunks or is in S3.
        """
        return list(
            await asyncio.gather(
                *(
                    self._of_manifest_or_none(manifest) if manifest else _return_none()
                    for manifest in manifests
                )
            )
        )

    async def _of_manifest_or_none(self, manifest: Mapping[str, Any]) -> bytes | None:
        """Return the body of a manifest. If the body is damaged, log the error and return None."""
        try:
            return await self.of_manifest(manifest)
        except DamagedBody:
            _log.exception(
                "A stored body is damaged and is treated as missing.",
                PK=manifest["PK"],
                SK=manifest["SK"],
            )
            return None

    async def of_manifest(self, manifest: Mapping[str, Any]) -> bytes:
        """Return the body of a manifest. Cost: no request, unless the body has chunks or is in S3.

        Raises:
            DamagedBody: a chunk or the S3 object is missing, or the bytes differ from the written
                bytes.
        """
        keys = _chunk_keys(manifest)
        chunks = await self._dynamo.batch_get(keys, consistent=True) if keys else []
        return await self._assemble(manifest, chunks)

    async def join(self, items: Sequence[Mapping[str, Any]]) -> bytes:
        """Return a body from its items: the manifest and the chunks, in any order.

        Items of other kinds are ignored. Cost: no request, unless the body is in S3.

        Raises:
            DamagedBody: a chunk or the S3 object is missing, or the bytes differ from the written
                bytes.
            ValueError: the manifest is missing.
        """
        by_sort_key = {item["SK"]: item for item in items}
        manifests = [item for item in items if item.get("tp") != "piece"]
        if not manifests:
            key = next(iter(by_sort_key), None)
            raise ValueError(
                "A stored body is damaged: its manifest is missing, but its chunks exist. The key "
                f"is {key}."
            )
        return await self._assemble(
            manifests[0], [by_sort_key.get(key["SK"]) for key in _chunk_keys(manifests[0])]
        )

    async def _assemble(
        self, manifest: Mapping[str, Any], chunks: Sequence[Mapping[str, Any] | None]
    ) -> bytes:
        if OBJECT in manifest:
            packed = await self._objects_or_fail().get(manifest[OBJECT])
        elif None in chunks:
            raise DamagedBody(
                f"A stored body is damaged: at least one of its {len(chunks) + 1} items is missing."
            )
        else:
            packed = b"".join([manifest[PACKED], *(chunk[PACKED] for chunk in chunks if chunk)])
        return await _run_in_thread_if_large(unpack, packed, read_unpacked_size(packed))

    async def delete(self, key: Key) -> None:
        """Remove a body with its chunks or its S3 object. Do nothing if the body does not exist."""
        await self.delete_many([key])

    async def delete_many(self, keys: Sequence[Key]) -> None:
        """Remove bodies.

        Cost: one BatchGetItem per 100 manifests, then one request per 25 items.
        """
        manifests = await self._dynamo.batch_get(keys, consistent=True)
        await self.delete_manifests(manifest for manifest in manifests if manifest)

    async def delete_manifests(self, manifests: Iterable[Mapping[str, Any]]) -> None:
        """Remove the bodies of these manifests.

        The chunks of a body are removed before the manifest of the body.
        """
        manifests = list(manifests)
        chunks = [key for manifest in manifests for key in _chunk_keys(manifest)]
        await self.delete_items([*chunks, *manifests])

    async def delete_items(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Remove manifests and chunks, and the S3 objects that belong to the manifests.

        Only the key of a chunk is needed. A manifest must be a whole item.
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
    """Return the S3 object name of a body: hashes of its key and content.

    A retry writes the same content under the same name, so retries are safe.
    """
    owner = hashlib.sha256(f"{table_name}\n{key['PK']}\n{key['SK']}".encode()).hexdigest()
    return f"bodies/{owner[:40]}/{hashlib.sha256(packed).hexdigest()[:16]}"


def _chunk_key(key: Mapping[str, str], number: int) -> Key:
    return {"PK": key["PK"], "SK": f"{key['SK']}#p{number:03d}"}


def _chunk_keys(manifest: Mapping[str, Any]) -> list[Key]:
    return [_chunk_key(manifest, number) for number in range(1, manifest.get(CHUNKS, 0) + 1)]


async def _return_none() -> None:
    return None


async def _run_in_thread_if_large(
    convert: Callable[[bytes], bytes], data: bytes, size: int
) -> bytes:
    return await asyncio.to_thread(convert, data) if size > INLINE_BYTES else convert(data)
