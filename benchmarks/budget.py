"""Requests and capacity of every store operation on DynamoDB Local, compared with their budget.

Prints one line for each operation. `tests/integration/data/test_budget.py` asserts the same
figures. The exit code is 1 if an operation exceeds its budget.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from graphql_api.cli.local.dynamodb_local import DynamoDBLocal
from graphql_api.config import Settings
from graphql_api.data import keys
from graphql_api.data.clock import day_of, now_ms
from graphql_api.data.dynamo.meter import metered
from graphql_api.data.dynamo.pages import PageWindow
from graphql_api.data.dynamo.table import open_table
from graphql_api.data.dynamo.transactions import TransactItem
from graphql_api.data.dynamo.values import item_size
from graphql_api.data.enums import JobKind, ProblemState, Verdict
from graphql_api.data.histories.executions import Claim, Outcome
from graphql_api.data.histories.problem_feed import FeedChange
from graphql_api.data.histories.reservations import ReservationRequest
from graphql_api.data.jobs import NewJob
from graphql_api.data.problems.deletion import Also
from graphql_api.data.problems.inputs import NewProblem
from graphql_api.data.problems.testsets import NewTest
from graphql_api.data.records import (
    History,
    HistoryKey,
    Problem,
    ProblemKey,
    Results,
    TestResult,
    User,
)
from graphql_api.data.stores import Stores, open_stores

# These values give a card about 0.8 KB.
LONG_TITLE = "가" * 100
LONG_NAME = "n" * 99
PLATFORM = "p" * 40
CODE = "".join(f"print({n} * {n * 7919 % 10007})\n" for n in range(110))
PAGE = PageWindow(20)
# The pages read only cards within this distance from either end of a list.
READ = 60


@dataclass(frozen=True, slots=True)
class Budget:
    """The maximum cost of an operation."""

    name: str
    requests: int
    read_units: float = 0
    write_units: float = 0


@dataclass(frozen=True, slots=True)
class Cost:
    """The measured cost of an operation."""

    budget: Budget
    requests: int
    read_units: float
    write_units: float

    @property
    def is_within(self) -> bool:
        """Whether no figure exceeds the budget."""
        return (
            self.requests <= self.budget.requests
            and self.read_units <= self.budget.read_units
            and self.write_units <= self.budget.write_units
        )


@dataclass(slots=True)
class BudgetFixture:
    """One user and 25 problems with ten small tests each; `problem` is the last problem."""

    stores: Stores
    user: User
    problem: Problem

    async def reserve(self, *, is_public: bool = False) -> History:
        """Return a new PENDING history, reserved with the same requests as executeCode."""
        reservations, problem = self.stores.reservations, self.problem
        loaded = await reservations.load(self.user.uid, problem.platform, problem.number, None)
        assert loaded.user is not None
        assert loaded.problem is not None
        request = ReservationRequest(
            user=loaded.user,
            plan_limit=1_000_000,
            request_id=None,
            input_hash="",
            problem=loaded.problem,
            language="python",
            code=CODE,
            is_public=is_public,
            now=now_ms(),
        )
        return (await reservations.reserve(request)).history

    async def reserve_and_claim(self, *, is_public: bool = False) -> History:
        """Return a new history that this process has claimed."""
        history = await self.reserve(is_public=is_public)
        return await self.claim(history)

    async def claim(self, history: History) -> History:
        """Claim a history."""
        claim = await self.stores.executions.claim(
            history.uid, history.ulid, token=history.ulid, lease_ms=10_000
        )
        assert isinstance(claim, Claim)
        return claim.history

    async def complete(self, history: History, verdict: Verdict = Verdict.AC) -> History:
        """Complete a claimed history."""
        test = TestResult(number=1, verdict=verdict)
        outcome = Outcome(
            verdict=verdict,
            passed=1,
            failed=0,
            total=1,
            cpu_ms=1,
            peak_kb=1024,
            results=Results(attempt=history.attempt, compile_output=None, tests=(test,)),
            problem_public=True,
            test_version=1,
        )
        return await self.stores.executions.complete(history, outcome)

    async def reserve_and_complete(self, *, is_public: bool) -> History:
        """Return a new COMPLETED history."""
        return await self.complete(await self.reserve_and_claim(is_public=is_public))


async def build(stores: Stores, length: int) -> BudgetFixture:
    """Fill an empty table with `length` COMPLETED public histories and 25 problems."""
    user = await stores.users.create(email="someone@example.org", name=LONG_NAME)
    problem = None
    for number in range(25):
        problem = await _create_problem(stores, f"{number:060d}")
    assert problem is not None
    world = BudgetFixture(stores, user, problem)
    await lengthen(world, length)
    return world


async def _create_problem(stores: Stores, number: str) -> Problem:
    new = NewProblem(
        platform=PLATFORM,
        number=number,
        title=LONG_TITLE,
        tags=("math", *(f"tag-{n}-{'t' * 14}" for n in range(1))),
        statement="s" * 3000,
        link=f"https://example.org/{number[-20:]}",
    )
    await stores.problems.create(new)
    tests = [NewTest(input=b"1 2\n" * 30, output=b"3\n", is_sample=n == 0) for n in range(10)]
    await stores.tests.replace(PLATFORM, number, tests)
    await stores.problems.set_solution(PLATFORM, number, "python", CODE)
    return await stores.problems.set_state(PLATFORM, number, ProblemState.COMPLETED)


async def lengthen(world: BudgetFixture, length: int, *, filters: bool = True) -> None:
    """Add histories until the user's list and the feed have `length` cards.

    `filters` adds them to the filtered lists of the feed too. The cards are copies of the first
    history, and the cards between those that pages show are only bytes of the same size. Both are
    much faster than judging.
    """
    stores, first = world.stores, await world.reserve_and_complete(is_public=True)
    card_item = await stores.dynamo.get(keys.history(first.uid, first.ulid))
    assert card_item is not None
    lists = keys.feed_partitions(first.platform, first.language, 0)[: None if filters else 1]

    padding = "x" * item_size(first.to_item())

    def items() -> Iterator[dict[str, Any]]:
        for number in range(length - 1):
            ulid = f"0{number:025d}"
            is_read = number < READ or number > length - READ
            card = {**card_item, "h": ulid, "fid": ulid} if is_read else {"padding": padding}
            yield {**card, **keys.history(first.uid, ulid)}
            for partition in lists:
                yield {**card, "PK": partition, "SK": ulid}

    await stores.dynamo.batch_write(puts=items())


async def measure_costs(world: BudgetFixture) -> AsyncIterator[Cost]:
    """Carry out each operation of the budget once and yield its cost."""
    for budget, prepare, run in _operations(world):
        argument = await prepare() if prepare else None
        with metered() as meter:
            await (run(argument) if prepare else run())
        yield Cost(budget, meter.requests, meter.read_units, meter.write_units)


Operation = tuple[Budget, Callable[[], Awaitable[Any]] | None, Callable[..., Awaitable[Any]]]


def _operations(world: BudgetFixture) -> list[Operation]:
    return [
        *_problem_operations(world),
        *_list_operations(world),
        *_execution_operations(world),
        *_deletion_operations(world),
    ]


def _problem_operations(world: BudgetFixture) -> list[Operation]:
    problems, tests = world.stores.problems, world.stores.tests
    key = world.problem.platform, world.problem.number

    async def with_statement() -> None:
        await asyncio.gather(problems.get(*key), problems.statement(world.problem.id))

    async def many() -> None:
        await problems.get_many([ProblemKey(PLATFORM, f"{number:060d}") for number in range(25)])

    return [
        (Budget("problem by key", 1, 0.5), None, lambda: problems.get(*key)),
        (Budget("problem with its statement of 3 KB", 2, 1.5), None, with_statement),
        (Budget("problem and 10 small tests", 1, 1), None, lambda: tests.with_problem(*key)),
        (Budget("25 problems of one request", 1, 12.5), None, many),
        (
            Budget("problems of a platform, 20", 1, 2.5),
            None,
            lambda: problems.list(PAGE, platform=PLATFORM),
        ),
        (
            Budget("problems by language, 20", 1, 2.5),
            None,
            lambda: problems.list(PAGE, language="python"),
        ),
        (Budget("problems of all platforms, 20", 1, 2.5), None, lambda: problems.list(PAGE)),
        (Budget("problems with a tag, 20", 1, 2.5), None, lambda: problems.list(PAGE, tag="math")),
        (
            Budget("problems by a word of the title, 20", 1, 2.5),
            None,
            lambda: problems.list(PAGE, search="가가"),
        ),
    ]


def _list_operations(world: BudgetFixture) -> list[Operation]:
    stores, uid = world.stores, world.user.uid
    today = day_of(now_ms())
    deep = PageWindow(20, after=f"0{30:025d}")
    return [
        (Budget("feed page of 20", 1, 2.5), None, lambda: stores.feed.page(PAGE)),
        (Budget("feed page of 20, deep", 1, 2.5), None, lambda: stores.feed.page(deep)),
        (
            Budget("feed page of 20, platform", 1, 2.5),
            None,
            lambda: stores.feed.page(PAGE, platform=PLATFORM),
        ),
        (
            Budget("feed page of 20, language", 1, 2.5),
            None,
            lambda: stores.feed.page(PAGE, language="python"),
        ),
        (
            Budget("feed page of 20, both", 1, 2.5),
            None,
            lambda: stores.feed.page(PAGE, platform=PLATFORM, language="python"),
        ),
        (
            Budget("a user's history page of 20", 1, 2.5),
            None,
            lambda: stores.histories.list(uid, PAGE),
        ),
        (
            Budget("a user's history page of 20, deep", 1, 2.5),
            None,
            lambda: stores.histories.list(uid, deep),
        ),
        (Budget("usage of 30 days", 1, 1), None, lambda: stores.usage.days(uid, 30, today)),
        (
            Budget("a day's log of 50", 1, 2),
            None,
            lambda: stores.usage.log(uid, today, PageWindow(50)),
        ),
    ]


def _execution_operations(world: BudgetFixture) -> list[Operation]:
    histories = world.stores.histories

    async def private() -> History:
        return await world.reserve_and_claim()

    async def public() -> History:
        return await world.reserve_and_claim(is_public=True)

    async def finished() -> History:
        return await world.reserve_and_complete(is_public=False)

    async def listed() -> History:
        return await world.reserve_and_complete(is_public=True)

    body = 1
    return [
        (Budget("executeCode accepted, 2 KB of code", 4, 6, 10), None, world.reserve),
        (Budget("claim", 1, 0, 3), world.reserve, world.claim),
        (
            Budget("completion, private (1 + body)", 2 + 1, 1, 6 + body),
            private,
            world.complete,
        ),
        (
            Budget("completion, public (1 + body + hour)", 3 + 1, 1, 14 + body + 1),
            public,
            world.complete,
        ),
        (
            Budget("publish (1 + hour)", 2, 0, 12 + 1),
            finished,
            lambda card: histories.publish(card.uid, card.ulid, problem_public=True, expected=card),
        ),
        (
            Budget("unpublish (1 + hour)", 2, 0, 12 + 1),
            listed,
            lambda card: histories.unpublish(card.uid, card.ulid, expected=card),
        ),
    ]


def _deletion_operations(world: BudgetFixture) -> list[Operation]:
    stores, key = world.stores, world.problem.key

    def start(kind: JobKind) -> Also:
        async def also(problem: Problem) -> Sequence[TransactItem]:
            new = NewJob(
                kind=kind,
                uid=world.user.uid,
                parameters={},
                problem=problem.id,
            )
            return (await stores.jobs.prepare(new))[1]

        return also

    async def soft_delete() -> Problem:
        return await stores.problems.soft_delete(*key, also=start(JobKind.REMOVE_FROM_FEED))

    async def restore(_: Problem) -> None:
        await stores.problems.restore(*key, also=start(JobKind.RETURN_TO_FEED))

    async def ten_of_deleted() -> list[HistoryKey]:
        histories = [await world.reserve_and_complete(is_public=True) for _ in range(10)]
        await soft_delete()
        return [history.key for history in histories]

    async def hide(histories: list[HistoryKey]) -> None:
        await stores.problem_feed.apply(FeedChange(world.problem.id, hides=True), histories)

    return [
        (Budget("soft deletion, with its job", 2, 1, 14 + 6), None, soft_delete),
        (Budget("restoration, with its job", 2, 1, 14 + 6), soft_delete, restore),
        (Budget("ten executions leave the feed", 2, 11, 102), ten_of_deleted, hide),
    ]


async def main() -> int:
    """Measure on a new engine and return the exit code."""
    os.environ.update(AWS_ACCESS_KEY_ID="local", AWS_SECRET_ACCESS_KEY="local")  # noqa: S106
    worst = 0
    with DynamoDBLocal(heap_mb=512) as engine:
        settings = Settings(
            _env_file=None, aws_endpoint_url_dynamodb=engine.endpoint, table_name="budget"
        )
        for _ in open_table(settings).provision():
            pass
        async with open_stores(settings) as stores:
            world = await build(stores, length=200)
            print(f"{'operation':44}{'requests':>12}{'reads':>12}{'writes':>12}")
            async for cost in measure_costs(world):
                worst |= not cost.is_within
                print(_line(cost))
    return worst


def _line(cost: Cost) -> str:
    limits = cost.budget
    figures = (
        f"{cost.requests} / {limits.requests}",
        f"{cost.read_units:g} / {limits.read_units:g}",
        f"{cost.write_units:g} / {limits.write_units:g}",
    )
    mark = "" if cost.is_within else "  OVER"
    return f"{limits.name:44}{''.join(f'{figure:>12}' for figure in figures)}{mark}"


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
