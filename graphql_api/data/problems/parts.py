"""The parts of a problem: items in the problem's partition, such as the body with the texts.

Each part contains the pid (unique id) of the problem. So a part that a deleted problem has left
behind does not become a part of another problem with the same name. Problems that an
earlier version of this program created have no pid, and so their parts contain none.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from graphql_api.data import keys
from graphql_api.data.dynamo.bodies import Bodies
from graphql_api.data.dynamo.client import Dynamo, Item
from graphql_api.data.dynamo.expressions import Condition, equals
from graphql_api.data.records import NO_PID, PID, Problem, ProblemId

T = TypeVar("T")


def owner_of(problem: Problem) -> dict[str, str]:
    """Return the attribute `pid`, the problem's ULID, or {} if the problem has no ULID.

    Each item that stores a part of the problem has this attribute.
    """
    return {} if problem.pid == NO_PID else {PID: problem.pid}


def belongs_to(pid: str) -> Condition:
    """Require that the stored item is a part of the problem with this pid (unique id)."""
    return equals(PID, None if pid == NO_PID else pid)


def is_of(item: Mapping[str, object] | None, problem: ProblemId) -> bool:
    """Return whether an item is a part of the problem. If `item` is None, return False."""
    return item is not None and item.get(PID, NO_PID) == problem.pid


async def read_items(
    dynamo: Dynamo, key_of: Callable[[str, str], keys.Key], problem_ids: Sequence[ProblemId]
) -> list[Item | None]:
    """Return one item of each problem, such as its checker, in the order of `problem_ids`.

    `key_of` is the function that returns the key of the item. The list contains None for each item
    that does not exist. Cost: ceil(N/100) requests for N problems.
    """
    items = await dynamo.batch_get([key_of(*problem.key) for problem in problem_ids])
    parts = zip(items, problem_ids, strict=True)
    return [item if is_of(item, problem) else None for item, problem in parts]


async def read_bodies(
    bodies: Bodies,
    key_of: Callable[[str, str], keys.Key],
    problem_ids: Sequence[ProblemId],
    load: Callable[[bytes], T],
) -> list[T | None]:
    """Return one body of each problem, converted by `load` and in the order of `problem_ids`.

    `key_of` is the function that returns the key of the body. The list contains None for each
    problem without the body. The cost is the same as in `Bodies.load_many`.
    """
    wanted = [key_of(*problem.key) for problem in problem_ids]
    pids: defaultdict[str, set[str]] = defaultdict(set)
    for key, problem in zip(wanted, problem_ids, strict=True):
        pids[key["PK"]].add(problem.pid)
    stored: dict[str, str] = {}

    def is_wanted(item: Item) -> bool:
        stored[item["PK"]] = item.get(PID, NO_PID)
        return stored[item["PK"]] in pids[item["PK"]]

    read = await bodies.load_many(wanted, load, is_wanted=is_wanted)
    parts = zip(read, wanted, problem_ids, strict=True)
    return [body if stored.get(key["PK"]) == problem.pid else None for body, key, problem in parts]
