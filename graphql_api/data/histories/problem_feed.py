"""The feed entries of a problem's executions, which are removed while the problem is deleted.

The card of a removed execution keeps its position in the feed, so that the execution can return to
this position. Every transaction also checks the state of the problem. So a late writer never
changes the feed against the current state.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from graphql_api.data import keys
from graphql_api.data.dynamo.client import Dynamo
from graphql_api.data.dynamo.expressions import Change, Condition, absent, differs, equals, exists
from graphql_api.data.dynamo.transactions import Check, TransactItem, Update
from graphql_api.data.dynamo.transport import TransactionFailed
from graphql_api.data.enums import HistoryStatus, ProblemState
from graphql_api.data.errors import Conflict
from graphql_api.data.histories.cards import is_unchanged
from graphql_api.data.histories.feed import entry_deletes, entry_puts
from graphql_api.data.records import NO_PID, PID, History, HistoryKey, Problem, ProblemId

# An execution takes five actions, and a transaction has at most 100 actions.
EXECUTIONS_AT_ONCE = 10
# Maximum number of attempts to change one execution while other requests change it.
DECISIONS = 8


class ProblemStateChanged(Exception):
    """The problem was deleted or restored, so the change of the feed must not continue."""


@dataclass(frozen=True, slots=True)
class FeedChange:
    """A change of the feed for one problem.

    With `hides`, the executions of the deleted problem leave the feed. Otherwise, the executions of
    the restored problem return to the feed.
    """

    problem: ProblemId
    hides: bool

    def check_state(self, problem: Problem | None) -> None:
        """Check that the change agrees with the current state of the problem.

        `problem` is the problem that has the name of the change, or None.

        Raises:
            ProblemStateChanged: the change must not be made.
        """
        is_same = problem is not None and problem.id == self.problem
        is_deleted = not is_same or (problem is not None and problem.state is ProblemState.DELETED)
        if is_deleted is not self.hides:
            raise ProblemStateChanged

    def condition(self) -> Condition:
        """Return the condition on the problem's card under which `check_state` does not raise."""
        deleted = str(ProblemState.DELETED)
        if not self.hides:
            pid = None if self.problem.pid == NO_PID else self.problem.pid
            return exists() & equals(PID, pid) & differs("st", deleted)
        is_other = exists(PID) if self.problem.pid == NO_PID else differs(PID, self.problem.pid)
        return absent() | equals("st", deleted) | is_other

    def concerns(self, history: History) -> bool:
        """Return whether the history must be changed."""
        return (
            history.problem_id == self.problem
            and history.status is HistoryStatus.COMPLETED
            and history.is_public
            and history.feed_id is not None
            and bool(history.feed_hidden) is not self.hides
        )

    def actions(self, history: History) -> list[TransactItem]:
        """Return the actions that change a history and its feed entries. They take 10 write units.

        The first action requires that the card has not changed.
        """
        after = replace(history, feed_hidden=self.hides or None)
        card = Update(
            keys.history(*history.key), Change({"fh": after.feed_hidden}), is_unchanged(history)
        )
        return [card, *(entry_deletes(history) if self.hides else entry_puts(after))]


class ProblemFeedStore:
    """The store that removes the executions of a problem from the feed, and returns them."""

    def __init__(self, dynamo: Dynamo) -> None:
        self._dynamo = dynamo

    async def apply(self, change: FeedChange, history_keys: Sequence[HistoryKey]) -> int:
        """Apply a change to some histories. Return the number of changed histories.

        Histories that are not concerned are not changed, so a second call has no effect. Cost: one
        read of 1 read unit per history and 1 for the problem, and one transaction per ten changed
        histories, of 10 write units per history and 2 for the problem.

        Raises:
            ProblemStateChanged: the problem was deleted or restored. Some histories may have been
                changed before.
            Conflict: other requests changed a history during every attempt.
        """
        histories = await self._read(change, history_keys)
        changed = 0
        for start in range(0, len(histories), EXECUTIONS_AT_ONCE):
            batch = histories[start : start + EXECUTIONS_AT_ONCE]
            if await self._write(change, batch):
                changed += len(batch)
            else:
                changed += sum([await self._apply_to_one(change, card.key) for card in batch])
        return changed

    async def _apply_to_one(self, change: FeedChange, key: HistoryKey) -> int:
        for _ in range(DECISIONS):
            histories = await self._read(change, [key])
            if not histories:
                return 0
            if await self._write(change, histories):
                return 1
        raise Conflict(
            "The feed entries of a history were not changed, because other requests changed the "
            "history at the same time. Try again."
        )

    async def _read(
        self, change: FeedChange, history_keys: Sequence[HistoryKey]
    ) -> Sequence[History]:
        """Return the histories that must be changed, and check the state of the problem."""
        wanted = [keys.history(*key) for key in history_keys]
        at_problem, *cards = await self._dynamo.batch_get(
            [keys.problem(*change.problem.key), *wanted], consistent=True
        )
        change.check_state(Problem.from_item(at_problem) if at_problem else None)
        histories = filter(None, map(History.from_item_or_none, cards))
        return [history for history in histories if change.concerns(history)]

    async def _write(self, change: FeedChange, histories: Sequence[History]) -> bool:
        """Change the histories in one transaction. Return False if one of them has changed."""
        check = Check(keys.problem(*change.problem.key), change.condition())
        actions = [action for history in histories for action in change.actions(history)]
        try:
            await self._dynamo.transact([check, *actions])
        except TransactionFailed as failed:
            if failed.reasons[0] is not None:
                raise ProblemStateChanged from failed
            return False
        return True
