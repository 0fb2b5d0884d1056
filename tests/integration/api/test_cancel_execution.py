"""cancelExecution: the allowed callers, the refund, and the histories that stay unchanged."""

import pytest

from graphql_api.schema.ids import Kind, encode, history_key
from tests.support.api import Api, OpenApi
from tests.support.senders import RecordingSender
from tests.support.transport import AWAY, FaultyTransport

pytestmark = [pytest.mark.dynamodb, pytest.mark.redis]

ANN, BOB = "ann@example.org", "bob@example.org"
FIELDS = "history { id status verdict finishedAt } usage { executions { used } }"
STATUS = "query($id: ID!) { history(id: $id) { status } }"


@pytest.fixture
async def ann(api: Api) -> str:
    await api.problem()
    return await api.sign_in(ANN)


async def test_a_pending_execution_is_cancelled_and_its_unit_given_back(api: Api, ann: str) -> None:
    await api.submit(ann)
    history = await api.submit(ann)
    result = await api.mutate("cancelExecution", FIELDS, ann, historyId=history)
    assert result["__typename"] == "CancelExecutionPayload"
    assert (result["history"]["id"], result["history"]["status"]) == (history, "CANCELLED")
    assert result["history"]["verdict"] is None
    assert result["history"]["finishedAt"] is not None
    assert result["usage"]["executions"]["used"] == 1
    assert api.sender.ended == [history_key(history)]


async def test_what_a_worker_has_begun_is_cancelled_and_not_given_back(api: Api, ann: str) -> None:
    history = await api.submit(ann)
    uid, ulid = history_key(history)
    await api.services.stores.executions.claim(uid, ulid, token="me", lease_ms=10_000)
    result = await api.mutate("cancelExecution", FIELDS, ann, historyId=history)
    assert result["history"]["status"] == "CANCELLED"
    assert result["usage"]["executions"]["used"] == 1


async def test_twice_is_once(api: Api, ann: str) -> None:
    history = await api.submit(ann)
    first = await api.mutate("cancelExecution", FIELDS, ann, historyId=history)
    assert await api.mutate("cancelExecution", FIELDS, ann, historyId=history) == first


class Breaking(RecordingSender):
    """A sender after whose message the database fails one read."""

    faults: FaultyTransport

    async def send_cancellation(self, uid: str, ulid: str) -> None:
        await super().send_cancellation(uid, ulid)
        self.faults.refuse("GetItem", AWAY)


async def test_counters_that_cannot_be_read_leave_what_was_cancelled(open_api: OpenApi) -> None:
    sender = Breaking()
    api = await open_api(sender)
    sender.faults = FaultyTransport(api.services.stores.dynamo)
    await api.problem()
    ann = await api.sign_in(ANN)
    given = {"historyId": await api.submit(ann)}
    query = f"""mutation($input: CancelExecutionInput!) {{ cancelExecution(input: $input) {{
      ... on CancelExecutionPayload {{ {FIELDS} }} }} }}"""
    answer = (await api.post(query, {"input": given}, ann)).json()
    payload = answer["data"]["cancelExecution"]
    assert (payload["history"]["status"], payload["usage"]) == ("CANCELLED", None)
    (error,) = answer["errors"]
    assert error["path"] == ["cancelExecution", "usage"]
    assert error["extensions"] == {"code": "UNAVAILABLE"}


async def test_what_was_judged_stays_as_it_is(api: Api, ann: str) -> None:
    history = await api.submit(ann)
    await api.judge()
    result = await api.mutate("cancelExecution", FIELDS, ann, historyId=history)
    assert (result["__typename"], result["path"]) == ("Conflict", ["historyId"])
    assert (await api.data(STATUS, ann, id=history))["history"]["status"] == "COMPLETED"


async def test_a_stranger_cancels_nothing_and_learns_nothing(api: Api, ann: str) -> None:
    bob = await api.sign_in(BOB)
    private, public = await api.submit(ann), await api.submit(ann, isPublic=True)
    for token, history, kind in (
        (None, private, "Unauthenticated"),
        (bob, private, "NotFound"),
        (bob, public, "Forbidden"),
        (bob, "nonsense", "InvalidInput"),
        (ann, encode(Kind.HISTORY, "nobody", "nothing"), "NotFound"),
    ):
        result = await api.mutate("cancelExecution", FIELDS, token, historyId=history)
        assert result["__typename"] == kind
    for history in (private, public):
        assert (await api.data(STATUS, ann, id=history))["history"]["status"] == "PENDING"
    assert api.sender.ended == []


async def test_the_worker_of_a_deleted_history_gets_a_cancellation_too(api: Api, ann: str) -> None:
    history = await api.submit(ann)
    await api.mutate("deleteHistory", "historyId", ann, historyId=history)
    assert api.sender.ended == [history_key(history)]
