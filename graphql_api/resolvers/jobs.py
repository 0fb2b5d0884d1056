"""Use cases of jobs, for editors: reading, starting and cancelling."""

from collections.abc import Mapping
from typing import Any

from graphql_api.context import Context
from graphql_api.data.dynamo.pages import Page, PageWindow
from graphql_api.data.enums import HistoryStatus, JobKind, JobStatus, ProblemState
from graphql_api.data.errors import Conflict, InvalidInput, NotFound
from graphql_api.data.jobs import NewJob
from graphql_api.data.records import HistoryKey, Job, JobEvent, Problem, ProblemId
from graphql_api.data.text import shorten
from graphql_api.resolvers import access
from graphql_api.resolvers.paging import PageRequest, list_page, scope_of


async def find(context: Context, ulid: str) -> Job | None:
    """Return a job for editors. Other viewers get None."""
    return await context.loaders.jobs.load(ulid) if context.is_editor else None


async def list_jobs(
    context: Context, page: PageRequest, kind: JobKind | None, status: JobStatus | None
) -> Page[Job]:
    """Return a page of jobs, newest first.

    Raises:
        Unauthenticated, Forbidden: The viewer is not an editor.
        InvalidInput: A page argument is invalid.
    """
    access.require_editor(context)
    jobs = context.stores.jobs

    async def read(window: PageWindow) -> Page[Job]:
        return await jobs.list(window, kind=kind, status=status)

    return await list_page(context, page, scope_of("jobs", kind, status), read)


async def events_of(context: Context, job: Job, page: PageRequest, after: int) -> list[JobEvent]:
    """Return a page of the events in a job's log.

    Only events whose sequence number is greater than `after` are returned.

    Raises:
        InvalidInput: `first` and `last` are both set, or the page size is out of range.
    """
    window = page.window(context.cursors, scope_of("events", job.ulid))
    return await context.read_once(
        ("events", job.ulid, after, window),
        lambda: context.stores.jobs.events(
            job.ulid, after=after, size=window.size, from_end=window.from_end
        ),
    )


async def result_of(context: Context, job: Job) -> Mapping[str, Any] | None:
    """Return the result of a job, or None if the job has not SUCCEEDED."""
    return await context.loaders.job_results.load(job)


async def cancel(context: Context, ulid: str) -> Job:
    """Cancel a job and return it as CANCELLED. Cancelling a CANCELLED job again has no effect.

    Raises:
        Unauthenticated, Forbidden: The viewer is not an editor.
        NotFound: The job does not exist.
        Conflict: The job has already ended.
    """
    access.require_editor(context)
    job = await context.stores.jobs.cancel(ulid)
    await context.sender.send_job_cancellation(ulid)
    return job


async def rejudge(context: Context, problem: ProblemId | None, history: HistoryKey | None) -> Job:
    """Start a job that rejudges one history, or all judged executions of a problem.

    Raises:
        Unauthenticated, Forbidden: The viewer is not an editor.
        InvalidInput: `problem` and `history` are both None, or both are set.
        NotFound: The problem or history does not exist.
        Conflict: The status of the history is not COMPLETED, or the problem has no tests.
    """
    viewer = access.require_editor(context)
    if (problem is None) == (history is None):
        raise InvalidInput("Send exactly one of `problemId` and `historyId`.", ("problemId",))
    parameters: dict[str, Any] = {}
    if history is not None:
        problem = await _problem_of(context, history)
        parameters = {"uid": history[0], "ulid": history[1]}
    assert problem is not None
    judgeable = await _load_judgeable(context, problem)
    new = NewJob(
        kind=JobKind.REJUDGE,
        uid=viewer.uid,
        parameters=parameters,
        problem=judgeable.id,
    )
    job = await context.stores.jobs.create(new)
    await context.sender.send_job(viewer.uid, job.ulid)
    return job


async def _problem_of(context: Context, key: HistoryKey) -> ProblemId:
    history = await context.stores.histories.get(*key, consistent=True)
    if history is None:
        raise NotFound(
            "The history does not exist, or you may not see it. Check `historyId`.", ("historyId",)
        )
    if history.status is not HistoryStatus.COMPLETED:
        raise Conflict(
            "The history has no result, so it cannot be judged again. Choose a history with the "
            "status COMPLETED.",
            ("historyId",),
        )
    return history.problem_id


async def _load_judgeable(context: Context, wanted: ProblemId) -> Problem:
    problem = await context.stores.problems.get(*wanted.key, consistent=True)
    is_same = problem is not None and problem.id == wanted
    if problem is None or not is_same or problem.state is ProblemState.DELETED:
        raise NotFound(
            f"The problem `{shorten(wanted.platform)}/{shorten(wanted.number)}` does not exist, "
            "or `problemId` is the id of an earlier, deleted problem with this platform and "
            "number. Request the current id with the field `problem`.",
            ("problemId",),
        )
    if problem.test_version is None or problem.test_count == 0:
        raise Conflict(
            "This problem has no test cases, so no code can be judged. Choose another problem.",
            ("problemId",),
        )
    return problem
