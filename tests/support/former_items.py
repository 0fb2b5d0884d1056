"""A table as the previous version wrote it: today's items, put back into their former form."""

import unicodedata
from typing import Any

from graphql_api.data import keys
from graphql_api.data.dynamo.client import Dynamo
from graphql_api.data.enums import JobKind, ProblemState, UserState
from graphql_api.data.histories.executions import Claim
from graphql_api.data.jobs import NewJob
from graphql_api.data.problems.inputs import NewProblem
from graphql_api.data.problems.testsets import NewTest
from graphql_api.data.records import PID, History
from graphql_api.data.stores import Stores
from tests.support.api import Api
from tests.support.executions import SubmissionDriver

Item = dict[str, Any]

PLATFORM, FORMER_PLATFORM = "caf\u00e9", "cafe\u0301"
DOMAIN, FORMER_DOMAIN = "xn--bcher-kva.example", "b\u00fccher.example"
# Attributes that a migration of tags changes, as every change of a card does.
_VOLATILE = ("rev", "ua")


async def read_table(dynamo: Dynamo) -> dict[tuple[str, str], Item]:
    """Return all items by their keys, without the attributes that count changes."""
    return {
        (item["PK"], item["SK"]): {k: v for k, v in item.items() if k not in _VOLATILE}
        for item in await _read_items(dynamo)
    }


def to_former(item: Item) -> Item:
    """Return an item of `read_table` as the previous version wrote it."""
    return {name: _to_former(value) for name, value in item.items()}


def _to_former(value: Any) -> Any:
    if isinstance(value, str):
        return unicodedata.normalize("NFD", value).replace(DOMAIN, FORMER_DOMAIN)
    if isinstance(value, list):
        return [_to_former(entry) for entry in value]
    return value


async def make_former(dynamo: Dynamo) -> None:
    """Put all items of the table back into their former form."""
    items = await _read_items(dynamo)
    former = [to_former(item) for item in items]
    await dynamo.batch_write(deletes=map(keys.of_item, items))
    await dynamo.batch_write(puts=former)


async def forget_pid(dynamo: Dynamo, problem: tuple[str, str]) -> None:
    """Put the items of a problem back into the form of the previous version, without a pid.

    Histories, solved marks and jobs that are created later have no pid either.
    """
    items = [item for item in await _read_items(dynamo) if _is_of(item, problem)]
    former = [{name: value for name, value in item.items() if name != PID} for item in items]
    await dynamo.batch_write(puts=former)


def _is_of(item: Item, problem: tuple[str, str]) -> bool:
    named = item.get("pf"), item.get("pn")
    return named == problem or item["PK"] == keys.problem_partition(*problem)


async def _read_items(dynamo: Dynamo) -> list[Item]:
    items: list[Item] = []
    start: keys.Key | None = None
    while True:
        page = await dynamo.scan(limit=1000, start=start)
        items += page.items
        start = page.last_key
        if start is None:
            return items


async def fill(stores: Stores) -> History:
    """Store items of all kinds that contain an address, a tag, a platform or a number.

    No item has a pid, because the previous version did not write one.
    Return a public history of the problem.
    """
    for number in ("1", "2"):
        await _make_problem(stores, number)
        await forget_pid(stores.dynamo, (PLATFORM, number))
    problem = await stores.problems.get(PLATFORM, "1", consistent=True)
    assert problem is not None
    user = await stores.users.create(email=f"ann@{DOMAIN}", name="Ann", google_sub="1")
    other = await stores.users.create(email=f"bob@{DOMAIN}", name="Bob")
    await stores.users.set_state(other.uid, UserState.INACTIVE)
    driver = SubmissionDriver(stores, user, problem)
    waiting = await driver.reserve()
    assert waiting.platform == PLATFORM
    history = await driver.reserve("print(1)", is_public=True, request_id="once")
    claim = await stores.executions.claim(*history.key, token="me", lease_ms=10_000)
    assert isinstance(claim, Claim)
    done = await stores.executions.complete(claim.history, Api.outcome(attempt=1))
    await stores.problems.add_run(problem.id)
    new = NewJob(kind=JobKind.REJUDGE, uid=user.uid, parameters={}, problem=problem.id)
    await stores.jobs.create(new)
    return done


async def _make_problem(stores: Stores, number: str) -> None:
    new = NewProblem(
        platform=PLATFORM,
        number=number,
        title="Sums",
        tags=["caf\u00e9", "math"],
        statement="Add.",
        legacy_id=int(number),
    )
    await stores.problems.create(new)
    await stores.problems.set_solution(PLATFORM, number, "python", "print(1)")
    tests = [NewTest(input=b"%d" % n, output=b"1", is_sample=n == 1) for n in range(3)]
    await stores.tests.replace(PLATFORM, number, tests)
    await stores.tests.replace(PLATFORM, number, tests[:2])
    await stores.problems.set_state(PLATFORM, number, ProblemState.COMPLETED)
