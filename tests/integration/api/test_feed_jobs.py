"""softDeleteProblem, restoreProblem and deleteProblem start a job for the public feed."""

from typing import Any

import pytest

from graphql_api.data.clock import now_ms
from graphql_api.data.enums import JobKind, ProblemState
from graphql_api.data.jobs import RESEND_AFTER_MS
from graphql_api.data.records import Job
from graphql_api.schema.ids import job_id, job_key, problem_id
from tests.support.api import ADMIN, Api
from tests.support.transport import FaultyTransport

pytestmark = [pytest.mark.dynamodb, pytest.mark.redis]

JOB = "job { id kind status message platform problemNumber }"
JOBS = "query($kind: JobKind) { jobs(kind: $kind) { edges { node { id kind status } } } }"
FEED = "{ publicFeed { edges { node { id } } } }"


@pytest.fixture
async def problem(api: Api) -> str:
    """Return the id of problem 1."""
    return problem_id((await api.problem()).id)


@pytest.fixture
async def editor(api: Api, problem: str) -> str:  # noqa: ARG001 - the problem must exist
    return await api.editor()


async def soft_delete(api: Api, token: str, problem: str) -> Any:
    return await api.mutate("softDeleteProblem", JOB, token, problemId=problem, reason="twice")


async def restore(api: Api, token: str, problem: str) -> Any:
    return await api.mutate("restoreProblem", JOB, token, problemId=problem)


def check_job(job: Any, kind: JobKind) -> None:
    assert (job["kind"], job["status"], job["message"]) == (kind, "QUEUED", None)
    assert (job["platform"], job["problemNumber"]) == ("algoitny", "1")


async def test_a_soft_deletion_and_a_restoration_each_start_a_job_that_editors_see(
    api: Api, editor: str, problem: str
) -> None:
    uid = (await api.user("editor@example.org")).uid
    removal = (await soft_delete(api, editor, problem))["job"]
    check_job(removal, JobKind.REMOVE_FROM_FEED)
    back = (await restore(api, editor, problem))["job"]
    check_job(back, JobKind.RETURN_TO_FEED)
    sent = [(uid, job_key(job["id"]), None) for job in (removal, back)]
    assert api.sender.jobs == sent
    for job in (removal, back):
        listed = (await api.data(JOBS, editor, kind=job["kind"]))["jobs"]["edges"]
        assert [edge["node"]["id"] for edge in listed] == [job["id"]]


async def test_a_second_deletion_starts_no_second_job(api: Api, editor: str, problem: str) -> None:
    await soft_delete(api, editor, problem)
    again = await soft_delete(api, editor, problem)
    assert (again["__typename"], again["job"]) == ("SoftDeleteProblemPayload", None)
    assert len(api.sender.jobs) == 1


async def test_a_permanent_deletion_starts_a_job_also_after_a_soft_deletion(
    api: Api, editor: str, problem: str
) -> None:
    admin = await api.sign_in(ADMIN)
    await soft_delete(api, editor, problem)
    done = await api.mutate("deleteProblem", JOB, admin, problemId=problem)
    check_job(done["job"], JobKind.REMOVE_FROM_FEED)
    assert len(api.sender.jobs) == 2


async def test_a_refused_mutation_starts_no_job(api: Api, editor: str, problem: str) -> None:
    anyone = await api.sign_in("ann@example.org")
    refused = [
        await soft_delete(api, anyone, problem),
        await restore(api, editor, problem),
        await api.mutate("deleteProblem", JOB, editor, problemId=problem),
    ]
    assert [result["__typename"] for result in refused] == ["Forbidden", "Conflict", "Forbidden"]
    assert api.sender.jobs == []
    assert await due(api) == []


@pytest.mark.parametrize("is_after", [False, True])
@pytest.mark.parametrize("name", ["softDeleteProblem", "restoreProblem", "deleteProblem"])
async def test_a_crash_leaves_the_problem_unchanged_or_a_job_that_the_sweeper_sends(
    api: Api, editor: str, problem: str, name: str, *, is_after: bool
) -> None:
    stores, key = api.services.stores, ("algoitny", "1")
    given = {"problemId": problem}
    if name == "softDeleteProblem":
        given["reason"] = "twice"
    if name == "restoreProblem":
        await stores.problems.soft_delete(*key)
    token = await api.sign_in(ADMIN) if name == "deleteProblem" else editor
    before = await stores.problems.get(*key, consistent=True)
    FaultyTransport(stores.dynamo).crash("TransactWriteItems", after=is_after)
    kind_of_input = f"{name[0].upper()}{name[1:]}Input!"
    query = f"mutation($input: {kind_of_input}) {{ {name}(input: $input) {{ __typename }} }}"
    assert (await api.error(query, token, input=given))["extensions"]["code"] == "INTERNAL"
    assert api.sender.jobs == []
    jobs = await due(api)
    after = await stores.problems.get(*key, consistent=True)
    if not is_after:
        assert (jobs, after) == ([], before)
        return
    is_restored = name == "restoreProblem"
    kind = JobKind.RETURN_TO_FEED if is_restored else JobKind.REMOVE_FROM_FEED
    assert [(job.kind, job.pid) for job in jobs] == [(kind, before and before.pid)]
    assert after is not None
    assert (after.state is ProblemState.DELETED) is not is_restored
    assert await stores.jobs.parameters(jobs[0].ulid) == {}
    shown = await api.data(JOBS, editor, kind=kind)
    assert [edge["node"]["id"] for edge in shown["jobs"]["edges"]] == [job_id(jobs[0].ulid)]


async def due(api: Api) -> list[Job]:
    """Return the jobs that a sweeper sends after the pause for the first message."""
    return await api.services.stores.jobs.due(now_ms() + RESEND_AFTER_MS + 1)


async def test_a_problem_without_the_deletion_s_job_publishes_no_new_execution(
    api: Api, editor: str, problem: str
) -> None:
    """The job has not run yet, and the owner asks to publish a private execution."""
    ann = await api.sign_in("ann@example.org")
    history = await api.submit(ann)
    await api.judge()
    await soft_delete(api, editor, problem)
    refused = await api.mutate(
        "setHistoryVisibility", "history { id }", ann, historyId=history, isPublic=True
    )
    assert refused["__typename"] == "Conflict"
    assert (await api.data(FEED))["publicFeed"]["edges"] == []
