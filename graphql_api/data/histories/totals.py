"""Changes of a user's totals and solved marks that a completed execution causes."""

from graphql_api.data import keys
from graphql_api.data.dynamo.expressions import Change, absent, exists
from graphql_api.data.dynamo.transactions import Put, Update
from graphql_api.data.enums import Verdict
from graphql_api.data.records import History, Solved, Totals


def count_completion(history: History, *, solves: bool) -> Update:
    """Return the action that counts a completed execution in its user's totals."""
    add = {"ne": 1, f"{Totals.LANGUAGE_PREFIX}{history.language}": 1}
    add |= {"na": 1} if history.verdict is Verdict.AC else {}
    add |= {"ns": 1} if solves else {}
    add |= {"np": 1} if history.feed_id else {}
    return Update(keys.totals(history.uid), Change(add=add), exists())


def make_solved_mark(history: History) -> Put:
    """Return the action that marks a problem as solved by this history.

    The action requires that the user has not solved the problem before.
    """
    mark = Solved(
        platform=history.platform,
        number=history.number,
        ulid=history.ulid,
        created_at=history.finished_at or 0,
    )
    key = keys.solved(history.uid, history.platform, history.number)
    return Put({**key, **mark.to_item()}, absent())
