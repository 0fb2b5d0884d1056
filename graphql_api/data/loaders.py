"""Loaders, which combine the reads of one GraphQL request into batches.

A batch function returns a list with one element per key, in the order of the keys. The element of a
missing object is None. Each request has its own loaders. A loader is created at its first use,
because aiodataloader keeps a reference to the running event loop.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import cached_property
from typing import Any, TypeVar

from aiodataloader import DataLoader

from graphql_api.data.problems.testset_reader import LargeTest
from graphql_api.data.records import (
    Checker,
    CheckerFault,
    History,
    HistoryKey,
    Job,
    Problem,
    ProblemId,
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

    def clear(self) -> None:
        """Remove all loaded objects from memory.

        Loaders are parts of reference cycles. Without this call, the objects would stay in memory
        until the next garbage collection.
        """
        for loader in vars(self).values():
            if isinstance(loader, DataLoader):
                loader.clear_all()

    @cached_property
    def users(self) -> DataLoader[str, User | None]:
        """Loader of users by user id."""
        return _loader(self._stores.users.get_many)

    @cached_property
    def problems(self) -> DataLoader[ProblemKey, Problem | None]:
        """Loader of problem cards by platform and number."""
        return _loader(self._stores.problems.get_many)

    @cached_property
    def statements(self) -> DataLoader[ProblemId, Statement | None]:
        """Loader of statements by problem identity."""
        return _loader(self._stores.problems.statements)

    @cached_property
    def solutions(self) -> DataLoader[ProblemId, Solution | None]:
        """Loader of the authors' solutions by problem identity."""
        return _loader(self._stores.problems.solutions)

    @cached_property
    def checkers(self) -> DataLoader[ProblemId, Checker | None]:
        """Loader of checkers by problem identity."""
        return _loader(self._stores.checkers.get_many)

    @cached_property
    def checker_faults(self) -> DataLoader[ProblemId, CheckerFault | None]:
        """Loader of the latest checker failures by problem identity."""
        return _loader(self._stores.checkers.faults)

    @cached_property
    def run_counts(self) -> DataLoader[ProblemId, int]:
        """Loader of the numbers of executions by problem identity."""
        return _loader(self._stores.problems.run_counts)

    @cached_property
    def test_ids(self) -> DataLoader[TestSetKey, list[TestId]]:
        """Loader of the identities of all tests in a set, by problem and version of the set."""
        return _loader(self._stores.tests.identities)

    @cached_property
    def tests(self) -> DataLoader[StoredTest, TestCase | LargeTest | None]:
        """Loader of tests by problem, version of the test set, and number."""
        return _loader(self._stores.tests.get_many)

    @cached_property
    def histories(self) -> DataLoader[HistoryKey, History | None]:
        """Loader of history cards by user id and ULID."""
        return _loader(self._stores.histories.get_many)

    @cached_property
    def codes(self) -> DataLoader[HistoryKey, str | None]:
        """Loader of the submitted code. The key is the user id and the ULID of the execution."""
        return _loader(self._stores.histories.codes)

    @cached_property
    def results(self) -> DataLoader[History, Results | None]:
        """Loader of the test results of a history, from the attempt `history.attempt`."""
        return _loader(self._stores.histories.results_many, _attempt)

    @cached_property
    def jobs(self) -> DataLoader[str, Job | None]:
        """Loader of job cards by ULID."""
        return _loader(self._stores.jobs.get_many)

    @cached_property
    def job_results(self) -> DataLoader[Job, dict[str, Any] | None]:
        """Loader of job results by job. The result is None for a job that has not SUCCEEDED."""
        return _loader(self._stores.jobs.results, _job_attempt)
