"""The card of a history. The card is the main item of the history, without code and results.

A history is the stored record of an execution. This module also contains the conditions of writes
to cards, and the error of a rejected write.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from graphql_api.data import keys
from graphql_api.data.accounts.receipts import refund_actions
from graphql_api.data.dynamo.client import Dynamo, Item
from graphql_api.data.dynamo.expressions import Change, Condition, at_least, equals, exists
from graphql_api.data.dynamo.transactions import TransactItem, Update
from graphql_api.data.dynamo.transport import TransactionFailed
from graphql_api.data.dynamo.values import item_size
from graphql_api.data.enums import HistoryStatus, QuotaKind, Verdict
from graphql_api.data.errors import NotFound
from graphql_api.data.limits import CARD_BYTES
from graphql_api.data.records import History
from graphql_api.data.text import truncate_utf8

HINTS_READY = "READY"
WAITING = (HistoryStatus.PENDING, HistoryStatus.RUNNING)


class CardChanged(Exception):
    """A write was rejected, because the card (main item) of a history was changed or deleted.

    `history` is the stored history, or None if the history was deleted.
    """

    def __init__(self, item: Item | None) -> None:
        super().__init__("Another request has changed or deleted the history.")
        self.history = History.from_item(item) if item else None

    def current(self) -> History:
        """Return the stored history, so that the caller can compute the change again.

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
    """Require that the stored card (main item) of a history has the same state as `history`.

    The state consists of the status, the visibility, the position in the feed and the attempt.
    """
    return (
        equals("st", str(history.status))
        & equals("pub", history.is_public)
        & equals("fid", history.feed_id)
        & equals("fh", history.feed_hidden)
        & equals("att", history.attempt)
    )


def fit_title(history: History) -> History:
    """Return a copy of a new history with a title that fits on the card.

    The title is truncated if necessary, so that the card never becomes larger than `CARD_BYTES`.
    Later writes add attributes to the card. So the function measures the largest card that this
    history can have later. A card is largest if its history is public, was judged again, and
    belongs to a deleted problem.
    """
    largest = replace(
        history,
        status=HistoryStatus.COMPLETED,
        verdict=Verdict.SKIPPED,
        is_public=True,
        passed=99_999,
        failed=99_999,
        total=99_999,
        test_version=99_999,
        cpu_ms=99_999_999,
        peak_kb=99_999_999,
        attempt=999,
        rejudge_attempt=999,
        rejudged_by=history.ulid,
        rejudged_at=history.created_at,
        finished_at=history.created_at,
        feed_id=history.ulid,
        feed_shard=999,
        hint_state=HINTS_READY,
        feed_hidden=True,
    )
    listed = keys.problem_history(history.problem_id, history.ulid)
    excess = item_size({**card_item(largest), **listed}) - CARD_BYTES
    if excess <= 0:
        return history
    return replace(
        history, title=truncate_utf8(history.title, len(history.title.encode()) - excess)
    )


def index_copies(history: History) -> int:
    """Return the number of indexes that contain a history (a stored execution): 0 or 1.

    PENDING and RUNNING histories are in the index of unfinished executions. COMPLETED histories are
    in the index of the problem's histories.
    """
    return 1 if history.status in {*WAITING, HistoryStatus.COMPLETED} else 0


def count_public(uid: str, step: int) -> Update:
    """Return the action that adds `step` (1 or -1) to the user's number of public executions.

    The action fails if the number would become negative or the user's counters do not exist.
    """
    condition = exists() if step > 0 else at_least("np", 1)
    return Update(keys.totals(uid), Change(add={"np": step}), condition)


def refund_of(history: History, now: int) -> Sequence[TransactItem]:
    """Return the actions that refund the unit of quota used by an execution.

    The actions take 4 write units. Return an empty sequence if the execution used no quota.
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
    """Change the card (main item) of a history, and apply the other actions in one transaction.

    The actions in `if_possible` are optional. If the condition of an optional action does not hold,
    the transaction is repeated without any optional action. For example, a refund of quota is
    optional, because the stored record of the used unit may have expired.

    Raises:
        CardChanged: the condition of the action `card` did not hold.
        TransactionFailed: the condition of an action in `others` did not hold.
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
    """Convert a history (a stored execution) to its main item (the card).

    `due` contains the item's keys in the index of unfinished executions. `due` is None if the item
    does not belong in this index.
    """
    return {**keys.history(history.uid, history.ulid), **history.to_item(), **(due or {})}
