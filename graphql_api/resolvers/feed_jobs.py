"""Jobs that update the public feed after a problem was deleted or restored.

For a deleted problem, the job removes the problem's executions from the feed. For a restored
problem, the job adds them again.
"""

from collections.abc import Sequence

from graphql_api.context import Context
from graphql_api.data.dynamo.transactions import TransactItem
from graphql_api.data.enums import JobKind
from graphql_api.data.jobs import NewJob
from graphql_api.data.records import Job, Problem


class FeedJob:
    """Creates a job in the same transaction that deletes or restores a problem.

    `job` is None until `prepare` is called.
    """

    def __init__(self, context: Context, kind: JobKind) -> None:
        self.job: Job | None = None
        self._context, self._kind = context, kind

    async def prepare(self, problem: Problem) -> Sequence[TransactItem]:
        """Set `job` to a new job for a problem, and return the actions that store the job."""
        new = NewJob(
            kind=self._kind,
            uid=self._context.require_viewer().uid,
            parameters={},
            problem=problem.id,
        )
        self.job, actions = await self._context.stores.jobs.prepare(new)
        return actions

    async def send(self) -> Job | None:
        """Send the job to the workers and return it. Return None if no job was created.

        Call this method after the transaction that contains the actions of `prepare`.
        """
        if self.job is not None:
            await self._context.sender.send_job(self.job.uid, self.job.ulid)
        return self.job
