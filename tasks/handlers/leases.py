"""Keeping a claim while one works on what was claimed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from threading import Event

from graphql_api.data.errors import Unavailable
from tasks.handlers.concurrency import background_task

# Between two tries to renew while the database is away.
RENEWAL_PAUSE_S = 0.2
# A lease this short has ended by the time that anyone reads it.
RELEASED_MS = 1
# What this host cannot work on is looked for by another no sooner.
PASSED_ON_MS = 1_000


@asynccontextmanager
async def keep_renewed(
    renew: Callable[[int], Awaitable[bool]], lease_ms: int, notify: asyncio.Event
) -> AsyncIterator[Event]:
    """Renew a claim while the block runs; the event given is set when it is lost.

    `renew` prolongs it by milliseconds and answers False when it is another's; it is called when
    half of the lease is over, and whenever `notify` is set.
    """
    lost = Event()
    async with background_task(_renew(renew, lease_ms, notify, lost)):
        yield lost


async def _renew(
    renew: Callable[[int], Awaitable[bool]], lease_ms: int, notify: asyncio.Event, lost: Event
) -> None:
    pause_s = lease_ms / 2000
    while not lost.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(notify.wait(), pause_s)
        notify.clear()
        try:
            is_ours = await renew(lease_ms)
        except Unavailable:
            # Nobody else can take the claim either, while the database is away.
            pause_s = RENEWAL_PAUSE_S
            continue
        pause_s = lease_ms / 2000
        if not is_ours:
            lost.set()
