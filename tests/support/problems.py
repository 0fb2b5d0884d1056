"""Problems, and helpers that read them from a table."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from typing import Any

from graphql_api.data.dynamo.client import Dynamo, Item
from graphql_api.data.dynamo.pages import PageWindow
from graphql_api.data.dynamo.values import load_item
from graphql_api.data.enums import Comparer, ProblemState
from graphql_api.data.problems.cards import entry_keys
from graphql_api.data.problems.inputs import NewProblem
from graphql_api.data.problems.store import ProblemStore
from graphql_api.data.records import Problem, ProblemId

DRAFT, REVIEW, COMPLETED, DELETED = ProblemState


ONE = ("demo", "1")


NEW = NewProblem(platform="demo", number="1", title="Two sums")


FULL = NewProblem(
    platform="demo",
    number="1",
    title=" Two   sums ",
    link="https://example.org/1",
    tags=["Math", "Binary  Search", "math"],
    statement="Add them.",
    constraints="1 <= n <= 10",
    comparer=Comparer.FLOAT,
    absolute_tolerance="1e-6",
    relative_tolerance="1e-9",
    time_limit_ms=1500,
    memory_limit_kb=65_536,
    legacy_id=42,
    content_hash="ab" * 32,
)


class Ticks:
    """A clock that advances by 1 ms at each read."""

    def __init__(self) -> None:
        self.now = 1_800_000_000_000

    def __call__(self) -> int:
        self.now += 1
        return self.now


async def outcomes(*calls: Awaitable[Any]) -> list[Any]:
    return await asyncio.gather(*calls, return_exceptions=True)


async def identity(problems: ProblemStore, key: tuple[str, str] = ONE) -> ProblemId:
    """Return the identity of the problem that has this name."""
    problem = await problems.get(*key, consistent=True)
    assert problem is not None
    return problem.id


async def completed(problems: ProblemStore, number: str, **fields: Any) -> Problem:
    new = replace(NEW, number=number, **fields)
    await problems.create(new)
    return await problems.set_state(new.platform, number, COMPLETED)


async def everything(dynamo: Dynamo) -> list[Item]:
    answer = await dynamo._transport.client.scan(TableName=dynamo.table_name, ConsistentRead=True)
    return [load_item(item) for item in answer["Items"]]


async def check_entries(dynamo: Dynamo) -> None:
    """Check that the entries in the table agree with the current cards."""
    items = await everything(dynamo)
    cards = [item for item in items if item["tp"] == "problem" and item["SK"] == "M"]
    expected = {
        (key["PK"], key["SK"]): Problem.from_item(card)
        for card in cards
        for key in entry_keys(Problem.from_item(card))
    }
    found = {
        (item["PK"], item["SK"]): Problem.from_item(item)
        for item in items
        if item["PK"].startswith(("PS#", "TG#", "TK#"))
    }
    assert found == expected


async def numbers(problems: ProblemStore, **filters: Any) -> list[str]:
    page = await problems.list(PageWindow(size=100), **filters)
    return [problem.number for problem in page.records]
