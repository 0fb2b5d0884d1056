"""The host's slots: how many programs run at once, over all worker processes of the host.

With more programs than cores, measured CPU times would be too high and wall limits would be
exceeded. A slot is a locked file: the kernel releases the locks of a killed worker.
"""

import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

# Pause between two attempts to lock a slot of another process, and between two `cancelled` calls.
FOREIGN_POLL_S = 0.004
LOCAL_POLL_S = 0.1


class WaitCancelled(Exception):
    """`cancelled()` returned True before a slot was free."""


class SlotPool:
    """`count` slots, which are files in `directory`; all processes with it share them."""

    def __init__(self, directory: Path, count: int) -> None:
        directory.mkdir(mode=0o755, parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        self._locks = [os.open(directory / f"{slot}.lock", flags, 0o600) for slot in range(count)]
        self._held: set[int] = set()
        self._changed = threading.Condition()
        # A waiting process holds a shared lock on the file, by the first descriptor. `has_waiting`
        # tries an exclusive lock, by the second one.
        self._waiting_lock, self._probe_lock = (
            os.open(directory / "waiting.lock", flags, 0o600) for _ in range(2)
        )
        self._waiting_count = 0

    def __len__(self) -> int:
        return len(self._locks)

    def lock_of(self, slot: int) -> int:
        """Return the lock's descriptor. A process that inherits it holds the slot until it ends."""
        return self._locks[slot]

    @contextmanager
    def take(self, cancelled: Callable[[], bool] | None = None) -> Iterator[int]:
        """Wait for a free slot and hold it during the block.

        Raises:
            WaitCancelled: `cancelled()` returned True while waiting.
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
        """Return a slot; callers that are already waiting come first."""
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
        """Close the files. No slot can be taken afterwards."""
        for lock in (*self._locks, self._waiting_lock, self._probe_lock):
            os.close(lock)
        self._locks.clear()
