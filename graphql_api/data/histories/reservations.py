"""Reserving an execution: the unit of usage, and the PENDING history that is its sender.

One transaction takes the unit and writes the card, so a history is never without its unit nor a
unit without its history. The code body is written before, and removed when the transaction is
refused.
"""

import asyncio
from dataclasses import dataclass
from typing import NamedTuple

from graphql_api.data import keys
from graphql_api.data.accounts.receipts import (
    QuotaDebit,
    expiry_s,
    fingerprint,
    is_after_midnight,
    quota_exceeded,
)
from graphql_api.data.accounts.user_locks import UserLocks
from graphql_api.data.clock import Clock, day_of, days_before, now_ms, ulid_at
from graphql_api.data.dynamo.bodies import Bodies
from graphql_api.data.dynamo.client import Dynamo
from graphql_api.data.dynamo.expressions import absent
from graphql_api.data.dynamo.transactions import Put
from graphql_api.data.dynamo.transport import TransactionFailed
from graphql_api.data.enums import HistoryStatus, QuotaKind
from graphql_api.data.errors import Conflict, InvalidInput, Unavailable
from graphql_api.data.histories.cards import card_item
from graphql_api.data.limits import AUTHOR_NAME_BYTES, TITLE_BYTES
from graphql_api.data.records import DayUsage, History, Problem, Receipt, User
from graphql_api.data.text import truncate_utf8

# The message sent right after the reservation has this long before the sweeper sends another.
FIRST_DUE_MS = 30_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """What an execution is asked for with.

    `plan_limit` is per UTC day, None without limit. `request_id` is the caller's idempotency key;
    without one every call is a request of its own. `input_hash` stands for everything that two
    calls with one key must share. `now` dates the request (epoch ms). `receipt` and `used` are what
    `load_for_execution` saw: with them a repetition or a used-up limit is answered without a write.
    """

    user: User
    plan_limit: int | None
    request_id: str | None
    input_hash: str
    problem: Problem
    language: str
    code: str
    is_public: bool
    now: int
    receipt: Receipt | None = None
    used: int = 0


@dataclass(frozen=True, slots=True)
class Reserved:
    """The history of a request; `is_duplicate` if an earlier call made it."""

    history: History
    is_duplicate: bool


class ForExecution(NamedTuple):
    """What is to be known before a reservation; `used` counts the day's executions."""

    user: User | None
    problem: Problem | None
    receipt: Receipt | None
    used: int


class Reservations:
    """Takes units of usage for executions."""

    def __init__(self, dynamo: Dynamo, bodies: Bodies, clock: Clock = now_ms) -> None:
        self._dynamo, self._bodies, self._clock = dynamo, bodies, clock
        self._locks = UserLocks()

    async def load(
        self, uid: str, platform: str, number: str, request_id: str | None
    ) -> ForExecution:
        """Read the user, the problem, the day's count and the request's receipt.

        One strong BatchGetItem.
        """
        now = self._clock()
        day = day_of(now)
        wanted = [keys.user(uid), keys.problem(platform, number), keys.day_usage(uid, day)]
        if request_id is not None:
            name = fingerprint(request_id)
            days = [day, days_before(day, 1)] if is_after_midnight(day, now) else [day]
            wanted += [keys.receipt(uid, each, QuotaKind.EXECUTION, name) for each in days]
        user, problem, usage, *receipts = await self._dynamo.batch_get(wanted, consistent=True)
        return ForExecution(
            user=User.from_item(user) if user else None,
            problem=Problem.from_item(problem) if problem else None,
            receipt=next((Receipt.from_item(item) for item in receipts if item), None),
            used=DayUsage.from_item(usage).execution if usage else 0,
        )

    async def reserve(self, asked: Reservation) -> Reserved:
        """Take a unit and leave a PENDING history, or find the one that this request left before.

        Two requests: the body of ceil(packed KB) write units, and a transaction of 7 (9 in the
        first quarter of an hour of a day), at any limit. A refusal leaves nothing.

        Raises:
            QuotaExceeded: the limit is used up.
            Conflict: the request id was used with another input, or its history is removed.
            InvalidInput: the code is no text.
            Unavailable: the database did not answer, or too many calls of this user wait.
        """
        if asked.receipt is not None:
            return await self._again(asked, asked.receipt)
        day = day_of(asked.now)
        if asked.plan_limit is not None and asked.used >= asked.plan_limit:
            raise quota_exceeded(QuotaKind.EXECUTION, day, asked.used, asked.plan_limit)
        history = _pending(asked, day)
        debit = QuotaDebit(history.uid, _receipt(asked, history), asked.plan_limit)
        due = keys.due(history.ulid, asked.now + FIRST_DUE_MS)
        body = await self._bodies.put(
            keys.code_body(history.uid, history.ulid), _encode(asked.code)
        )
        is_sent = False
        try:
            async with self._locks.hold(history.uid):
                is_sent = True
                await self._dynamo.transact(
                    [*debit.actions(), Put(card_item(history, due), absent())]
                )
        except TransactionFailed as failed:
            await self._bodies.delete_manifests([body])
            earlier = debit.earlier(failed)
            if earlier is not None:
                return await self._again(asked, earlier)
            raise (debit.denial(failed) or failed) from failed
        except (Unavailable, asyncio.CancelledError):
            # Once sent, the transaction may have been carried out, and its card needs the body.
            if not is_sent:
                await self._bodies.delete_manifests([body])
            raise
        return Reserved(history, is_duplicate=False)

    async def _again(self, asked: Reservation, receipt: Receipt) -> Reserved:
        if receipt.input_hash != asked.input_hash:
            raise Conflict(
                "This `idempotencyKey` was already used with another input. Send a new key.",
                ("idempotencyKey",),
            )
        key = keys.history(asked.user.uid, receipt.ulid or "")
        item = await self._dynamo.get(key, consistent=True)
        if item is None:
            raise Conflict(
                "The history of this `idempotencyKey` was deleted. Send a new key.",
                ("idempotencyKey",),
            )
        return Reserved(History.from_item(item), is_duplicate=True)


def _encode(code: str) -> bytes:
    try:
        return code.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput(
            "`code` must be valid Unicode: it contains half of a surrogate pair.", ("code",)
        ) from error


def _pending(asked: Reservation, day: str) -> History:
    ulid, problem = ulid_at(asked.now), asked.problem
    return History(
        uid=asked.user.uid,
        ulid=ulid,
        author_name=truncate_utf8(asked.user.name, AUTHOR_NAME_BYTES),
        platform=problem.platform,
        number=problem.number,
        title=truncate_utf8(problem.title, TITLE_BYTES),
        language=keys.part(asked.language, "language"),
        status=HistoryStatus.PENDING,
        is_public=asked.is_public,
        created_at=asked.now,
        usage_day=day,
        request_hash=fingerprint(ulid if asked.request_id is None else asked.request_id),
    )


def _receipt(asked: Reservation, history: History) -> Receipt:
    return Receipt(
        action=QuotaKind.EXECUTION,
        day=history.usage_day or "",
        request_hash=history.request_hash or "",
        input_hash=asked.input_hash,
        ulid=history.ulid,
        platform=history.platform,
        number=history.number,
        language=history.language,
        created_at=asked.now,
        expires_at_s=expiry_s(asked.now),
    )
