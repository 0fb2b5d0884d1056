"""Loaders: they collect the keys of single reads in one request, and read them in batches.

A batch function returns one entry per key, in order, None for each missing one. Loaders are created
per request and at their first use, because aiodataloader stores the event loop.
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
    TestCase,
    TestCaseKey,
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
        """Users by id."""
        return _loader(self._stores.users.get_many)

    @cached_property
    def problems(self) -> DataLoader[ProblemKey, Problem | None]:
        """Problem cards by (platform, number)."""
        return _loader(self._stores.problems.get_many)

    @cached_property
    def statements(self) -> DataLoader[ProblemKey, Statement | None]:
        """Statements by (platform, number)."""
        return _loader(self._stores.problems.statements)

    @cached_property
    def solutions(self) -> DataLoader[ProblemKey, Solution | None]:
        """Authors' solutions by (platform, number)."""
        return _loader(self._stores.problems.solutions)

    @cached_property
    def checkers(self) -> DataLoader[ProblemKey, Checker | None]:
        """Checkers by (platform, number)."""
        return _loader(self._stores.checkers.get_many)

    @cached_property
    def checker_faults(self) -> DataLoader[ProblemKey, CheckerFault | None]:
        """Latest failures of checkers by (platform, number)."""
        return _loader(self._stores.checkers.faults)

    @cached_property
    def run_counts(self) -> DataLoader[ProblemKey, int]:
        """Numbers of executions by (platform, number)."""
        return _loader(self._stores.problems.run_counts)

    @cached_property
    def tests(self) -> DataLoader[TestCaseKey, TestCase | None]:
        """Tests by (platform, number, version, test number)."""
        return _loader(self._stores.tests.get_many)

    @cached_property
    def histories(self) -> DataLoader[HistoryKey, History | None]:
        """History cards by (user id, ULID)."""
        return _loader(self._stores.histories.get_many)

    @cached_property
    def codes(self) -> DataLoader[HistoryKey, str | None]:
        """Submitted code by (user id, ULID)."""
        return _loader(self._stores.histories.codes)

    @cached_property
    def results(self) -> DataLoader[History, Results | None]:
        """Results by history; they are those of the attempt on its card."""
        return _loader(self._stores.histories.results_many, _attempt)

    @cached_property
    def jobs(self) -> DataLoader[str, Job | None]:
        """Job cards by ULID."""
        return _loader(self._stores.jobs.get_many)

    @cached_property
    def job_results(self) -> DataLoader[Job, dict[str, Any] | None]:
        """Results of SUCCEEDED jobs, by their cards."""
        return _loader(self._stores.jobs.results, _job_attempt)
