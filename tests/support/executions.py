"""Executions without the API: a user, a problem with tests, and what became of submissions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from graphql_api.data.clock import day_of, now_ms
from graphql_api.data.enums import HistoryStatus, ProblemState
from graphql_api.data.histories.reservations import ReservationRequest
from graphql_api.data.problems.inputs import NewProblem
from graphql_api.data.problems.testsets import NewTest
from graphql_api.data.records import History, Problem, User
from graphql_api.data.stores import Stores
from tests.support.waiting import PATIENCE_S, wait_until_async

ADD = "print(sum(map(int, input().split())))\n"
WRONG = "print(7)\n"
ADD_CPP = """#include <iostream>
int main() { long a, b; std::cin >> a >> b; std::cout << a + b << '\\n'; }
"""
TESTS = (
    NewTest(input=b"1 2\n", output=b"3\n", is_sample=True),
    NewTest(input=b"3 4\n", output=b"7\n"),
    NewTest(input=b"10 20\n", output=b"30\n"),
)
ENDED = {HistoryStatus.COMPLETED, HistoryStatus.FAILED, HistoryStatus.CANCELLED}
# A crash is to be noticed in seconds, so that tests can wait for it.
SHORT = {"LEASE_SECONDS": "2", "SWEEP_SECONDS": "1", "ATTEMPT_CAP": "3", "JUDGE_SLOTS": "2"}
# The message sent with a reservation has half a minute before the sweeper sends another.
OVERDUE_MS = 31_000


def sleeping(seconds: float) -> str:
    """Return a correct program that first sleeps."""
    return f"import time\ntime.sleep({seconds})\n{ADD}"


@dataclass
class SubmissionDriver:
    """Hands in submissions of one user to one problem."""

    stores: Stores
    user: User
    problem: Problem
    limit: int | None = 50

    @classmethod
    async def open(cls, stores: Stores, email: str = "ada@example.org", number: str = "1") -> Self:
        """Make the user and, where it is not there, the problem A + B with three tests."""
        user = await stores.users.create(email=email, name="Ada Lovelace")
        problem = await stores.problems.get("algoitny", number, consistent=True)
        return cls(stores, user, problem or await new_problem(stores, number))

    async def reserve(
        self,
        code: str = ADD,
        *,
        language: str = "python",
        is_public: bool = False,
        age_ms: int = 0,
        request_id: str | None = None,
    ) -> History:
        """Leave a PENDING history, made `age_ms` ago, and send nothing."""
        asked = ReservationRequest(
            user=self.user,
            plan_limit=self.limit,
            request_id=request_id,
            input_hash=f"{language}:{code}",
            problem=self.problem,
            language=language,
            code=code,
            is_public=is_public,
            now=now_ms() - age_ms,
        )
        return (await self.stores.reservations.reserve(asked)).history

    async def card(self, history: History) -> History:
        """Return the history as it stands now."""
        found = await self.stores.histories.get(history.uid, history.ulid, consistent=True)
        assert found is not None
        return found

    async def ended(self, history: History, *, timeout_s: float = PATIENCE_S) -> History:
        """Return the history once it has ended."""

        async def check() -> History | None:
            card = await self.card(history)
            return card if card.status in ENDED else None

        return await wait_until_async(f"the end of {history.ulid}", check, timeout_s=timeout_s)

    async def running(self, history: History, *, attempt: int = 1) -> History:
        """Return the history once that attempt runs."""

        async def check() -> History | None:
            card = await self.card(history)
            runs = card.status is HistoryStatus.RUNNING and card.attempt >= attempt
            return card if runs else None

        return await wait_until_async(f"attempt {attempt} of {history.ulid}", check)

    async def any_running(self, histories: Sequence[History]) -> History:
        """Return one of the histories, as soon as one runs; others may have ended by then."""

        async def check() -> History | None:
            cards = [await self.card(history) for history in histories]
            return next((card for card in cards if card.status is HistoryStatus.RUNNING), None)

        return await wait_until_async("the start of one of several", check)

    async def used(self, history: History) -> int:
        """Return the executions that count against the user's limit on the history's day."""
        day = history.usage_day or day_of(now_ms())
        return (await self.stores.usage.day(self.user.uid, day)).execution

    async def judged(self) -> int:
        """Return the executions that were completed, over all time."""
        totals, _ = await self.stores.users.totals(self.user.uid)
        return totals.executions


async def new_problem(stores: Stores, number: str, *, time_limit_ms: int = 20_000) -> Problem:
    """Make the problem A + B, COMPLETED, with three tests."""
    await stores.problems.create(
        NewProblem(platform="algoitny", number=number, title="A + B", time_limit_ms=time_limit_ms)
    )
    await stores.tests.replace("algoitny", number, TESTS)
    return await stores.problems.set_state("algoitny", number, ProblemState.COMPLETED)
