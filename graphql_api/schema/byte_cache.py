"""Cache that is bounded by the memory of its entries, and not by their number."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class ByteCache(Generic[K, V]):
    """Least-recently-used cache. Its entries together take at most `limit_bytes`.

    The caller states the size of each entry. The cache is for one thread.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._entries: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._size_bytes = 0

    @property
    def size_bytes(self) -> int:
        """Total size of the entries, in bytes."""
        return self._size_bytes

    def __len__(self) -> int:
        """Return the number of entries."""
        return len(self._entries)

    def get(self, key: K) -> V | None:
        """Return the value of a key and mark it as used; None if the cache does not contain it."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry[0]

    def put(self, key: K, value: V, size_bytes: int) -> None:
        """Add or replace an entry, and remove the least recently used ones until all fit.

        An entry larger than a quarter of the limit is not kept: it would displace too many others.
        """
        self._discard(key)
        if size_bytes > self._limit_bytes // 4:
            return
        self._entries[key] = value, size_bytes
        self._size_bytes += size_bytes
        while self._size_bytes > self._limit_bytes:
            self._discard(next(iter(self._entries)))

    def _discard(self, key: K) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._size_bytes -= entry[1]
