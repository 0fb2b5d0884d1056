"""Telling the API, again and again, which languages this worker runs."""

import asyncio

import structlog

from graphql_api.config import Settings
from graphql_api.data.errors import Unavailable
from graphql_api.data.languages import open_language_board
from tasks.judge import Judge

ANNOUNCE_SECONDS = 30
RETRY_SECONDS = 2

_log = structlog.stdlib.get_logger(__name__)


async def announce_for_ever(settings: Settings, worker_name: str, judge: Judge) -> None:
    """Announce the languages of this host at once and every 30 s."""
    async with open_language_board(settings) as board:
        while True:
            try:
                await board.announce(worker_name, judge.languages.values())
            except Unavailable as error:
                _log.warning("languages not announced", reason=error.message)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            await asyncio.sleep(ANNOUNCE_SECONDS)
