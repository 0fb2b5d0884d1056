"""Bulk work takes what people who wait leave over."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

# Between two messages of a full queue a process is idle for a moment.
SETTLED_S = 0.05


class IdleGate:
    """Counts what people wait for in this process, and lets bulk work wait for its end."""

    def __init__(self) -> None:
        self._working = 0
        self._ended = asyncio.Event()
        self._ended.set()

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Work on something that somebody waits for."""
        self._working += 1
        self._ended.clear()
        try:
            yield
        finally:
            self._working -= 1
            if not self._working:
                self._ended.set()

    async def wait(self, patience_s: float) -> None:
        """Return when nobody waits for this process, after `patience_s` in any case."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                while self._working:
                    await self._ended.wait()
                    await asyncio.sleep(SETTLED_S)
