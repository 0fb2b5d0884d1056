"""Bounds of one GraphQL operation: the size of its answer and its reads of DynamoDB.

The API sets the bounds at the start of each operation. The transport of DynamoDB requests counts
the reads, and the executor of the schema counts the bytes of the answer. An operation that exceeds
a bound is stopped. Requests of workers and commands have no bounds.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar

from graphql_api.data.limits import ANSWER_FIELDS, MB, READ_UNITS


class BoundExceeded(Exception):
    """The operation has exceeded a bound. No more data is read or added to the answer."""


class OperationBounds:
    """The bounds of one operation, and counters of the operation's answer and reads.

    `answer_mb` is the maximum size of the answer in megabytes. `reads` is the maximum number of
    read requests, and `connections` the maximum number of simultaneous read requests. `on_excess`
    is called once, when the first bound is exceeded.
    """

    def __init__(
        self,
        *,
        answer_mb: int,
        reads: int,
        connections: int,
        on_excess: Callable[[], None] = lambda: None,
    ) -> None:
        self.excess: str | None = None
        self._answer_mb, self._max_reads = answer_mb, reads
        self._bytes = self._fields = self._reads = 0
        self._units = 0.0
        self._places = asyncio.Semaphore(connections)
        self._on_excess = on_excess

    def add_field(self, size_bytes: int) -> None:
        """Count one field of the answer, and `size_bytes`, the length of the field's name.

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
        self._bytes += size_bytes
        self._require(
            self._bytes <= self._answer_mb * MB,
            f"The answer is larger than {self._answer_mb} MB.",
        )

    @asynccontextmanager
    async def read(self) -> AsyncIterator[None]:
        """Count one read, wait for one of the operation's connections, and use it in the block.

        The retries of a read are not counted, because the client does not cause retries.

        Raises:
            BoundExceeded: the operation has exceeded a bound. The read must not be sent.
        """
        self._reads += 1
        self._require(
            self._reads <= self._max_reads,
            f"The operation needs more than {self._max_reads} requests to the database.",
        )
        async with self._places:
            self._require(self.excess is None, "")
            yield

    def add_units(self, units: float) -> None:
        """Add the consumed read units of one read.

        Raises:
            BoundExceeded: the operation has consumed too many read units.
        """
        self._units += units
        self._require(
            self._units <= READ_UNITS,
            f"The operation reads too much data from the database: more than {READ_UNITS} "
            "read units.",
        )

    def _require(self, holds: bool, excess: str) -> None:  # noqa: FBT001 - a condition
        if self.excess is None and not holds:
            self.excess = excess
            self._on_excess()
        if self.excess is not None:
            raise BoundExceeded(self.excess)


_BOUNDS: ContextVar[OperationBounds | None] = ContextVar("bounds", default=None)


def current_bounds() -> OperationBounds | None:
    """Return the bounds of the current operation, or None if the operation has no bounds."""
    return _BOUNDS.get()


@contextmanager
def bounded(bounds: OperationBounds | None) -> Iterator[None]:
    """Apply bounds to this block and to tasks started in this block. None removes the bounds.

    Resolvers of mutations run without bounds. Otherwise a mutation could be stopped between two
    writes.
    """
    token = _BOUNDS.set(bounds)
    try:
        yield
    finally:
        _BOUNDS.reset(token)
