"""The actors: ids in, one call of a plain function each."""

import dramatiq

from tasks.queue.sender import (
    BULK_QUEUE,
    EXECUTION_ACTOR,
    EXECUTION_QUEUE,
    JOB_ACTOR,
    RUN_ACTOR,
    RUN_QUEUE,
)
from tasks.worker.container import current_container

# A day. What works under a lease ends by itself or loses it: an execution by its submission's
# judging time, however long it waits for slots meanwhile; a job goes on from its checkpoint.
LEASED_TIME_LIMIT_MS = 86_400_000


async def execute_submission(*, uid: str, ulid: str, sent_at_ms: int | None = None) -> None:
    """Judge one execution; `sent_at_ms` is when it was asked for, for the log alone."""
    resources = current_container()
    with resources.quiet.busy():
        await resources.execution.run(uid, ulid, sent_at_ms=sent_at_ms)


async def run_code(*, uid: str, run_id: str, sent_at_ms: int | None = None) -> None:
    """Run code on its author's own input; `uid` is whose turn it is."""
    resources = current_container()
    with resources.quiet.busy():
        await resources.runs.run(uid, run_id, sent_at_ms=sent_at_ms)


async def work_on_job(*, ulid: str) -> None:
    """Work on a job: bulk, of which a process takes one at a time."""
    await current_container().jobs.run(ulid)


def declare_actors(broker: dramatiq.Broker) -> None:
    """Declare every actor, and with it its queue, on a broker."""
    declare = dramatiq.actor(
        broker=broker,
        actor_name=EXECUTION_ACTOR,
        queue_name=EXECUTION_QUEUE,
        time_limit=LEASED_TIME_LIMIT_MS,
    )
    declare(execute_submission)
    # Whoever asked waits seconds, not for many attempts.
    declare = dramatiq.actor(
        broker=broker, actor_name=RUN_ACTOR, queue_name=RUN_QUEUE, max_retries=2, max_backoff=1000
    )
    declare(run_code)
    declare = dramatiq.actor(
        broker=broker, actor_name=JOB_ACTOR, queue_name=BULK_QUEUE, time_limit=LEASED_TIME_LIMIT_MS
    )
    declare(work_on_job)
