"""A problem that was deleted permanently, and another problem that got its name, through the API.

The first problem may be one that the previous version wrote, without a pid.
"""

from dataclasses import dataclass
from typing import Any

import pytest
from graphql import build_schema, get_named_type

from graphql_api.data.dynamo.client import Dynamo
from graphql_api.data.enums import Verdict
from graphql_api.data.histories.executions import Claim, Outcome
from graphql_api.data.records import NO_PID, History, Problem, TestCaseKey
from graphql_api.data.stores import Stores
from graphql_api.schema import ids
from tests.support.api import ADMIN, Api
from tests.support.former_items import forget_pid
from tests.support.paths import ROOT

pytestmark = [pytest.mark.dynamodb, pytest.mark.redis]

ANN = "ann@example.org"
NAME = ("algoitny", "1")
NODES = """query($ids: [ID!]!) { nodes(ids: $ids) {
  ... on Problem { title } ... on TestCase { input } ... on History { problem { title } } } }"""
NODE = "query($id: ID!) { node(id: $id) { id } }"
FEED = "{ publicFeed { edges { node { id problemNumber problem { title } } } } }"
BY_NAME = '{ problem(platform: "algoitny", number: "1") { id title executionCount } }'
TESTS = [{"input": "1", "output": "1"}]
# A valid input of each mutation that takes the id of a problem, without this id.
CALLS: dict[str, dict[str, Any]] = {
    "updateProblem": {"title": "Changed"},
    "completeProblem": {},
    "softDeleteProblem": {"reason": "x"},
    "restoreProblem": {},
    "deleteProblem": {},
    "addTestCases": {"testCases": TESTS},
    "replaceTestCases": {"testCases": TESTS},
    "setSolution": {"language": "python", "code": "print(1)"},
    "rejudge": {},
    "executeCode": {"language": "python", "code": "print(1)"},
}


@dataclass(frozen=True)
class World:
    """Two problems with the same name, of which the first was deleted permanently."""

    api: Api
    ann: str
    first: Problem
    second: Problem
    history: str

    @property
    def former_id(self) -> str:
        return str(ids.problem_id(self.first.id))

    @property
    def stores(self) -> Stores:
        return self.api.services.stores


async def complete(stores: Stores, history_id: str, verdict: Verdict) -> History:
    claim = await stores.executions.claim(*ids.history_key(history_id), token="me", lease_ms=10_000)
    assert isinstance(claim, Claim)
    outcome = Api.outcome(attempt=claim.history.attempt)
    judged = Outcome(
        **{name: getattr(outcome, name) for name in outcome.__slots__} | {"verdict": verdict}
    )
    return await stores.executions.complete(claim.history, judged)


async def current(stores: Stores) -> Problem:
    problem = await stores.problems.get(*NAME, consistent=True)
    assert problem is not None
    return problem


@pytest.fixture(params=["with a pid", "without a pid"])
async def world(request: pytest.FixtureRequest, api: Api, dynamo: Dynamo) -> World:
    ann, admin = await api.sign_in(ANN), await api.sign_in(ADMIN)
    await api.problem(title="First")
    if request.param == "without a pid":
        await forget_pid(dynamo, NAME)
    stores = api.services.stores
    first = await current(stores)
    assert (first.pid == NO_PID) is (request.param == "without a pid")
    history = await api.submit(ann, isPublic=True)
    card = await complete(stores, history, Verdict.AC)
    assert card.problem_id == first.id
    given = {"problemId": str(ids.problem_id(first.id))}
    deleted = await api.mutate("deleteProblem", "problemId", admin, **given)
    assert deleted["problemId"] == given["problemId"]
    second = await api.problem(title="Second")
    return World(api, ann, first, second, history)


async def test_the_id_of_the_first_problem_does_not_lead_to_the_second(world: World) -> None:
    new_id = str(ids.problem_id(world.second.id))
    assert world.former_id != new_id
    found = await world.api.data(NODES, ids=[world.former_id, new_id, world.history])
    assert found["nodes"] == [None, {"title": "Second"}, {"problem": None}]
    assert (await world.api.data(NODE, id=world.former_id))["node"] is None
    by_name = (await world.api.data(BY_NAME))["problem"]
    assert by_name == {"id": new_id, "title": "Second", "executionCount": 0}


def test_each_mutation_that_takes_the_id_of_a_problem_is_called() -> None:
    schema = build_schema((ROOT / "schema.graphql").read_text())
    assert schema.mutation_type is not None
    taking = {
        name
        for name, mutation in schema.mutation_type.fields.items()
        if "problemId" in getattr(get_named_type(mutation.args["input"].type), "fields", {})
    }
    assert taking == set(CALLS)


@pytest.mark.parametrize(("name", "given"), CALLS.items())
async def test_no_mutation_takes_the_id_of_the_first_problem_for_the_second(
    world: World, name: str, given: dict[str, Any]
) -> None:
    admin = await world.api.sign_in(ADMIN)
    fields = {"deleteProblem": "problemId", "rejudge": "job { id }", "executeCode": "message"}
    problem = fields.get(name, "problem { id }")
    before, sent, jobs = (
        await current(world.stores),
        [*world.api.sender.sent],
        [*world.api.sender.jobs],
    )
    result = await world.api.mutate(name, problem, admin, problemId=world.former_id, **given)
    assert result["__typename"] == "NotFound"
    assert await current(world.stores) == before
    assert (world.api.sender.sent, world.api.sender.jobs) == (sent, jobs)
    # The same call with the id of the second problem is not refused for the name.
    new_id = str(ids.problem_id(world.second.id))
    accepted = await world.api.mutate(name, problem, admin, problemId=new_id, **given)
    assert accepted["__typename"] != "NotFound"


async def test_the_ids_of_the_tests_of_the_first_problem_do_not_lead_to_the_second(
    world: World,
) -> None:
    admin = await world.api.sign_in(ADMIN)
    version = world.second.test_version
    assert version is not None
    former = [
        str(ids.test_case_id(TestCaseKey(*world.first.id, each, number)))
        for each in (world.first.test_version or 0, version)
        for number in (1, 2)
    ]
    new_id = str(ids.test_case_id(TestCaseKey(*world.second.id, version, 1)))
    found = (await world.api.data(NODES, admin, ids=[*former, new_id]))["nodes"]
    assert found[:-1] == [None] * 4
    assert found[-1] is not None
    for each in former:
        refused = await world.api.mutate("deleteTestCase", "problem { id }", admin, testCaseId=each)
        assert refused["__typename"] == "NotFound"
    assert (await current(world.stores)).test_count == world.second.test_count


async def test_histories_and_feed_entries_of_the_first_problem_have_no_problem(
    world: World,
) -> None:
    listed = (await world.api.data(FEED))["publicFeed"]["edges"]
    assert [edge["node"]["problem"] for edge in listed] in ([], [None])
    given = {"historyId": world.history, "isPublic": False}
    fields = "history { isPublic problem { title } }"
    private = await world.api.mutate("setHistoryVisibility", fields, world.ann, **given)
    assert private["history"] == {"isPublic": False, "problem": None}
    given |= {"isPublic": True}
    refused = await world.api.mutate("setHistoryVisibility", fields, world.ann, **given)
    assert refused["__typename"] == "Conflict"


async def test_a_rejudge_of_an_execution_of_the_first_problem_is_refused(world: World) -> None:
    editor = await world.api.editor()
    refused = await world.api.mutate("rejudge", "job { id }", editor, historyId=world.history)
    assert (refused["__typename"], refused["path"]) == ("NotFound", ["problemId"])
    assert "earlier, deleted problem" in refused["message"]


async def test_solving_the_first_problem_does_not_solve_the_second(world: World) -> None:
    stats = "{ viewer { stats { accepted problemsSolved } } }"
    for count in (1, 2):
        found = (await world.api.data(stats, world.ann))["viewer"]["stats"]
        assert found == {"accepted": count, "problemsSolved": count}
        if count == 1:
            new = await world.api.submit(world.ann)
            await complete(world.stores, new, Verdict.AC)
    again = await world.api.submit(world.ann)
    await complete(world.stores, again, Verdict.AC)
    found = (await world.api.data(stats, world.ann))["viewer"]["stats"]
    assert found == {"accepted": 3, "problemsSolved": 2}
    marks = [sort for sort in await world.api.trace(ANN) if sort.startswith("V#")]
    assert len(marks) == 2


async def test_a_repeated_request_for_the_first_problem_is_not_one_for_the_second(
    api: Api,
) -> None:
    ann, admin = await api.sign_in(ANN), await api.sign_in(ADMIN)
    first = await api.problem(title="First")
    by_name = {"platform": "algoitny", "number": "1"}
    by_id = {"problemId": str(ids.problem_id(first.id))}
    given = {"language": "python", "code": "print(1)", "idempotencyKey": "once"}
    made = await api.mutate("executeCode", "history { id }", ann, **by_name, **given)
    for named in (by_name, by_id):
        repeated = await api.mutate("executeCode", "history { id }", ann, **named, **given)
        assert repeated["history"] == made["history"]
    await api.mutate("deleteProblem", "problemId", admin, **by_id)
    for named in (by_name, by_id):
        repeated = await api.mutate("executeCode", "history { id }", ann, **named, **given)
        assert repeated["history"] == made["history"]
    second = await api.problem(title="Second")
    for named in (by_name, {"problemId": str(ids.problem_id(second.id))}):
        refused = await api.mutate("executeCode", "history { id }", ann, **named, **given)
        assert (refused["__typename"], refused["path"]) == ("Conflict", ["idempotencyKey"])
    repeated = await api.mutate("executeCode", "history { id }", ann, **by_id, **given)
    assert repeated["history"] == made["history"]


async def test_a_cursor_for_the_tests_of_the_first_problem_is_refused_by_the_second(
    api: Api,
) -> None:
    admin = await api.sign_in(ADMIN)
    first = await api.problem(title="First", tests=3)
    query = """query($after: String) { problem(platform: "algoitny", number: "1") {
      testCases(first: 1, after: $after) { edges { node { input } } pageInfo { endCursor } } } }"""
    page = (await api.data(query, admin))["problem"]["testCases"]
    given = {"problemId": str(ids.problem_id(first.id))}
    await api.mutate("deleteProblem", "problemId", admin, **given)
    await api.problem(title="Second", tests=3)
    error = await api.error(query, admin, after=page["pageInfo"]["endCursor"])
    assert error["extensions"]["code"] == "INVALID_INPUT"
