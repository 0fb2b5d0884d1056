"""The card of a job. The card is the main item of the job, without parameters and result.

This module contains the index keys of cards, the conditions of writes, and the errors of rejected
writes.
"""

from graphql_api.data import keys
from graphql_api.data.dynamo.client import Item
from graphql_api.data.dynamo.expressions import Condition, equals, exists
from graphql_api.data.dynamo.transport import ConditionFailed
from graphql_api.data.enums import JobStatus
from graphql_api.data.errors import Conflict, NotFound
from graphql_api.data.records import Job


def index_keys(job: Job) -> dict[str, str]:
    """Return the keys of a job in the indexes: GSI1 by status, and GSI2 by kind."""
    return {
        "g1p": keys.job_status_partition(job.status),
        "g1s": job.ulid,
        "g2p": keys.job_kind_partition(job.kind),
        "g2s": job.ulid,
    }


def card_item(job: Job) -> Item:
    """Convert a job to its main item (the card), including the index keys."""
    return {**keys.job(job.ulid), **index_keys(job), **job.to_item()}


def is_held(attempt: int) -> Condition:
    """Return the condition that the attempt still has its claim on the job."""
    return equals("st", str(JobStatus.RUNNING)) & equals("att", attempt)


def is_unchanged(job: Job) -> Condition:
    """Return the condition that the stored job has the same status and attempt number as `job`."""
    return exists() & equals("st", str(job.status)) & equals("att", job.attempt)


def no_job() -> NotFound:
    """Return the error for a job that does not exist."""
    return NotFound("The job does not exist. Check `jobId`.")


def explain_conflict(error: ConditionFailed) -> Conflict | NotFound:
    """Return the error for a rejected write: the job does not exist, or its card has changed.

    `error` is the exception that the write raised. `error.item` is the stored card, or
    None if the job does not exist.
    """
    if error.item is None:
        return no_job()
    return Conflict(
        f"Another request has changed the job: its status is {error.item['st']}, and its attempt "
        f"number is {error.item['att']}. Read the job again."
    )
