"""Work background_task a coroutine, in a thread or a task, ended before the coroutine is."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import Executor
from contextlib import asynccontextmanager, suppress
from threading import Event
from typing import Any, TypeVar

T = TypeVar("T")

# What an interrupted actor may still take: dramatiq waits a second for it.
CANCEL_PATIENCE_S = 0.6
# A client of Redis may swallow a cancellation: a task that goes on is cancelled again after this.
CANCEL_AGAIN_S = 0.1


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


@asynccontextmanager
async def background_task(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Have work done while the block runs; afterwards it has ended. What it raises is raised."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        while not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=CANCEL_AGAIN_S)
        with suppress(asyncio.CancelledError):
            task.result()
