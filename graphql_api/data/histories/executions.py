"""Executions. A worker claims an execution for the time of a lease. Each execution ends only once.

Each claim starts a new attempt, and attempts are numbered. The number is a fencing token: a write
of an earlier attempt is rejected. Every write has a condition on the stored state. If the stored
state differs from the expected state, the execution is read again and the decision is repeated.
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
    one_of,
)
from graphql_api.data.dynamo.quarantine import Quarantine
from graphql_api.data.dynamo.transactions import TransactItem, Update
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
from graphql_api.data.histories.results import dump_results
from graphql_api.data.histories.totals import count_completion, make_solved_mark
from graphql_api.data.limits import FAILURE_MESSAGE_BYTES
from graphql_api.data.records import (
    NO_PID,
    PID,
    History,
    HistoryKey,
    ProblemId,
    Results,
    UnknownFormat,
)
from graphql_api.data.text import truncate_utf8

# Pause before the message for an execution is sent again. The pause doubles with each message, up
# to about an hour.
FIRST_PAUSE_MS = 60_000
DOUBLINGS = 6
# A worker that gives an execution back sends a message for another worker. If this message is lost,
# the sweeper sends the message again after this time.
GIVEN_BACK_PAUSE_MS = 600_000
# Maximum number of attempts to write a completion while other requests change the visibility.
DECISIONS = 8

_WAITING = tuple(map(str, WAITING))


class LostClaim(Conflict):
    """The attempt has lost its claim, so its outcome is not stored.

    The execution was cancelled or deleted, has ended, or was claimed by another worker.
    """


@dataclass(frozen=True, slots=True)
class Claim:
    """The claim of an execution by one worker, valid until the lease ends.

    `history` is the claimed execution. `history.attempt` is the number of the attempt.
    """

    history: History


@dataclass(frozen=True, slots=True)
class LeasedElsewhere:
    """The execution is claimed by another worker. The lease ends at `until` (epoch ms)."""

    until: int
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OverdueExecution:
    """An execution whose due time has passed.

    The fields are read from the index of unfinished executions, which is eventually consistent.
    `resends` is the number of messages that sweepers have sent for the execution. Times are in
    epoch ms.
    """

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
        """Convert an item of the index of unfinished executions.

        Raises:
            UnknownFormat: the item was written by a newer version of the program.
        """
        if _is_newer(item):
            raise UnknownFormat(
                "The stored history has a newer format than this version of the program can read. "
                "Deploy a newer version."
            )
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
    """The result of an attempt to judge a submission.

    - `passed`, `failed` and `total` are numbers of tests.
    - `problem_public` is True if the problem is COMPLETED, or was COMPLETED before its deletion.
    - `problem_deleted` is True if the problem is DELETED. In this case, a public history gets a
      position in the feed, but appears there only after the problem has been restored.
    """

    verdict: Verdict
    passed: int
    failed: int
    total: int
    cpu_ms: int | None
    peak_kb: int | None
    results: Results
    problem_public: bool
    test_version: int | None = None
    problem_deleted: bool = False


class ExecutionStore:
    """The store of unfinished executions: claim, lease, completion, failure and cancellation."""

    def __init__(
        self, dynamo: Dynamo, bodies: Bodies, feed: FeedStore, clock: Clock = now_ms
    ) -> None:
        self._dynamo, self._bodies, self._feed, self._clock = dynamo, bodies, feed, clock
        self.quarantine = Quarantine(dynamo, clock)

    # A worker's attempt

    async def claim(
        self, uid: str, ulid: str, *, token: str, lease_ms: int
    ) -> Claim | LeasedElsewhere | None:
        """Claim an execution that is PENDING or whose lease has ended.

        `token` identifies this claim. If the response was lost, a second call with the same token
        returns the same claim. Return `LeasedElsewhere` if another worker has the claim. Return
        None if the execution has ended, was deleted, or was written by a newer version of the
        program. Cost: one request of 3 write units.
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
            condition = free & (absent("v") | at_most("v", History.format))
            item = await self._dynamo.update(
                keys.history(uid, ulid), change, condition, repeatable=True
            )
        except ConditionFailed as error:
            return _resolve_refused_claim(error.item, token)
        return Claim(History.from_item(item))

    async def renew(self, uid: str, ulid: str, attempt: int, lease_ms: int) -> bool:
        """Renew the lease of an attempt. Return False if the attempt has lost its claim.

        Call this method before half of the lease has passed. Cost: one request of 3 write units.
        """
        until = self._clock() + lease_ms
        try:
            await self._dynamo.update(
                keys.history(uid, ulid),
                Change({"lx": until} | keys.due(ulid, until)),
                _is_held(attempt),
                returns="NONE",
            )
        except ConditionFailed:
            return False
        return True

    async def give_back(self, history: History) -> bool:
        """Undo a claim: set the execution to PENDING, and decrease the attempt number by 1.

        Return False if the attempt has lost its claim. Cost: one request of 3 write units.
        """
        change = Change(
            put={"st": str(HistoryStatus.PENDING)}
            | keys.due(history.ulid, self._clock() + GIVEN_BACK_PAUSE_MS),
            add={"att": -1},
            drop=("lx", "clm"),
        )
        # The next claim gets the same attempt number. So the condition must also contain the token.
        mine = _is_held(history.attempt) & equals("clm", history.claim_token)
        try:
            await self._dynamo.update(
                keys.history(history.uid, history.ulid), change, mine, repeatable=True
            )
        except ConditionFailed as error:
            return _is_given_back(error.item, history)
        return True

    async def complete(self, history: History, outcome: Outcome) -> History:
        """Store the outcome of an attempt to judge an execution.

        The test results are written first. Then the history's card (its main item) is changed. A
        second call with the same outcome has no effect.

        The transaction that changes the card takes 6 write units for a private history, and 14
        write units for a public history with its four feed entries. Additional costs: 1 write unit
        for the hourly counter of publications, 2 write units for the user's first accepted
        execution of a problem, and one strongly consistent read for each accepted execution.

        Raises:
            LostClaim: the attempt has lost its claim, or the user is being deleted.
            Conflict: every try was rejected, because other requests changed the history.
        """
        body = keys.results_body(history.uid, history.ulid, history.attempt)
        expected = history
        _, solves = await asyncio.gather(
            self._bodies.put(body, dump_results(outcome.results)),
            self._solves(history, outcome.verdict),
        )
        for _ in range(DECISIONS):
            after = self._complete_card(expected, outcome)
            try:
                await self._write_completion(expected, after, solves=solves)
            except CardChanged as changed:
                stored = changed.history
                if stored and stored.attempt == history.attempt and _is_completed(stored):
                    return stored
                if stored is None or not _is_running(stored, history.attempt):
                    await self._bodies.delete(body)
                    if isinstance(changed, _NoTotals):
                        await self._remove_if_user_is_gone(expected)
                    raise _make_lost_claim() from changed
                expected = stored
            except _AlreadySolved:
                solves = False
            else:
                await self._feed.count(after, 1)
                await self._remove_earlier_results(after)
                return after
        raise Conflict(
            "The result was not saved, because other requests changed this history at "
            "the same time. Try again."
        )

    async def _solves(self, history: History, verdict: Verdict) -> bool:
        """Return whether the verdict is AC and the user has not solved the problem before."""
        if verdict is not Verdict.AC:
            return False
        key = keys.solved(history.uid, history.problem_id)
        return await self._dynamo.get(key, consistent=True) is None

    def _complete_card(self, expected: History, outcome: Outcome) -> History:
        completed = replace(
            expected,
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
        if completed.is_public and outcome.problem_public:
            is_hidden = outcome.problem_deleted or None
            return replace(self._feed.assign_position(completed), feed_hidden=is_hidden)
        return completed

    async def _write_completion(self, expected: History, after: History, *, solves: bool) -> None:
        condition = _is_held(expected.attempt) & equals("pub", expected.is_public)
        listed = keys.problem_history(after.problem_id, after.ulid)
        ending = _ending(after)
        # The index copy moves from the list of unfinished executions to the list of the problem.
        card = Update(
            keys.history(expected.uid, expected.ulid),
            replace(ending, put={**ending.put, **listed}),
            condition,
            index_copies=2,
        )
        mark = [make_solved_mark(after)] if solves else []
        actions: list[TransactItem] = [card, count_completion(after, solves=solves), *mark]
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
                raise _AlreadySolved from failed
            raise

    async def _remove_if_user_is_gone(self, history: History) -> None:
        """Remove a history and its bodies if the user no longer exists.

        Such a history was created while the user was being deleted.
        """
        if await self._dynamo.get(keys.user(history.uid), consistent=True) is not None:
            return
        await self._remove_earlier_results(history)
        await self._bodies.delete(keys.code_body(history.uid, history.ulid))
        await self._dynamo.delete(keys.history(history.uid, history.ulid))

    async def _remove_earlier_results(self, history: History) -> None:
        """Remove the results that earlier, incomplete attempts have left behind."""
        earlier = range(1, history.attempt)
        if earlier:
            await self._bodies.delete_many(
                [keys.results_body(history.uid, history.ulid, attempt) for attempt in earlier]
            )

    # Ending without a result

    async def fail(self, expected: History | OverdueExecution, message: str) -> History:
        """Set a RUNNING execution to FAILED and refund its unit of quota, in one transaction.

        `message` is the explanation for the user. A worker passes its claimed history as
        `expected`. The sweeper passes an execution that `due` has returned. The lease of such an
        execution must have ended.

        Raises:
            LostClaim: the attempt has lost its claim.
        """
        now = self._clock()
        condition = _is_held(expected.attempt)
        if isinstance(expected, OverdueExecution):
            condition &= below("lx", now)
        history = (
            expected
            if isinstance(expected, History)
            else await self._read_existing(expected.uid, expected.ulid)
        )
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
        """Cancel a PENDING or RUNNING execution. A second call has no effect.

        If the execution was PENDING, the unit of quota is refunded.

        Raises:
            NotFound: the history does not exist.
            Conflict: the execution has already ended.
            Conflict: other requests changed the history during every try.
        """
        history, now = await self._read_existing(uid, ulid), self._clock()
        for _ in range(DECISIONS):
            if history.status is HistoryStatus.CANCELLED:
                return history
            if history.status not in WAITING:
                raise Conflict(
                    "The execution has already ended, so it cannot be cancelled.", ("historyId",)
                )
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
        raise Conflict(
            "The execution was not cancelled, because other requests changed this history at "
            "the same time. Try again."
        )

    async def _end(
        self, after: History, condition: Condition, refund: Sequence[TransactItem]
    ) -> None:
        card = Update(
            keys.history(after.uid, after.ulid), _ending(after), condition, index_copies=1
        )
        await change_card(self._dynamo, card, if_possible=refund)

    async def _read_existing(self, uid: str, ulid: str) -> History:
        item = await self._dynamo.get(keys.history(uid, ulid), consistent=True)
        if item is None:
            raise no_history()
        return History.from_item(item)

    # PENDING and RUNNING executions

    async def running(self, problem: ProblemId) -> list[HistoryKey]:
        """Return the keys of a problem's executions that are RUNNING or have just COMPLETED.

        The keys are from the index of unfinished executions, which is eventually consistent. So the
        executions are read again from the table, with strong consistency. An execution that has
        just COMPLETED is also returned, because the index of COMPLETED executions may not contain
        it yet.

        Cost: at least one request per shard, one request per megabyte, and one request per 100
        executions of the problem.
        """
        candidates: list[HistoryKey] = []
        for shard in range(keys.DUE_SHARDS):
            waiting = equals("g2p", keys.due_partition(shard))
            candidates += [
                keys.history_of(item)
                async for item in self._dynamo.query_all(waiting, index="GSI2")
                if (item.get("pf"), item.get("pn")) == problem.key
            ]
        cards = await self._dynamo.batch_get(
            [keys.history(*key) for key in candidates], consistent=True
        )
        begun = {HistoryStatus.RUNNING, HistoryStatus.COMPLETED}
        return [
            key
            for key, card in zip(candidates, cards, strict=True)
            if card is not None and card["st"] in begun and card.get(PID, NO_PID) == problem.pid
        ]

    async def due(self, shard: int, now: int, limit: int = 50) -> list[OverdueExecution]:
        """Return at most `limit` overdue executions of one shard, sorted by due time.

        `now` is the current time (epoch ms). Items that this version of the program cannot read are
        moved into quarantine. Cost: one request.
        """
        overdue = equals("g2p", keys.due_partition(shard)) & at_most("g2s", keys.due_sort(now))
        page = await self._dynamo.query(overdue, index="GSI2", limit=limit)
        return await self.quarantine.read_all(page.items, OverdueExecution.from_item)

    async def postpone(self, due: OverdueExecution, now: int) -> bool:
        """Postpone the due time of an overdue execution.

        Return True if the caller must send the message for the execution again. If several callers
        postpone the same execution, only one caller gets True. The time until the new due time
        starts at 60 s and doubles with each message, up to about an hour.
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
    """The user's counters do not exist, because the user is being deleted or was deleted."""


class _AlreadySolved(Exception):
    """Another execution of the same user solved the problem at the same time."""


def _is_newer(item: Mapping[str, Any]) -> bool:
    """Return whether a newer version of this software has written the item of a history."""
    return bool(item.get("v", 1) > History.format)


def _is_held(attempt: int) -> Condition:
    return equals("st", str(HistoryStatus.RUNNING)) & equals("att", attempt)


def _is_running(history: History, attempt: int) -> bool:
    return history.status is HistoryStatus.RUNNING and history.attempt == attempt


def _is_completed(history: History) -> bool:
    return history.status is HistoryStatus.COMPLETED


def _resolve_refused_claim(
    item: Mapping[str, Any] | None, token: str
) -> Claim | LeasedElsewhere | None:
    if item is None or item["st"] != HistoryStatus.RUNNING or _is_newer(item):
        return None
    history = History.from_item(item)
    if history.claim_token == token:
        return Claim(history)
    return LeasedElsewhere(history.lease_expires_at or 0, history.language)


def _is_given_back(item: Mapping[str, Any] | None, history: History) -> bool:
    """Return whether an earlier call of `give_back` has already undone the claim on an execution.

    This is the case if the response of the earlier call was lost. `item` is the execution as it is
    stored now, and `history` is the execution as it was after the claim.
    """
    if item is None:
        return False
    return item["st"] == HistoryStatus.PENDING and bool(item["att"] == history.attempt - 1)


def _make_lost_claim() -> LostClaim:
    return LostClaim(
        "The result is discarded, because this attempt has lost its claim on the execution."
    )


def _end_history(history: History, status: HistoryStatus, now: int) -> History:
    return replace(history, status=status, finished_at=now, lease_expires_at=None, claim_token=None)


def _ending(after: History) -> Change:
    """Return the change that stores the end of an execution in its main item.

    The change also removes the lease and the due time.
    """
    names = ("st", "vd", "cp", "cf", "ct", "cm", "mk", "fa", "tv", "msg", "fid", "fs", "fh")
    item = after.to_item()
    put = {name: item[name] for name in names if name in item}
    return Change(put, drop=("lx", "clm", "g2p", "g2s"))
