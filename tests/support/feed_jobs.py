"""Feed jobs of one problem, with executions that are completed without a judge."""

from collections.abc import Sequence
from dataclasses import dataclass

from graphql_api.data.dynamo.pages import PageWindow
from graphql_api.data.dynamo.transactions import TransactItem
from graphql_api.data.enums import JobKind
from graphql_api.data.histories.executions import Claim
from graphql_api.data.jobs import NewJob
from graphql_api.data.problems.deletion import Also
from graphql_api.data.records import History, Job, Problem
from graphql_api.data.stores import Stores
from tests.support.api import Api
from tests.support.executions import SubmissionDriver


@dataclass
class FeedDriver:
    """The executions of a problem, its deletion and its restoration."""

    submissions: SubmissionDriver

    @property
    def stores(self) -> Stores:
        return self.submissions.stores

    async def claimed(self, *, language: str = "python", is_public: bool = True) -> History:
        """Return a new execution that a worker has claimed."""
        history = await self.submissions.reserve(language=language, is_public=is_public)
        claim = await self.stores.executions.claim(*history.key, token="me", lease_ms=600_000)
        assert isinstance(claim, Claim)
        return claim.history

    async def complete(self, claimed: History) -> History:
        """Complete an execution whose worker has read the problem before its deletion."""
        return await self.stores.executions.complete(claimed, Api.outcome(attempt=1))

    async def completed(self, *, language: str = "python", is_public: bool = True) -> History:
        return await self.complete(await self.claimed(language=language, is_public=is_public))

    async def card(self, history: History) -> History:
        return await self.submissions.card(history)

    async def feed(self) -> list[History]:
        """Return the feed, after a check that its four lists agree."""
        everything = await self._page()
        for platform in ("algoitny", None):
            for language in ("python", "cpp", None):
                expected = [one for one in everything if language in (None, one.language)]
                assert await self._page(platform=platform, language=language) == expected
        return everything

    async def _page(self, **filters: str | None) -> list[History]:
        return (await self.stores.feed.page(PageWindow(size=100), **filters)).records

    async def soft_delete(self) -> Job:
        started = StartedJob(self.stores, JobKind.REMOVE_FROM_FEED)
        await self.stores.problems.soft_delete(*self.submissions.problem.key, also=started.also)
        return started.latest

    async def restore(self) -> Job:
        started = StartedJob(self.stores, JobKind.RETURN_TO_FEED)
        await self.stores.problems.restore(*self.submissions.problem.key, also=started.also)
        return started.latest

    async def delete(self) -> Job:
        started = StartedJob(self.stores, JobKind.REMOVE_FROM_FEED)
        await self.stores.problems.delete(*self.submissions.problem.key, also=started.also)
        return started.latest


class StartedJob:
    """The job that a transaction creates."""

    def __init__(self, stores: Stores, kind: JobKind) -> None:
        self._stores, self._kind = stores, kind
        self._job: Job | None = None

    async def _prepare(self, problem: Problem) -> Sequence[TransactItem]:
        new = NewJob(
            kind=self._kind,
            uid="editor",
            parameters={},
            problem=problem.id,
        )
        self._job, actions = await self._stores.jobs.prepare(new)
        return actions

    @property
    def also(self) -> Also:
        return self._prepare

    @property
    def latest(self) -> Job:
        assert self._job is not None
        return self._job
