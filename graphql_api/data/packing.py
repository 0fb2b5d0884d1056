"""Compression of bodies in the table and of requests in Redis.

The packed bytes contain a checksum.
"""

import zstandard

COMPRESSION_LEVEL = 3


class DamagedBody(Exception):
    """A stored body differs from the body that was written: chunks are missing or changed."""


def pack(raw: bytes) -> bytes:
    """Return the bytes compressed with zstd, including a checksum."""
    compressor = zstandard.ZstdCompressor(level=COMPRESSION_LEVEL, write_checksum=True)
    return compressor.compress(raw)


def unpack(packed: bytes) -> bytes:
    """Return the original bytes.

    Raises:
        DamagedBody: the bytes were not written by `pack`, or they were changed.
    """
    try:
        return zstandard.ZstdDecompressor().decompress(packed)
    except zstandard.ZstdError as error:
        raise DamagedBody(
            f"A stored body of {len(packed)} bytes is damaged: it cannot be decompressed."
        ) from error


def read_unpacked_size(packed: bytes) -> int:
    """Return the size of the original bytes. It can be 10,000 times the packed size."""
    try:
        return zstandard.frame_content_size(packed)
    except zstandard.ZstdError:
        return len(packed)
