"""Leases: a worker renews its claim while it works, and ends the claim if the work stops.

A claim is the right to work on one execution, job or custom run. The lease is the period for which
the claim is valid. Each renewal of the claim extends the lease.
Executions and jobs use `hold_lease`. Custom runs have a simpler claim and use `keep_renewed`.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from threading import Event
from typing import Protocol

import structlog

from graphql_api.data.errors import DomainError, Unavailable
from judge.models import JudgeCancelled
from tasks.handlers.concurrency import background_task

# Pause before the next renewal while the database is unavailable.
RENEWAL_PAUSE_S = 0.2
# Length of a lease that has already ended when another worker reads it.
RELEASED_MS = 1
# Delay of a message that this host sends again because it does not have the language. Without the
# delay, two such hosts would send the message to each other continuously.
PASSED_ON_MS = 1_000

_log = structlog.stdlib.get_logger(__name__)


class WorkPaused(Exception):
    """The work must stop here and continue later.

    The worker that continues must have the languages in `required`.
    """

    def __init__(self, required: Collection[str] = (), reason: str = "") -> None:
        super().__init__(reason)
        self.required = required


class Lease(Protocol):
    """The claim of this worker on one execution or job."""

    @property
    def log_fields(self) -> Mapping[str, str | int]:
        """The fields that identify the execution or job in the log."""

    async def renew(self, lease_ms: int) -> bool:
        """Set the lease to end in `lease_ms` milliseconds. Return False if the claim is lost."""

    async def give_back(self, required: Collection[str]) -> bool:
        """End the claim, so that another worker can claim the work.

        `required` contains the languages that the other worker must have. Return False if the claim
        is lost.
        """

    async def send(self, required: Collection[str], delay_ms: int | None) -> None:
        """Send the message again, to a worker that has the languages in `required`.

        `delay_ms` is the delay of the message (None: no delay).
        """


@asynccontextmanager
async def hold_lease(lease: Lease, lease_ms: int, recheck: asyncio.Event) -> AsyncIterator[Event]:
    """Renew the claim on an execution or job during the block.

    Yield an event that is set if the claim is lost. If `recheck` is set, the claim is renewed
    immediately. The block must store the outcome of the work. This ends the claim. If the block
    raises an exception, the claim ends as follows:

    - JudgeCancelled: the claim was already lost, so nothing is written.
    - WorkPaused: the claim is given back, and the message is sent again.
    - Any other exception: the lease ends immediately, and the exception is raised again.
    """
    async with AsyncExitStack() as renewal:
        lost = await renewal.enter_async_context(keep_renewed(lease.renew, lease_ms, recheck))
        try:
            yield lost
        except JudgeCancelled:
            _log.info("The worker lost its claim, so the work was stopped.", **lease.log_fields)
        except WorkPaused as paused:
            # Stop the renewals first. A late renewal would take the released claim again.
            await renewal.aclose()
            await _pass_on(lease, paused)
        except BaseException:
            await renewal.aclose()
            await _release(lease)
            raise


async def _pass_on(lease: Lease, paused: WorkPaused) -> None:
    required = paused.required
    if await lease.give_back(required):
        _log.info(
            "The work was released for another worker.",
            required=sorted(required),
            reason=str(paused),
            **lease.log_fields,
        )
        await lease.send(required, PASSED_ON_MS if required else None)


async def _release(lease: Lease) -> None:
    """End the lease immediately, so that the next attempt does not have to wait."""
    with suppress(DomainError, asyncio.CancelledError):
        await lease.renew(RELEASED_MS)


@asynccontextmanager
async def keep_renewed(
    renew: Callable[[int], Awaitable[bool]], lease_ms: int, recheck: asyncio.Event
) -> AsyncIterator[Event]:
    """Renew a claim during the block. Yield an event that is set if the claim is lost.

    `renew` is called when half of the lease time has passed, and whenever `recheck` is set. Its
    argument is the new length of the lease in milliseconds. `renew` returns False if the claim is
    lost.
    """
    lost = Event()
    async with background_task(_renew_until_lost(renew, lease_ms, recheck, lost)):
        yield lost


async def _renew_until_lost(
    renew: Callable[[int], Awaitable[bool]], lease_ms: int, recheck: asyncio.Event, lost: Event
) -> None:
    pause_s = lease_ms / 2000
    while not lost.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(recheck.wait(), pause_s)
        recheck.clear()
        try:
            is_ours = await renew(lease_ms)
        except Unavailable:
            # While the database is unavailable, other workers cannot take the claim either.
            pause_s = RENEWAL_PAUSE_S
            continue
        pause_s = lease_ms / 2000
        if not is_ours:
            lost.set()


def delay_until_expiry_ms(expires_at: int, now: int) -> int:
    """Return the time in milliseconds until another worker's lease has ended.

    `expires_at` and `now` are epoch milliseconds.
    """
    return max(0, expires_at - now) + 1
