"""rejudge, cancelJob, job and jobs: for editors, on a real table."""

from typing import Any

import pytest
from ulid import ULID

from graphql_api.data.dynamo.meter import metered
from graphql_api.data.enums import JobKind, JobStatus, ProblemState
from graphql_api.data.records import NO_PID, ProblemId
from graphql_api.schema.ids import history_key, job_id, job_key, problem_id
from tests.support.api import Api
from tests.support.transport import AWAY, FaultyTransport

pytestmark = [pytest.mark.dynamodb, pytest.mark.redis]

ANN = "ann@example.org"
JOB = """id kind status progress message platform problemNumber attempt createdAt updatedAt
  finishedAt rejudged { judged changed skipped failed }
  events { sequence message progress createdAt }"""
READ = f"query($id: ID!) {{ job(id: $id) {{ {JOB} }} }}"
NODE = "query($id: ID!) { node(id: $id) { ... on Job { status } } }"
LIST = """query($kind: JobKind, $status: JobStatus, $first: Int, $after: String) {
  jobs(kind: $kind, status: $status, first: $first, after: $after) {
    edges { node { id status } } pageInfo { hasNextPage endCursor } } }"""


@pytest.fixture
async def problem(api: Api) -> str:
    """Return the id of problem 1."""
    return problem_id((await api.problem()).id)


@pytest.fixture
async def editor(api: Api, problem: str) -> str:  # noqa: ARG001 - the problem must exist
    return await api.editor()


async def rejudge(api: Api, token: str | None, **given: Any) -> Any:
    return await api.mutate("rejudge", f"job {{ {JOB} }}", token, **given)


async def test_a_rejudge_is_a_queued_job_that_is_sent(api: Api, editor: str, problem: str) -> None:
    result = await rejudge(api, editor, problemId=problem)
    assert result["__typename"] == "RejudgePayload"
    job = result["job"]
    assert (job["kind"], job["status"], job["progress"]) == ("REJUDGE", "QUEUED", 0)
    assert (job["platform"], job["problemNumber"], job["attempt"]) == ("algoitny", "1", 0)
    assert (job["events"], job["rejudged"], job["finishedAt"]) == ([], None, None)
    uid = (await api.user("editor@example.org")).uid
    assert api.sender.jobs == [(uid, job_key(job["id"]), None)]
    assert (await api.data(READ, editor, id=job["id"]))["job"] == job


async def test_one_history_is_named_by_its_id(api: Api, editor: str) -> None:
    ann = await api.sign_in(ANN)
    history = await api.submit(ann)
    refused = await rejudge(api, editor, historyId=history)
    assert (refused["__typename"], refused["path"]) == ("Conflict", ["historyId"])
    await api.judge()
    result = await rejudge(api, editor, historyId=history)
    uid, ulid = history_key(history)
    parameters = await api.services.stores.jobs.parameters(job_key(result["job"]["id"]))
    assert parameters == {"uid": uid, "ulid": ulid}
    assert result["job"]["problemNumber"] == "1"


@pytest.mark.parametrize(
    ("given", "kind", "path"),
    [
        ({}, "InvalidInput", ["problemId"]),
        ({"problemId": "1", "historyId": "x"}, "InvalidInput", ["historyId"]),
        ({"problemId": "nonsense"}, "InvalidInput", ["problemId"]),
        ({"historyId": "1"}, "InvalidInput", ["historyId"]),
        ({"problemId": "404"}, "NotFound", ["problemId"]),
        ({"problemId": "gone"}, "NotFound", ["problemId"]),
        ({"problemId": "empty"}, "Conflict", ["problemId"]),
    ],
)
async def test_what_cannot_be_judged_again_is_refused_by_name(
    *, api: Api, editor: str, problem: str, given: dict[str, Any], kind: str, path: list[str]
) -> None:
    gone = await api.problem("gone", ProblemState.DELETED)
    empty = await api.problem("empty", tests=0)
    ids = {
        "1": problem,
        "404": problem_id(ProblemId("algoitny", "404", NO_PID)),
        "gone": problem_id(gone.id),
        "empty": problem_id(empty.id),
    }
    sent = {name: ids.get(value, value) for name, value in given.items()}
    result = await rejudge(api, editor, **sent)
    assert (result["__typename"], result["path"]) == (kind, path)
    assert api.sender.jobs == []


async def test_jobs_are_for_editors(api: Api, editor: str, problem: str) -> None:
    job = (await rejudge(api, editor, problemId=problem))["job"]["id"]
    ann = await api.sign_in(ANN)
    for token, kind in ((None, "Unauthenticated"), (ann, "Forbidden")):
        assert (await rejudge(api, token, problemId=problem))["__typename"] == kind
        cancelled = await api.mutate("cancelJob", "job { status }", token, jobId=job)
        assert cancelled["__typename"] == kind
        assert (await api.data(READ, token, id=job))["job"] is None
        assert (await api.data(NODE, token, id=job))["node"] is None
        error = await api.error(LIST, token)
        assert error["extensions"]["code"] == ("UNAUTHENTICATED" if token is None else "FORBIDDEN")
    assert (await api.data(NODE, editor, id=job))["node"] == {"status": "QUEUED"}


async def test_the_worker_of_a_cancelled_job_gets_a_cancellation_and_cancelling_twice_is_harmless(
    api: Api, editor: str, problem: str
) -> None:
    job = (await rejudge(api, editor, problemId=problem))["job"]["id"]
    for _ in range(2):
        result = await api.mutate("cancelJob", "job { id status finishedAt }", editor, jobId=job)
        assert (result["job"]["id"], result["job"]["status"]) == (job, "CANCELLED")
        assert result["job"]["finishedAt"] is not None
    assert api.sender.ended[0] == ("job", job_key(job))
    missing = await api.mutate("cancelJob", "job { id }", editor, jobId=job_id(str(ULID())))
    assert missing["__typename"] == "NotFound"


async def test_a_finished_job_shows_what_it_did_and_is_not_cancelled(
    api: Api, editor: str, problem: str
) -> None:
    job = (await rejudge(api, editor, problemId=problem))["job"]["id"]
    jobs, ulid = api.services.stores.jobs, job_key(job)
    await jobs.claim(ulid, token="me", lease_ms=10_000)
    await jobs.progress(ulid, 1, "half of it", 50)
    await jobs.progress(ulid, 1, "all of it", 99)
    counts = {"judged": 3, "changed": 2, "skipped": 1, "failed": 0}
    await jobs.finish(ulid, 1, counts)
    shown = (await api.data(READ, editor, id=job))["job"]
    assert (shown["status"], shown["progress"], shown["rejudged"]) == ("SUCCEEDED", 100, counts)
    assert [event["message"] for event in shown["events"]] == ["half of it", "all of it"]
    result = await api.mutate("cancelJob", "job { id }", editor, jobId=job)
    assert result["__typename"] == "Conflict"


EVENTS = """query($id: ID!, $after: Int, $first: Int, $last: Int) {
  job(id: $id) { events(after: $after, first: $first, last: $last) { sequence } } }"""


async def test_progress_comes_in_order_and_in_pages(api: Api, editor: str, problem: str) -> None:
    job = (await rejudge(api, editor, problemId=problem))["job"]["id"]
    jobs, ulid = api.services.stores.jobs, job_key(job)
    await jobs.claim(ulid, token="me", lease_ms=10_000)
    for number in range(1, 23):
        await jobs.progress(ulid, 1, f"line {number}", number)

    async def sequences(**given: int) -> list[int]:
        found = (await api.data(EVENTS, editor, id=job, **({"after": 0} | given)))["job"]["events"]
        return [event["sequence"] for event in found]

    assert await sequences() == list(range(1, 21))
    assert await sequences(after=20) == [21, 22]
    assert await sequences(after=3, first=2) == [4, 5]
    assert await sequences(last=2) == [21, 22]
    assert await sequences(after=21, last=2) == [22]
    with metered() as meter:
        await sequences(first=5)
    assert (meter.requests, meter.read_units) == (2, 1.5)
    for given in ({"first": 101}, {"first": 0}, {"last": 101}, {"first": 1, "last": 1}):
        error = await api.error(EVENTS, editor, id=job, **({"after": 0} | given))
        assert error["extensions"]["code"] == "INVALID_INPUT"


async def test_progress_that_cannot_be_read_leaves_the_rest_of_the_job(
    api: Api, editor: str, problem: str
) -> None:
    job = (await rejudge(api, editor, problemId=problem))["job"]["id"]
    query = "query($id: ID!) { job(id: $id) { status events { message } } }"
    FaultyTransport(api.services.stores.dynamo).refuse("Query", AWAY)
    answer = (await api.post(query, {"id": job}, editor)).json()
    assert answer["data"] == {"job": {"status": "QUEUED", "events": None}}
    (error,) = answer["errors"]
    assert (error["path"], error["extensions"]) == (["job", "events"], {"code": "UNAVAILABLE"})


async def test_jobs_with_their_results_cost_one_request_of_each_kind(
    api: Api, editor: str, problem: str
) -> None:
    jobs = api.services.stores.jobs
    for _ in range(3):
        ulid = job_key((await rejudge(api, editor, problemId=problem))["job"]["id"])
        await jobs.claim(ulid, token="me", lease_ms=10_000)
        await jobs.finish(ulid, 1, {"judged": 1, "changed": 0, "skipped": 0, "failed": 0})
    waiting = (await rejudge(api, editor, problemId=problem))["job"]["id"]
    query = "{ jobs(kind: REJUDGE) { edges { node { id rejudged { judged } } } } }"
    with metered() as meter:
        edges = (await api.data(query, editor))["jobs"]["edges"]
    assert [edge["node"]["rejudged"] for edge in edges] == [None, *([{"judged": 1}] * 3)]
    assert meter.requests == 2
    ids = [edge["node"]["id"] for edge in edges]
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Job { status } } }"
    with metered() as meter:
        nodes = (await api.data(query, editor, ids=ids))["nodes"]
    assert [node["status"] for node in nodes] == ["QUEUED", *(["SUCCEEDED"] * 3)]
    assert (ids[0], meter.requests) == (waiting, 1)


async def test_jobs_are_listed_newest_first_by_kind_and_status(
    api: Api, editor: str, problem: str
) -> None:
    ids = [(await rejudge(api, editor, problemId=problem))["job"]["id"] for _ in range(3)]
    await api.mutate("cancelJob", "job { id }", editor, jobId=ids[1])

    async def listed(**given: Any) -> list[str]:
        page = (await api.data(LIST, editor, **given))["jobs"]
        return [edge["node"]["id"] for edge in page["edges"]]

    assert await listed() == ids[::-1]
    assert await listed(kind=JobKind.REJUDGE) == ids[::-1]
    assert await listed(status=JobStatus.QUEUED) == [ids[2], ids[0]]
    assert await listed(status=JobStatus.CANCELLED, kind=JobKind.REJUDGE) == [ids[1]]
    assert await listed(kind=JobKind.EXTRACT_PROBLEM) == []
    page = (await api.data(LIST, editor, first=2))["jobs"]
    assert page["pageInfo"]["hasNextPage"] is True
    assert await listed(first=2, after=page["pageInfo"]["endCursor"]) == ids[:1]
    error = await api.error(LIST, editor, after=page["pageInfo"]["endCursor"], kind=JobKind.REJUDGE)
    assert error["extensions"]["code"] == "INVALID_INPUT"


async def test_a_history_says_when_its_result_was_replaced(api: Api) -> None:
    await api.problem()
    ann = await api.sign_in(ANN)
    history = await api.submit(ann)
    judged = await api.judge()
    query = "query($id: ID!) { history(id: $id) { verdict rejudgedAt finishedAt } }"
    before = (await api.data(query, ann, id=history))["history"]
    assert (before["verdict"], before["rejudgedAt"]) == ("WA", None)
    rejudges = api.services.stores.rejudges
    begun = await rejudges.begin(judged.uid, judged.ulid, "job")
    assert begun is not None
    await rejudges.complete(begun, api.outcome(attempt=2), "job")
    after = (await api.data(query, ann, id=history))["history"]
    assert after["rejudgedAt"] is not None
    assert after["finishedAt"] == before["finishedAt"]
