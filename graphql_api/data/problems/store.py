"""Problems: their cards, texts, solutions, states, lists and run counters."""

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TypeVar

import orjson

from graphql_api.data import keys
from graphql_api.data.clock import Clock, now_ms
from graphql_api.data.dynamo.bodies import Bodies
from graphql_api.data.dynamo.client import Dynamo
from graphql_api.data.dynamo.expressions import Change, absent, begins_with, equals, exists
from graphql_api.data.dynamo.pages import Page, PageWindow, read_page
from graphql_api.data.dynamo.removal import remove_items
from graphql_api.data.dynamo.transactions import Delete, Put, TransactItem
from graphql_api.data.dynamo.transport import ConditionFailed, TransactionFailed
from graphql_api.data.enums import ProblemState
from graphql_api.data.errors import Conflict, InvalidInput
from graphql_api.data.limits import TEXT_RECORD_BYTES
from graphql_api.data.problems.cards import (
    Decision,
    ProblemCards,
    is_unchanged,
    card_item,
    check_size,
    entries,
    entry_keys,
    with_reason,
)
from graphql_api.data.problems.checkers import with_checker
from graphql_api.data.problems.inputs import (
    NewProblem,
    ProblemChanges,
    card_fields,
    check_name,
    text_fields,
)
from graphql_api.data.problems.lists import ProblemFilter
from graphql_api.data.records import Checker, Problem, ProblemKey, Record, Solution, Statement

R = TypeVar("R", bound=Record)

# Statement with constraints, and a solution: either stays one item, however badly it compresses.
COUNTS_AT_ONCE = 16


class ProblemStore:
    """The problems of the table. Every change of a card takes its list entries with it."""

    def __init__(self, dynamo: Dynamo, bodies: Bodies, clock: Clock = now_ms) -> None:
        self._dynamo, self._bodies, self._clock = dynamo, bodies, clock
        self._cards = ProblemCards(dynamo, clock)

    # Creating and reading

    async def create(self, new: NewProblem) -> Problem:
        """Create a DRAFT with its texts, counters and old id: one transaction.

        Raises:
            Conflict: the problem, or another with that old id, exists.
            InvalidInput: a field is malformed; `path` names it.
        """
        now = self._clock()
        problem = Problem(
            platform=check_name(new.platform, "platform"),
            number=check_name(new.number, "number"),
            legacy_id=new.legacy_id,
            created_at=now,
            updated_at=now,
            **card_fields(new),
        )
        problem = check_size(with_checker(None, problem, new.checker))
        actions: list[TransactItem] = [Put(card_item(problem), absent())]
        actions += map(Put, entries(problem))
        actions += _counters(problem)
        if new.legacy_id is not None:
            actions.append(_legacy_pointer(problem))
        texts = Statement(**text_fields(new))
        if texts != Statement():
            actions.append(await self._body(keys.statement(*problem.key), texts))
        if new.checker is not None:
            actions.append(await self._body(keys.checker(*problem.key), new.checker))
        try:
            await self._dynamo.transact(actions)
        except TransactionFailed as error:
            raise _exists_already(problem, taken=error.reasons[0] is not None) from error
        return problem

    async def get(self, platform: str, number: str, *, consistent: bool = False) -> Problem | None:
        """Return a problem in whatever state: one request, 0.5 read units (1 if consistent)."""
        item = await self._dynamo.get(keys.problem(platform, number), consistent=consistent)
        return Problem.from_item(item) if item else None

    async def get_many(self, names: Sequence[ProblemKey]) -> list[Problem | None]:
        """Return one entry a key, in order, None where there is none: ceil(N/100) requests."""
        items = await self._dynamo.batch_get([keys.problem(*name) for name in names])
        return [Problem.from_item_or_none(item) for item in items]

    async def statement(self, platform: str, number: str) -> Statement | None:
        """Return a problem's texts, None if it has none: one request of its packed size."""
        return _record(Statement, await self._bodies.get(keys.statement(platform, number)))

    async def statements(self, names: Sequence[ProblemKey]) -> list[Statement | None]:
        """Return one entry a key, in order, None where there is none: ceil(N/100) requests."""
        found = await self._bodies.get_many([keys.statement(*name) for name in names])
        return [_record(Statement, raw) for raw in found]

    async def solution(self, platform: str, number: str) -> Solution | None:
        """Return the author's solution, None if there is none: one request of its packed size."""
        return _record(Solution, await self._bodies.get(keys.solution(platform, number)))

    async def solutions(self, names: Sequence[ProblemKey]) -> list[Solution | None]:
        """Return one entry a key, in order, None where there is none: ceil(N/100) requests."""
        found = await self._bodies.get_many([keys.solution(*name) for name in names])
        return [_record(Solution, raw) for raw in found]

    async def by_legacy_id(self, legacy_id: int) -> ProblemKey | None:
        """Return the platform and number of an old numeric id: one request, 0.5 read units."""
        item = await self._dynamo.get(keys.legacy_problem(legacy_id))
        return ProblemKey(item["pf"], item["pn"]) if item else None

    # Changing

    async def update(self, platform: str, number: str, changes: ProblemChanges) -> Problem:
        """Change a problem that is not deleted: one read (two with texts), one transaction.

        Raises:
            NotFound: there is no such problem.
            Conflict: it is deleted, has another revision than the one named, or kept changing.
            InvalidInput: a field is malformed; `path` names it.
        """
        on_card, texts = card_fields(changes), text_fields(changes)

        async def decide(seen: Problem) -> Decision:
            _refuse_deleted(seen)
            if changes.revision not in (None, seen.revision):
                raise Conflict(
                    "The problem was changed by another request. Read it again and retry.",
                    ("revision",),
                )
            after = with_checker(
                seen,
                replace(seen, **on_card),
                changes.checker,
                is_removed=changes.removes_checker,
            )
            texts_after = await self._texts_after(seen, texts)
            checker_after = await self._checker_after(seen, after, changes.checker)
            return Decision(check_size(after), [*texts_after, *checker_after])

        return await self._cards.change(platform, number, decide)

    async def _texts_after(self, seen: Problem, changed: dict[str, str | None]) -> list[Put]:
        """Return the write of changed texts beside those that stay.

        They are read after the card, so that its revision guards what was read.
        """
        if not changed:
            return []
        key = keys.statement(*seen.key)
        stored = _record(Statement, await self._bodies.get(key, consistent=True))
        return [await self._body(key, replace(stored or Statement(), **changed))]

    async def _checker_after(
        self, seen: Problem, after: Problem, given: Checker | None
    ) -> list[TransactItem]:
        """Return the write of a new checker, or the removal of one that goes."""
        key = keys.checker(*seen.key)
        if given is not None:
            return [await self._body(key, given)]
        return [Delete(key)] if seen.checker_hash and not after.checker_hash else []

    async def set_solution(self, platform: str, number: str, language: str, code: str) -> Problem:
        """Give a problem its author's solution and list it under that language.

        Raises:
            NotFound: there is no such problem.
            Conflict: it is deleted, or kept changing.
            InvalidInput: language or code is empty or too long.
        """
        if not code.strip():
            raise InvalidInput("`code` must not be empty.", ("code",))
        solution = Solution(
            language=check_name(language, "language"), code=code, updated_at=self._clock()
        )
        body = await self._body(keys.solution(platform, number), solution)

        async def decide(seen: Problem) -> Decision:
            _refuse_deleted(seen)
            return Decision(check_size(replace(seen, language=solution.language)), [body])

        return await self._cards.change(platform, number, decide)

    async def set_state(self, platform: str, number: str, state: ProblemState) -> Problem:
        """Complete a problem, send it to review or back to drafts: one read, one transaction.

        Raises:
            NotFound: there is no such problem.
            Conflict: it is deleted, or kept changing.
            InvalidInput: deletion has its own operation.
        """
        if state is ProblemState.DELETED:
            raise InvalidInput(
                "`state` cannot be DELETED. Use `softDeleteProblem` to delete a problem.",
                ("state",),
            )

        async def decide(seen: Problem) -> Decision:
            _refuse_deleted(seen)
            return Decision(replace(seen, state=state))

        return await self._cards.change(platform, number, decide)

    async def soft_delete(self, platform: str, number: str, reason: str = "") -> Problem:
        """Take a problem out of every list but that of deleted ones; harmless twice.

        Raises:
            NotFound: there is no such problem.
            Conflict: it kept changing.
        """

        async def decide(seen: Problem) -> Decision:
            if seen.state is ProblemState.DELETED:
                return Decision(seen)
            after = replace(
                seen,
                state=ProblemState.DELETED,
                state_before_deletion=seen.state,
                deleted_at=self._clock(),
            )
            return Decision(with_reason(after, reason))

        return await self._cards.change(platform, number, decide)

    async def restore(self, platform: str, number: str) -> Problem:
        """Bring a soft-deleted problem back into the state that it had.

        Raises:
            NotFound: there is no such problem.
            Conflict: it is not deleted, is being deleted for good, or kept changing.
        """

        async def decide(seen: Problem) -> Decision:
            if seen.state is not ProblemState.DELETED:
                raise Conflict("The problem is not deleted, so it cannot be restored.")
            if seen.state_before_deletion is None:
                raise Conflict(
                    "The problem is being deleted permanently, so it cannot be restored."
                )
            return Decision(
                replace(
                    seen,
                    state=seen.state_before_deletion,
                    state_before_deletion=None,
                    deleted_at=None,
                    deleted_reason=None,
                )
            )

        return await self._cards.change(platform, number, decide)

    async def delete(self, platform: str, number: str) -> None:
        """Remove a problem for good: out of the lists, then its parts, then its card.

        May be called again after a crash. Notes of test sets stay until they are due, as a set may
        still be being written.

        Raises:
            NotFound: there is no such problem.
            Conflict: it kept changing.
        """
        seen = await self._cards.change(platform, number, self._decide_on_end)
        while await self._remove_parts(platform, number):
            pass
        actions: list[TransactItem] = [
            Delete(keys.problem(platform, number), is_unchanged(seen)),
            *map(Delete, entry_keys(seen)),
        ]
        if seen.legacy_id is not None:
            mine = equals("pf", platform) & equals("pn", number)
            actions.append(Delete(keys.legacy_problem(seen.legacy_id), absent() | mine))
        try:
            await self._dynamo.transact(actions)
        except TransactionFailed as error:
            if await self.get(platform, number, consistent=True) is not None:
                raise Conflict(
                    "The problem was changed during its deletion. Delete it again."
                ) from error

    async def _decide_on_end(self, seen: Problem) -> Decision:
        """Mark a problem as beyond restoring: deleted, without a state to go back to."""
        deleted_at = seen.deleted_at or self._clock()
        return Decision(
            replace(
                seen,
                state=ProblemState.DELETED,
                state_before_deletion=None,
                deleted_at=deleted_at,
            )
        )

    async def _remove_parts(self, platform: str, number: str) -> int:
        partition = equals("PK", keys.problem_partition(platform, number))
        parts = [
            item
            async for item in self._dynamo.query_all(partition, consistent=True)
            if item["SK"] != keys.META and not item["SK"].startswith(keys.TEST_PURGES)
        ]
        await remove_items(self._dynamo, self._bodies, parts)
        return len(parts)

    # Run counters

    async def add_run(self, platform: str, number: str) -> None:
        """Count one execution of a problem, approximately: one request, 1 write unit.

        A lost answer may leave it uncounted; nothing is counted for a problem that is gone.
        """
        shard = random.randrange(keys.RUN_COUNTER_SHARDS)  # noqa: S311 - spreads load
        key = keys.run_counter(platform, number, shard)
        with suppress(ConditionFailed):
            await self._dynamo.update(key, Change(add={"n": 1}), exists(), returns="NONE")

    async def run_count(self, platform: str, number: str) -> int:
        """Return how often a problem was executed: one request, 0.5 read units."""
        partition = equals("PK", keys.problem_partition(platform, number))
        page = await self._dynamo.query(partition & begins_with("SK", "C#"))
        return sum(item.get("n", 0) for item in page.items)

    async def run_counts(self, names: Sequence[ProblemKey]) -> list[int]:
        """Return one count a key, in order: one request a distinct key, 0.5 read units each."""
        turns = asyncio.Semaphore(COUNTS_AT_ONCE)
        distinct = list(dict.fromkeys(names))

        async def count(name: ProblemKey) -> int:
            async with turns:
                return await self.run_count(*name)

        counts = await asyncio.gather(*map(count, distinct))
        found = dict(zip(distinct, counts, strict=True))
        return [found[name] for name in names]

    async def _body(self, key: keys.Key, record: Record) -> Put:
        raw = orjson.dumps(record.to_item())
        if len(raw) > TEXT_RECORD_BYTES:
            raise InvalidInput(
                f"The {record.entity} of a problem must have at most "
                f"{TEXT_RECORD_BYTES // 1024} KB.",
                (record.entity,),
            )
        (item,) = await self._bodies.items(key, raw)
        return Put(item)

    # Lists. `list` comes last: its name hides the type from what follows it in the class.

    @staticmethod
    def scope(
        *,
        platform: str | None = None,
        language: str | None = None,
        state: ProblemState = ProblemState.COMPLETED,
        tag: str | None = None,
        search: str | None = None,
    ) -> str:
        """Return what binds cursors to the list of these arguments.

        Raises:
            InvalidInput: an argument cannot be searched for; `path` names it.
        """
        return ProblemFilter.of(
            platform=platform, language=language, state=state, tag=tag, search=search
        ).scope()

    async def list(
        self,
        window: PageWindow,
        *,
        platform: str | None = None,
        language: str | None = None,
        state: ProblemState = ProblemState.COMPLETED,
        tag: str | None = None,
        search: str | None = None,
    ) -> Page[Problem]:
        """Return a page of problems, newest first: one request, 2.5 read units for 20 at most.

        So it is with one of platform, language, tag, or a search for one word. Further filters are
        applied to what the most selective list holds: at most five requests, and the page may be
        short with more to come.

        Raises:
            InvalidInput: an argument cannot be searched for; `path` names it.
        """
        cards, keep = ProblemFilter.of(
            platform=platform, language=language, state=state, tag=tag, search=search
        ).plan()
        return (await read_page(self._dynamo, [cards], window, keep)).map(Problem.from_item_or_none)


def _record(kind: type[R], raw: bytes | None) -> R | None:
    return None if raw is None else kind.from_item(orjson.loads(raw))


def _counters(problem: Problem) -> list[Put]:
    """Return the shards of the run counter: they exist with the problem, and only with it."""
    return [
        Put({**keys.run_counter(*problem.key, shard), "v": 1, "tp": "runs", "n": 0})
        for shard in range(keys.RUN_COUNTER_SHARDS)
    ]


def _legacy_pointer(problem: Problem) -> Put:
    if problem.legacy_id is None or problem.legacy_id < 0:
        raise InvalidInput("`legacyId` must be a whole number of at least 0.", ("legacyId",))
    pointer = {"v": 1, "tp": "legacy", "pf": problem.platform, "pn": problem.number}
    return Put({**keys.legacy_problem(problem.legacy_id), **pointer}, absent())


def _exists_already(problem: Problem, *, taken: bool) -> Conflict:
    if taken:
        return Conflict(
            f"The problem {problem.platform} {problem.number} already exists. Choose "
            "another `number`.",
            ("number",),
        )
    return Conflict(
        f"Another problem already has the `legacyId` {problem.legacy_id}.", ("legacyId",)
    )


def _refuse_deleted(problem: Problem) -> None:
    if problem.state is ProblemState.DELETED:
        raise Conflict("The problem is deleted. Restore it first.")
