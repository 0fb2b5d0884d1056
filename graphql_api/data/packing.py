"""Compression of bodies and of requests in Redis, with a checksum inside the packed bytes."""

import zstandard

COMPRESSION_LEVEL = 3


class DamagedBody(Exception):
    """A stored body differs from the written one: chunks are missing or changed."""


def pack(raw: bytes) -> bytes:
    """Return the bytes compressed by zstd, with a checksum inside."""
    compressor = zstandard.ZstdCompressor(level=COMPRESSION_LEVEL, write_checksum=True)
    return compressor.compress(raw)


def unpack(packed: bytes) -> bytes:
    """Return the bytes that were packed.

    Raises:
        DamagedBody: these are not bytes that `pack` returned.
    """
    try:
        return zstandard.ZstdDecompressor().decompress(packed)
    except zstandard.ZstdError as error:
        raise DamagedBody(f"a body of {len(packed)} packed bytes cannot be read") from error


def read_unpacked_size(packed: bytes) -> int:
    """Return the size after unpacking, which can be 10,000 times the packed size."""
    try:
        return zstandard.frame_content_size(packed)
    except zstandard.ZstdError:
        return len(packed)
