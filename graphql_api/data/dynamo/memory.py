"""Memory that the operations of one process share.

Without a common bound, N simultaneous requests multiply the memory of one. Operations that must
wait for memory get it in the order of their requests.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

from graphql_api.data.limits import MEMORY_WAIT_S, SLOW_ANSWER_S, UNSHARED_BYTES

_TICK_S = 0.5


class NoMemory(Exception):
    """The memory was not free in time, because other operations use it."""


class MemoryBudget:
    """A number of bytes that many callers share.

    A caller that requests more than all bytes gets all bytes.
    """

    def __init__(self, size_bytes: int, wait_s: float = MEMORY_WAIT_S) -> None:
        self.size_bytes = self.free_bytes = size_bytes
        self._wait_s = wait_s
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @property
    def has_waiters(self) -> bool:
        """Whether a caller waits for memory."""
        return bool(self._waiting)

    def take_now(self, size_bytes: int) -> bool:
        """Take bytes that are free. Return False if they are not, or if other callers wait."""
        size = min(size_bytes, self.size_bytes)
        is_free = not self._waiting and size <= self.free_bytes
        if is_free:
            self.free_bytes -= size
        return is_free

    async def take(self, size_bytes: int) -> None:
        """Take bytes, and wait until they are free.

        Raises:
            NoMemory: the bytes were not free within the time limit.
        """
        if self.take_now(size_bytes):
            return
        size = min(size_bytes, self.size_bytes)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((size, turn))
        try:
            async with asyncio.timeout(self._wait_s):
                await turn
        except TimeoutError:
            self._leave(size, turn)
            raise NoMemory from None
        except asyncio.CancelledError:
            self._leave(size, turn)
            raise

    def _leave(self, size: int, turn: asyncio.Future[None]) -> None:
        """Return the bytes of a caller that no longer waits for them."""
        if turn.done() and not turn.cancelled():
            self.free_bytes += size
        self._waiting = deque(entry for entry in self._waiting if entry[1] is not turn)
        self._serve()

    def give_back(self, size_bytes: int) -> None:
        """Return bytes to the other callers."""
        self.free_bytes += min(size_bytes, self.size_bytes)
        self._serve()

    def _serve(self) -> None:
        while self._waiting and self._waiting[0][0] <= self.free_bytes:
            size, turn = self._waiting.popleft()
            if not turn.done():
                self.free_bytes -= size
                turn.set_result(None)

    @asynccontextmanager
    async def hold(self, size_bytes: int) -> AsyncIterator[None]:
        """Hold bytes during the block.

        Raises:
            NoMemory: the bytes were not free within the time limit.
        """
        await self.take(size_bytes)
        try:
            yield
        finally:
            self.give_back(size_bytes)


class AnswerMemory:
    """The memory for large answers of one process, from their first body to their last byte.

    While an operation waits for memory, answers are ended whose clients have not read them within
    `SLOW_ANSWER_S`.
    """

    def __init__(self, size_bytes: int, wait_s: float = MEMORY_WAIT_S) -> None:
        self.budget = MemoryBudget(size_bytes, wait_s)
        # The oldest answer is the first. The values are times of the event loop.
        self._sending: dict[Callable[[], None], float] = {}
        self._watcher: asyncio.Task[None] | None = None

    async def take(self, size_bytes: int) -> None:
        """Take bytes, and wait until they are free.

        Raises:
            NoMemory: the bytes were not free within the time limit.
        """
        if self.budget.take_now(size_bytes):
            return
        if self._watcher is None or self._watcher.done():
            self._watcher = asyncio.create_task(self._end_slow_answers())
        await self.budget.take(size_bytes)

    async def _end_slow_answers(self) -> None:
        await asyncio.sleep(0)
        while self.budget.has_waiters:
            latest = asyncio.get_running_loop().time() - SLOW_ANSWER_S
            for end in [end for end, since in self._sending.items() if since < latest]:
                end()
            await asyncio.sleep(_TICK_S)

    @contextmanager
    def sending(self, end: Callable[[], None]) -> Iterator[None]:
        """Mark the block as the time in which a client reads its answer. `end` ends it."""
        self._sending[end] = asyncio.get_running_loop().time()
        try:
            yield
        finally:
            del self._sending[end]


class AnswerShare:
    """The part of the memory for large answers that one request holds.

    A request takes its part only once, so no two requests wait for each other.
    """

    def __init__(self, memory: AnswerMemory) -> None:
        self.memory = memory
        self._bytes = 0
        self._lock = asyncio.Lock()

    @property
    def is_held(self) -> bool:
        """Whether the request holds memory."""
        return self._bytes > 0

    def take_now(self, size_bytes: int) -> bool:
        """Take memory if it is free. Return whether the request holds memory."""
        if not self._bytes and not self._lock.locked() and self.memory.budget.take_now(size_bytes):
            self._bytes = size_bytes
        return bool(self._bytes)

    async def take(self, size_bytes: int) -> None:
        """Take memory, unless the request holds memory already.

        Raises:
            NoMemory: the memory was not free in time.
        """
        async with self._lock:
            if not self._bytes:
                await self.memory.take(size_bytes)
                self._bytes = size_bytes

    def shrink(self, size_bytes: int) -> None:
        """Keep only the memory of an answer with this size. A small answer needs none."""
        size = size_bytes if size_bytes > UNSHARED_BYTES else 0
        if size < self._bytes:
            self.memory.budget.give_back(self._bytes - size)
            self._bytes = size

    def release(self) -> None:
        """Return all memory of the request."""
        self.shrink(0)
