"""What users consume each UTC day: counters, the log of receipts, and debit units one by one."""

from dataclasses import dataclass, replace
from datetime import datetime

from graphql_api.data import keys
from graphql_api.data.accounts.receipts import (
    QuotaDebit,
    expiry_s,
    fingerprint,
    is_live,
    refund_actions,
)
from graphql_api.data.accounts.user_locks import UserLocks
from graphql_api.data.clock import Clock, days_before, end_of_day, now_ms
from graphql_api.data.dynamo.client import Dynamo, Item
from graphql_api.data.dynamo.expressions import between, equals
from graphql_api.data.dynamo.pages import Page, PageWindow, PartitionList, read_page
from graphql_api.data.dynamo.transport import TransactionFailed
from graphql_api.data.enums import QuotaKind
from graphql_api.data.errors import Conflict
from graphql_api.data.records import DayUsage, Receipt


@dataclass(frozen=True, slots=True)
class Allowance:
    """Whether one more unit may be taken today; `limit` None is unlimited."""

    allowed: bool
    count: int
    limit: int | None
    reset_at: datetime


@dataclass(frozen=True, slots=True)
class DebitResult:
    """The receipt of a request; `is_duplicate` if an earlier call took the unit."""

    receipt: Receipt
    is_duplicate: bool


def used(usage: DayUsage, action: QuotaKind) -> int:
    """Return how many units of an action a day's usage counts."""
    match action:
        case QuotaKind.EXECUTION:
            return usage.execution
        case QuotaKind.HINT:
            return usage.hint
        case QuotaKind.RUN:
            return usage.run


class UsageStore:
    """The usage of all users."""

    def __init__(self, dynamo: Dynamo, clock: Clock = now_ms) -> None:
        self._dynamo, self._clock = dynamo, clock
        self._locks = UserLocks()

    async def day(self, uid: str, day: str) -> DayUsage:
        """Return a day's usage, zero where nothing was used: one strong request, 1 read unit."""
        item = await self._dynamo.get(keys.day_usage(uid, day), consistent=True)
        return DayUsage.from_item(item) if item and self._is_live(item) else DayUsage(day=day)

    async def days(self, uid: str, count: int, today: str) -> list[DayUsage]:
        """Return the usage of `count` days, newest first, zero where nothing was used.

        One request, 1 read unit for 30 days.
        """
        wanted = [days_before(today, back) for back in range(count)]
        found = equals("PK", keys.user_partition(uid)) & between(
            "SK", keys.day_usage(uid, wanted[-1])["SK"], keys.day_usage(uid, today)["SK"]
        )
        by_day = {
            item["dy"]: DayUsage.from_item(item)
            async for item in self._dynamo.query_all(found)
            if self._is_live(item)
        }
        return [by_day.get(day) or DayUsage(day=day) for day in wanted]

    async def check(self, uid: str, action: QuotaKind, limit: int | None, today: str) -> Allowance:
        """Say how much of a day's limit is left: one strong request, 1 read unit.

        Only for showing: what enforces the limit is the transaction that takes a unit.
        """
        count = used(await self.day(uid, today), action)
        return Allowance(
            allowed=limit is None or count < limit,
            count=count,
            limit=limit,
            reset_at=end_of_day(today),
        )

    async def log(
        self, uid: str, day: str, window: PageWindow, action: QuotaKind | None = None
    ) -> Page[Receipt]:
        """Return a page of a day's receipts, by action and then in no order of time.

        One request of 2 read units for 50.
        """
        prefix = f"L#{day}#{action}#" if action else f"L#{day}#"
        receipts = PartitionList(keys.user_partition(uid), prefix=prefix, descending=False)
        found = await read_page(self._dynamo, [receipts], window, self._is_live)
        return found.map(Receipt.from_item_or_none)

    async def log_of_days(
        self,
        uid: str,
        first_day: str,
        last_day: str,
        window: PageWindow,
        action: QuotaKind | None = None,
    ) -> Page[Receipt]:
        """Return a page of the receipts of a span of days, both included, oldest day first.

        One request without an action; with one at most five, and the page may be short.
        """
        receipts = PartitionList(keys.user_partition(uid), prefix="L#", descending=False)
        span = replace(
            window, after=window.after or f"{first_day}#", before=window.before or f"{last_day}#~"
        )
        found = await read_page(
            self._dynamo,
            [receipts],
            span,
            lambda item: self._is_live(item) and action in {None, item["ac"]},
        )
        page = found.map(Receipt.from_item_or_none)
        if window.from_end:
            return replace(page, has_next=window.before is not None)
        return replace(page, has_previous=window.after is not None)

    async def consume(
        self,
        uid: str,
        action: QuotaKind,
        day: str,
        *,
        request_id: str,
        input_hash: str,
        limit: int | None,
        ulid: str | None = None,
        platform: str | None = None,
        number: str | None = None,
        language: str | None = None,
    ) -> DebitResult:
        """Take one unit, or find the receipt of the same request: one transaction, 4 write units.

        In the first quarter of an hour of a day 2 more, as a request of before midnight is
        recognised too. `limit` None is unlimited.

        Raises:
            QuotaExceeded: the limit is used up.
            Conflict: the request id was used with another input.
        """
        now = self._clock()
        receipt = Receipt(
            action=action,
            day=day,
            request_hash=fingerprint(request_id),
            input_hash=input_hash,
            ulid=ulid,
            platform=platform,
            number=number,
            language=language,
            created_at=now,
            expires_at_s=expiry_s(now),
        )
        debit = QuotaDebit(uid, receipt, limit)
        try:
            async with self._locks.hold(uid):
                await self._dynamo.transact(debit.actions())
        except TransactionFailed as failed:
            earlier = debit.earlier(failed)
            if earlier is None:
                raise (debit.denial(failed) or failed) from failed
            if earlier.input_hash != input_hash:
                raise Conflict(
                    "This `idempotencyKey` was already used with another input. Send a new key.",
                    ("idempotencyKey",),
                ) from failed
            return DebitResult(earlier, is_duplicate=True)
        return DebitResult(receipt, is_duplicate=False)

    async def refund(self, uid: str, day: str, action: QuotaKind, request_hash: str) -> bool:
        """Give a unit back, once; False if it was given back before or there is no receipt.

        One transaction, 4 write units.
        """
        try:
            await self._dynamo.transact(
                refund_actions(uid, day, action, request_hash, self._clock())
            )
        except TransactionFailed:
            return False
        return True

    async def purge_before(self, uid: str, day: str) -> int:
        """Remove the counters and receipts of the days before `day`; returns how many items."""
        last = days_before(day, 1)
        found = [
            keys.of_item(item)
            for kind in ("D#", "L#")
            async for item in self._dynamo.query_all(
                equals("PK", keys.user_partition(uid)) & between("SK", kind, f"{kind}{last}~")
            )
        ]
        await self._dynamo.batch_write(deletes=found)
        return len(found)

    def _is_live(self, item: Item) -> bool:
        return is_live(item, self._clock())
