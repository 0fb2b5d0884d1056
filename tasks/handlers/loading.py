"""Loads the data that are necessary to judge an execution: the code, the tests and the checker."""

import asyncio
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, replace
from weakref import WeakValueDictionary

from graphql_api.data.enums import ProblemState
from graphql_api.data.problems.checkers import digest_of
from graphql_api.data.records import Checker, History, Problem, ProblemId, ProblemKey
from graphql_api.data.stores import Stores
from judge.models import TestCaseFiles
from tasks.handlers.testset_cache import DamagedSet, OpenedSet, TestSetCache

# Messages for the user. A card contains the first 120 bytes of a message.
PROBLEM_GONE = (
    "The code was not judged, because the problem was deleted. The execution was refunded."
)
NO_TESTS = (
    "The code was not judged, because the problem has no test cases. The execution was refunded."
)
CODE_GONE = "The code was not judged, because the code was deleted. The execution was refunded."


class Unjudgeable(Exception):
    """The execution cannot be judged, and another attempt would not help.

    The message is for the user.
    """


class JudgeFailed(Exception):
    """The judge itself failed. Another attempt may succeed."""


@dataclass(frozen=True, slots=True)
class LoadedExecution:
    """The data that are necessary to judge an execution, in addition to its `History` record."""

    problem: Problem
    tests: tuple[TestCaseFiles, ...]
    checker: Checker | None
    code: str


class ExecutionLoader:
    """A loader of submitted code and test sets. It keeps the test sets on the worker's disk."""

    def __init__(self, stores: Stores, files: TestSetCache) -> None:
        self._stores, self._files = stores, files
        # If several executions need the same missing set at the same time, only one execution
        # fetches the set.
        self._fetching: WeakValueDictionary[ProblemKey, asyncio.Lock] = WeakValueDictionary()

    async def load(self, history: History, open_sets: ExitStack) -> LoadedExecution:
        """Return the data that are necessary to judge an execution.

        The test set stays on disk until `open_sets` is closed.

        Raises:
            Unjudgeable: the code or the problem was deleted, or the problem has no tests.
            JudgeFailed: the checker was changed in the meantime. Another attempt may succeed.
            DamagedSet: the set was removed from the disk before it could be opened.
        """
        reading = asyncio.ensure_future(self._stores.histories.code(history.uid, history.ulid))
        try:
            problem, testset = await self._load_set(history.problem_id, open_sets)
            code = await reading
        finally:
            reading.cancel()
        if code is None:
            raise Unjudgeable(CODE_GONE)
        return LoadedExecution(problem, testset.tests, testset.checker, code)

    async def _load_set(self, wanted: ProblemId, open_sets: ExitStack) -> tuple[Problem, OpenedSet]:
        """Return a problem and its current test set.

        The problem is read with strong consistency, because its record contains the version of the
        current set. Cost: one read of the problem, and one query if the set is not on disk.
        """
        fetching = self._fetching.setdefault(wanted.key, asyncio.Lock())
        async with fetching if not self._files.knows(*wanted.key) else nullcontext():
            problem = _require_judgeable(
                wanted, await self._stores.problems.get(*wanted.key, consistent=True)
            )
            opened = await self._open_set(problem, open_sets)
            return opened or await self._fetch_set(problem, open_sets)

    async def _open_set(
        self, problem: Problem, open_sets: ExitStack
    ) -> tuple[Problem, OpenedSet] | None:
        """Return a problem and its current test set, or None if the set is not on disk."""
        if not self._files.knows(*problem.key):
            return None
        testset = await asyncio.to_thread(open_sets.enter_context, self._files.opened(problem))
        return (problem, await self._add_checker(problem, testset)) if testset else None

    async def _fetch_set(self, newest: Problem, open_sets: ExitStack) -> tuple[Problem, OpenedSet]:
        """Read a problem and its test set from the table, and write the set to disk.

        `newest` is the most recently read state of the problem.

        Raises:
            DamagedSet: the set was removed from the disk before it could be opened.
            Unjudgeable: the problem was deleted, or it has no tests.
        """
        stored = await self._stores.tests.with_problem(*newest.key, newest=newest)
        problem = _require_judgeable(newest.id, stored.problem if stored else None)
        assert stored is not None
        await asyncio.to_thread(self._files.keep, problem, stored.tests)
        testset = await asyncio.to_thread(open_sets.enter_context, self._files.opened(problem))
        if testset is None:
            raise DamagedSet
        if stored.checker is not None:
            await asyncio.to_thread(self._files.keep_checker, problem, stored.checker)
        return problem, replace(testset, checker=stored.checker)

    async def _add_checker(self, problem: Problem, testset: OpenedSet) -> OpenedSet:
        """Return the test set with the problem's checker, if the problem has a checker.

        If the checker is not on disk, read it from the table and write it to disk.

        Raises:
            JudgeFailed: the checker was changed or removed after the problem was read. Another
                attempt may succeed.
        """
        if problem.checker_hash is None or testset.checker is not None:
            return testset
        checker = await self._stores.checkers.get(*problem.key, consistent=True)
        if checker is None or digest_of(checker) != problem.checker_hash:
            raise JudgeFailed(
                "The checker of the problem was changed or removed while the worker read it."
            )
        await asyncio.to_thread(self._files.keep_checker, problem, checker)
        return replace(testset, checker=checker)


def _require_judgeable(wanted: ProblemId, problem: Problem | None) -> Problem:
    """Return the problem unchanged if code can be judged with its tests.

    `problem` was read by its name. A new problem may have the same name as a deleted problem. So
    the id of `problem` must be equal to `wanted`.

    Raises:
        Unjudgeable: the problem was deleted, or it has no tests.
    """
    is_same = problem is not None and problem.id == wanted
    if problem is None or not is_same or problem.state is ProblemState.DELETED:
        raise Unjudgeable(PROBLEM_GONE)
    if problem.test_version is None or problem.test_count == 0:
        raise Unjudgeable(NO_TESTS)
    return problem
