"""Rejudges: COMPLETED executions are judged again, and the new result replaces the old result.

The old result remains visible until the new result is stored. When a rejudge of an execution
begins, it gets a number (`rejudge_attempt`) that is greater than the numbers of all earlier
rejudges. Only the rejudge with the greatest number may replace the result. The status, the
visibility, the hints and the used quota of the execution do not change.
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
from graphql_api.data.histories.cards import CardChanged, is_unchanged
from graphql_api.data.histories.executions import Outcome
from graphql_api.data.histories.feed import entry_puts
from graphql_api.data.histories.results import dump_results
from graphql_api.data.histories.totals import make_solved_mark
from graphql_api.data.records import NO_PID, PID, History, HistoryKey, ProblemId, Solved

# Maximum number of attempts to write while other requests change the card or the solved mark.
DECISIONS = 8


@dataclass(frozen=True, slots=True)
class Judged:
    """A page of a problem's judged submissions, oldest first.

    `histories` contains the keys of the submissions, which are all COMPLETED. `end` is the position
    after which the next page begins, or None for the last page. The page is read from an index that
    is eventually consistent. So a submission that has just COMPLETED may be missing.
    """

    histories: list[HistoryKey]
    end: str | None


class RejudgeStore:
    """The store that replaces the results of COMPLETED histories."""

    def __init__(self, dynamo: Dynamo, bodies: Bodies, clock: Clock = now_ms) -> None:
        self._dynamo, self._bodies, self._clock = dynamo, bodies, clock

    async def of_problem(
        self, problem: ProblemId, *, after: str | None = None, size: int = 50
    ) -> Judged:
        """Return a page of a problem's judged submissions, oldest first.

        `after` is the `end` of the previous page, or None for the first page. `size` is the maximum
        number of submissions on the page.

        Cost: at least one request per shard of the index, and 0.5 read units per eight submissions.
        """
        lists = [
            PartitionList(partition, index="GSI1", descending=False)
            for partition in keys.problem_histories(problem)
        ]
        page = await read_page(self._dynamo, lists, PageWindow(size=size, after=after))
        histories = [keys.history_of(item) for item in page.records]
        return Judged(histories, page.end if page.has_next else None)

    async def begin(self, uid: str, ulid: str, job: str) -> History | None:
        """Begin the rejudge of an execution: store a new `rejudge_attempt` in its history.

        Return the changed history (the stored record of the execution).

        `job` is the id of the rejudge job. If this job has already replaced the result, return the
        unchanged history. Its `rejudged_by` is equal to `job` in this case. Return None if the
        history was deleted or is not COMPLETED.

        Cost: one strongly consistent read of 1 read unit and one write of 1 write unit.

        Raises:
            Conflict: every try was rejected, because other requests changed the history.
        """
        key = keys.history(uid, ulid)
        for _ in range(DECISIONS):
            item = await self._dynamo.get(key, consistent=True)
            expected = History.from_item(item) if item else None
            if expected is None or expected.status is not HistoryStatus.COMPLETED:
                return None
            if expected.rejudged_by == job:
                return expected
            mine = max(expected.attempt, expected.rejudge_attempt or 0) + 1
            condition = _is_result_unchanged(expected) & equals("rf", expected.rejudge_attempt)
            try:
                # If a response is lost, the retry increases the number again, which is harmless.
                begun = await self._dynamo.update(key, Change({"rf": mine}), condition)
            except ConditionFailed:
                continue
            return History.from_item(begun)
        raise Conflict(
            "The execution was not judged again, because other requests changed its history at "
            "the same time. Try again."
        )

    async def complete(self, begun: History, outcome: Outcome, job: str) -> History | None:
        """Replace the result of an execution, and update the counters and the feed entries.

        `begun` is the history (the stored record of the execution) that `begin` has returned. `job`
        is the id of the rejudge job. Return the changed history. Return None and store nothing if
        another rejudge of the execution has begun, or if the execution or its user was deleted. A
        second call with the same outcome has no effect.

        The new test results are written first. Then one transaction makes all other changes. The
        old test results are removed last.

        Raises:
            Conflict: other requests changed the history, or the user's mark for solved problems,
                during every try.
        """
        assert begun.rejudge_attempt is not None
        body = keys.results_body(begun.uid, begun.ulid, begun.rejudge_attempt)
        await self._bodies.put(body, dump_results(outcome.results))
        expected = begun
        for _ in range(DECISIONS):
            after = self._replace_result(expected, outcome, job)
            try:
                await self._write(expected, after)
            except CardChanged as changed:
                stored = changed.history
                if stored and stored.attempt == begun.rejudge_attempt:
                    return stored
                if stored is None or not _is_latest(stored, begun):
                    await self._bodies.delete(body)
                    return None
                expected = stored
            except _MarkChanged:
                continue
            else:
                await self._remove_earlier_results(expected, after)
                return after
        raise Conflict(
            "The new result was not saved, because other requests changed this history at "
            "the same time. Try again."
        )

    def _replace_result(self, expected: History, outcome: Outcome, job: str) -> History:
        return replace(
            expected,
            verdict=outcome.verdict,
            passed=outcome.passed,
            failed=outcome.failed,
            total=outcome.total,
            cpu_ms=outcome.cpu_ms,
            peak_kb=outcome.peak_kb,
            test_version=outcome.test_version,
            attempt=expected.rejudge_attempt or 0,
            rejudged_by=job,
            rejudged_at=self._clock(),
        )

    async def _write(self, expected: History, after: History) -> None:
        condition = is_unchanged(expected) & equals("rf", expected.rejudge_attempt)
        names = ("vd", "cp", "cf", "ct", "cm", "mk", "tv", "att", "rj", "rjt")
        item = after.to_item()
        change = Change({name: item.get(name) for name in names})
        card = Update(keys.history(expected.uid, expected.ulid), change, condition, index_copies=1)
        counted = await self._count_change(expected, after)
        entries = entry_puts(after)
        try:
            await self._dynamo.transact([card, *counted, *entries])
        except TransactionFailed as failed:
            at_card, *others = failed.reasons
            if at_card is not None:
                raise CardChanged(at_card.item) from failed
            if counted and others[0] is not None:
                # If the counters do not exist, the user is being deleted.
                raise CardChanged(None) from failed
            if any(others[1 : len(counted)]):
                raise _MarkChanged from failed
            raise

    async def _count_change(self, expected: History, after: History) -> list[TransactItem]:
        """Return the actions that update the user's counters and solved mark.

        The solved mark is an item that exists if the user has solved the problem. The first action
        updates the counters. Return an empty list if the old and the new verdict are both AC, or if
        neither of them is AC.
        """
        was, now = expected.verdict is Verdict.AC, after.verdict is Verdict.AC
        if was == now:
            return []
        key = keys.solved(expected.uid, expected.problem_id)
        item = await self._dynamo.get(key, consistent=True)
        mark = Solved.from_item(item) if item else None
        marked, solved = await (
            self._count_gain(after, mark) if now else self._count_loss(expected, mark)
        )
        add = {"na": 1 if now else -1} | ({"ns": solved} if solved else {})
        return [Update(keys.totals(expected.uid), Change(add=add), exists()), *marked]

    @staticmethod
    async def _count_gain(
        after: History, mark: Solved | None
    ) -> tuple[Sequence[TransactItem], int]:
        return ([make_solved_mark(after)], 1) if mark is None else ([], 0)

    async def _count_loss(
        self, expected: History, mark: Solved | None
    ) -> tuple[Sequence[TransactItem], int]:
        """Return the actions that correct the solved mark if `expected` is no longer accepted.

        Also return the change of the user's number of solved problems (0 or -1). A solved mark
        records that a user has solved a problem, and names one accepted execution.

        If `mark` is None or does not name `expected`, no action is needed. Otherwise, the mark is
        moved to another accepted execution of the same user and problem. If no such execution
        exists, the mark is removed.
        """
        if mark is None or mark.ulid != expected.ulid:
            return [], 0
        key = keys.solved(expected.uid, expected.problem_id)
        is_ours = equals("h", expected.ulid)
        other = await self._find_other_accepted(expected)
        if other is None:
            return [Delete(key, is_ours)], -1
        moved = replace(mark, ulid=other)
        return [Put({**key, **moved.to_item()}, is_ours)], 0

    async def _find_other_accepted(self, expected: History) -> str | None:
        """Return the ULID of another accepted execution of the same user and problem.

        If there are several, return the newest. If there is none, return None.
        """
        # A job rejudges the newest execution last, so the solved mark can name it longest.
        histories = equals("PK", keys.user_partition(expected.uid)) & begins_with("SK", "H#")
        async for item in self._dynamo.query_all(histories, consistent=True, forward=False):
            problem = item.get("pf"), item.get("pn"), item.get(PID, NO_PID)
            is_same_problem = problem == expected.problem_id
            if is_same_problem and item.get("vd") == Verdict.AC and item.get("h") != expected.ulid:
                return str(item["h"])
        return None

    async def _remove_earlier_results(self, expected: History, after: History) -> None:
        """Remove the replaced results and the results of incomplete rejudges."""
        earlier = range(expected.attempt, after.attempt)
        await self._bodies.delete_many(
            [keys.results_body(expected.uid, expected.ulid, attempt) for attempt in earlier]
        )


class _MarkChanged(Exception):
    """Another request has changed the mark which records that the user solved the problem."""


def _is_result_unchanged(expected: History) -> Condition:
    return equals("st", str(HistoryStatus.COMPLETED)) & equals("att", expected.attempt)


def _is_latest(stored: History, begun: History) -> bool:
    return (
        stored.status is HistoryStatus.COMPLETED
        and stored.attempt == begun.attempt
        and stored.rejudge_attempt == begun.rejudge_attempt
    )


def summary_of(counts: dict[str, Any]) -> str:
    """Describe the progress of a rejudge job in one line of text."""
    return (
        f"Histories judged again: {counts['judged']} (changed verdicts: {counts['changed']}). "
        f"Skipped: {counts['skipped']}. Could not be judged: {counts['failed']}."
    )
