"""Units of usage: debit one, giving one back, and the items in which both are written down.

A unit is a receipt (log entry, and idempotency of the request that took it) and one more on the
day's counter, written in one transaction. Days are UTC.
"""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql_api.data import keys
from graphql_api.data.clock import DAY_MS, days_before, end_of_day, parse_day
from graphql_api.data.dynamo.expressions import Change, Condition, absent, at_least, below, exists
from graphql_api.data.dynamo.transactions import Check, Put, TransactItem, Update
from graphql_api.data.dynamo.transport import TransactionFailed
from graphql_api.data.errors import QuotaExceeded
from graphql_api.data.limits import USAGE_DAYS
from graphql_api.data.records import DayUsage, Receipt

RETENTION_MS = USAGE_DAYS * DAY_MS
# A request of before midnight may be sent again this long after it and still be recognised.
MIDNIGHT_MS = 15 * 60 * 1000

_RECEIPT, _COUNTER, _YESTERDAY = range(3)


def fingerprint(*parts: str) -> str:
    """Return 20 characters that stand for these texts, in this order."""
    digest = hashlib.blake2b(digest_size=15)
    for part in parts:
        raw = part.encode(errors="surrogatepass")
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return urlsafe_b64encode(digest.digest()).decode()


def expiry_s(now: int) -> int:
    """Return when a record of `now` (epoch ms) may go, in epoch seconds."""
    return (now + RETENTION_MS) // 1000


def is_live(item: Mapping[str, Any], now: int) -> bool:
    """Tell whether an item's time to live has not passed; DynamoDB removes days later."""
    return "x" not in item or bool(item["x"] * 1000 > now)


def is_after_midnight(day: str, now: int) -> bool:
    """Tell whether requests dated `day` may be repetitions of ones of the day before."""
    return now - int(parse_day(day).timestamp() * 1000) < MIDNIGHT_MS


def counter_of(action: str) -> str:
    """Return the attribute that counts an action on the day's item."""
    return f"n_{action}"


def quota_exceeded(action: str, day: str, used: int, limit: int) -> QuotaExceeded:
    """Return the error that says when the next unit may be taken."""
    reset_at = end_of_day(day)
    return QuotaExceeded(
        f"Daily {action} limit exceeded: {used} of {limit} used. The count starts "
        f"again at {reset_at:%Y-%m-%dT%H:%M:%SZ}.",
        used=used,
        limit=limit,
        reset_at=reset_at,
    )


@dataclass(frozen=True, slots=True)
class QuotaDebit:
    """One unit to be taken; `limit` None is unlimited.

    `actions` come first in the transaction that takes it: 4 write units, 6 in the first quarter of
    an hour of a day, when a receipt of the day before forbids it too.
    """

    uid: str
    receipt: Receipt
    limit: int | None

    def actions(self) -> list[TransactItem]:
        """Return the receipt, the counter and, after midnight, the look at the day before."""
        receipt, now = self.receipt, self.receipt.created_at
        found: list[TransactItem] = [
            Put({**self._key(receipt.day), **receipt.to_item()}, absent()),
            Update(keys.day_usage(self.uid, receipt.day), self._count(), self._below_limit()),
        ]
        if is_after_midnight(receipt.day, now):
            found.append(Check(self._key(days_before(receipt.day, 1)), absent()))
        return found

    def earlier(self, failed: TransactionFailed) -> Receipt | None:
        """Return the receipt of the same request that forbade the transaction, if one did."""
        reasons = failed.reasons[: len(self.actions())]
        for place in (_RECEIPT, _YESTERDAY):
            reason = reasons[place] if place < len(reasons) else None
            if reason is not None and reason.item is not None:
                return Receipt.from_item(reason.item)
        return None

    def denial(self, failed: TransactionFailed) -> QuotaExceeded | None:
        """Return the error to raise if the limit forbade the transaction."""
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
        fixed = {"v": 1, "tp": DayUsage.entity, "dy": day, "x": self.receipt.expires_at_s}
        return Change(put=fixed, add={counter_of(self.receipt.action): 1})

    def _below_limit(self) -> Condition | None:
        if self.limit is None:
            return None
        count = counter_of(self.receipt.action)
        room = below(count, self.limit)
        return absent(count) | room if self.limit > 0 else room


def refund_actions(
    uid: str, day: str, action: str, request_hash: str, now: int
) -> tuple[Update, Update]:
    """Return what gives one unit back: 4 write units.

    Their conditions hold once: for a receipt that is there and was not refunded, on a counter above
    zero. Neither makes an item that is not there.
    """
    receipt = keys.receipt(uid, day, action, request_hash)
    count = counter_of(action)
    return (
        Update(receipt, Change({"ra": now}), exists() & absent("ra")),
        Update(keys.day_usage(uid, day), Change(add={count: -1}), at_least(count, 1)),
    )
