"""A transport that sends the header and the body of a short answer together.

uvicorn writes the header and the body separately, so asyncio would send them in two TCP segments. A
client that reads only once would then receive only the header.
"""

import asyncio
from typing import Any

from graphql_api.data.limits import KB

# More bytes than this are sent immediately, so that no large body is copied.
JOINED_BYTES = 64 * KB


class JoinedWrites:
    """A transport that keeps written bytes until the end of the event loop's current iteration."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._loop = transport, loop
        self._kept: list[bytes] = []
        self._kept_bytes = 0

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of the real transport.

        The attribute may be a method that ends the connection or counts unsent bytes. In this case,
        all bytes that this object has kept are first passed to the real transport.
        """
        if name in {"close", "abort", "write_eof", "get_write_buffer_size"}:
            self._flush()
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Buffer bytes. They are sent at the end of the event loop's current iteration.

        If the buffer would exceed 64 KB, all bytes are sent immediately.
        """
        if self._kept_bytes + len(data) > JOINED_BYTES:
            self._flush()
            self._transport.write(data)
            return
        if not self._kept:
            self._loop.call_soon(self._flush)
        self._kept.append(data)
        self._kept_bytes += len(data)

    def _flush(self) -> None:
        kept = b"".join(self._kept)
        self._kept.clear()
        self._kept_bytes = 0
        if kept:
            self._transport.write(kept)
