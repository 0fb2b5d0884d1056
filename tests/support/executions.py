"""Executions without the API: a user, a problem with tests, and the results of submissions."""

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
# A crash is detected within seconds, so that tests can wait for it.
SHORT = {"LEASE_SECONDS": "2", "SWEEP_SECONDS": "1", "ATTEMPT_CAP": "3", "JUDGE_SLOTS": "2"}
# The sweeper sends another message 30 s after the reservation.
OVERDUE_MS = 31_000


def sleeping(seconds: float) -> str:
    """Return a correct program that sleeps first."""
    return f"import time\ntime.sleep({seconds})\n{ADD}"


@dataclass
class SubmissionDriver:
    """Submissions of one user to one problem."""

    stores: Stores
    user: User
    problem: Problem
    limit: int | None = 50
    is_editor: bool = False

    @classmethod
    async def open(cls, stores: Stores, email: str = "ada@example.org", number: str = "1") -> Self:
        """Create the user and, if it does not exist, the problem A + B with three tests."""
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
        """Store a PENDING history that was created `age_ms` ago, without sending a message."""
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
            by_editor=self.is_editor,
        )
        return (await self.stores.reservations.reserve(asked)).history

    async def card(self, history: History) -> History:
        """Return the current history."""
        found = await self.stores.histories.get(history.uid, history.ulid, consistent=True)
        assert found is not None
        return found

    async def ended(self, history: History, *, timeout_s: float = PATIENCE_S) -> History:
        """Wait until the history has ended and return it."""

        async def check() -> History | None:
            card = await self.card(history)
            return card if card.status in ENDED else None

        return await wait_until_async(f"the end of {history.ulid}", check, timeout_s=timeout_s)

    async def running(self, history: History, *, attempt: int = 1) -> History:
        """Wait until that attempt runs and return the history."""

        async def check() -> History | None:
            card = await self.card(history)
            runs = card.status is HistoryStatus.RUNNING and card.attempt >= attempt
            return card if runs else None

        return await wait_until_async(f"attempt {attempt} of {history.ulid}", check)

    async def any_running(self, histories: Sequence[History]) -> History:
        """Wait until one of the histories runs and return it; others may have ended."""

        async def check() -> History | None:
            cards = [await self.card(history) for history in histories]
            return next((card for card in cards if card.status is HistoryStatus.RUNNING), None)

        return await wait_until_async("the start of one of several", check)

    async def used(self, history: History) -> int:
        """Return the number of executions that count against the user's limit on that day."""
        day = history.usage_day or day_of(now_ms())
        return (await self.stores.usage.day(self.user.uid, day)).execution

    async def judged(self) -> int:
        """Return the number of all completed executions."""
        totals, _ = await self.stores.users.totals(self.user.uid)
        return totals.executions


async def new_problem(
    stores: Stores,
    number: str,
    *,
    time_limit_ms: int = 20_000,
    tests: Sequence[NewTest] = TESTS,
) -> Problem:
    """Create the problem A + B with these tests, in state COMPLETED."""
    await stores.problems.create(
        NewProblem(platform="algoitny", number=number, title="A + B", time_limit_ms=time_limit_ms)
    )
    await stores.tests.replace("algoitny", number, tests)
    return await stores.problems.set_state("algoitny", number, ProblemState.COMPLETED)
