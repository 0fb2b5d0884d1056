"""Loaders: they combine the single reads of one GraphQL request into batches.

A batch function returns one entry per key, in the order of the keys; None for a missing entry.
Loaders are created for each request, and only when they are used first, because aiodataloader keeps
a reference to the event loop.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import cached_property
from typing import Any, TypeVar

from aiodataloader import DataLoader

from graphql_api.data.records import (
    Checker,
    CheckerFault,
    History,
    HistoryKey,
    Job,
    Problem,
    ProblemKey,
    Results,
    Solution,
    Statement,
    StoredTest,
    TestCase,
    TestId,
    TestSetKey,
    User,
)
from graphql_api.data.stores import Stores

K = TypeVar("K")
V = TypeVar("V")


def _loader(
    fetch: Callable[[Sequence[K]], Awaitable[Iterable[V]]],
    cache_key: Callable[[K], Any] | None = None,
) -> DataLoader[K, V]:
    async def batch(keys: list[K]) -> list[V]:
        return list(await fetch(keys))

    return DataLoader(batch, get_cache_key=cache_key)


def _attempt(history: History) -> tuple[str, str, int]:
    return history.uid, history.ulid, history.attempt


def _job_attempt(job: Job) -> tuple[str, int, str]:
    return job.ulid, job.attempt, job.status


class Loaders:
    """The loaders of one request."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores

    @cached_property
    def users(self) -> DataLoader[str, User | None]:
        """Loader of users. The key is the user id."""
        return _loader(self._stores.users.get_many)

    @cached_property
    def problems(self) -> DataLoader[ProblemKey, Problem | None]:
        """Loader of problem cards. The key is platform and number."""
        return _loader(self._stores.problems.get_many)

    @cached_property
    def statements(self) -> DataLoader[ProblemKey, Statement | None]:
        """Loader of statements. The key is platform and number."""
        return _loader(self._stores.problems.statements)

    @cached_property
    def solutions(self) -> DataLoader[ProblemKey, Solution | None]:
        """Loader of the authors' solutions. The key is platform and number."""
        return _loader(self._stores.problems.solutions)

    @cached_property
    def checkers(self) -> DataLoader[ProblemKey, Checker | None]:
        """Loader of checkers. The key is platform and number."""
        return _loader(self._stores.checkers.get_many)

    @cached_property
    def checker_faults(self) -> DataLoader[ProblemKey, CheckerFault | None]:
        """Loader of the latest failure of each checker. The key is platform and number."""
        return _loader(self._stores.checkers.faults)

    @cached_property
    def run_counts(self) -> DataLoader[ProblemKey, int]:
        """Loader of the numbers of executions of problems. The key is platform and number."""
        return _loader(self._stores.problems.run_counts)

    @cached_property
    def test_ids(self) -> DataLoader[TestSetKey, list[TestId]]:
        """Loader of the identities of the tests of a set. The key is a version of the set."""
        return _loader(self._stores.tests.identities)

    @cached_property
    def tests(self) -> DataLoader[StoredTest, TestCase | None]:
        """Loader of tests. The key is the place of the test in the table."""
        return _loader(self._stores.tests.get_many)

    @cached_property
    def histories(self) -> DataLoader[HistoryKey, History | None]:
        """Loader of history cards. The key is user id and ULID."""
        return _loader(self._stores.histories.get_many)

    @cached_property
    def codes(self) -> DataLoader[HistoryKey, str | None]:
        """Loader of submitted code. The key is user id and ULID."""
        return _loader(self._stores.histories.codes)

    @cached_property
    def results(self) -> DataLoader[History, Results | None]:
        """Loader of test results. The key is the history's card, which determines the attempt."""
        return _loader(self._stores.histories.results_many, _attempt)

    @cached_property
    def jobs(self) -> DataLoader[str, Job | None]:
        """Loader of job cards. The key is the ULID."""
        return _loader(self._stores.jobs.get_many)

    @cached_property
    def job_results(self) -> DataLoader[Job, dict[str, Any] | None]:
        """Loader of job results. The key is the job's card; only SUCCEEDED jobs have a result."""
        return _loader(self._stores.jobs.results, _job_attempt)
