"""The command that imports problem packages, without a table."""

import asyncio
from contextlib import suppress

import pytest

from graphql_api.cli.commands.problems import _stop_if_interrupted


async def import_package(released: asyncio.Event, ended: list[str]) -> None:
    """Swallow a cancellation, as a library may, and look for it afterwards."""
    with suppress(asyncio.CancelledError):
        await released.wait()
    _stop_if_interrupted()
    ended.append("not stopped")


async def test_a_cancellation_that_a_library_swallows_still_stops_the_import() -> None:
    ended: list[str] = []
    task = asyncio.create_task(import_package(asyncio.Event(), ended))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == []


async def test_without_a_cancellation_the_import_continues() -> None:
    released, ended = asyncio.Event(), list[str]()
    released.set()
    await import_package(released, ended)
    assert ended == ["not stopped"]
