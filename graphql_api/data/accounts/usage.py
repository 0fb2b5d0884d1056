"""Usage of quotas per UTC day: counters, debits, refunds and the log of the requests."""

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
    """The used units and the limit of one quota on one day. A `limit` of None means unlimited."""

    allowed: bool
    count: int
    limit: int | None
    reset_at: datetime


@dataclass(frozen=True, slots=True)
class DebitResult:
    """The result of `UsageStore.consume`.

    `is_duplicate` is True if an earlier call with the same request id has already used the unit of
    quota.
    """

    receipt: Receipt
    is_duplicate: bool


def count_used(usage: DayUsage, action: QuotaKind) -> int:
    """Return the number of used units of one kind of quota in a day's usage."""
    match action:
        case QuotaKind.EXECUTION:
            return usage.execution
        case QuotaKind.HINT:
            return usage.hint
        case QuotaKind.RUN:
            return usage.run


class UsageStore:
    """The store of the usage of all users."""

    def __init__(self, dynamo: Dynamo, clock: Clock = now_ms) -> None:
        self._dynamo, self._clock = dynamo, clock
        self._locks = UserLocks()

    async def day(self, uid: str, day: str) -> DayUsage:
        """Return a user's usage on one day.

        Cost: one strongly consistent request of 1 read unit.
        """
        item = await self._dynamo.get(keys.day_usage(uid, day), consistent=True)
        return DayUsage.from_item(item) if item and self._is_live(item) else DayUsage(day=day)

    async def days(self, uid: str, count: int, today: str) -> list[DayUsage]:
        """Return a user's usage on each of the last `count` days, newest first.

        Today is one of these days. Cost: one request, 1 read unit for 30 days.
        """
        wanted = [days_before(today, age) for age in range(count)]
        counters = equals("PK", keys.user_partition(uid)) & between(
            "SK", keys.day_usage(uid, wanted[-1])["SK"], keys.day_usage(uid, today)["SK"]
        )
        read = [
            DayUsage.from_item_or_none(item)
            async for item in self._dynamo.query_all(counters)
            if self._is_live(item)
        ]
        by_day = {usage.day: usage for usage in read if usage is not None}
        return [by_day.get(day) or DayUsage(day=day) for day in wanted]

    async def check(self, uid: str, action: QuotaKind, limit: int | None, today: str) -> Allowance:
        """Return the used units and the limit of a quota, for display only.

        Cost: one strongly consistent request of 1 read unit. The limit is enforced by the
        transaction that takes a unit.
        """
        count = count_used(await self.day(uid, today), action)
        return Allowance(
            allowed=limit is None or count < limit,
            count=count,
            limit=limit,
            reset_at=end_of_day(today),
        )

    async def log(
        self, uid: str, day: str, window: PageWindow, action: QuotaKind | None = None
    ) -> Page[Receipt]:
        """Return a page of a user's receipts of one day.

        A receipt is the stored record of a request that used quota. The receipts are sorted by
        kind of quota. Receipts of one kind are in the order of their request hashes, not of their
        times. Cost: one request, 2 read units for 50 receipts.
        """
        prefix = f"L#{day}#{action}#" if action else f"L#{day}#"
        receipts = PartitionList(keys.user_partition(uid), prefix=prefix, descending=False)
        page = await read_page(self._dynamo, [receipts], window, self._is_live)
        return page.map(Receipt.from_item_or_none)

    async def log_of_days(
        self,
        uid: str,
        first_day: str,
        last_day: str,
        window: PageWindow,
        action: QuotaKind | None = None,
    ) -> Page[Receipt]:
        """Return a page of a user's receipts from `first_day` to `last_day` (inclusive).

        A receipt is the stored record of a request that used quota. The oldest days come first.
        Receipts of one day are not sorted by time.

        Cost: one request without `action`, and at most five requests with `action`. After five
        requests, the page may contain fewer receipts than requested although `has_next` is True.
        In this case, the attribute `end` of the page is the position from which to continue.
        """
        receipts = PartitionList(keys.user_partition(uid), prefix="L#", descending=False)
        span = replace(
            window, after=window.after or f"{first_day}#", before=window.before or f"{last_day}#~"
        )
        items = await read_page(
            self._dynamo,
            [receipts],
            span,
            lambda item: self._is_live(item) and action in {None, item.get("ac")},
        )
        page = items.map(Receipt.from_item_or_none)
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
        """Take one unit of quota for a custom run, unless the request has already used one.

        A second call with the same request id and input returns the receipt (the stored record) of
        the first call. A `limit` of None means unlimited. This method is not used for executions:
        their units are taken in `histories/reservations.py`.

        Cost: one transaction of 4 write units. In the first 15 minutes and in the last minute of a
        UTC day, the transaction takes 6 write units, because it also checks that the day before or
        after does not contain a receipt of the same request.

        Raises:
            QuotaExceeded: the limit of the day is reached.
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
                    "This `idempotencyKey` was already used with another input. Send a new "
                    "`idempotencyKey`.",
                    ("idempotencyKey",),
                ) from failed
            return DebitResult(earlier, is_duplicate=True)
        return DebitResult(receipt, is_duplicate=False)

    async def refund(self, uid: str, day: str, action: QuotaKind, request_hash: str) -> bool:
        """Refund the unit of quota that a request has used. Return True if this call refunded it.

        Return False if the unit was already refunded, or if no receipt (stored record) of the
        request exists. Cost: one transaction of 4 write units.
        """
        try:
            await self._dynamo.transact(
                refund_actions(uid, day, action, request_hash, self._clock())
            )
        except TransactionFailed:
            return False
        return True

    async def purge_before(self, uid: str, day: str) -> int:
        """Remove a user's counters and receipts of all days before `day`.

        A receipt is the stored record of a request that used quota. Return the number of removed
        items.
        """
        last = days_before(day, 1)
        old = [
            keys.of_item(item)
            for kind in ("D#", "L#")
            async for item in self._dynamo.query_all(
                equals("PK", keys.user_partition(uid)) & between("SK", kind, f"{kind}{last}~"),
                consistent=True,
            )
        ]
        await self._dynamo.batch_write(deletes=old)
        return len(old)

    def _is_live(self, item: Item) -> bool:
        return is_live(item, self._clock())
