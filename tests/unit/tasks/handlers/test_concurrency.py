"""Background tasks that end with their block."""

import asyncio
from contextlib import suppress

import pytest

from tasks.handlers.concurrency import background_task


async def test_work_that_swallows_a_cancellation_ends_with_the_block() -> None:
    swallowed = ended = 0

    async def work() -> None:
        nonlocal swallowed, ended
        try:
            while True:
                with suppress(asyncio.CancelledError):
                    await asyncio.sleep(60)
                swallowed += 1
                await asyncio.sleep(60)
        finally:
            ended += 1

    async with asyncio.timeout(20):
        async with background_task(work()):
            await asyncio.sleep(0)
    assert (swallowed, ended) == (1, 1)


async def test_what_work_raises_is_raised_after_the_block() -> None:
    async def work() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        async with background_task(work()):
            await asyncio.sleep(0)
