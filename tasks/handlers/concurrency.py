"""Functions that run work in a thread or in a background task, and wait for the end of the work."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import Executor
from contextlib import asynccontextmanager, suppress
from threading import Event
from typing import Any, TypeVar

T = TypeVar("T")

# Time that an actor may still take after an interruption. By default, dramatiq waits for 1 s.
CANCEL_TIMEOUT_S = 0.6
# A Redis client may suppress a cancellation. If the task continues, it is cancelled again after
# this time.
CANCEL_AGAIN_S = 0.1


async def run_in_thread(threads: Executor, work: Callable[[], T], stop: Event) -> T:
    """Run `work` in a thread. Return its result or raise its exception.

    If the calling task is cancelled, `stop` is set, and the function waits at most 0.6 s for the
    end of the work. So the work must check `stop` often.
    """
    future = asyncio.get_running_loop().run_in_executor(threads, work)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.wait({future}, timeout=CANCEL_TIMEOUT_S)
        if future.done():
            future.exception()
        raise


@asynccontextmanager
async def background_task(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run a coroutine as a task during the block.

    At the end of the block, cancel the task and wait for its end. If the task has failed, its
    exception is raised then.
    """
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        while not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=CANCEL_AGAIN_S)
        with suppress(asyncio.CancelledError):
            task.result()
