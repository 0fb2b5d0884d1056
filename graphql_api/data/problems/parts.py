"""The parts of a problem: the items in its partition that carry its pid, such as its statement.

After a problem was deleted permanently, its parts must not become those of another problem with the
same name. The parts of a problem without a pid have no pid either.
"""

from collections.abc import Callable, Mapping, Sequence

from graphql_api.data import keys
from graphql_api.data.dynamo.bodies import Bodies
from graphql_api.data.dynamo.client import Dynamo, Item
from graphql_api.data.dynamo.expressions import Condition, equals
from graphql_api.data.records import NO_PID, PID, Problem, ProblemId


def owner_of(problem: Problem) -> dict[str, str]:
    """Return the attribute that each part of a problem carries."""
    return {} if problem.pid == NO_PID else {PID: problem.pid}


def belongs_to(pid: str) -> Condition:
    """Require that the stored item belongs to the problem with this pid."""
    return equals(PID, None if pid == NO_PID else pid)


def is_of(item: Mapping[str, object] | None, problem: ProblemId) -> bool:
    """Return whether an item exists and belongs to the problem."""
    return item is not None and item.get(PID, NO_PID) == problem.pid


async def read_items(
    dynamo: Dynamo, key_of: Callable[[str, str], keys.Key], problem_ids: Sequence[ProblemId]
) -> list[Item | None]:
    """Return one part of each problem, in the order of `problem_ids`.

    None stands for a part that does not exist. Cost: ceil(N/100) requests for N problems.
    """
    items = await dynamo.batch_get([key_of(*problem.key) for problem in problem_ids])
    parts = zip(items, problem_ids, strict=True)
    return [item if is_of(item, problem) else None for item, problem in parts]


async def read_bodies(
    dynamo: Dynamo,
    bodies: Bodies,
    key_of: Callable[[str, str], keys.Key],
    problem_ids: Sequence[ProblemId],
) -> list[bytes | None]:
    """Return one body of each problem, in the order of `problem_ids`. See `read_items`."""
    return await bodies.of_manifests(await read_items(dynamo, key_of, problem_ids))
