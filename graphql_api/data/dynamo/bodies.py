"""Bodies: what a card's detail page shows, compressed, in the table or in S3.

A body is one item, its head. Up to 300 KB of compressed bytes lie in the head; a larger body goes
on in pieces under `{SK}#p001` and so on, or, where a bucket is set, wholly into one S3 object that
the head names. A head is written after everything it names, so a body that can be read is whole;
the checksum inside the compressed bytes catches one whose pieces were overwritten meanwhile.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.exceptions import BotoCoreError, ClientError

from graphql_api.config import Settings
from graphql_api.data import keys
from graphql_api.data.dynamo.client import Dynamo
from graphql_api.data.errors import Unavailable
from graphql_api.data.keys import Key
from graphql_api.data.packing import DamagedBody, pack, unpack, unpacked_bytes

if TYPE_CHECKING:
    from types_aiobotocore_s3 import S3Client

Item = dict[str, Any]

# Half a kilobyte of names and keys stays far under DynamoDB's 400 KB an item.
PIECE_BYTES = 300 * 1024
# Compressing this much takes about 5 ms: more leaves the event loop's thread.
INLINE_BYTES = 1024 * 1024

PACKED = "z"
PIECES = "np"
OBJECT = "s3"


class ObjectStore:
    """The S3 bucket of large bodies; object names are hashes and tell nothing of whose they are."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client, self._bucket = client, bucket

    async def put(self, name: str, packed: bytes) -> None:
        """Write an object."""
        try:
            await self._client.put_object(Bucket=self._bucket, Key=name, Body=packed)
        except (ClientError, BotoCoreError) as error:
            raise _unanswered("write") from error

    async def get(self, name: str) -> bytes:
        """Return an object's bytes.

        Raises:
            DamagedBody: there is no such object.
        """
        try:
            answer = await self._client.get_object(Bucket=self._bucket, Key=name)
            async with answer["Body"] as stream:
                return await stream.read()
        except self._client.exceptions.NoSuchKey as error:
            raise DamagedBody(f"object {name} of a body is missing") from error
        except (ClientError, BotoCoreError) as error:
            raise _unanswered("read") from error

    async def delete(self, name: str) -> None:
        """Remove an object; nothing happens where there is none."""
        try:
            await self._client.delete_object(Bucket=self._bucket, Key=name)
        except (ClientError, BotoCoreError) as error:
            raise _unanswered("removal") from error


def _unanswered(what: str) -> Unavailable:
    return Unavailable(
        f"The object store did not answer the {what} of stored content. Try again later."
    )


@asynccontextmanager
async def open_bodies(settings: Settings, dynamo: Dynamo) -> AsyncIterator["Bodies"]:
    """Open the bodies of a table, with a connection to S3 when the settings name a bucket.

    `LOCALSTACK_URL`, or else botocore's own `AWS_ENDPOINT_URL_S3`, points at another S3.
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
    """Reads and writes bodies; without an object store, large ones are split over items."""

    def __init__(self, dynamo: Dynamo, objects: ObjectStore | None = None) -> None:
        self._dynamo, self._objects = dynamo, objects

    async def items(
        self, key: Key, raw: bytes, extra: Mapping[str, Any] | None = None
    ) -> list[Item]:
        """Return what to write for a body: its head, then its pieces; S3 is written already.

        `extra` are further attributes of the head. Write the pieces before, or together with, the
        head. One item of ceil(packed KB) write units up to 300 KB.
        """
        packed = await _in_thread_if_large(pack, raw, len(raw))
        head = {**key, "v": 1, "tp": "body", **(extra or {})}
        if len(packed) <= PIECE_BYTES:
            return [{**head, PACKED: packed}]
        if self._objects is not None:
            name = _object_name(self._dynamo.table_name, key, packed)
            await self._objects.put(name, packed)
            return [{**head, OBJECT: name}]
        first, *rest = (
            packed[start : start + PIECE_BYTES] for start in range(0, len(packed), PIECE_BYTES)
        )
        pieces = [
            {**_piece_key(key, number), "v": 1, "tp": "piece", PACKED: piece}
            for number, piece in enumerate(rest, 1)
        ]
        return [{**head, PACKED: first, PIECES: len(rest)}, *pieces]

    async def put(self, key: Key, raw: bytes, extra: Mapping[str, Any] | None = None) -> Item:
        """Write a body and return its head; one request up to 300 KB of packed bytes."""
        head, *pieces = await self.items(key, raw, extra)
        if pieces:
            await self._dynamo.batch_write(puts=pieces)
        await self._dynamo.put(head)
        return head

    async def get(self, key: Key, *, consistent: bool = False) -> bytes | None:
        """Return a body, None if there is none; one request up to 300 KB of packed bytes."""
        head = await self._dynamo.get(key, consistent=consistent)
        return None if head is None else await self.of_head(head)

    async def get_many(self, keys: Sequence[Key]) -> list[bytes | None]:
        """Return one entry a key, in order, None where there is none.

        One BatchGetItem for a hundred heads, and what each large body needs besides.
        """
        heads = await self._dynamo.batch_get(keys)
        return list(
            await asyncio.gather(*(self.of_head(head) if head else _nothing() for head in heads))
        )

    async def of_head(self, head: Mapping[str, Any]) -> bytes:
        """Return the body of a head that was read; no request unless it is split or in S3.

        Raises:
            DamagedBody: a piece or the object is missing.
        """
        keys = _piece_keys(head)
        pieces = await self._dynamo.batch_get(keys, consistent=True) if keys else []
        return await self._assembled(head, pieces)

    async def join(self, items: Sequence[Mapping[str, Any]]) -> bytes:
        """Return the body whose head and pieces a query returned, in any order.

        Items that are neither are passed over. No request unless the body is in S3.

        Raises:
            DamagedBody: a piece or the object is missing.
            ValueError: there is no head among the items.
        """
        found = {item["SK"]: item for item in items}
        heads = [item for item in items if item.get("tp") != "piece"]
        if not heads:
            raise ValueError("these items hold pieces of a body and not its head")
        return await self._assembled(
            heads[0], [found.get(key["SK"]) for key in _piece_keys(heads[0])]
        )

    async def _assembled(
        self, head: Mapping[str, Any], pieces: Sequence[Mapping[str, Any] | None]
    ) -> bytes:
        if OBJECT in head:
            packed = await self._objects_or_fail().get(head[OBJECT])
        elif None in pieces:
            raise DamagedBody(f"a body of {len(pieces) + 1} items lacks a piece")
        else:
            packed = b"".join([head[PACKED], *(piece[PACKED] for piece in pieces if piece)])
        return await _in_thread_if_large(unpack, packed, unpacked_bytes(packed))

    async def delete(self, key: Key) -> None:
        """Remove a body with its pieces or its object; nothing happens where there is none."""
        await self.delete_many([key])

    async def delete_many(self, keys: Sequence[Key]) -> None:
        """Remove bodies: one BatchGetItem of their heads, then 25 items a request."""
        heads = await self._dynamo.batch_get(keys, consistent=True)
        await self.delete_heads(head for head in heads if head)

    async def delete_heads(self, heads: Iterable[Mapping[str, Any]]) -> None:
        """Remove the bodies of heads that were read or written, each head after its rest."""
        found = list(heads)
        pieces = [key for head in found for key in _piece_keys(head)]
        await self.delete_items([*pieces, *found])

    async def delete_items(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Remove heads and pieces, whole or keys only, with the objects that the heads name."""
        found = list(items)
        objects = [item[OBJECT] for item in found if OBJECT in item]
        if objects:
            store = self._objects_or_fail()
            await asyncio.gather(*map(store.delete, objects))
        await self._dynamo.batch_write(deletes=map(keys.of_item, found))

    def _objects_or_fail(self) -> ObjectStore:
        if self._objects is None:
            raise Unavailable(
                "Stored content is in S3, but no bucket is configured. Ask the operator "
                "to set BODIES_BUCKET."
            )
        return self._objects


def _object_name(table_name: str, key: Key, packed: bytes) -> str:
    """Name an object by hashes of its key and content: writing it again changes nothing."""
    owner = hashlib.sha256(f"{table_name}\n{key['PK']}\n{key['SK']}".encode()).hexdigest()
    return f"bodies/{owner[:40]}/{hashlib.sha256(packed).hexdigest()[:16]}"


def _piece_key(key: Mapping[str, str], number: int) -> Key:
    return {"PK": key["PK"], "SK": f"{key['SK']}#p{number:03d}"}


def _piece_keys(head: Mapping[str, Any]) -> list[Key]:
    return [_piece_key(head, number) for number in range(1, head.get(PIECES, 0) + 1)]


async def _nothing() -> None:
    return None


async def _in_thread_if_large(work: Any, data: bytes, size: int) -> bytes:
    done: bytes = await asyncio.to_thread(work, data) if size > INLINE_BYTES else work(data)
    return done
