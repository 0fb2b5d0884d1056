"""The deletion and the restoration of a problem through the API, when its worker is killed."""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from graphql_api.data.stores import Stores
from graphql_api.schema.ids import problem_id
from tests.support.executions import ADD, SHORT, SubmissionDriver
from tests.support.feed_jobs import FeedDriver
from tests.support.system import Api, Client, Worker
from tests.support.waiting import PATIENCE_S, wait_until

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.slow,
    pytest.mark.dynamodb,
    pytest.mark.redis,
    pytest.mark.sandbox,
]

ADMIN = "admin@example.org"
MANY = 300
# A removal waits for ten times the deadline of a store operation before it ends.
DEADLINE_MS = "2000"
FEED = """query($after: String) { publicFeed(platform: "algoitny", first: 100, after: $after) {
  edges { cursor node { id } } pageInfo { hasNextPage endCursor } } }"""
CHANGE = """mutation($input: %sInput!) { %s(input: $input) {
  ... on %sPayload { job { id kind } } ... on UserError { code message } } }"""
JOB = "query($id: ID!) { job(id: $id) { status message attempt progress } }"


@pytest.fixture
def env(settings_env: dict[str, str]) -> dict[str, str]:
    changed = {"ATTEMPT_CAP": "20", "ADMIN_EMAILS": ADMIN, "DYNAMODB_DEADLINE_MS": DEADLINE_MS}
    return {**settings_env, **SHORT, **changed}


def read_feed(client: Client, after: str | None = None) -> list[tuple[str, str]]:
    """Return cursor and id of all executions in the feed after a cursor."""
    edges: list[Any] = []
    while True:
        page = client.ask(FEED, after=after)["publicFeed"]
        edges += page["edges"]
        if not page["pageInfo"]["hasNextPage"]:
            return [(edge["cursor"], edge["node"]["id"]) for edge in edges]
        after = page["pageInfo"]["endCursor"]


def start(client: Client, name: str, **given: str) -> str:
    """Delete or restore the problem and return the id of the job."""
    kind = name[0].upper() + name[1:]
    job = client.ask(CHANGE % (kind, name, kind), input=given)[name]["job"]
    return str(job["id"])


def end_of(client: Client, job_id: str) -> dict[str, Any]:
    def check() -> dict[str, Any] | None:
        job: dict[str, Any] = client.ask(JOB, id=job_id)["job"]
        return job if job["status"] not in {"QUEUED", "RUNNING"} else None

    return wait_until("the end of the job", check, timeout_s=2 * PATIENCE_S)


async def test_executions_leave_the_feed_and_return_to_their_places_although_the_worker_is_killed(
    env: dict[str, str], stores: Stores, tmp_path: Path
) -> None:
    driver = await SubmissionDriver.open(stores)
    driver.limit = None
    feed = FeedDriver(driver)
    for _ in range(MANY):
        await feed.completed()
    problem = problem_id(driver.problem.id)
    async with AsyncExitStack() as stack:
        api = stack.enter_context(Api(env, tmp_path)).wait_until_alive()
        worker = stack.enter_context(Worker(env, tmp_path))
        stranger = stack.enter_context(Client(api.url))
        admin = stack.enter_context(stranger.signed_in(ADMIN))
        judged = admin.submit("1", "python", ADD, isPublic=True)["history"]["id"]
        assert admin.finished(judged)["verdict"] == "AC"
        before = read_feed(stranger)
        assert (len(before), before[0][1]) == (MANY + 1, judged)

        removal = start(admin, "softDeleteProblem", problemId=problem, reason="twice")
        wait_until("the first removals", lambda: read_feed(stranger) != before)
        worker.kill()
        assert 0 < len(read_feed(stranger)) <= MANY
        stack.enter_context(Worker(env, tmp_path))
        wait_until("the last removal", lambda: not read_feed(stranger), timeout_s=2 * PATIENCE_S)
        job = end_of(admin, removal)
        assert (job["status"], job["progress"]) == ("SUCCEEDED", 100), job
        assert job["attempt"] >= 2

        restoration = start(admin, "restoreProblem", problemId=problem)
        job = end_of(admin, restoration)
        assert job["message"] == f"Executions back in the feed: {MANY + 1}."
        assert read_feed(stranger) == before
        middle = MANY // 2
        assert read_feed(stranger, after=before[middle][0]) == before[middle + 1 :]
