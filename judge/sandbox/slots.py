"""The slots of a host. They limit how many programs run at the same time in all worker processes.

If more programs than cores run at the same time, measured CPU times are too high and wall limits
are exceeded. Each slot is a file that its holder locks. If a worker is killed, the kernel releases
its locks.

Slots are shared between owners (users). A free slot goes to the waiting owner who holds the fewest
slots of the host. If several owners hold the fewest slots, the slot goes to the owner who has
waited longest. So the number of an owner's waiting threads does not matter.

The time between getting a slot and releasing it is a turn. If the slot should go to another waiting
thread, the turn ends as soon as the running program has ended. There is one exception. An owner who
held no slot while waiting keeps the slot until a program is compiled and has run once. Otherwise
this owner would wait twice: before the compiler and before the program.
"""

import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from judge.sandbox.slot_table import Owner, SlotTable, digest_owner

# Pause between two attempts of a process to get a slot that another process may release.
FOREIGN_POLL_S = 0.004
# Pause between two calls of `cancelled`.
LOCAL_POLL_S = 0.1
# The owner of work that no user has requested, such as the detection of languages.
NO_OWNER = ""


class WaitCancelled(Exception):
    """The function `cancelled()` returned True before a slot was free."""


@dataclass(slots=True, eq=False)
class _Waiter:
    """A thread that waits for a slot or holds a slot.

    - `owner` is a digest that identifies the owner (the user for whom the thread works).
    - `cancelled` returns True if the thread must stop waiting. All threads of a submission have the
      same function.
    - `record` is the number of the thread's record in the host's slot table. It is None if the
      table is full or the wait has ended.
    - `joined_ns` is the start time of the wait, in nanoseconds.
    - `slot` is the number of the slot that the thread holds (None: the thread waits).
    - `is_first_turn` is True if the owner has held no slot during the wait.
    """

    owner: Owner
    cancelled: Callable[[], bool] | None = None
    record: int | None = None
    joined_ns: int = 0
    slot: int | None = None
    is_first_turn: bool = False
    woken: threading.Event = field(default_factory=threading.Event)


class SlotPool:
    """A pool of `count` slots, which are files in `directory`.

    All processes that use the same directory share the slots.
    """

    def __init__(self, directory: Path, count: int) -> None:
        directory.mkdir(mode=0o755, parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        self._locks = [os.open(directory / f"{slot}.lock", flags, 0o600) for slot in range(count)]
        self._table = SlotTable(directory)
        self._held: dict[int, _Waiter] = {}
        # The waiting threads of this process. The first thread polls for slots of other processes.
        self._waiters: list[_Waiter] = []
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._locks)

    def lock_of(self, slot: int) -> int:
        """Return the file descriptor with the lock of a slot.

        A child process that inherits this descriptor keeps the lock until the child process ends.
        """
        return self._locks[slot]

    @contextmanager
    def take(
        self, cancelled: Callable[[], bool] | None = None, owner: str = NO_OWNER
    ) -> Iterator[int]:
        """Wait for a free slot and hold it during the block. Yield the number of the slot.

        `owner` is the user whose share of the slots is used.

        Raises:
            WaitCancelled: `cancelled()` returned True before a slot was free.
        """
        waiter = _Waiter(digest_owner(owner), cancelled)
        try:
            yield self._wait(waiter)
        finally:
            with self._lock:
                self._withdraw(waiter)
                self._release(waiter)

    def is_wanted(self, slot: int) -> bool:
        """Return whether the calling thread should release its slot for another submission.

        The result is True if a thread of another submission would get the released slot before the
        calling thread. The calling thread must hold the slot.
        """
        if not self._table.has_waiters():
            return False
        with self._lock, self._table.locked():
            return self._is_wanted(self._held[slot])

    def should_give_way(self, slot: int) -> bool:
        """Return whether the calling thread should release its slot before it runs another program.

        The result is False for a user's first slot: the user holds no other slot, and held none
        while this thread was waiting. For all other slots, the result is that of `is_wanted`. The
        calling thread must hold the slot.
        """
        if not self._table.has_waiters():
            return False
        with self._lock, self._table.locked():
            holder = self._held[slot]
            is_first = holder.is_first_turn and self._count_slots(holder.owner) == 1
            return not is_first and self._is_wanted(holder)

    def retake(self, slot: int) -> int:
        """Release a slot that `take` has yielded, and wait for a slot again.

        Return the number of the slot that the thread gets. It may be the same slot. Call this
        method inside the block of `take`.

        Raises:
            WaitCancelled: `cancelled()` returned True before a slot was free. The thread then holds
                no slot.
        """
        with self._lock:
            holder = self._held[slot]
            self._release(holder)
        return self._wait(holder)

    def _is_wanted(self, holder: _Waiter) -> bool:
        counts = self._table.count_slots(range(len(self._locks)))
        counts[holder.owner] -= 1
        record = self._table.find_next(counts, self._find_siblings(holder))
        least = counts[holder.owner]
        return record is not None and counts[self._table.owner_of(record)] <= least

    def _count_slots(self, owner: Owner) -> int:
        return self._table.count_slots(range(len(self._locks)))[owner]

    def _find_siblings(self, holder: _Waiter) -> set[int]:
        """Return the records of the threads that wait for a slot for the submission of `holder`."""
        return {
            waiter.record
            for waiter in self._waiters
            if waiter.record is not None and waiter.cancelled == holder.cancelled is not None
        }

    def recheck_cancelled(self) -> None:
        """Make the waiting threads of this process call `cancelled()` immediately."""
        with self._lock:
            for waiter in self._waiters:
                waiter.woken.set()

    def _wait(self, waiter: _Waiter) -> int:
        with self._lock, self._table.locked():
            self._enter(waiter)
        while waiter.slot is None:
            waiter.woken.wait(self._pause_s(waiter))
            waiter.woken.clear()
            if waiter.cancelled is not None and waiter.cancelled():
                raise WaitCancelled
            self._poll(waiter)
        return waiter.slot

    def _enter(self, waiter: _Waiter) -> None:
        """Give a free slot to a new thread, or add the thread to the waiting threads."""
        slot = None if self._table.has_waiters() else self._lock_free_slot()
        if slot is not None:
            self._give(waiter, slot)
            return
        self._waiters.append(waiter)
        self._join(waiter)
        self._grant()

    def _join(self, waiter: _Waiter) -> None:
        """Add a record for a waiting thread to the host's slot table, unless the table is full."""
        waiter.record = self._table.join(waiter.owner)
        if waiter.record is not None:
            waiter.joined_ns = self._table.since(waiter.record)

    def _pause_s(self, waiter: _Waiter) -> float:
        with self._lock:
            is_first = self._waiters[:1] == [waiter]
            has_foreign = len(self._held) < len(self._locks)
            return FOREIGN_POLL_S if is_first and has_foreign else LOCAL_POLL_S

    def _poll(self, waiter: _Waiter) -> None:
        """Look for slots that another process has released.

        The first waiting thread looks for slots for all waiting threads of this process.
        """
        with self._lock:
            has_turn = waiter.record is None or waiter is self._waiters[0]
            if waiter.slot is not None or not has_turn:
                return
            self._table.note_poll()
            with self._table.locked():
                if waiter.record is None:
                    self._join(waiter)
                self._grant()

    def _grant(self) -> None:
        """Give the free slots to the threads that are next.

        If a thread of another process is next, a slot stays free until that process polls.
        """
        free = [slot for slot in range(len(self._locks)) if self._try_lock(slot)]
        busy = [slot for slot in range(len(self._locks)) if slot not in free]
        counts, skipped = self._table.count_slots(busy), set[int]()
        by_record = {waiter.record: waiter for waiter in self._waiters}
        for _ in range(len(free)):
            record = self._table.find_next(counts, skipped)
            if record is None:
                break
            counts[self._table.owner_of(record)] += 1
            if record in by_record:
                self._give(by_record[record], free.pop())
            skipped.add(record)
        for slot in free:
            fcntl.flock(self._locks[slot], fcntl.LOCK_UN)

    def _give(self, waiter: _Waiter, slot: int) -> None:
        """Assign a slot to a waiting thread of this process. The slot is already locked."""
        waiter.is_first_turn = self._count_slots(waiter.owner) == 0 and (
            waiter.record is None or self._table.since(waiter.record) == waiter.joined_ns
        )
        self._held[slot] = waiter
        self._table.hold(slot, waiter.owner)
        self._leave(waiter)
        waiter.slot = slot
        waiter.woken.set()

    def _withdraw(self, waiter: _Waiter) -> None:
        """Remove a thread that is still waiting, for example after a cancellation."""
        if waiter in self._waiters:
            with self._table.locked():
                self._leave(waiter)
                self._grant()

    def _leave(self, waiter: _Waiter) -> None:
        if waiter not in self._waiters:
            return
        was_polling = self._waiters[0] is waiter
        self._waiters.remove(waiter)
        if waiter.record is not None:
            self._table.leave(waiter.record)
            waiter.record = None
        if was_polling:
            self._wake_first()

    def _release(self, waiter: _Waiter) -> None:
        if waiter.slot is None:
            return
        slot, waiter.slot = waiter.slot, None
        self._table.release(slot)
        del self._held[slot]
        if not self._table.has_waiters():
            fcntl.flock(self._locks[slot], fcntl.LOCK_UN)
            return
        with self._table.locked():
            self._table.restart_wait(waiter.owner)
            self._grant()
        self._wake_first()  # the slot may have gone to another process, so it must poll

    def _wake_first(self) -> None:
        if self._waiters:
            self._waiters[0].woken.set()

    def _lock_free_slot(self) -> int | None:
        return next((slot for slot in range(len(self._locks)) if self._try_lock(slot)), None)

    def _try_lock(self, slot: int) -> bool:
        if slot in self._held:
            return False
        try:
            fcntl.flock(self._locks[slot], fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        """Close the files. No slot can be taken afterwards."""
        self._table.close()
        for lock in self._locks:
            os.close(lock)
        self._locks.clear()
