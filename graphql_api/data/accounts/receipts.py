"""The debit and the refund of quota units. One execution or custom run uses one unit.

The debit of a unit is one transaction. The transaction creates a receipt and adds 1 to the user's
counter of the day. The receipt is the log entry of the request and makes the request idempotent.
Days are UTC.
"""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql_api.data import keys
from graphql_api.data.clock import CLOCK_SKEW_MS, DAY_MS, days_before, end_of_day, parse_day
from graphql_api.data.dynamo.expressions import Change, Condition, absent, at_least, below, exists
from graphql_api.data.dynamo.transactions import Check, Put, TransactItem, Update
from graphql_api.data.dynamo.transport import TransactionFailed
from graphql_api.data.errors import QuotaExceeded
from graphql_api.data.limits import USAGE_DAYS
from graphql_api.data.records import DayUsage, Receipt

RETENTION_MS = USAGE_DAYS * DAY_MS
# For this time after midnight, a repeated request from before midnight is still recognised.
MIDNIGHT_MS = 15 * 60 * 1000

_RECEIPT, _COUNTER, _NEIGHBOUR = range(3)


def fingerprint(*parts: str) -> str:
    """Return a digest of texts, as 20 characters. It also depends on the order of the texts."""
    digest = hashlib.blake2b(digest_size=15)
    for part in parts:
        raw = part.encode(errors="surrogatepass")
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return urlsafe_b64encode(digest.digest()).decode()


def expiry_s(now: int) -> int:
    """Return the expiry time (epoch s) of a usage record that is written at `now` (epoch ms)."""
    return (now + RETENTION_MS) // 1000


def is_live(item: Mapping[str, Any], now: int) -> bool:
    """Return whether an item has not expired. DynamoDB may keep an expired item for days."""
    return "x" not in item or bool(item["x"] * 1000 > now)


def neighbour_of(day: str, now: int) -> str | None:
    """Return the day next to `day` on which the same request may have been made before, or None.

    In the first 15 minutes of `day`, this is the day before. In the last minute of `day`, it is the
    day after, because the clock of another host may be ahead. At all other times, return None.
    """
    age_ms = now - int(parse_day(day).timestamp() * 1000)
    if age_ms < MIDNIGHT_MS:
        return days_before(day, 1)
    return days_before(day, -1) if age_ms >= DAY_MS - CLOCK_SKEW_MS else None


def counter_of(action: str) -> str:
    """Return the name of the attribute that counts the used units of one kind of quota.

    The attribute is in the item that stores the usage of one user on one day. `action` is a value
    of `QuotaKind`.
    """
    return f"n_{action}"


def quota_exceeded(action: str, day: str, used: int, limit: int) -> QuotaExceeded:
    """Return the error for a reached limit. The error contains the time of the next reset."""
    reset_at = end_of_day(day)
    return QuotaExceeded(
        f"Daily {action} limit exceeded: you have used {used} of {limit}. The count is reset at "
        f"{reset_at:%Y-%m-%dT%H:%M:%SZ}. Try again then.",
        used=used,
        limit=limit,
        reset_at=reset_at,
    )


@dataclass(frozen=True, slots=True)
class QuotaDebit:
    """The debit of one unit of quota, as actions of a transaction.

    A `limit` of None means unlimited. These actions must be the first actions of the transaction.
    They take 4 write units.

    In the first 15 minutes and in the last minute of a UTC day, one more action is needed. It
    checks that the neighbouring day has no receipt (stored record) of the same request. Together,
    the actions then take 6 write units.
    """

    uid: str
    receipt: Receipt
    limit: int | None

    def actions(self) -> list[TransactItem]:
        """Return the actions that create a receipt (stored record) and increase the counter.

        Around midnight, also return an action that checks the neighbouring day. This action fails
        if that day has a receipt of the same request.
        """
        receipt, now = self.receipt, self.receipt.created_at
        actions: list[TransactItem] = [
            Put({**self._key(receipt.day), **receipt.to_item()}, absent()),
            Update(keys.day_usage(self.uid, receipt.day), self._count(), self._below_limit()),
        ]
        neighbour = neighbour_of(receipt.day, now)
        if neighbour is not None:
            actions.append(Check(self._key(neighbour), absent()))
        return actions

    def earlier(self, failed: TransactionFailed) -> Receipt | None:
        """Return the receipt (stored record) of an earlier call with the same request.

        `failed` is the error of the transaction. Return None if the transaction failed for another
        reason than such a receipt.
        """
        reasons = failed.reasons[: len(self.actions())]
        for index in (_RECEIPT, _NEIGHBOUR):
            reason = reasons[index] if index < len(reasons) else None
            if reason is not None and reason.item is not None:
                return Receipt.from_item(reason.item)
        return None

    def denial(self, failed: TransactionFailed) -> QuotaExceeded | None:
        """Return QuotaExceeded if the transaction failed because the limit is reached.

        The caller must raise the returned error. If the transaction failed for another reason,
        return None.
        """
        reason = failed.reasons[_COUNTER]
        if reason is None or self.limit is None:
            return None
        action, day = self.receipt.action, self.receipt.day
        used = (reason.item or {}).get(counter_of(action), 0)
        return quota_exceeded(action, day, used, self.limit)

    def _key(self, day: str) -> keys.Key:
        return keys.receipt(self.uid, day, self.receipt.action, self.receipt.request_hash)

    def _count(self) -> Change:
        day = self.receipt.day
        constant = {"v": 1, "tp": DayUsage.entity, "dy": day, "x": self.receipt.expires_at_s}
        return Change(put=constant, add={counter_of(self.receipt.action): 1})

    def _below_limit(self) -> Condition | None:
        if self.limit is None:
            return None
        count = counter_of(self.receipt.action)
        is_below = below(count, self.limit)
        return absent(count) | is_below if self.limit > 0 else is_below


def refund_actions(
    uid: str, day: str, action: str, request_hash: str, now: int
) -> tuple[Update, Update]:
    """Return the two actions that refund one unit of quota. They take 4 write units.

    One action marks the receipt (the stored record of the request) as refunded. It requires a
    receipt without this mark. The other action decreases the counter of used units. It requires a
    counter above zero. So a unit is refunded at most once, and no item is created.
    """
    receipt = keys.receipt(uid, day, action, request_hash)
    count = counter_of(action)
    return (
        Update(receipt, Change({"ra": now}), exists() & absent("ra")),
        Update(keys.day_usage(uid, day), Change(add={count: -1}), at_least(count, 1)),
    )
