"""Telling the API, again and again, which languages this worker runs."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock

import structlog

from graphql_api.config import Settings
from graphql_api.data.errors import Unavailable
from graphql_api.data.redis.language_board import open_language_board
from judge.judge import Judge

ANNOUNCE_SECONDS = 30
RETRY_SECONDS = 2

_log = structlog.stdlib.get_logger(__name__)


class Bell:
    """Rung by any thread, heard by one task of an event loop, if one listens."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Set the event of who listens."""
        with self._lock:
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._rung.set)

    @contextmanager
    def heard(self) -> Iterator[asyncio.Event]:
        """Return the event that is set whenever the bell is rung while the block runs."""
        self._listen(asyncio.get_running_loop())
        try:
            yield self._rung
        finally:
            self._listen(None)

    def _listen(self, loop: asyncio.AbstractEventLoop | None) -> None:
        # Under the lock no ring reaches a loop that is closed.
        with self._lock:
            self._loop = loop


async def announce_for_ever(settings: Settings, worker_name: str, judge: Judge, bell: Bell) -> None:
    """Announce the languages of this host at once, when the bell is rung, and every 30 s."""
    async with open_language_board(settings) as board:
        with bell.heard() as rung:
            while True:
                rung.clear()
                pause_s = ANNOUNCE_SECONDS
                try:
                    await board.announce(worker_name, judge.languages.values())
                except Unavailable as error:
                    _log.warning("languages not announced", reason=error.message)
                    pause_s = RETRY_SECONDS
                with suppress(TimeoutError):
                    await asyncio.wait_for(rung.wait(), pause_s)
