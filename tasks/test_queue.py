"""The tests of one submission on their way through the turns in which they run."""

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

Test = TypeVar("Test")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Taken(Generic[Test]):
    """A test, and its place among the tests of its submission."""

    at: int
    test: Test


class TestQueue(Generic[Test, Result]):
    """The tests that wait, and the results that come; each turn runs in a thread of its own."""

    __test__ = False

    def __init__(self, tests: Sequence[Test]) -> None:
        self._tests = deque(Taken(at, test) for at, test in enumerate(tests))
        self._results: SimpleQueue[tuple[int, Result] | None] = SimpleQueue()

    @property
    def waiting(self) -> int:
        """How many tests nobody has taken."""
        return len(self._tests)

    def take(self) -> Taken[Test] | None:
        """Return the next test; None when all are taken."""
        try:
            return self._tests.popleft()
        except IndexError:
            return None

    def tell(self, one: Taken[Test], result: Result) -> None:
        """Bring a result."""
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
