"""The effects of a completed execution on the user's counters and solved marks.

A solved mark is an item that exists if the user has solved the problem.
"""

from graphql_api.data import keys
from graphql_api.data.dynamo.expressions import Change, absent, exists
from graphql_api.data.dynamo.transactions import Put, Update
from graphql_api.data.enums import Verdict
from graphql_api.data.records import History, Solved, Totals


def count_completion(history: History, *, solves: bool) -> Update:
    """Return the action that adds a completed execution to the counters of the user.

    `solves` is True if the execution is the user's first accepted execution of the problem.
    """
    add = {"ne": 1, f"{Totals.LANGUAGE_PREFIX}{history.language}": 1}
    add |= {"na": 1} if history.verdict is Verdict.AC else {}
    add |= {"ns": 1} if solves else {}
    add |= {"np": 1} if history.feed_id else {}
    return Update(keys.totals(history.uid), Change(add=add), exists())


def make_solved_mark(history: History) -> Put:
    """Return the action that marks the problem of an execution as solved by its user.

    The action fails if the problem is already marked.
    """
    mark = Solved(
        platform=history.platform,
        number=history.number,
        pid=history.pid,
        ulid=history.ulid,
        created_at=history.finished_at or 0,
    )
    key = keys.solved(history.uid, history.problem_id)
    return Put({**key, **mark.to_item()}, absent())
