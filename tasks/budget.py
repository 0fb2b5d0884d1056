"""The judging time of one submission."""

from threading import Lock


class Budget:
    """How long the tests of one submission may run in all, counted by the threads that run them."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        self._left_ms = seconds * 1000
        self._lock = Lock()

    def spend(self, wall_ms: int) -> None:
        """Count a run."""
        with self._lock:
            self._left_ms -= wall_ms

    @property
    def is_spent(self) -> bool:
        """Whether no other run is to begin."""
        return self._left_ms <= 0
