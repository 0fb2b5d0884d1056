"""A gate that delays bulk work while the process has executions or custom runs."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

# Bulk work starts after the process was idle for this time. Even with a full queue, the process is
# idle for a moment between two messages.
SETTLED_S = 0.05


class IdleGate:
    """A counter of the executions and custom runs of this process.

    Bulk work waits until the counter is 0.
    """

    def __init__(self) -> None:
        self._working = 0
        self._ended = asyncio.Event()
        self._ended.set()

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Count the block as one running execution or custom run."""
        self._working += 1
        self._ended.clear()
        try:
            yield
        finally:
            self._working -= 1
            if not self._working:
                self._ended.set()

    async def wait(self, timeout_s: float) -> None:
        """Wait until the process is idle, for at most `timeout_s` seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while self._working:
                    await self._ended.wait()
                    await asyncio.sleep(SETTLED_S)
