"""Compression of bodies and of requests in Redis, with a checksum inside the packed bytes."""

import zstandard

COMPRESSION_LEVEL = 3


class DamagedBody(Exception):
    """A stored body does not read back as it was written: pieces are missing or changed."""


def pack(raw: bytes) -> bytes:
    """Return bytes compressed by zstd, with a checksum inside."""
    compressor = zstandard.ZstdCompressor(level=COMPRESSION_LEVEL, write_checksum=True)
    return compressor.compress(raw)


def unpack(packed: bytes) -> bytes:
    """Return what was packed.

    Raises:
        DamagedBody: these are not the bytes that `pack` returned.
    """
    try:
        return zstandard.ZstdDecompressor().decompress(packed)
    except zstandard.ZstdError as error:
        raise DamagedBody(f"a body of {len(packed)} packed bytes cannot be read") from error


def unpacked_bytes(packed: bytes) -> int:
    """Return the size after unpacking: 64 MB of zeros take 6 KB packed."""
    try:
        return zstandard.frame_content_size(packed)
    except zstandard.ZstdError:
        return len(packed)
