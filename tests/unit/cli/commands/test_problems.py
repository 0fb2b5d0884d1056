"""The command that imports problem packages, without a table."""

import asyncio
from contextlib import suppress

import pytest

from graphql_api.cli.commands.problems import _stop_if_interrupted


async def test_a_cancellation_that_a_library_swallows_still_stops_the_import() -> None:
    waiting = asyncio.Event()
    ended = []

    async def work() -> None:
        with suppress(asyncio.CancelledError):
            waiting.set()
            await asyncio.Event().wait()
        _stop_if_interrupted()
        ended.append("not stopped")

    task = asyncio.create_task(work())
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == []


async def test_without_a_cancellation_the_import_continues() -> None:
    _stop_if_interrupted()
