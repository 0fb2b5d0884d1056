"""Judging COMPLETED histories again: who replaces a result, and what goes with it.

The old result stands until the new one is there. Beginning raises the number of the history's
rejudging, `rejudge_attempt`, and only the last who began may replace the result; what the others
found is refused. Status, visibility, hints and quota stay as they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from graphql_api.data import keys
from graphql_api.data.clock import Clock, now_ms
from graphql_api.data.dynamo.bodies import Bodies
from graphql_api.data.dynamo.client import Dynamo
from graphql_api.data.dynamo.expressions import Change, Condition, begins_with, equals, exists
from graphql_api.data.dynamo.pages import PageWindow, PartitionList, read_page
from graphql_api.data.dynamo.transactions import Delete, Put, TransactItem, Update
from graphql_api.data.dynamo.transport import ConditionFailed, TransactionFailed
from graphql_api.data.enums import HistoryStatus, Verdict
from graphql_api.data.errors import Conflict
from graphql_api.data.histories.cards import CardChanged, as_seen
from graphql_api.data.histories.executions import Outcome, make_solved_mark
from graphql_api.data.histories.feed import entry_puts
from graphql_api.data.histories.results import dump_results
from graphql_api.data.records import History, HistoryKey, Solved

# Of a card or a mark that others change meanwhile.
DECISIONS = 8


@dataclass(frozen=True, slots=True)
class Judged:
    """Histories of a problem, oldest first; `end` is where the next page begins, None at the end.

    The list is eventual: what was completed a moment ago may be missing.
    """

    histories: list[HistoryKey]
    end: str | None


class RejudgeStore:
    """The results of COMPLETED histories, replaced."""

    def __init__(self, dynamo: Dynamo, bodies: Bodies, clock: Clock = now_ms) -> None:
        self._dynamo, self._bodies, self._clock = dynamo, bodies, clock

    async def of_problem(
        self, platform: str, number: str, *, after: str | None = None, size: int = 50
    ) -> Judged:
        """Return a problem's COMPLETED histories, those submitted first before the others.

        One request a shard and more where pages are uneven; 0.5 read units for eight.
        """
        lists = [
            PartitionList(partition, index="GSI1", descending=False)
            for partition in keys.problem_histories(platform, number)
        ]
        page = await read_page(self._dynamo, lists, PageWindow(size=size, after=after))
        found = [keys.history_of(item) for item in page.records]
        return Judged(found, page.end if page.has_next else None)

    async def begin(self, uid: str, ulid: str, job: str) -> History | None:
        """Begin to judge a history again: a strong read and a write, 1 unit each.

        None where it is gone or was not judged. Where `job` has replaced its result before, which
        `rejudged_by` tells, nothing is begun.
        """
        key = keys.history(uid, ulid)
        for _ in range(DECISIONS):
            item = await self._dynamo.get(key, consistent=True)
            seen = History.from_item(item) if item else None
            if seen is None or seen.status is not HistoryStatus.COMPLETED:
                return None
            if seen.rejudged_by == job:
                return seen
            mine = max(seen.attempt, seen.rejudge_attempt or 0) + 1
            condition = _is_judged(seen) & equals("rf", seen.rejudge_attempt)
            try:
                # A lost answer costs a number, no more.
                begun = await self._dynamo.update(key, Change({"rf": mine}), condition)
            except ConditionFailed:
                continue
            return History.from_item(begun)
        raise Conflict("Other requests keep changing this history. Nothing was changed; try again.")

    async def complete(self, begun: History, outcome: Outcome, job: str) -> History | None:
        """Replace a result, with the totals and feed entries that tell of it; harmless twice.

        The body first, then one transaction; the old body goes last. None where another rejudging
        has begun meanwhile, or the history or its user is gone: nothing is kept.
        """
        assert begun.rejudge_attempt is not None
        body = keys.results_body(begun.uid, begun.ulid, begun.rejudge_attempt)
        await self._bodies.put(body, dump_results(outcome.results))
        seen = begun
        for _ in range(DECISIONS):
            after = self._replace_result(seen, outcome, job)
            try:
                await self._write(seen, after)
            except CardChanged as changed:
                found = changed.history
                if found and found.attempt == begun.rejudge_attempt:
                    return found
                if found is None or not _is_ours(found, begun):
                    await self._bodies.delete(body)
                    return None
                seen = found
            except _MarkChanged:
                continue
            else:
                await self._forget_earlier(seen, after)
                return after
        raise Conflict("Other requests keep changing this history. Nothing was changed; try again.")

    def _replace_result(self, seen: History, outcome: Outcome, job: str) -> History:
        return replace(
            seen,
            verdict=outcome.verdict,
            passed=outcome.passed,
            failed=outcome.failed,
            total=outcome.total,
            cpu_ms=outcome.cpu_ms,
            peak_kb=outcome.peak_kb,
            test_version=outcome.test_version,
            attempt=seen.rejudge_attempt or 0,
            rejudged_by=job,
            rejudged_at=self._clock(),
        )

    async def _write(self, seen: History, after: History) -> None:
        condition = as_seen(seen) & equals("rf", seen.rejudge_attempt)
        names = ("vd", "cp", "cf", "ct", "cm", "mk", "tv", "att", "rj", "rjt")
        item = after.to_item()
        change = Change({name: item.get(name) for name in names})
        card = Update(keys.history(seen.uid, seen.ulid), change, condition, index_copies=1)
        counted = await self._count_change(seen, after)
        entries = entry_puts(after)
        try:
            await self._dynamo.transact([card, *counted, *entries])
        except TransactionFailed as failed:
            at_card, *others = failed.reasons
            if at_card is not None:
                raise CardChanged(at_card.item) from failed
            if counted and others[0] is not None:
                # No totals: the user is being deleted.
                raise CardChanged(None) from failed
            if any(others[1 : len(counted)]):
                raise _MarkChanged from failed
            raise

    async def _count_change(self, seen: History, after: History) -> list[TransactItem]:
        """Return what the totals and the solved mark gain or lose; the totals come first."""
        was, now = seen.verdict is Verdict.AC, after.verdict is Verdict.AC
        if was == now:
            return []
        key = keys.solved(seen.uid, seen.platform, seen.number)
        item = await self._dynamo.get(key, consistent=True)
        mark = Solved.from_item(item) if item else None
        marked, solved = await (
            self._count_gain(after, mark) if now else self._count_loss(seen, mark)
        )
        add = {"na": 1 if now else -1} | ({"ns": solved} if solved else {})
        return [Update(keys.totals(seen.uid), Change(add=add), exists()), *marked]

    @staticmethod
    async def _count_gain(
        after: History, mark: Solved | None
    ) -> tuple[Sequence[TransactItem], int]:
        return ([make_solved_mark(after)], 1) if mark is None else ([], 0)

    async def _count_loss(
        self, seen: History, mark: Solved | None
    ) -> tuple[Sequence[TransactItem], int]:
        """The mark that names this history goes to another accepted one, or goes."""
        if mark is None or mark.ulid != seen.ulid:
            return [], 0
        key = keys.solved(seen.uid, seen.platform, seen.number)
        is_ours = equals("h", seen.ulid)
        other = await self._other_accepted(seen)
        if other is None:
            return [Delete(key, is_ours)], -1
        moved = replace(mark, ulid=other)
        return [Put({**key, **moved.to_item()}, is_ours)], 0

    async def _other_accepted(self, seen: History) -> str | None:
        """Find the last history with which the user solves the problem besides this one.

        Reads the user's cards, newest first, as jobs judge the oldest first: the mark does not go
        to the one that is judged next, and so on through all of them.
        """
        theirs = equals("PK", keys.user_partition(seen.uid)) & begins_with("SK", "H#")
        async for item in self._dynamo.query_all(theirs, consistent=True, forward=False):
            same = (item["pf"], item["pn"]) == (seen.platform, seen.number)
            if same and item.get("vd") == Verdict.AC and item["h"] != seen.ulid:
                return str(item["h"])
        return None

    async def _forget_earlier(self, seen: History, after: History) -> None:
        """Remove the result that was replaced, and those of rejudgings that went nowhere."""
        earlier = range(seen.attempt, after.attempt)
        await self._bodies.delete_many(
            [keys.results_body(seen.uid, seen.ulid, attempt) for attempt in earlier]
        )


class _MarkChanged(Exception):
    """Another execution of the same user changed the solved mark meanwhile."""


def _is_judged(seen: History) -> Condition:
    return equals("st", str(HistoryStatus.COMPLETED)) & equals("att", seen.attempt)


def _is_ours(found: History, begun: History) -> bool:
    return (
        found.status is HistoryStatus.COMPLETED
        and found.attempt == begun.attempt
        and found.rejudge_attempt == begun.rejudge_attempt
    )


def summary_of(found: dict[str, Any]) -> str:
    """Return in one line what a rejudging has done so far."""
    return (
        f"{found['judged']} judged again, {found['changed']} with another verdict, "
        f"{found['skipped']} skipped, {found['failed']} could not be judged"
    )
