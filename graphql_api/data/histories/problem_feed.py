"""The changes of the feed when a problem is deleted or restored.

While a problem is DELETED, the feed does not contain its executions. The stored record (history) of
each execution keeps its position in the feed. When the problem is restored, each execution gets the
same position again. Every transaction also checks the state of the problem. So a delayed write
cannot change the feed after the state of the problem has changed again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from graphql_api.data import keys
from graphql_api.data.dynamo.client import Dynamo
from graphql_api.data.dynamo.expressions import Change, Condition, absent, differs, equals, exists
from graphql_api.data.dynamo.transactions import Check, TransactItem, Update
from graphql_api.data.dynamo.transport import TransactionFailed
from graphql_api.data.enums import ProblemState
from graphql_api.data.errors import Conflict
from graphql_api.data.histories.cards import is_unchanged
from graphql_api.data.histories.feed import entry_deletes, entry_puts
from graphql_api.data.records import NO_PID, PID, History, HistoryKey, Problem, ProblemId

# Number of histories per transaction. A history needs five actions, and a transaction has at most
# 100 actions.
EXECUTIONS_AT_ONCE = 10
# Maximum number of attempts to change one history while other requests change the same history.
DECISIONS = 8


class ProblemStateChanged(Exception):
    """The problem was deleted or restored during a change of the feed. The change must stop."""


@dataclass(frozen=True, slots=True)
class FeedChange:
    """A change of the public feed after the deletion or restoration of one problem.

    If `hides` is True, the problem was deleted, and its executions are removed from the feed. If
    `hides` is False, the problem was restored, and its executions are added to the feed again.
    """

    problem: ProblemId
    hides: bool

    def check_state(self, problem: Problem | None) -> None:
        """Check that the change still agrees with the state of the problem.

        `problem` is the stored problem with the same name, or None if no such problem exists.

        Raises:
            ProblemStateChanged: `hides` is True, but the problem is not DELETED. Or `hides` is
                False, but the problem is DELETED or was removed.
        """
        is_same = problem is not None and problem.id == self.problem
        is_deleted = not is_same or (problem is not None and problem.state is ProblemState.DELETED)
        if is_deleted is not self.hides:
            raise ProblemStateChanged

    def condition(self) -> Condition:
        """Return the condition that the stored problem has a state that `check_state` accepts."""
        deleted = str(ProblemState.DELETED)
        if not self.hides:
            pid = None if self.problem.pid == NO_PID else self.problem.pid
            return exists() & equals(PID, pid) & differs("st", deleted)
        is_other = exists(PID) if self.problem.pid == NO_PID else differs(PID, self.problem.pid)
        return absent() | equals("st", deleted) | is_other

    def concerns(self, history: History) -> bool:
        """Return whether the change must still be made for an execution.

        The result is False if the execution has no position in the feed. It has a position only
        while it is public and COMPLETED.
        """
        return (
            history.problem_id == self.problem
            and history.feed_id is not None
            and bool(history.feed_hidden) is not self.hides
        )

    def actions(self, history: History) -> list[TransactItem]:
        """Return the actions that change a history's card (main item) and feed entries.

        The actions take 10 write units. The first action changes the card. It requires that the
        stored card has the same status, visibility, position in the feed and attempt as `history`.
        """
        after = replace(history, feed_hidden=self.hides or None)
        card = Update(
            keys.history(*history.key), Change({"fh": after.feed_hidden}), is_unchanged(history)
        )
        return [card, *(entry_deletes(history) if self.hides else entry_puts(after))]


class ProblemFeedStore:
    """The store that removes a problem's executions from the public feed, and adds them again."""

    def __init__(self, dynamo: Dynamo) -> None:
        self._dynamo = dynamo

    async def apply(self, change: FeedChange, history_keys: Sequence[HistoryKey]) -> int:
        """Apply a change of the feed to histories, and return the number of changed histories.

        Histories (stored executions) that need no change are skipped (see `FeedChange.concerns`).
        So a second call has no effect.

        Cost: one BatchGetItem with 1 read unit per history and 1 read unit for the problem, and one
        transaction per 10 changed histories. The transaction takes 10 write units per history and 2
        write units for the problem.

        Raises:
            ProblemStateChanged: a later request has deleted or restored the problem. Some of the
                histories may already have been changed.
            Conflict: other requests kept changing a history.
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
        """Return those of the given histories that must still be changed.

        Raises:
            ProblemStateChanged: a later request has deleted or restored the problem.
        """
        wanted = [keys.history(*key) for key in history_keys]
        at_problem, *cards = await self._dynamo.batch_get(
            [keys.problem(*change.problem.key), *wanted], consistent=True
        )
        change.check_state(Problem.from_item(at_problem) if at_problem else None)
        histories = filter(None, map(History.from_item_or_none, cards))
        return [history for history in histories if change.concerns(history)]

    async def _write(self, change: FeedChange, histories: Sequence[History]) -> bool:
        """Change the histories in one transaction.

        Return False and change nothing if another request has changed one of the histories.
        """
        check = Check(keys.problem(*change.problem.key), change.condition())
        actions = [action for history in histories for action in change.actions(history)]
        try:
            await self._dynamo.transact([check, *actions])
        except TransactionFailed as failed:
            if failed.reasons[0] is not None:
                raise ProblemStateChanged from failed
            return False
        return True
