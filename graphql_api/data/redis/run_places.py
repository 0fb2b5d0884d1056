"""The limits on the number of callers that wait for custom runs in one process.

Each waiting caller takes one place. The number of places per user is limited, so that one user
cannot take all places of the process. A repeated request also takes a place.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from graphql_api.data.errors import Conflict, Unavailable
from graphql_api.data.limits import WAITING_RUNS, WAITING_RUNS_PER_USER


class RunPlaces:
    """The places that the waiting callers of this process have taken, by user."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()

    @contextmanager
    def take(self, uid: str) -> Iterator[None]:
        """Take a place for a caller of this user, run the block, and free the place.

        Raises:
            Conflict: all places of the user are taken.
            Unavailable: all places of the process are taken.
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
