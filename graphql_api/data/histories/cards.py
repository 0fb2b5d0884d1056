"""The card of a history: its item, the conditions of writes, and the error of a rejected write."""

from collections.abc import Sequence
from typing import Any

from graphql_api.data import keys
from graphql_api.data.accounts.receipts import refund_actions
from graphql_api.data.dynamo.client import Dynamo, Item
from graphql_api.data.dynamo.expressions import Change, Condition, at_least, equals, exists
from graphql_api.data.dynamo.transactions import TransactItem, Update
from graphql_api.data.dynamo.transport import TransactionFailed
from graphql_api.data.enums import HistoryStatus, QuotaKind
from graphql_api.data.errors import NotFound
from graphql_api.data.records import History

WAITING = (HistoryStatus.PENDING, HistoryStatus.RUNNING)


class CardChanged(Exception):
    """The stored card differs from the expected card.

    `history` is the stored history, or None if it was deleted.
    """

    def __init__(self, item: Item | None) -> None:
        super().__init__("Another request has changed or deleted the history.")
        self.history = History.from_item(item) if item else None

    def current(self) -> History:
        """Return the stored history.

        Raises:
            NotFound: the history was deleted.
        """
        if self.history is None:
            raise no_history() from self
        return self.history


def no_history() -> NotFound:
    """Return the error for a history that does not exist."""
    return NotFound(
        "The history does not exist, or you may not see it. Check `historyId`.", ("historyId",)
    )


def is_unchanged(history: History) -> Condition:
    """Require that visibility, status, publication and attempt are those of `history`."""
    return (
        equals("st", str(history.status))
        & equals("pub", history.is_public)
        & equals("fid", history.feed_id)
        & equals("fh", history.feed_hidden)
        & equals("att", history.attempt)
    )


def index_copies(history: History) -> int:
    """Return the number of index copies of a history's card.

    Until the execution ends, the card has a copy in the list of unfinished executions. A COMPLETED
    card has a copy in the list of its problem.
    """
    return 1 if history.status in {*WAITING, HistoryStatus.COMPLETED} else 0


def count_public(uid: str, step: int) -> Update:
    """Return the action that adds `step` (1 or -1) to the user's number of public histories.

    The action requires that the number does not become negative.
    """
    condition = exists() if step > 0 else at_least("np", 1)
    return Update(keys.totals(uid), Change(add={"np": step}), condition)


def refund_of(history: History, now: int) -> Sequence[TransactItem]:
    """Return the actions that refund the history's unit of quota. They take 4 write units.

    Return no actions if the history did not use a unit.
    """
    if history.usage_day is None or history.request_hash is None:
        return ()
    return refund_actions(
        history.uid, history.usage_day, QuotaKind.EXECUTION, history.request_hash, now
    )


async def change_card(
    dynamo: Dynamo,
    card: TransactItem,
    *others: TransactItem,
    if_possible: Sequence[TransactItem] = (),
) -> None:
    """Change a card and apply the other actions, all in one transaction.

    If the condition of an action in `if_possible` does not hold, the transaction is repeated
    without all actions in `if_possible`. Examples are a refund whose receipt has expired and a
    counter of a user who is being deleted.

    Raises:
        CardChanged: the condition of the card did not hold.
        TransactionFailed: the condition of another action did not hold.
    """
    try:
        await dynamo.transact([card, *others, *if_possible])
    except TransactionFailed as failed:
        reason, *rest = failed.reasons
        if reason is not None:
            raise CardChanged(reason.item) from failed
        if not if_possible or any(rest[: len(others)]):
            raise
        await change_card(dynamo, card, *others)


def card_item(history: History, due: keys.Key | None = None) -> dict[str, Any]:
    """Return the card's item.

    `due` contains the index keys for the list of unfinished executions.
    """
    return {**keys.history(history.uid, history.ulid), **history.to_item(), **(due or {})}
