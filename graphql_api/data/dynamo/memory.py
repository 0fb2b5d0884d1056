"""Memory budgets that all GraphQL operations of one process share.

A budget limits the total memory of all simultaneous operations. If the memory is not free, an
operation waits. Waiting operations are served in the order of their requests.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

from graphql_api.data.limits import MEMORY_WAIT_S, SLOW_ANSWER_S, UNSHARED_BYTES

_TICK_S = 0.5


class NoMemory(Exception):
    """An operation did not get memory in time, because other operations used the memory."""


class MemoryBudget:
    """A number of bytes that many callers share.

    A caller that requests more than the whole budget gets the whole budget. `wait_s` is the maximum
    time that a caller waits.
    """

    def __init__(self, size_bytes: int, wait_s: float = MEMORY_WAIT_S) -> None:
        self.size_bytes = self.free_bytes = size_bytes
        self._wait_s = wait_s
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @property
    def has_waiters(self) -> bool:
        """Whether at least one caller waits for memory."""
        return bool(self._waiting)

    def take_now(self, size_bytes: int) -> bool:
        """Take bytes without waiting. Return whether the bytes were taken.

        No bytes are taken if too few bytes are free or other callers already wait.
        """
        size = min(size_bytes, self.size_bytes)
        is_free = not self._waiting and size <= self.free_bytes
        if is_free:
            self.free_bytes -= size
        return is_free

    async def take(self, size_bytes: int) -> None:
        """Wait until enough bytes are free, and take the bytes.

        Raises:
            NoMemory: the bytes were not free in time.
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
        """Remove a caller from the queue. If the caller already has bytes, free the bytes."""
        if turn.done() and not turn.cancelled():
            self.free_bytes += size
        self._waiting = deque(entry for entry in self._waiting if entry[1] is not turn)
        self._serve()

    def give_back(self, size_bytes: int) -> None:
        """Free memory that the caller has reserved, and serve the waiting callers."""
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
        """Reserve memory, run the block, and free the memory.

        Raises:
            NoMemory: the memory was not free in time.
        """
        await self.take(size_bytes)
        try:
            yield
        finally:
            self.give_back(size_bytes)


class AnswerMemory:
    """The memory of one process for large answers.

    An operation takes memory before it reads large content, such as code, for its answer. It frees
    the memory when the client has read the answer. While an operation waits for memory, slow
    answers are ended. An answer is slow if its client has not read it within `SLOW_ANSWER_S`.
    """

    def __init__(self, size_bytes: int, wait_s: float = MEMORY_WAIT_S) -> None:
        self.budget = MemoryBudget(size_bytes, wait_s)
        # The oldest answer is the first. The values are times of the event loop.
        self._sending: dict[Callable[[], None], float] = {}
        self._watcher: asyncio.Task[None] | None = None

    async def take(self, size_bytes: int) -> None:
        """Wait until enough bytes are free, and take the bytes.

        During the wait, end answers whose clients read too slowly.

        Raises:
            NoMemory: the bytes were not free in time.
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
        """Register an answer while the block sends the answer to a client.

        `end` is a function that stops the sending. It is called if the client reads too slowly and
        other operations wait for memory.
        """
        self._sending[end] = asyncio.get_running_loop().time()
        try:
            yield
        finally:
            del self._sending[end]


class AnswerShare:
    """The memory that one request has taken from `AnswerMemory`.

    A request takes memory at most once. So two requests cannot wait for each other.
    """

    def __init__(self, memory: AnswerMemory) -> None:
        self.memory = memory
        self._bytes = 0
        self._lock = asyncio.Lock()

    @property
    def is_held(self) -> bool:
        """Whether the request has taken memory."""
        return self._bytes > 0

    def take_now(self, size_bytes: int) -> bool:
        """Take memory without waiting. Return whether the request now has memory.

        Do nothing if the request already has memory.
        """
        if not self._bytes and not self._lock.locked() and self.memory.budget.take_now(size_bytes):
            self._bytes = size_bytes
        return bool(self._bytes)

    async def take(self, size_bytes: int) -> None:
        """Wait until `size_bytes` of memory are free, and reserve them for the request.

        Do nothing if the request already has memory.

        Raises:
            NoMemory: the memory was not free in time.
        """
        async with self._lock:
            if not self._bytes:
                await self.memory.take(size_bytes)
                self._bytes = size_bytes

    def shrink(self, size_bytes: int) -> None:
        """Keep only the memory for an answer of this size, and free the rest.

        For a small answer (up to `UNSHARED_BYTES`), free all memory.
        """
        size = size_bytes if size_bytes > UNSHARED_BYTES else 0
        if size < self._bytes:
            self.memory.budget.give_back(self._bytes - size)
            self._bytes = size

    def release(self) -> None:
        """Free all memory of the request."""
        self.shrink(0)
