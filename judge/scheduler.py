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
    """A test, and its place among the tests of its submission."""

    at: int
    test: Test


class TestScheduler(Generic[Test, Result]):
    """The tests that wait, and the results that come; each turn runs in a thread of its own.

    With `stops_at` the tests after the first whose result is such are not wanted any more.
    """

    def __init__(
        self, tests: Sequence[Test], stops_at: Callable[[Result], bool] | None = None
    ) -> None:
        self._tests = deque(TakenTest(at, test) for at, test in enumerate(tests))
        self._results: SimpleQueue[tuple[int, Result] | None] = SimpleQueue()
        self._stops_at = stops_at
        self._lock = Lock()
        self._wanted = len(tests)

    def following(self, turns: int) -> Test | None:
        """Return what one of so many turns is likely to take next; None if not each gets one."""
        try:
            return self._tests[turns - 1].test
        except IndexError:
            return None

    @property
    def waiting(self) -> int:
        """How many tests nobody has taken."""
        return len(self._tests)

    @property
    def wanted(self) -> int:
        """How many tests, from the first one on, are to have a result."""
        return self._wanted

    def stop_after(self, at: int) -> None:
        """Want no test after this one."""
        with self._lock:
            self._wanted = min(self._wanted, at + 1)
            self._tests.clear()

    def take(self) -> TakenTest[Test] | None:
        """Return the next test; None when all are taken."""
        try:
            return self._tests.popleft()
        except IndexError:
            return None

    def tell(self, one: TakenTest[Test], result: Result) -> None:
        """Bring a result."""
        if self._stops_at is not None and self._stops_at(result):
            self.stop_after(one.at)
        self._results.put((one.at, result))

    def wake(self) -> None:
        """Say that a turn has ended."""
        self._results.put(None)

    def told(self, wait_s: float) -> Iterator[tuple[int, Result]]:
        """Wait for news if there are none; yield the results that are there, with their places."""
        with suppress(Empty):
            news = self._results.get(timeout=wait_s)
            while True:
                if news is not None:
                    yield news
                news = self._results.get_nowait()


class ResultCollector(Generic[Result]):
    """The results of a queue's tests, each told as it comes, or when all before it are there."""

    def __init__(self, tell: Callable[[Result], None] | None, *, in_order: bool) -> None:
        self._tell, self._in_order = tell, in_order
        self._found: dict[int, Result] = {}
        self._leading = 0

    def add(self, at: int, result: Result, wanted: int) -> None:
        """Take a result in; those of the first `wanted` tests count."""
        self._found[at] = result
        if not self._in_order and self._tell is not None:
            self._tell(result)
        while self._leading < wanted and self._leading in self._found:
            if self._in_order and self._tell is not None:
                self._tell(self._found[self._leading])
            self._leading += 1

    def has_all(self, wanted: int) -> bool:
        """Tell whether the first `wanted` tests have results."""
        return self._leading >= wanted

    def first(self, wanted: int) -> list[Result]:
        """Return the results of the first `wanted` tests, in order."""
        return [self._found[at] for at in range(wanted)]


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
