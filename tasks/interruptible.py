"""Blocking work for a coroutine, ended before the coroutine is."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from threading import Event
from typing import TypeVar

T = TypeVar("T")

# What an interrupted actor may still take: dramatiq waits a second for it.
CANCEL_PATIENCE_S = 0.6


async def in_thread(threads: Executor, work: Callable[[], T], stop: Event) -> T:
    """Do work in a thread; when this task is cancelled, `stop` is set and the work's end awaited.

    The work is to look at `stop` often. What it raises is raised here.
    """
    future = asyncio.get_running_loop().run_in_executor(threads, work)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.wait({future}, timeout=CANCEL_PATIENCE_S)
        if future.done():
            future.exception()
        raise
