"""The slots of a host. They limit how many programs run at the same time in all worker processes.

If more programs than cores run at the same time, measured CPU times are too high and wall limits
are exceeded. A slot is a locked file. If a worker is killed, the kernel releases its locks.
"""

import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

# Pause between two attempts to lock a slot, and between two calls of `cancelled`.
FOREIGN_POLL_S = 0.004
LOCAL_POLL_S = 0.1


class WaitCancelled(Exception):
    """The function `cancelled()` returned True before a slot was free."""


class SlotPool:
    """A pool of `count` slots, which are files in `directory`.

    All processes that use the same directory share the slots.
    """

    def __init__(self, directory: Path, count: int) -> None:
        directory.mkdir(mode=0o755, parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        self._locks = [os.open(directory / f"{slot}.lock", flags, 0o600) for slot in range(count)]
        self._held: set[int] = set()
        self._changed = threading.Condition()
        # A waiting process holds a shared lock on this file through the first descriptor.
        # `has_waiting` tries to get an exclusive lock through the second descriptor.
        self._waiting_lock, self._probe_lock = (
            os.open(directory / "waiting.lock", flags, 0o600) for _ in range(2)
        )
        self._waiting_count = 0

    def __len__(self) -> int:
        return len(self._locks)

    def lock_of(self, slot: int) -> int:
        """Return the descriptor of a slot's lock.

        A process that inherits the descriptor holds the slot until the process ends.
        """
        return self._locks[slot]

    @contextmanager
    def take(self, cancelled: Callable[[], bool] | None = None) -> Iterator[int]:
        """Wait for a free slot and hold it during the block.

        Raises:
            WaitCancelled: `cancelled()` returned True before a slot was free.
        """
        slot = self._wait(cancelled)
        try:
            yield slot
        finally:
            with self._changed:
                fcntl.flock(self._locks[slot], fcntl.LOCK_UN)
                self._held.discard(slot)
                self._changed.notify()

    def has_waiting(self) -> bool:
        """Return whether a thread of any process is waiting for a slot."""
        try:
            fcntl.flock(self._probe_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        fcntl.flock(self._probe_lock, fcntl.LOCK_UN)
        return False

    @contextmanager
    def _announce(self) -> Iterator[None]:
        """Make `has_waiting` return True in all processes during the block."""
        self._waiting_count += 1
        if self._waiting_count == 1:
            fcntl.flock(self._waiting_lock, fcntl.LOCK_SH)
        try:
            yield
        finally:
            self._waiting_count -= 1
            if self._waiting_count == 0:
                fcntl.flock(self._waiting_lock, fcntl.LOCK_UN)

    def _wait(self, cancelled: Callable[[], bool] | None) -> int:
        """Wait for a free slot and return its number.

        A new caller does not overtake waiting callers.
        """
        with self._changed:
            slot = None if self.has_waiting() else self._try_all()
            if slot is not None:
                return slot
            with self._announce():
                while True:
                    all_ours = len(self._held) == len(self._locks)
                    self._changed.wait(LOCAL_POLL_S if all_ours else FOREIGN_POLL_S)
                    if cancelled is not None and cancelled():
                        raise WaitCancelled
                    slot = self._try_all()
                    if slot is not None:
                        return slot

    def _try_all(self) -> int | None:
        for slot, lock in enumerate(self._locks):
            if slot not in self._held:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    continue
                self._held.add(slot)
                return slot
        return None

    def close(self) -> None:
        """Close the files. After that, no slot can be taken."""
        for lock in (*self._locks, self._waiting_lock, self._probe_lock):
            os.close(lock)
        self._locks.clear()
