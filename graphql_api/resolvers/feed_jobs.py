"""Jobs that remove the executions of a deleted problem from the feed, or return them."""

from collections.abc import Sequence

from graphql_api.context import Context
from graphql_api.data.dynamo.transactions import TransactItem
from graphql_api.data.enums import JobKind
from graphql_api.data.jobs import NewJob
from graphql_api.data.records import Job, Problem


class FeedJob:
    """A job that is created in the transaction that deletes or restores a problem.

    `job` is None if this transaction was not necessary.
    """

    def __init__(self, context: Context, kind: JobKind) -> None:
        self.job: Job | None = None
        self._context, self._kind = context, kind

    async def prepare(self, problem: Problem) -> Sequence[TransactItem]:
        """Return the actions that create the job for the problem."""
        new = NewJob(
            kind=self._kind,
            uid=self._context.require_viewer().uid,
            parameters={},
            platform=problem.platform,
            number=problem.number,
            pid=problem.pid,
        )
        self.job, actions = await self._context.stores.jobs.prepare(new)
        return actions

    async def send(self) -> Job | None:
        """Send the job, if there is one, and return it. Call this after the transaction."""
        if self.job is not None:
            await self._context.sender.send_job(self.job.uid, self.job.ulid)
        return self.job
