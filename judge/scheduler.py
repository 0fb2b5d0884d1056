"""The order in which the tests of a submission run, and the threads and time that the tests share.

A slot session holds one slot of the sandbox. It takes the next test from the scheduler, runs the
test and reports its result. The collector arranges the results in the order of the tests.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")
Test = TypeVar("Test")
Result = TypeVar("Result")

# Larger than the number of slots and submissions together. The pool starts a thread only when it is
# needed.
MAX_THREADS = 4096


@dataclass(frozen=True, slots=True)
class TakenTest(Generic[Test]):
    """A test, and its index among the tests of its submission."""

    at: int
    test: Test


class TestScheduler(Generic[Test, Result]):
    """The tests that have not started, and the results that have not been collected.

    Several threads take tests. Each of these threads holds a slot of the host. `stops_at` returns
    True for a result after which no more tests of the submission are started.
    """

    def __init__(
        self, tests: Sequence[Test], stops_at: Callable[[Result], bool] | None = None
    ) -> None:
        self._tests = deque(TakenTest(at, test) for at, test in enumerate(tests))
        self._results: SimpleQueue[tuple[int, Result] | None] = SimpleQueue()
        self._stops_at = stops_at
        self._lock = Lock()
        self._needed_count = len(tests)

    def peek_next(self, sessions: int) -> Test | None:
        """Return the test that the calling session will probably take after its current test.

        `sessions` is the number of parallel sessions. It is assumed that each of the other sessions
        takes one test first. Return None if fewer than `sessions` tests are left.
        """
        try:
            return self._tests[sessions - 1].test
        except IndexError:
            return None

    @property
    def waiting_count(self) -> int:
        """The number of tests that have not started."""
        return len(self._tests)

    @property
    def needed_count(self) -> int:
        """The number n for which the first n tests of the submission need a result."""
        return self._needed_count

    def stop_after(self, at: int) -> None:
        """Start no more tests. Tests after the index `at` need no result."""
        with self._lock:
            self._needed_count = min(self._needed_count, at + 1)
            self._tests.clear()

    def take(self) -> TakenTest[Test] | None:
        """Return the next test, or None if no test is left."""
        try:
            return self._tests.popleft()
        except IndexError:
            return None

    def report(self, taken: TakenTest[Test], result: Result) -> None:
        """Add the result of a test."""
        if self._stops_at is not None and self._stops_at(result):
            self.stop_after(taken.at)
        self._results.put((taken.at, result))

    def wake(self) -> None:
        """Wake the thread that waits in `drain_results`, although no result has arrived."""
        self._results.put(None)

    def drain_results(self, wait_s: float) -> Iterator[tuple[int, Result]]:
        """Yield all results that have arrived, each with the index of its test.

        If no result has arrived, wait at most `wait_s` seconds. The wait also ends when a result
        arrives, or when a session begins or ends.
        """
        with suppress(Empty):
            item = self._results.get(timeout=wait_s)
            while True:
                if item is not None:
                    yield item
                item = self._results.get_nowait()


class ResultCollector(Generic[Result]):
    """The results of the tests of a submission.

    `on_result` is called for each result. If `in_order` is True, the calls are in the order of the
    tests. Otherwise each call is immediate.
    """

    def __init__(self, on_result: Callable[[Result], None] | None, *, in_order: bool) -> None:
        self._on_result, self._in_order = on_result, in_order
        self._results_by_index: dict[int, Result] = {}
        self._leading_count = 0

    def add(self, at: int, result: Result, needed_count: int) -> None:
        """Add a result. Results of tests after the first `needed_count` tests are ignored."""
        self._results_by_index[at] = result
        if not self._in_order and self._on_result is not None:
            self._on_result(result)
        while self._leading_count < needed_count and self._leading_count in self._results_by_index:
            if self._in_order and self._on_result is not None:
                self._on_result(self._results_by_index[self._leading_count])
            self._leading_count += 1

    def has_all(self, needed_count: int) -> bool:
        """Return whether the first `needed_count` tests all have results."""
        return self._leading_count >= needed_count

    def first(self, count: int) -> list[Result]:
        """Return the results of the first `count` tests, in order."""
        return [self._results_by_index[at] for at in range(count)]


class TimeBudget:
    """The total wall time that the tests of one submission may take.

    The wall times of tests that run at the same time are added.
    """

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        self._left_ms = seconds * 1000
        self._lock = Lock()

    def spend(self, wall_ms: int) -> None:
        """Subtract the wall time of a run from the budget."""
        with self._lock:
            self._left_ms -= wall_ms

    @property
    def is_spent(self) -> bool:
        """True if the budget is used up, so that no more tests may start."""
        return self._left_ms <= 0


class WorkPool:
    """A pool of threads that compile programs and run tests, each in a slot of the host.

    `sessions` is the maximum number of threads that work on one submission at the same time. It is
    the number of slots.

    A thread may wait for a slot, but work must never wait for a free thread. Otherwise, the slots
    would not be distributed fairly between users. At most one thread of each submission waits for a
    slot. So the pool needs at most as many threads as there are slots and submissions together.
    """

    def __init__(self, sessions: int) -> None:
        self.sessions = sessions
        self._threads = ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="judge")

    def submit(self, work: Callable[..., T], *arguments: object) -> Future[T]:
        """Call a function in a thread of the pool. Return the future of the call."""
        return self._threads.submit(work, *arguments)

    def close(self) -> None:
        """Wait until all queued calls have ended, and end the threads."""
        self._threads.shutdown()
