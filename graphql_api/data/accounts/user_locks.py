"""One lock per user in this process, so that transactions of one user run one after the other."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from graphql_api.data.errors import Unavailable

# Maximum time that a call waits for other calls of the same user.
LOCK_TIMEOUT_S = 10


@dataclass(slots=True)
class _UserLock:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    callers: int = 0


class UserLocks:
    """One lock per user. A lock exists only while a caller holds the lock or waits for the lock.

    All transactions of a user update the same counter. Without the lock, simultaneous transactions
    would conflict and need several attempts.
    """

    def __init__(self, timeout_s: float = LOCK_TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        self._locks: dict[str, _UserLock] = {}

    def __len__(self) -> int:
        return len(self._locks)

    @asynccontextmanager
    async def hold(self, uid: str) -> AsyncIterator[None]:
        """Acquire a user's lock, run the block, and release the lock.

        Raises:
            Unavailable: the lock was not free within `timeout_s`.
        """
        user = self._locks.setdefault(uid, _UserLock())
        user.callers += 1
        try:
            try:
                async with asyncio.timeout(self._timeout_s):
                    await user.lock.acquire()
            except TimeoutError as error:
                raise Unavailable(
                    "Too many of your requests are waiting to be processed. Nothing was changed. "
                    "Try again later."
                ) from error
            try:
                yield
            finally:
                user.lock.release()
        finally:
            user.callers -= 1
            if not user.callers:
                del self._locks[uid]
