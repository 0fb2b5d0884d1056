"""Bounds of one GraphQL operation: the size of the answer, the reads and the memory.

The API sets the bounds at the start of each operation. The transport of DynamoDB requests counts
the reads, the storage of bodies counts the bytes of bodies, and the executor of the schema counts
the bytes of the answer. An operation that exceeds a bound is stopped. Workers and commands have no
bounds.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from copy import copy
from dataclasses import dataclass

from graphql_api.data.dynamo.memory import AnswerShare, MemoryBudget, NoMemory
from graphql_api.data.errors import Unavailable
from graphql_api.data.limits import ANSWER_FIELDS, MB, READ_UNITS, UNSHARED_BYTES

_BUSY = "The server is processing too many large operations. Try again later."


class BoundExceeded(Exception):
    """The operation has exceeded a bound. No more data is read or added to the answer."""


@dataclass(frozen=True, slots=True)
class Excess:
    """The reason why an operation was stopped.

    If `is_busy` is True, other operations used the memory. In this case, the same operation can
    succeed later.
    """

    message: str
    is_busy: bool = False


class OperationBounds:
    """The bounds of one GraphQL operation, and counters that are compared with the bounds.

    - `answer_mb` is the maximum size of the answer in megabytes. It is also the maximum size of all
      bodies (large stored parts of entities) together.
    - `reads` is the maximum number of read requests to the database.
    - `connections` is the maximum number of simultaneous requests to the database.
    - `share` is the operation's part of the memory for large answers.
    - `on_excess` is called once, when the operation first exceeds a bound.
    """

    def __init__(
        self,
        *,
        answer_mb: int,
        reads: int,
        connections: int,
        share: AnswerShare,
        on_excess: Callable[[], None] = lambda: None,
    ) -> None:
        self.excess: Excess | None = None
        self.is_counting = True
        self.answer_bytes = 0
        self._answer_mb, self._max_reads = answer_mb, reads
        self._fields = self._reads = self._body_bytes = 0
        self._units = 0.0
        self._places = asyncio.Semaphore(connections)
        self._share = share
        self._on_excess = on_excess

    def uncounted(self) -> "OperationBounds":
        """Return a copy of these bounds that does not count reads from the database.

        The copy and the original use the same connections. Resolvers of mutations use such a copy.
        Otherwise a mutation could be stopped between two writes.
        """
        bounds = copy(self)
        bounds.is_counting = False
        return bounds

    # The answer

    def add_field(self, size_bytes: int) -> None:
        """Count one field of the answer. `size_bytes` is the length of the field's name.

        The length is added to the size of the answer.

        Raises:
            BoundExceeded: the answer has too many fields or is too large.
        """
        self._fields += 1
        self._require(
            self._fields <= ANSWER_FIELDS,
            f"The answer has more than {ANSWER_FIELDS} fields.",
        )
        self.add_bytes(size_bytes)

    def add_bytes(self, size_bytes: int) -> None:
        """Add `size_bytes` to the counted size of the answer.

        Raises:
            BoundExceeded: the answer is too large.
        """
        self.answer_bytes += size_bytes
        self._require(
            self.answer_bytes <= self.max_bytes,
            f"The answer is larger than {self._answer_mb} MB.",
        )

    async def wait_for_answer_memory(self) -> None:
        """Wait until memory for the whole answer is free. Do nothing if the answer is small.

        Raises:
            BoundExceeded: the memory was not free in time, or the operation was stopped.
        """
        if self.answer_bytes > UNSHARED_BYTES:
            await self._wait_for_memory(self.answer_bytes)

    # Reads

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[None]:
        """Wait for one of the operation's connections, and use the connection in the block."""
        async with self._places:
            yield

    @asynccontextmanager
    async def read(self) -> AsyncIterator[None]:
        """Count one read, and use one of the operation's connections in the block.

        The retries of a read are not counted, because the client does not cause retries.

        Raises:
            BoundExceeded: the operation has exceeded a bound. The read must not be sent.
        """
        if self.is_counting:
            self._reads += 1
            self._require(
                self._reads <= self._max_reads,
                f"The operation needs more than {self._max_reads} requests to the database.",
            )
        async with self._places:
            if self.is_counting:
                self._require(self.excess is None, "")
            yield

    def add_units(self, units: float) -> None:
        """Add the consumed read units of one read.

        Raises:
            BoundExceeded: the operation has consumed too many read units.
        """
        if not self.is_counting:
            return
        self._units += units
        self._require(
            self._units <= READ_UNITS,
            f"The operation reads too much data from the database: more than {READ_UNITS} "
            "read units.",
        )

    # Bodies

    def add_bodies(self, size_bytes: int) -> bool:
        """Count bodies that will be read or decompressed. `size_bytes` is their decompressed size.

        Return True if the operation has the memory for these bodies. If the result is False, the
        caller must drop the data of these bodies and call `wait_for_body_memory`.

        Raises:
            BoundExceeded: all bodies of the operation together are too large.
        """
        if not self.is_counting:
            return True
        self._body_bytes += size_bytes
        self._require(
            self._body_bytes <= self.max_bytes,
            f"The operation reads more than {self._answer_mb} MB of codes, results, texts and "
            "tests.",
        )
        return self._body_bytes <= UNSHARED_BYTES or self._share.take_now(self.max_bytes)

    async def wait_for_body_memory(self) -> None:
        """Wait until the operation has memory for the bodies that it reads.

        Bodies are large stored values, such as submitted codes. The operation reserves the maximum
        size of all its bodies together (`max_bytes`).

        Raises:
            BoundExceeded: the memory was not free in time, or the operation was stopped.
        """
        await self._wait_for_memory(self.max_bytes)

    @asynccontextmanager
    async def reading(self, budget: MemoryBudget, size_bytes: int) -> AsyncIterator[None]:
        """Reserve `size_bytes` of a memory budget while the block reads bodies.

        Raises:
            BoundExceeded: the memory was not free in time. The operation is then stopped.
            Unavailable: the memory was not free in time, and these bounds were made by `uncounted`.
                The operation is not stopped.
        """
        await self._take(budget.take, size_bytes)
        try:
            yield
        finally:
            budget.give_back(size_bytes)

    async def _wait_for_memory(self, size_bytes: int) -> None:
        await self._take(self._share.take, size_bytes)
        self._require(self.excess is None, "")

    async def _take(self, take: Callable[[int], Awaitable[None]], size_bytes: int) -> None:
        try:
            await take(size_bytes)
        except NoMemory as error:
            if not self.is_counting:
                raise Unavailable(_BUSY) from error
            self._stop(Excess(_BUSY, is_busy=True))
            raise BoundExceeded(_BUSY) from error

    @property
    def max_bytes(self) -> int:
        """Maximum size in bytes of the answer, and of all large stored values read for it."""
        return self._answer_mb * MB

    def _require(self, holds: bool, excess: str) -> None:  # noqa: FBT001 - a condition
        if not holds:
            self._stop(Excess(excess))
        if self.excess is not None:
            raise BoundExceeded(self.excess.message)

    def _stop(self, excess: Excess) -> None:
        if self.excess is None:
            self.excess = excess
            self._on_excess()


_BOUNDS: ContextVar[OperationBounds | None] = ContextVar("bounds", default=None)


def current_bounds() -> OperationBounds | None:
    """Return the bounds of the current operation, or None if the operation has no bounds."""
    return _BOUNDS.get()


@contextmanager
def bounded(bounds: OperationBounds | None) -> Iterator[None]:
    """Set the bounds of the operation for this block and for tasks started in this block.

    If `bounds` is None, the block has no bounds.
    """
    token = _BOUNDS.set(bounds)
    try:
        yield
    finally:
        _BOUNDS.reset(token)
