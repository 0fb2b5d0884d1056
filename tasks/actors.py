"""The dramatiq actors, which process messages. Each actor receives ids and calls one handler."""

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

# One day, so that dramatiq does not interrupt work that has a lease. Such work either ends by
# itself or loses its lease. An execution ends after the wait for slots and the maximum judging time
# of a submission. An interrupted job continues from its checkpoint.
LEASED_TIME_LIMIT_MS = 86_400_000


async def execute_submission(*, uid: str, ulid: str, sent_at_ms: int | None = None) -> None:
    """Judge one execution.

    `uid` is the user, and `ulid` is the id of the execution. `sent_at_ms` is the time at which the
    message was sent (epoch milliseconds), only for the log.
    """
    container = current_container()
    with container.idle_gate.busy():
        await container.executions.run(uid, ulid, sent_at_ms=sent_at_ms)


async def run_code(*, uid: str, run_id: str, sent_at_ms: int | None = None) -> None:
    """Execute a custom run.

    `uid` is the user who waits for the answer. `sent_at_ms` is the time at which the message was
    sent (epoch milliseconds), only for the log.
    """
    container = current_container()
    with container.idle_gate.busy():
        await container.custom_runs.run(uid, run_id, sent_at_ms=sent_at_ms)


async def work_on_job(*, ulid: str) -> None:
    """Work on a job. A process works on only one job at a time, because jobs are not urgent."""
    await current_container().jobs.run(ulid)


def declare_actors(broker: dramatiq.Broker) -> None:
    """Declare all actors and their queues on a broker."""
    declare = dramatiq.actor(
        broker=broker,
        actor_name=EXECUTION_ACTOR,
        queue_name=EXECUTION_QUEUE,
        time_limit=LEASED_TIME_LIMIT_MS,
    )
    declare(execute_submission)
    # The user waits only a few seconds for the answer, which is enough for two retries.
    declare = dramatiq.actor(
        broker=broker, actor_name=RUN_ACTOR, queue_name=RUN_QUEUE, max_retries=2, max_backoff=1000
    )
    declare(run_code)
    declare = dramatiq.actor(
        broker=broker, actor_name=JOB_ACTOR, queue_name=BULK_QUEUE, time_limit=LEASED_TIME_LIMIT_MS
    )
    declare(work_on_job)
