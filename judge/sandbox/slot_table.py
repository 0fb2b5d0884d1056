"""The slot table of a host: the users (owners) who hold slots, and those who wait for a slot.

The table is a file that every worker process maps into memory. Each waiting thread has a record in
the table. While the thread waits, its process holds a lock on one byte of the file. The offset of
this byte is the number of the record. If the process is killed, the kernel releases the lock, and
other processes remove the record.
"""

import contextlib
import fcntl
import hashlib
import mmap
import os
import struct
import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

# Maximum numbers of slots and of waiting threads of a host.
SLOTS = 1024
WAITERS = 1024
OWNER_BYTES = 16
# A process that has not polled for this time is suspended or stalled, so its threads are skipped.
STALLED_S = 2.0

_NUMBER_BYTES = 8
_NUMBERS = WAITERS * _NUMBER_BYTES
# The table consists of four arrays. Three arrays have one element per record: the time at which the
# wait began (0: the record is free), the time of the last poll, and the owner who waits. The fourth
# array contains the owner of each slot. Times are in nanoseconds of the monotonic clock.
_WAITING_OWNERS = 2 * _NUMBERS
_HOLDING_OWNERS = _WAITING_OWNERS + WAITERS * OWNER_BYTES
_SIZE = _HOLDING_OWNERS + SLOTS * OWNER_BYTES
_NO_WAITERS = bytes(_NUMBERS)
_NO_OWNER = bytes(OWNER_BYTES)
# C's `struct flock` on 64-bit Linux: type, whence, start, length, process id.
_FLOCK = struct.Struct("@hhqqi4x")

Owner = bytes


def digest_owner(owner: str) -> Owner:
    """Return the digest that identifies an owner in the table."""
    return hashlib.blake2b(owner.encode(), digest_size=OWNER_BYTES).digest()


class SlotTable:
    """The slot table, a file in `directory`. All processes with this directory share the table.

    Unless stated otherwise, call the methods inside `locked()`, from one thread at a time.
    """

    def __init__(self, directory: Path) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        self._mutex = os.open(directory / "table.lock", flags, 0o600)
        self._file = os.open(directory / "table", flags, 0o600)
        os.ftruncate(self._file, _SIZE)
        self._map = mmap.mmap(self._file, _SIZE)
        numbers = memoryview(self._map)[:_WAITING_OWNERS].cast("Q")
        self._since, self._polled = numbers[:WAITERS], numbers[WAITERS:]
        self._numbers = numbers
        self._own: set[int] = set()

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock of the table during the block, so that no other process changes it."""
        fcntl.flock(self._mutex, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._mutex, fcntl.LOCK_UN)

    def has_waiters(self) -> bool:
        """Return whether the table has records of waiting threads.

        The caller does not have to hold the lock of the table.
        """
        return self._map[:_NUMBERS] != _NO_WAITERS

    def join(self, owner: Owner) -> int | None:
        """Add a record for a waiting thread of `owner`.

        Return the number of the record, or None if the table is full.
        """
        for record in self._possibly_free():
            if self._try_lock(record):
                start = _WAITING_OWNERS + record * OWNER_BYTES
                self._map[start : start + OWNER_BYTES] = owner
                self._own.add(record)
                self._since[record] = self._polled[record] = time.monotonic_ns()
                return record
        return None

    def leave(self, record: int) -> None:
        """Remove a record that `join` has returned."""
        self._since[record] = 0
        self._own.discard(record)
        self._set_lock(record, fcntl.F_UNLCK)

    def note_poll(self) -> None:
        """Record that this process is polling.

        `find_next` ignores the threads of a process that has not polled recently. The caller need
        not hold the lock of the table.
        """
        now = time.monotonic_ns()
        for record in self._own:
            self._polled[record] = now

    def hold(self, slot: int, owner: Owner) -> None:
        """Record that an owner holds a slot."""
        start = _HOLDING_OWNERS + slot * OWNER_BYTES
        self._map[start : start + OWNER_BYTES] = owner

    def release(self, slot: int) -> None:
        """Record that a slot is free. The caller need not hold the lock of the table."""
        self.hold(slot, _NO_OWNER)

    def restart_wait(self, owner: Owner) -> None:
        """Set the waiting times of an owner's threads back to 0.

        This owner then gets a slot after all other owners who hold the same number of slots.
        Without this, an owner with many waiting threads would get a slot for each of them, while an
        owner who came later would still have to wait.
        """
        now = time.monotonic_ns()
        records = [record for record, _ in sorted(self._waiting(), key=lambda pair: pair[1])]
        for record in records:
            if self.owner_of(record) == owner:
                self._since[record] = now
                now += 1

    def since(self, record: int) -> int:
        """Return the time at which the thread of a record began to wait, in nanoseconds.

        `restart_wait` sets this time to the current time.
        """
        return self._since[record]

    def owner_of(self, record: int) -> Owner:
        """Return the owner of a record."""
        start = _WAITING_OWNERS + record * OWNER_BYTES
        return self._map[start : start + OWNER_BYTES]

    def holder_of(self, slot: int) -> Owner:
        """Return the owner who holds a slot, or `_NO_OWNER` if the slot is free."""
        start = _HOLDING_OWNERS + slot * OWNER_BYTES
        return self._map[start : start + OWNER_BYTES]

    def count_slots(self, slots: Iterable[int]) -> Counter[Owner]:
        """Count how many of these slots each owner holds."""
        return Counter(owner for slot in slots if (owner := self.holder_of(slot)) != _NO_OWNER)

    def find_next(self, counts: Counter[Owner], skipped: Collection[int] = ()) -> int | None:
        """Return the record of the thread that gets the next slot, or None if no thread waits.

        The next slot goes to the owner who holds the fewest slots according to `counts`. If several
        owners hold the fewest slots, the thread that has waited longest gets the slot. Records of
        killed processes are removed. The following records are ignored: records in `skipped`, and
        records of processes that have not polled recently.
        """
        waiting = [pair for pair in self._waiting() if pair[0] not in skipped]
        waiting.sort(key=lambda pair: (counts[self.owner_of(pair[0])], pair[1]))
        return next((record for record, _ in waiting if self._is_alive(record)), None)

    def _waiting(self) -> list[tuple[int, int]]:
        """Return each record in use, with the time at which its thread began to wait (ns)."""
        used_bytes = len(self._map[:_NUMBERS].rstrip(b"\0"))
        used = self._since[: -(-used_bytes // _NUMBER_BYTES)].tolist()
        return [(record, since) for record, since in enumerate(used) if since]

    def _possibly_free(self) -> Iterator[int]:
        """Yield the records that may be free.

        The records that are marked as free come first. Then come the records of other processes,
        because these processes may have been killed.
        """
        since = self._since.tolist()
        yield from (record for record in range(WAITERS) if not since[record])
        yield from (record for record in range(WAITERS) if record not in self._own)

    def _is_alive(self, record: int) -> bool:
        if record in self._own:
            return True
        if not self._is_locked(record):
            self._since[record] = 0
            return False
        return time.monotonic_ns() - self._polled[record] < STALLED_S * 1e9

    def _try_lock(self, record: int) -> bool:
        if record in self._own:
            return False
        try:
            self._set_lock(record, fcntl.F_WRLCK)
        except BlockingIOError:
            return False
        return True

    def _set_lock(self, record: int, kind: int) -> None:
        fcntl.fcntl(self._file, fcntl.F_OFD_SETLK, _FLOCK.pack(kind, os.SEEK_SET, record, 1, 0))

    def _is_locked(self, record: int) -> bool:
        asked = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, record, 1, 0)
        answer: bytes = fcntl.fcntl(self._file, fcntl.F_OFD_GETLK, asked)
        return bool(_FLOCK.unpack(answer)[0] != fcntl.F_UNLCK)

    def close(self) -> None:
        """Close the table. The kernel releases the locks of the records."""
        for view in (self._since, self._polled, self._numbers):
            view.release()
        self._map.close()
        os.close(self._file)
        os.close(self._mutex)
