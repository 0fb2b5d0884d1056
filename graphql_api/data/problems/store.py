"""The store of problems, with their texts, solutions, states, lists and run counters."""

import asyncio
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

import orjson

from graphql_api.data import keys
from graphql_api.data.clock import ulid_at
from graphql_api.data.dynamo.expressions import Change, absent, begins_with, equals, exists
from graphql_api.data.dynamo.pages import Page, PageWindow, read_page
from graphql_api.data.dynamo.transactions import Delete, Put, TransactItem
from graphql_api.data.dynamo.transport import ConditionFailed, TransactionFailed
from graphql_api.data.enums import ProblemState
from graphql_api.data.errors import Conflict, InvalidInput
from graphql_api.data.limits import TEXT_RECORD_BYTES
from graphql_api.data.problems.cards import (
    Decision,
    card_item,
    check_size,
    entries,
)
from graphql_api.data.problems.checkers import with_checker
from graphql_api.data.problems.deletion import ProblemDeletion
from graphql_api.data.problems.inputs import (
    NewProblem,
    ProblemChanges,
    card_fields,
    check_name,
    text_fields,
)
from graphql_api.data.problems.lists import ProblemFilter
from graphql_api.data.problems.parts import belongs_to, is_of, owner_of, read_bodies
from graphql_api.data.records import (
    NO_PID,
    PID,
    Checker,
    Problem,
    ProblemId,
    ProblemKey,
    Record,
    Solution,
    Statement,
)

# Maximum number of parallel requests in `run_counts`.
COUNTS_AT_ONCE = 16


class ProblemStore(ProblemDeletion):
    """The store of all problems. Each change of a problem also updates the lists of problems."""

    # Creating and reading

    async def create(self, new: NewProblem) -> Problem:
        """Create a problem in the state DRAFT, in one transaction.

        The transaction writes the problem's main item and its entries in the lists of problems. It
        also writes the texts, the checker, a counter of executions, and an item for finding the
        problem by its legacy id.

        Raises:
            Conflict: the problem already exists, or another problem has the same legacy id.
            InvalidInput: a field is not valid. `path` contains the name of the field.
        """
        now = self._clock()
        problem = Problem(
            platform=check_name(new.platform, "platform"),
            number=check_name(new.number, "number"),
            pid=ulid_at(now),
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
            actions.append(await self._body(problem, keys.statement, texts))
        if new.checker is not None:
            actions.append(await self._body(problem, keys.checker, new.checker))
        try:
            await self._dynamo.transact(actions)
        except TransactionFailed as error:
            raise _exists_already(problem, taken=error.reasons[0] is not None) from error
        return problem

    async def get(self, platform: str, number: str, *, consistent: bool = False) -> Problem | None:
        """Return a problem in any state, or None if the problem does not exist.

        A missing problem is read again with strong consistency. Cost: one request of 0.5 read units
        (1 if consistent).
        """
        key = keys.problem(platform, number)
        item = await self._dynamo.get(key, consistent=consistent, recheck=True)
        return Problem.from_item(item) if item else None

    async def get_many(self, problem_keys: Sequence[ProblemKey]) -> list[Problem | None]:
        """Return the problems in the order of `problem_keys`.

        The list contains None for each problem that does not exist. Cost: ceil(N/100) requests for
        N problems.
        """
        wanted = [keys.problem(*key) for key in problem_keys]
        items = await self._dynamo.batch_get(wanted, recheck=True)
        return [Problem.from_item_or_none(item) for item in items]

    async def statement(self, problem: ProblemId) -> Statement | None:
        """Return the statement and the constraints of a problem, or None if it has neither.

        Cost: one request. The read units depend on the compressed size.
        """
        return (await self.statements([problem]))[0]

    async def statements(self, problem_ids: Sequence[ProblemId]) -> list[Statement | None]:
        """Return the statements and constraints in the order of `problem_ids`.

        The list contains None for each problem that has neither. The cost is that of
        `Bodies.load_many`.
        """
        return await read_bodies(self._bodies, keys.statement, problem_ids, _load_statement)

    async def solution(self, problem: ProblemId) -> Solution | None:
        """Return the author's solution of a problem, or None if the problem has no solution.

        Cost: one request. The read units depend on the compressed size of the solution.
        """
        return (await self.solutions([problem]))[0]

    async def solutions(self, problem_ids: Sequence[ProblemId]) -> list[Solution | None]:
        """Return the authors' solutions in the order of `problem_ids`.

        The list contains None for each problem without a solution.

        Cost: see `Bodies.load_many`.
        """
        return await read_bodies(self._bodies, keys.solution, problem_ids, _load_solution)

    async def by_legacy_id(self, legacy_id: int) -> ProblemId | None:
        """Return the identity of the problem with this legacy id, or None if no problem has the id.

        The legacy id is the id that the problem had in the previous version of the program. Cost:
        one request of 0.5 read units.
        """
        item = await self._dynamo.get(keys.legacy_problem(legacy_id), recheck=True)
        return ProblemId(item["pf"], item["pn"], item.get(PID, NO_PID)) if item else None

    # Changing. If `pid` is given, only the problem with this pid is changed.

    async def update(
        self, platform: str, number: str, changes: ProblemChanges, *, pid: str | None = None
    ) -> Problem:
        """Change a problem. Cost: one read (two if texts change) and one transaction.

        Raises:
            NotFound: the problem does not exist, or the problem has another pid.
            Conflict: the problem is DELETED, its revision differs from `changes.revision`, or other
                requests kept changing the problem.
            InvalidInput: a field is not valid. `path` contains the name of the field.
        """
        on_card, texts = card_fields(changes), text_fields(changes)

        async def decide(expected: Problem) -> Decision:
            _refuse_deleted(expected)
            if changes.revision not in (None, expected.revision):
                raise Conflict(
                    "The problem was changed by another request. Read the problem again and retry.",
                    ("revision",),
                )
            after = with_checker(
                expected,
                replace(expected, **on_card),
                changes.checker,
                is_removed=changes.removes_checker,
            )
            texts_after = await self._texts_after(expected, texts)
            checker_after = await self._checker_after(expected, after, changes.checker)
            return Decision(check_size(after), [*texts_after, *checker_after])

        return await self._cards.change(platform, number, decide, pid)

    async def _texts_after(self, expected: Problem, changed: dict[str, str | None]) -> list[Put]:
        """Return a list with the action that writes the texts of a problem.

        All texts are stored together, so unchanged texts are written again. Return an empty list if
        no text changes.

        `expected` is the problem as the caller has read it. The transaction fails if another
        request has changed the problem or its texts in the meantime.
        """
        if not changed:
            return []
        key = keys.statement(*expected.key)
        raw = await self._bodies.get(key, consistent=True)
        stored = _load_statement(raw) if raw else None
        texts = replace(stored or Statement(), **changed)
        return [await self._body(expected, keys.statement, texts)]

    async def _checker_after(
        self, expected: Problem, after: Problem, checker: Checker | None
    ) -> list[TransactItem]:
        """Return a list with the action that writes a new checker or removes the old checker.

        Return an empty list if the checker does not change.
        """
        if checker is not None:
            return [await self._body(expected, keys.checker, checker)]
        is_removed = expected.checker_hash and not after.checker_hash
        return [Delete(keys.checker(*expected.key))] if is_removed else []

    async def set_solution(
        self, platform: str, number: str, language: str, code: str, *, pid: str | None = None
    ) -> Problem:
        """Set the author's solution of a problem.

        The filter by language in lists of problems uses the language of the solution.

        Raises:
            NotFound: the problem does not exist, or the problem has another pid.
            Conflict: the problem is DELETED, or other requests changed the problem during every
                attempt.
            InvalidInput: the language or the code is empty or too long.
        """
        if not code.strip():
            raise InvalidInput("`code` of the solution must not be empty.", ("code",))
        solution = Solution(
            language=check_name(language, "language"), code=code, updated_at=self._clock()
        )

        async def decide(expected: Problem) -> Decision:
            _refuse_deleted(expected)
            body = await self._body(expected, keys.solution, solution)
            return Decision(check_size(replace(expected, language=solution.language)), [body])

        return await self._cards.change(platform, number, decide, pid)

    async def set_state(
        self, platform: str, number: str, state: ProblemState, *, pid: str | None = None
    ) -> Problem:
        """Set a problem's state to DRAFT, REVIEW or COMPLETED. Cost: one read and one transaction.

        Raises:
            NotFound: the problem does not exist, or the problem has another pid.
            Conflict: the problem is DELETED, or other requests changed the problem during every
                attempt.
            InvalidInput: `state` is DELETED. Only `soft_delete` sets this state.
        """
        if state is ProblemState.DELETED:
            raise InvalidInput(
                "`state` cannot be DELETED. Use `softDeleteProblem` to delete a problem.",
                ("state",),
            )

        async def decide(expected: Problem) -> Decision:
            _refuse_deleted(expected)
            return Decision(replace(expected, state=state))

        return await self._cards.change(platform, number, decide, pid)

    # Run counters

    async def add_run(self, problem: ProblemId) -> None:
        """Add 1 to the number of executions of a problem. Cost: one request of 1 write unit.

        Do nothing if the problem was removed. The number is approximate: if the request fails, the
        execution may not be counted.
        """
        shard = random.randrange(keys.RUN_COUNTER_SHARDS)  # noqa: S311 - spreads load
        key = keys.run_counter(*problem.key, shard)
        condition = exists() & belongs_to(problem.pid)
        with suppress(ConditionFailed):
            await self._dynamo.update(key, Change(add={"n": 1}), condition, returns="NONE")

    async def run_count(self, problem: ProblemId) -> int:
        """Return the number of executions of a problem. Cost: one request of 0.5 read units."""
        partition = equals("PK", keys.problem_partition(*problem.key))
        page = await self._dynamo.query(partition & begins_with("SK", "C#"))
        return sum(item.get("n", 0) for item in page.items if is_of(item, problem))

    async def run_counts(self, problem_ids: Sequence[ProblemId]) -> list[int]:
        """Return the number of executions of each problem, in the order of `problem_ids`.

        Cost: one request of 0.5 read units per distinct problem.
        """
        concurrency = asyncio.Semaphore(COUNTS_AT_ONCE)
        distinct = list(dict.fromkeys(problem_ids))

        async def count(problem: ProblemId) -> int:
            async with concurrency:
                return await self.run_count(problem)

        counts = await asyncio.gather(*map(count, distinct))
        count_by_id = dict(zip(distinct, counts, strict=True))
        return [count_by_id[problem] for problem in problem_ids]

    async def _body(
        self, problem: Problem, key_of: Callable[[str, str], keys.Key], record: Record
    ) -> Put:
        raw = orjson.dumps(record.to_item())
        if len(raw) > TEXT_RECORD_BYTES:
            raise InvalidInput(
                f"The {record.entity} of a problem must be at most {TEXT_RECORD_BYTES // 1024} KB.",
                (record.entity,),
            )
        (item,) = await self._bodies.items(key_of(*problem.key), raw, owner_of(problem))
        return Put(item)

    # Lists. `list` is last, because its name hides the type `list` from the rest of the class.

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
        """Return a page of problems, newest first.

        `search` is a text with words. The title of each returned problem contains all these words.

        Cost with at most one filter (platform, language, tag or a search for one word): one request
        of at most 2.5 read units for 20 problems. Cost with more filters: at most five requests. In
        this case, the page may contain fewer problems than requested although `has_next` is True.

        Raises:
            InvalidInput: an argument is not valid. `path` contains the name of the argument.
        """
        cards, keep = ProblemFilter.of(
            platform=platform, language=language, state=state, tag=tag, search=search
        ).plan()
        return (await read_page(self._dynamo, [cards], window, keep)).map(Problem.from_item_or_none)


def _load_statement(raw: bytes) -> Statement:
    return Statement.from_item(orjson.loads(raw))


def _load_solution(raw: bytes) -> Solution:
    return Solution.from_item(orjson.loads(raw))


def _counters(problem: Problem) -> list[Put]:
    """Return the actions that create the counter of a new problem's executions.

    One action creates one shard of the counter.
    """
    owner = owner_of(problem)
    return [
        Put({**keys.run_counter(*problem.key, shard), "v": 1, "tp": "runs", "n": 0, **owner})
        for shard in range(keys.RUN_COUNTER_SHARDS)
    ]


def _legacy_pointer(problem: Problem) -> Put:
    if problem.legacy_id is None or problem.legacy_id < 0:
        raise InvalidInput("`legacyId` must be a whole number of at least 0.", ("legacyId",))
    pointer = {"v": 1, "tp": "legacy", "pf": problem.platform, "pn": problem.number}
    key = keys.legacy_problem(problem.legacy_id)
    return Put({**key, **pointer, **owner_of(problem)}, absent())


def _exists_already(problem: Problem, *, taken: bool) -> Conflict:
    if taken:
        return Conflict(
            f"The problem `{problem.platform}/{problem.number}` already exists. Choose another "
            "`number`.",
            ("number",),
        )
    return Conflict(
        f"Another problem already has the `legacyId` {problem.legacy_id}. Choose another "
        "`legacyId`.",
        ("legacyId",),
    )


def _refuse_deleted(problem: Problem) -> None:
    if problem.state is ProblemState.DELETED:
        raise Conflict(
            "The problem is deleted, so it cannot be changed. Restore the problem first."
        )
