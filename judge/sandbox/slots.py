"""The host's judging slots: as many runs at once as there are cores, over all worker processes.

A slot is a locked file, so the kernel frees what a killed worker held. Without this bound CPU times
lie and wall limits fire.
"""

import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

# How often a slot that another process holds is tried again, and how often we look at `cancelled`.
FOREIGN_POLL_S = 0.004
LOCAL_POLL_S = 0.1


class WaitCancelled(Exception):
    """`cancelled()` answered True before a slot came free."""


class SlotPool:
    """`count` slots kept as files in `directory`; every process naming it shares them."""

    def __init__(self, directory: Path, count: int) -> None:
        directory.mkdir(mode=0o755, parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        self._locks = [os.open(directory / f"{slot}.lock", flags, 0o600) for slot in range(count)]
        self._held: set[int] = set()
        self._changed = threading.Condition()
        # Who waits holds the one shared; who asks tries to get it alone, by the other.
        self._announcing, self._asking = (
            os.open(directory / "waiting.lock", flags, 0o600) for _ in range(2)
        )
        self._announced = 0

    def __len__(self) -> int:
        return len(self._locks)

    def lock_of(self, slot: int) -> int:
        """The lock's descriptor: who inherits it keeps the slot taken until it is gone, too."""
        return self._locks[slot]

    @contextmanager
    def take(self, cancelled: Callable[[], bool] | None = None) -> Iterator[int]:
        """Wait for a free slot and hold it. Raises WaitCancelled."""
        slot = self._wait(cancelled)
        try:
            yield slot
        finally:
            with self._changed:
                fcntl.flock(self._locks[slot], fcntl.LOCK_UN)
                self._held.discard(slot)
                self._changed.notify()

    def has_waiting(self) -> bool:
        """Tell whether somebody waits for a slot, in any process."""
        try:
            fcntl.flock(self._asking, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        fcntl.flock(self._asking, fcntl.LOCK_UN)
        return False

    @contextmanager
    def _announce(self) -> Iterator[None]:
        """Let others know, while the block runs, that somebody waits here."""
        self._announced += 1
        if self._announced == 1:
            fcntl.flock(self._announcing, fcntl.LOCK_SH)
        try:
            yield
        finally:
            self._announced -= 1
            if self._announced == 0:
                fcntl.flock(self._announcing, fcntl.LOCK_UN)

    def _wait(self, cancelled: Callable[[], bool] | None) -> int:
        """Return a slot; a newcomer lets those who wait try first."""
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
        """Close the files; take no slot afterwards."""
        for lock in (*self._locks, self._announcing, self._asking):
            os.close(lock)
        self._locks.clear()
