"""The places of the callers in one process that wait for a custom run.

The bound per user keeps one user from taking all places. It counts repeated requests, too.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from graphql_api.data.errors import Conflict, Unavailable
from graphql_api.data.limits import WAITING_RUNS, WAITING_RUNS_PER_USER


class RunPlaces:
    """Counts the waiting callers of this process, in total and per user."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()

    @contextmanager
    def take(self, uid: str) -> Iterator[None]:
        """Take a place for a caller of this user, and free it at the end of the block.

        Raises:
            Conflict: The user has no free place.
            Unavailable: The process has no free place.
        """
        if self._taken[uid] >= WAITING_RUNS_PER_USER:
            raise Conflict(
                f"You already have {WAITING_RUNS_PER_USER} custom runs in progress. Wait for the "
                "result of one of them, then send this run again."
            )
        if self._taken.total() >= WAITING_RUNS:
            raise Unavailable(
                "Too many custom runs are in progress. The code was not run. Try again in a few "
                "seconds."
            )
        self._taken[uid] += 1
        try:
            yield
        finally:
            self._taken[uid] -= 1
            if not self._taken[uid]:
                del self._taken[uid]
