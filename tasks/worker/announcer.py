"""The announcer, which regularly announces the languages of this worker process to the API."""

import asyncio
import time
from threading import Event

import structlog

from graphql_api.config import Settings
from graphql_api.data.errors import Unavailable
from graphql_api.data.redis.language_board import open_language_board
from judge.judge import Judge

ANNOUNCE_SECONDS = 30
RETRY_SECONDS = 2
# Maximum delay between a change of the languages and its announcement.
POLL_S = 0.2

_log = structlog.stdlib.get_logger(__name__)


async def announce_forever(
    settings: Settings, worker_name: str, judge: Judge, languages_changed: Event
) -> None:
    """Announce the judge's languages every 30 s, and whenever `languages_changed` is set."""
    async with open_language_board(settings) as board:
        while True:
            # Clear the event first, so that a change during the announcement causes another
            # announcement.
            languages_changed.clear()
            pause_s = ANNOUNCE_SECONDS
            try:
                await board.announce(worker_name, judge.languages.values())
            except Unavailable as error:
                _log.warning(
                    "The languages of this worker were not announced. The worker tries again.",
                    reason=error.message,
                )
                pause_s = RETRY_SECONDS
            await _wait(languages_changed, pause_s)


async def _wait(event: Event, timeout_s: float) -> None:
    """Wait for an event for at most `timeout_s` seconds.

    The event is polled, because a coroutine cannot wait for a `threading.Event`.
    """
    ends_at = time.monotonic() + timeout_s
    while not event.is_set() and time.monotonic() < ends_at:  # noqa: ASYNC110 - threads set the event
        await asyncio.sleep(POLL_S)
