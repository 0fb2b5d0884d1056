"""The card of a history: its item, what a write has seen of it, and how a write is refused."""

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
    """The card is not as it was seen; `history` is what stands there now, None if it is gone."""

    def __init__(self, item: Item | None) -> None:
        super().__init__("a history changed meanwhile")
        self.history = History.from_item(item) if item else None

    def current(self) -> History:
        """Return what stands there now.

        Raises:
            NotFound: the history is gone.
        """
        if self.history is None:
            raise no_history() from self
        return self.history


def no_history() -> NotFound:
    """Return the error for a history that is not there."""
    return NotFound("There is no such history.", ("historyId",))


def as_seen(history: History) -> Condition:
    """Return the condition that visibility, status, publication and result are still these."""
    return (
        equals("st", str(history.status))
        & equals("pub", history.is_public)
        & equals("fid", history.feed_id)
        & equals("att", history.attempt)
    )


def index_copies(history: History) -> int:
    """Return how many index entries the card has.

    One while it waits for a worker, and one under its problem once it is judged.
    """
    return 1 if history.status in {*WAITING, HistoryStatus.COMPLETED} else 0


def count_public(uid: str, step: int) -> Update:
    """Return what counts a listing (1), or its end (-1, never below zero), in the user's totals."""
    condition = exists() if step > 0 else at_least("np", 1)
    return Update(keys.totals(uid), Change(add={"np": step}), condition)


def refund_of(history: History, now: int) -> Sequence[TransactItem]:
    """Return what gives back the unit that the card names: 4 units; nothing where it names none."""
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
    """Carry out a change of a card together with what goes with it.

    What is only to be done `if_possible` (giving back a unit whose receipt is gone, counting for a
    user who is being deleted) does not stop the change: all of it is then left out.

    Raises:
        CardChanged: the card's condition did not hold.
        TransactionFailed: the condition of one of the others did not hold.
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
    """Return the card's item; `due` are its index keys while it waits for a worker."""
    return {**keys.history(history.uid, history.ulid), **history.to_item(), **(due or {})}
