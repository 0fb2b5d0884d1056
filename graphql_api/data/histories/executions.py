"""Executions on their way: reserved, claimed by a worker under a lease, and ended once.

A worker's claim is an attempt: its number fences, so that what an earlier attempt still writes is
refused. Every write names the state it has seen and decides again when that has changed.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from graphql_api.data import keys
from graphql_api.data.clock import Clock, now_ms
from graphql_api.data.dynamo.bodies import Bodies
from graphql_api.data.dynamo.client import Dynamo
from graphql_api.data.dynamo.expressions import (
    Change,
    Condition,
    absent,
    at_most,
    below,
    equals,
    exists,
    one_of,
)
from graphql_api.data.dynamo.transactions import Put, TransactItem, Update
from graphql_api.data.dynamo.transport import ConditionFailed, TransactionFailed
from graphql_api.data.enums import HistoryStatus, Verdict
from graphql_api.data.errors import Conflict
from graphql_api.data.histories.cards import (
    WAITING,
    CardChanged,
    change_card,
    no_history,
    refund_of,
)
from graphql_api.data.histories.feed import FeedStore, entry_puts
from graphql_api.data.histories.reservations import (
    ForExecution,
    Reservation,
    Reservations,
    Reserved,
)
from graphql_api.data.histories.results import dump_results
from graphql_api.data.limits import FAILURE_MESSAGE_BYTES
from graphql_api.data.records import History, HistoryKey, Results, Solved, Totals
from graphql_api.data.text import truncate_utf8

__all__ = [
    "Claim",
    "ExecutionStore",
    "ForExecution",
    "LeasedElsewhere",
    "LostClaim",
    "Outcome",
    "OverdueExecution",
    "Reservation",
    "Reserved",
]

# The pause before an execution is sent again, doubled by each sending up to an hour.
FIRST_PAUSE_MS = 60_000
DOUBLINGS = 6
# What was given back was sent on, with all that it needs; this is for when that is lost.
GIVEN_BACK_PAUSE_MS = 600_000
# Visibility may change while a completion is being written, but not this often.
DECISIONS = 8

_WAITING = tuple(map(str, WAITING))


class LostClaim(Conflict):
    """The execution is no longer this attempt's: it was cancelled, removed, ended or claimed anew.

    Nothing of the attempt is kept.
    """


@dataclass(frozen=True, slots=True)
class Claim:
    """An execution that is now the caller's, until its lease ends; `history.attempt` fences."""

    history: History


@dataclass(frozen=True, slots=True)
class LeasedElsewhere:
    """Another worker holds the execution until `until` (epoch ms) at least."""

    until: int
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OverdueExecution:
    """An execution that waits longer than it should, as the index shows it."""

    uid: str
    ulid: str
    language: str
    status: HistoryStatus
    attempt: int
    resends: int
    lease_expires_at: int | None
    due_at: int

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> "OverdueExecution":
        """Read an item of the index."""
        return cls(
            uid=item["u"],
            ulid=item["h"],
            language=item["lg"],
            status=HistoryStatus(item["st"]),
            attempt=item.get("att", 0),
            resends=item.get("rs", 0),
            lease_expires_at=item.get("lx"),
            due_at=int(item["g2s"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an attempt found out; `problem_public` says that the problem is COMPLETED."""

    verdict: Verdict
    passed: int
    failed: int
    total: int
    cpu_ms: int | None
    peak_kb: int | None
    results: Results
    problem_public: bool
    test_version: int | None = None


class ExecutionStore:
    """The executions of all users, from reservation to end."""

    def __init__(
        self, dynamo: Dynamo, bodies: Bodies, feed: FeedStore, clock: Clock = now_ms
    ) -> None:
        self._dynamo, self._bodies, self._feed, self._clock = dynamo, bodies, feed, clock
        self._reservations = Reservations(dynamo, bodies, clock)

    # Reserving

    async def load_for_execution(
        self, uid: str, platform: str, number: str, request_id: str | None
    ) -> ForExecution:
        """Read what a reservation is decided on: see `Reservations.load`."""
        return await self._reservations.load(uid, platform, number, request_id)

    async def reserve(self, asked: Reservation) -> Reserved:
        """Take a unit of usage and leave a PENDING history: see `Reservations.reserve`."""
        return await self._reservations.reserve(asked)

    # A worker's attempt

    async def claim(
        self, uid: str, ulid: str, *, token: str, lease_ms: int
    ) -> Claim | LeasedElsewhere | None:
        """Make a PENDING execution, or one whose lease ended, the caller's: one request, 3 units.

        `token` is the caller's own: asking again with it after a lost answer finds the same claim.
        None if there is nothing to do any more.
        """
        now = self._clock()
        until = now + lease_ms
        free = equals("st", str(HistoryStatus.PENDING)) | (
            equals("st", str(HistoryStatus.RUNNING)) & below("lx", now)
        )
        change = Change(
            put={"st": str(HistoryStatus.RUNNING), "clm": token, "lx": until, "rs": 0}
            | keys.due(ulid, until),
            add={"att": 1},
        )
        try:
            item = await self._dynamo.update(keys.history(uid, ulid), change, free, repeatable=True)
        except ConditionFailed as error:
            return _resolve_refused_claim(error.item, token)
        return Claim(History.from_item(item))

    async def renew(self, uid: str, ulid: str, attempt: int, lease_ms: int) -> bool:
        """Prolong a lease; False if it is no longer this attempt's: one request, 3 units.

        Renew before half of a lease is over.
        """
        until = self._clock() + lease_ms
        try:
            await self._dynamo.update(
                keys.history(uid, ulid),
                Change({"lx": until} | keys.due(ulid, until)),
                _attempt(attempt),
                returns="NONE",
            )
        except ConditionFailed:
            return False
        return True

    async def give_back(self, history: History) -> bool:
        """Undo a claim of which nothing came: it is PENDING again, and the attempt does not count.

        False if it is no longer this claim's: one request, 3 units.
        """
        change = Change(
            put={"st": str(HistoryStatus.PENDING)}
            | keys.due(history.ulid, self._clock() + GIVEN_BACK_PAUSE_MS),
            add={"att": -1},
            drop=("lx", "clm"),
        )
        # The number will be another claim's, so that it alone does not tell whose this is.
        mine = _attempt(history.attempt) & equals("clm", history.claim_token)
        try:
            await self._dynamo.update(
                keys.history(history.uid, history.ulid), change, mine, repeatable=True
            )
        except ConditionFailed as error:
            return _is_given_back(error.item, history)
        return True

    async def complete(self, history: History, outcome: Outcome) -> History:
        """End an attempt: the results body, then one transaction; harmless twice.

        The transaction takes 6 write units, and 14 with the four entries of a public history, whose
        hour is counted by one more. The first time that a user solves a problem adds 2, and each
        accepted one a strong read.

        Raises:
            LostClaim: the execution is no longer this attempt's, or the user is being deleted.
        """
        body = keys.results_body(history.uid, history.ulid, history.attempt)
        seen = history
        _, solves = await asyncio.gather(
            self._bodies.put(body, dump_results(outcome.results)),
            self._solves(history, outcome.verdict),
        )
        for _ in range(DECISIONS):
            after = self._complete_card(seen, outcome)
            try:
                await self._write_completion(seen, after, solves=solves)
            except CardChanged as changed:
                found = changed.history
                if found and found.attempt == history.attempt and _is_done(found):
                    return found
                if found is None or not _is_running(found, history.attempt):
                    await self._bodies.delete(body)
                    if isinstance(changed, _NoTotals):
                        await self._remove_of_nobody(seen)
                    raise _make_lost_claim() from changed
                seen = found
            except _SolvedBefore:
                solves = False
            else:
                await self._feed.count(after, 1)
                await self._forget_attempts(after)
                return after
        raise Conflict("Other requests keep changing this history. Nothing was changed; try again.")

    async def _solves(self, history: History, verdict: Verdict) -> bool:
        """Tell whether this is the first time that the user solves the problem."""
        if verdict is not Verdict.AC:
            return False
        key = keys.solved(history.uid, history.platform, history.number)
        return await self._dynamo.get(key, consistent=True) is None

    def _complete_card(self, seen: History, outcome: Outcome) -> History:
        done = replace(
            seen,
            status=HistoryStatus.COMPLETED,
            verdict=outcome.verdict,
            passed=outcome.passed,
            failed=outcome.failed,
            total=outcome.total,
            cpu_ms=outcome.cpu_ms,
            peak_kb=outcome.peak_kb,
            test_version=outcome.test_version,
            finished_at=self._clock(),
            lease_expires_at=None,
            claim_token=None,
        )
        return self._feed.listed(done) if done.is_public and outcome.problem_public else done

    async def _write_completion(self, seen: History, after: History, *, solves: bool) -> None:
        condition = _attempt(seen.attempt) & equals("pub", seen.is_public)
        listed = keys.problem_history(after.platform, after.number, after.ulid)
        ending = _ending(after)
        # It leaves the list of what waits, and enters its problem's.
        card = Update(
            keys.history(seen.uid, seen.ulid),
            replace(ending, put={**ending.put, **listed}),
            condition,
            index_copies=2,
        )
        mark = [make_solved_mark(after)] if solves else []
        actions: list[TransactItem] = [card, _totals_of(after, solves=solves), *mark]
        actions += entry_puts(after)
        try:
            await self._dynamo.transact(actions)
        except TransactionFailed as failed:
            at_card, at_totals, *others = failed.reasons
            if at_card is not None:
                raise CardChanged(at_card.item) from failed
            if at_totals is not None:
                raise _NoTotals(None) from failed
            if solves and others[0] is not None:
                raise _SolvedBefore from failed
            raise

    async def _remove_of_nobody(self, seen: History) -> None:
        """Remove an execution that was reserved while its user went; a user who is left has it."""
        if await self._dynamo.get(keys.user(seen.uid), consistent=True) is not None:
            return
        await self._forget_attempts(seen)
        await self._bodies.delete(keys.code_body(seen.uid, seen.ulid))
        await self._dynamo.delete(keys.history(seen.uid, seen.ulid))

    async def _forget_attempts(self, history: History) -> None:
        """Remove the results of attempts that died between their body and their completion."""
        earlier = range(1, history.attempt)
        if earlier:
            await self._bodies.delete_many(
                [keys.results_body(history.uid, history.ulid, attempt) for attempt in earlier]
            )

    # Ending without a result

    async def fail(self, seen: History | OverdueExecution, message: str) -> History:
        """Mark a RUNNING execution FAILED and give its unit back, in one transaction.

        A worker passes the history that it claimed. The sweeper passes what `due` returned: then
        the lease must have ended too.

        Raises:
            LostClaim: the execution is no longer that attempt's.
        """
        now = self._clock()
        condition = _attempt(seen.attempt)
        if isinstance(seen, OverdueExecution):
            condition &= below("lx", now)
        history = seen if isinstance(seen, History) else await self._existing(seen.uid, seen.ulid)
        after = replace(
            _end_history(history, HistoryStatus.FAILED, now),
            message=truncate_utf8(message, FAILURE_MESSAGE_BYTES),
        )
        try:
            await self._end(after, condition, refund_of(history, now))
        except CardChanged as changed:
            raise _make_lost_claim() from changed
        return after

    async def cancel(self, uid: str, ulid: str) -> History:
        """Stop an execution; one that nobody has begun gives its unit back.

        Raises:
            NotFound: there is no such history.
            Conflict: it has ended already.
        """
        history, now = await self._existing(uid, ulid), self._clock()
        for _ in range(DECISIONS):
            if history.status is HistoryStatus.CANCELLED:
                return history
            if history.status not in WAITING:
                raise Conflict("The execution has already ended.", ("historyId",))
            pending = history.status is HistoryStatus.PENDING
            after = _end_history(history, HistoryStatus.CANCELLED, now)
            try:
                await self._end(
                    after,
                    equals("st", str(history.status)),
                    refund_of(history, now) if pending else (),
                )
            except CardChanged as changed:
                history = changed.current()
            else:
                return after
        raise Conflict("Other requests keep changing this history. Nothing was changed; try again.")

    async def _end(
        self, after: History, condition: Condition, refund: Sequence[TransactItem]
    ) -> None:
        card = Update(
            keys.history(after.uid, after.ulid), _ending(after), condition, index_copies=1
        )
        await change_card(self._dynamo, card, if_possible=refund)

    async def _existing(self, uid: str, ulid: str) -> History:
        item = await self._dynamo.get(keys.history(uid, ulid), consistent=True)
        if item is None:
            raise no_history()
        return History.from_item(item)

    # What waits or runs

    async def running(self, platform: str, number: str) -> list[HistoryKey]:
        """Return the user id and ULID of a problem's executions that workers have now.

        Eventual; reads all that waits or runs: a request a shard and megabyte.
        """
        found: list[HistoryKey] = []
        for shard in range(keys.DUE_SHARDS):
            waiting = equals("g2p", keys.due_partition(shard))
            async for item in self._dynamo.query_all(waiting, index="GSI2"):
                is_running = item["tp"] == History.entity and item["st"] == HistoryStatus.RUNNING
                if is_running and (item["pf"], item["pn"]) == (platform, number):
                    found.append(HistoryKey(item["u"], item["h"]))
        return found

    async def due(self, shard: int, now: int, limit: int = 50) -> list[OverdueExecution]:
        """Return executions of one of `keys.DUE_SHARDS` shards that are overdue, oldest first.

        One request.
        """
        overdue = equals("g2p", keys.due_partition(shard)) & at_most("g2s", keys.due_sort(now))
        page = await self._dynamo.query(overdue, index="GSI2", limit=limit)
        return [
            OverdueExecution.from_item(item) for item in page.items if item["tp"] == History.entity
        ]

    async def postpone(self, due: OverdueExecution, now: int) -> bool:
        """Move an execution's due time forward, and say whether the caller is to send it again.

        Of several sweepers that saw it due, one is. The pause doubles from 60 s to an hour.
        """
        pause_ms = FIRST_PAUSE_MS << min(due.resends, DOUBLINGS)
        change = Change({"rs": due.resends + 1} | keys.due(due.ulid, now + pause_ms))
        condition = equals("g2s", keys.due_sort(due.due_at)) & one_of("st", _WAITING)
        try:
            await self._dynamo.update(
                keys.history(due.uid, due.ulid), change, condition, returns="NONE"
            )
        except ConditionFailed:
            return False
        return True


class _NoTotals(CardChanged):
    """The user's totals are not there: the user is being deleted, or gone."""


class _SolvedBefore(Exception):
    """Another execution of the same user solved the problem meanwhile."""


def _attempt(attempt: int) -> Condition:
    return equals("st", str(HistoryStatus.RUNNING)) & equals("att", attempt)


def _is_running(history: History, attempt: int) -> bool:
    return history.status is HistoryStatus.RUNNING and history.attempt == attempt


def _is_done(history: History) -> bool:
    return history.status is HistoryStatus.COMPLETED


def _resolve_refused_claim(
    item: Mapping[str, Any] | None, token: str
) -> Claim | LeasedElsewhere | None:
    if item is None or item["st"] != HistoryStatus.RUNNING:
        return None
    history = History.from_item(item)
    if history.claim_token == token:
        return Claim(history)
    return LeasedElsewhere(history.lease_expires_at or 0, history.language)


def _is_given_back(item: Mapping[str, Any] | None, history: History) -> bool:
    """Tell whether a card is as giving a claim back leaves it: the answer may have been lost."""
    if item is None:
        return False
    return item["st"] == HistoryStatus.PENDING and bool(item["att"] == history.attempt - 1)


def _make_lost_claim() -> LostClaim:
    return LostClaim("the execution is no longer this attempt's")


def _end_history(history: History, status: HistoryStatus, now: int) -> History:
    return replace(history, status=status, finished_at=now, lease_expires_at=None, claim_token=None)


def _ending(after: History) -> Change:
    """Return the change that an end makes to a card: it leaves the index and names no worker."""
    names = ("st", "vd", "cp", "cf", "ct", "cm", "mk", "fa", "tv", "msg", "fid", "fs")
    item = after.to_item()
    put = {name: item[name] for name in names if name in item}
    return Change(put, drop=("lx", "clm", "g2p", "g2s"))


def _totals_of(history: History, *, solves: bool) -> Update:
    add = {"ne": 1, f"{Totals.LANGUAGE_PREFIX}{history.language}": 1}
    add |= {"na": 1} if history.verdict is Verdict.AC else {}
    add |= {"ns": 1} if solves else {}
    add |= {"np": 1} if history.feed_id else {}
    return Update(keys.totals(history.uid), Change(add=add), exists())


def make_solved_mark(history: History) -> Put:
    """Return what marks that a user has solved a problem with a history, unless it is marked."""
    mark = Solved(
        platform=history.platform,
        number=history.number,
        ulid=history.ulid,
        created_at=history.finished_at or 0,
    )
    key = keys.solved(history.uid, history.platform, history.number)
    return Put({**key, **mark.to_item()}, absent())
