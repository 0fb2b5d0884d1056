"""Compression of bodies, and of requests and answers in Redis.

A body is a large part of an entity, such as the code of a submission. The compressed bytes contain
a checksum.
"""

import zstandard

COMPRESSION_LEVEL = 3


class DamagedBody(Exception):
    """A stored body cannot be read, because bytes are missing or were changed."""


def pack(raw: bytes) -> bytes:
    """Compress bytes with zstd. The compressed bytes include a checksum."""
    compressor = zstandard.ZstdCompressor(level=COMPRESSION_LEVEL, write_checksum=True)
    return compressor.compress(raw)


def unpack(packed: bytes) -> bytes:
    """Decompress bytes that `pack` has compressed.

    Raises:
        DamagedBody: the bytes were changed, or are not a result of `pack`.
    """
    try:
        return zstandard.ZstdDecompressor().decompress(packed)
    except zstandard.ZstdError as error:
        raise DamagedBody(
            f"A stored body of {len(packed)} bytes is damaged: it cannot be decompressed."
        ) from error


class Unpacker:
    """Decompresses the parts of a body one after another.

    Only one compressed part must be in memory at a time.
    """

    def __init__(self) -> None:
        self._decompressor = zstandard.ZstdDecompressor().decompressobj()

    def add(self, packed: bytes) -> bytes:
        """Decompress the next part of a body.

        Raises:
            DamagedBody: the part was changed, or does not come from `pack`.
        """
        try:
            return self._decompressor.decompress(packed)
        except zstandard.ZstdError as error:
            raise DamagedBody("A part of a stored body cannot be decompressed.") from error

    def finish(self) -> None:
        """Check that all parts were added.

        Raises:
            DamagedBody: the last part is missing.
        """
        if not self._decompressor.eof:
            raise DamagedBody("The last part of a stored body is missing.")


def read_unpacked_size(packed: bytes) -> int:
    """Return the size of the decompressed bytes without decompressing them.

    The decompressed size can be 10,000 times the compressed size.
    """
    try:
        return zstandard.frame_content_size(packed)
    except zstandard.ZstdError:
        return len(packed)
