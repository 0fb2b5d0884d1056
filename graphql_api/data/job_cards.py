"""The card of a job: its index keys, the conditions of its writes, and their errors."""

from graphql_api.data import keys
from graphql_api.data.dynamo.expressions import Condition, equals, exists
from graphql_api.data.dynamo.transport import ConditionFailed
from graphql_api.data.enums import JobStatus
from graphql_api.data.errors import Conflict, NotFound
from graphql_api.data.records import Job


def index_keys(job: Job) -> dict[str, str]:
    """Return the index keys of a job: by its status and by its kind."""
    return {
        "g1p": keys.job_status_partition(job.status),
        "g1s": job.ulid,
        "g2p": keys.job_kind_partition(job.kind),
        "g2s": job.ulid,
    }


def is_held(attempt: int) -> Condition:
    """Return the condition that an attempt still has its claim."""
    return equals("st", str(JobStatus.RUNNING)) & equals("att", attempt)


def is_unchanged(job: Job) -> Condition:
    """Return the condition that the state and the attempt are those of `job`."""
    return exists() & equals("st", str(job.status)) & equals("att", job.attempt)


def no_job() -> NotFound:
    """Return the error for a job that does not exist."""
    return NotFound("The job does not exist. Check `jobId`.")


def explain_conflict(error: ConditionFailed) -> Conflict | NotFound:
    """Return the error for a write whose condition did not hold."""
    if error.item is None:
        return no_job()
    return Conflict(
        f"Another request has changed the job: its status is {error.item['st']}, and its attempt "
        f"number is {error.item['att']}. Read the job again."
    )
