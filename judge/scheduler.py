"""The order in which a submission's tests run, and the threads and time that they share.

A slot session takes the next test from the scheduler, runs it and reports its result. The collector
puts the results in the order of the tests.
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


@dataclass(frozen=True, slots=True)
class TakenTest(Generic[Test]):
    """A test, and its index among the tests of its submission."""

    at: int
    test: Test


class TestScheduler(Generic[Test, Result]):
    """The tests that have not started, and the results that have arrived.

    Each slot session takes tests in a thread of its own. `stops_at` tells whether a result stops
    the submission: the tests after the first such result are not needed.
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
        """Return the test that one of `sessions` parallel sessions will probably take next.

        None if fewer tests than sessions are left.
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
        """The number of tests, from the first one on, that need a result."""
        return self._needed_count

    def stop_after(self, at: int) -> None:
        """Start no further tests; no test after this index needs a result."""
        with self._lock:
            self._needed_count = min(self._needed_count, at + 1)
            self._tests.clear()

    def take(self) -> TakenTest[Test] | None:
        """Return the next test; None if no test is left."""
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
        """Wake `drain_results`, because a session has ended."""
        self._results.put(None)

    def drain_results(self, wait_s: float) -> Iterator[tuple[int, Result]]:
        """Yield all results that have arrived, with the indexes of their tests.

        If there are none, wait for one or for the end of a session, at most `wait_s`.
        """
        with suppress(Empty):
            item = self._results.get(timeout=wait_s)
            while True:
                if item is not None:
                    yield item
                item = self._results.get_nowait()


class ResultCollector(Generic[Result]):
    """The results of a submission's tests.

    It calls `on_result` for each result: at once, or `in_order` of the tests.
    """

    def __init__(self, on_result: Callable[[Result], None] | None, *, in_order: bool) -> None:
        self._on_result, self._in_order = on_result, in_order
        self._results_by_index: dict[int, Result] = {}
        self._leading_count = 0

    def add(self, at: int, result: Result, needed_count: int) -> None:
        """Add a result; only those of the first `needed_count` tests count."""
        self._results_by_index[at] = result
        if not self._in_order and self._on_result is not None:
            self._on_result(result)
        while self._leading_count < needed_count and self._leading_count in self._results_by_index:
            if self._in_order and self._on_result is not None:
                self._on_result(self._results_by_index[self._leading_count])
            self._leading_count += 1

    def has_all(self, needed_count: int) -> bool:
        """Return whether the first `needed_count` tests have results."""
        return self._leading_count >= needed_count

    def first(self, count: int) -> list[Result]:
        """Return the results of the first `count` tests, in order."""
        return [self._results_by_index[at] for at in range(count)]


class TimeBudget:
    """The wall time that the tests of one submission may take in total.

    Threads that run its tests at the same time all count.
    """

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        self._left_ms = seconds * 1000
        self._lock = Lock()

    def spend(self, wall_ms: int) -> None:
        """Subtract the wall time of a run."""
        with self._lock:
            self._left_ms -= wall_ms

    @property
    def is_spent(self) -> bool:
        """True when no further test may start."""
        return self._left_ms <= 0


class WorkPool:
    """Threads that compile programs and run tests, one per slot of the host."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="judge")
        self._waiting: set[object] = set()

    def submit(self, work: Callable[..., T], *arguments: object) -> Future[T]:
        """Queue work for the next free thread."""
        ticket = object()
        self._waiting.add(ticket)

        def start() -> T:
            self._waiting.discard(ticket)
            return work(*arguments)

        return self._threads.submit(start)

    @property
    def has_waiting(self) -> bool:
        """True when work is waiting for a thread."""
        return bool(self._waiting)

    def close(self) -> None:
        """Wait for all work and end the threads."""
        self._threads.shutdown()
