"""Reservations: one transaction takes a unit of quota and writes the PENDING execution.

So every used unit belongs to an execution, and every execution has a unit. The submitted code is
written before the transaction. If the transaction is cancelled, the code is removed. The stored
execution also serves as an outbox: if the message to the workers is lost, the sweeper (a background
task) finds the PENDING execution and sends another message.
"""

import asyncio
from dataclasses import dataclass
from typing import NamedTuple

from graphql_api.data import keys
from graphql_api.data.accounts.receipts import (
    QuotaDebit,
    expiry_s,
    fingerprint,
    neighbour_of,
    quota_exceeded,
)
from graphql_api.data.accounts.user_locks import UserLocks
from graphql_api.data.clock import Clock, day_of, now_ms, ulid_at
from graphql_api.data.dynamo.bodies import Bodies
from graphql_api.data.dynamo.client import Dynamo
from graphql_api.data.dynamo.expressions import absent
from graphql_api.data.dynamo.transactions import Put
from graphql_api.data.dynamo.transport import TransactionFailed
from graphql_api.data.enums import HistoryStatus, QuotaKind
from graphql_api.data.errors import Conflict, InvalidInput, Unavailable
from graphql_api.data.histories.cards import card_item, fit_title
from graphql_api.data.limits import AUTHOR_NAME_BYTES, TITLE_BYTES
from graphql_api.data.records import DayUsage, History, Problem, Receipt, User
from graphql_api.data.text import truncate_utf8

# If no worker has claimed the execution after this time, the sweeper sends another message.
FIRST_DUE_MS = 30_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationRequest:
    """The request for an execution.

    - `plan_limit` is the maximum number of executions per UTC day. None means unlimited.
    - `request_id` is the client's idempotency key. Without a key, each call is a new request.
    - `input_hash` is a digest of the inputs. Two calls with the same key must have equal digests.
    - `now` is the time of the request (epoch ms).
    - `receipt`, `used` and `used_day` come from `ReservationStore.load`.
    - `receipt` is the stored record of an earlier request with the same key, or None. With a
      receipt, the request is answered without a write.
    - `used` is the user's number of executions on `used_day`. If this number has reached the limit,
      the request is rejected without a write.
    - `used_day` is a UTC day. None means the day of `now`. If `used_day` is another day, `used` is
      ignored.
    - `by_editor` is True if the user is an editor.
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
    used_day: str | None = None
    by_editor: bool = False


@dataclass(frozen=True, slots=True)
class Reserved:
    """The history (the stored record of an execution) that a reservation has created.

    `is_duplicate` is True if an earlier call with the same request id created the history.
    """

    history: History
    is_duplicate: bool


class ReservationContext(NamedTuple):
    """The stored data that a reservation depends on.

    `used` is the user's number of executions on `day`. `receipt` is the stored record of an
    earlier request with the same request id, or None.
    """

    user: User | None
    problem: Problem | None
    receipt: Receipt | None
    used: int
    day: str


class ReservationStore:
    """The store that takes a unit of quota and creates a PENDING execution in one transaction."""

    def __init__(self, dynamo: Dynamo, bodies: Bodies, clock: Clock = now_ms) -> None:
        self._dynamo, self._bodies, self._clock = dynamo, bodies, clock
        self._locks = UserLocks()

    async def load(
        self, uid: str, platform: str, number: str, request_id: str | None
    ) -> ReservationContext:
        """Read the user, the problem, today's usage, and the receipt of an earlier request.

        A receipt is the stored record of a request. It is found by `request_id`.

        Cost: one strongly consistent BatchGetItem.
        """
        now = self._clock()
        day = day_of(now)
        wanted = [keys.user(uid), keys.problem(platform, number), keys.day_usage(uid, day)]
        if request_id is not None:
            name = fingerprint(request_id)
            neighbour = neighbour_of(day, now)
            days = [day] if neighbour is None else [day, neighbour]
            wanted += [
                keys.receipt(uid, receipt_day, QuotaKind.EXECUTION, name) for receipt_day in days
            ]
        user, problem, usage, *receipts = await self._dynamo.batch_get(wanted, consistent=True)
        return ReservationContext(
            user=User.from_item(user) if user else None,
            problem=Problem.from_item(problem) if problem else None,
            receipt=next((Receipt.from_item(item) for item in receipts if item), None),
            used=DayUsage.from_item(usage).execution if usage else 0,
            day=day,
        )

    async def reserve(self, request: ReservationRequest) -> Reserved:
        """Take a unit of quota and create a PENDING history (the record of an execution).

        If an earlier call had the same request id and input, return the history of the earlier
        call. A rejected request stores nothing.

        Cost: two requests. The first request stores the submitted code, for 1 write unit per
        started KB after compression. The second request is a transaction of 7 write units (9 in the
        first 15 minutes and in the last minute of a UTC day).

        Raises:
            QuotaExceeded: the limit of the day is reached.
            Conflict: the request id was used with another input, or the history of the earlier call
                was deleted.
            InvalidInput: the code is not valid Unicode.
            Unavailable: the database did not answer, or too many requests of this user are waiting.
        """
        if request.receipt is not None:
            return await self._find_repeated(request, request.receipt)
        day = day_of(request.now)
        is_current = request.used_day in {None, day}
        if request.plan_limit is not None and is_current and request.used >= request.plan_limit:
            raise quota_exceeded(QuotaKind.EXECUTION, day, request.used, request.plan_limit)
        history = _make_history(request, day)
        debit = QuotaDebit(history.uid, _make_receipt(request, history), request.plan_limit)
        due = keys.due(history.ulid, request.now + FIRST_DUE_MS)
        body = await self._bodies.put(
            keys.code_body(history.uid, history.ulid), _encode(request.code)
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
                return await self._find_repeated(request, earlier)
            raise (debit.denial(failed) or failed) from failed
        except (Unavailable, asyncio.CancelledError):
            # A transaction that was sent may have been applied. In this case, the new card needs
            # the body.
            if not is_sent:
                await self._bodies.delete_manifests([body])
            raise
        return Reserved(history, is_duplicate=False)

    async def _find_repeated(self, request: ReservationRequest, receipt: Receipt) -> Reserved:
        if receipt.input_hash != request.input_hash:
            raise Conflict(
                "This `idempotencyKey` was already used with another input. Send a new "
                "`idempotencyKey`.",
                ("idempotencyKey",),
            )
        key = keys.history(request.user.uid, receipt.ulid or "")
        item = await self._dynamo.get(key, consistent=True)
        if item is None:
            raise Conflict(
                "The execution with this `idempotencyKey` was deleted. Send a new "
                "`idempotencyKey`.",
                ("idempotencyKey",),
            )
        history = History.from_item(item)
        if history.problem_id != request.problem.id:
            raise key_of_deleted_problem()
        return Reserved(history, is_duplicate=True)


def key_of_deleted_problem() -> Conflict:
    """Return the error for an idempotency key that was already used for a deleted problem.

    The deleted problem had the same name as the problem of the current request.
    """
    return Conflict(
        "This `idempotencyKey` was already used for a deleted problem with the same name. Send a "
        "new `idempotencyKey`.",
        ("idempotencyKey",),
    )


def _encode(code: str) -> bytes:
    try:
        return code.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput(
            "`code` must be valid Unicode, but it contains half of a surrogate pair. Remove this "
            "character.",
            ("code",),
        ) from error


def _make_history(request: ReservationRequest, day: str) -> History:
    ulid, problem = ulid_at(request.now), request.problem
    history = History(
        uid=request.user.uid,
        ulid=ulid,
        author_name=truncate_utf8(request.user.name, AUTHOR_NAME_BYTES),
        platform=problem.platform,
        number=problem.number,
        pid=problem.pid,
        title=truncate_utf8(problem.title, TITLE_BYTES),
        language=keys.part(request.language, "language"),
        status=HistoryStatus.PENDING,
        is_public=request.is_public,
        created_at=request.now,
        usage_day=day,
        request_hash=fingerprint(ulid if request.request_id is None else request.request_id),
        by_editor=request.by_editor or None,
    )
    return fit_title(history)


def _make_receipt(request: ReservationRequest, history: History) -> Receipt:
    return Receipt(
        action=QuotaKind.EXECUTION,
        day=history.usage_day or "",
        request_hash=history.request_hash or "",
        input_hash=request.input_hash,
        ulid=history.ulid,
        platform=history.platform,
        number=history.number,
        language=history.language,
        created_at=request.now,
        expires_at_s=expiry_s(request.now),
    )
