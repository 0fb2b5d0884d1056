"""A process with a cached identity writes nothing for an account that another process changed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from graphql_api.config import Settings
from graphql_api.data.enums import ProblemState, Role, UserState
from graphql_api.data.stores import Stores
from graphql_api.schema.schema import schema
from tests.support.api import ERROR, Api, OpenApi

pytestmark = [pytest.mark.dynamodb, pytest.mark.redis, pytest.mark.slow]

ACTOR, BOB = "actor@example.org", "bob@example.org"
TEST = {"input": "1", "output": "1"}
CODE = {"language": "python", "code": "print(1)"}


@dataclass(frozen=True, slots=True)
class Ids:
    """Global ids of the objects that the mutations change."""

    actor: str
    bob: str
    problem: str
    draft: str
    deleted: str
    test_case: str
    judged: str
    waiting: str
    job: str


@dataclass(frozen=True, slots=True)
class Mutation:
    """A mutation with the lowest role that may call it, and a valid input."""

    role: Role
    make_input: Callable[[Ids], Mapping[str, Any]]


def _by_user(make_input: Callable[[Ids], Mapping[str, Any]]) -> Mutation:
    return Mutation(Role.USER, make_input)


def _by_editor(make_input: Callable[[Ids], Mapping[str, Any]]) -> Mutation:
    return Mutation(Role.EDITOR, make_input)


def _by_admin(make_input: Callable[[Ids], Mapping[str, Any]]) -> Mutation:
    return Mutation(Role.ADMIN, make_input)


# All of them succeed for an administrator in this order.
MUTATIONS = {
    "signInForDevelopment": _by_user(lambda _: {"email": ACTOR}),
    "updateViewer": _by_user(lambda _: {"name": "New"}),
    "executeCode": _by_user(lambda ids: {**CODE, "problemId": ids.problem}),
    "runCode": _by_user(lambda _: CODE),
    "cancelExecution": _by_user(lambda ids: {"historyId": ids.waiting}),
    "setHistoryVisibility": _by_user(lambda ids: {"historyId": ids.judged, "isPublic": True}),
    "deleteHistory": _by_user(lambda ids: {"historyId": ids.judged}),
    "createProblem": _by_editor(lambda _: {"platform": "p", "number": "9", "title": "New"}),
    "updateProblem": _by_editor(lambda ids: {"problemId": ids.problem, "title": "New"}),
    "setSolution": _by_editor(lambda ids: {**CODE, "problemId": ids.problem}),
    "addTestCases": _by_editor(lambda ids: {"problemId": ids.draft, "testCases": [TEST]}),
    "replaceTestCases": _by_editor(lambda ids: {"problemId": ids.draft, "testCases": [TEST]}),
    "completeProblem": _by_editor(lambda ids: {"problemId": ids.draft}),
    "rejudge": _by_editor(lambda ids: {"problemId": ids.problem}),
    "cancelJob": _by_editor(lambda ids: {"jobId": ids.job}),
    "deleteTestCase": _by_editor(lambda ids: {"testCaseId": ids.test_case}),
    "restoreProblem": _by_editor(lambda ids: {"problemId": ids.deleted}),
    "softDeleteProblem": _by_editor(lambda ids: {"problemId": ids.problem, "reason": "old"}),
    "deleteProblem": _by_admin(lambda ids: {"problemId": ids.problem}),
    "createPlan": _by_admin(lambda _: {"key": "pro", "name": "Pro"}),
    "updatePlan": _by_admin(lambda _: {"planKey": "free", "name": "New"}),
    "setUserPlan": _by_admin(lambda ids: {"userId": ids.bob, "planKey": "free"}),
    "deactivateUser": _by_admin(lambda ids: {"userId": ids.bob}),
    "activateUser": _by_admin(lambda ids: {"userId": ids.actor}),
    "deleteUser": _by_admin(lambda ids: {"userId": ids.bob}),
}


@dataclass(frozen=True, slots=True)
class StaleProcess:
    """A process that has cached the actor as an active administrator."""

    api: Api
    settings: Settings
    token: str
    ids: Ids

    async def call(self, name: str, given: Mapping[str, Any] | None = None) -> str:
        """Call a mutation as the actor, and return the type of the result."""
        kind = name[0].upper() + name[1:]
        query = (
            f"mutation($input: {kind}Input!) {{ {name}(input: $input) {{ __typename {ERROR} }} }}"
        )
        wanted = MUTATIONS[name].make_input(self.ids) if given is None else given
        answer = await self.api.data(query, self.token, input=wanted)
        result: str = answer[name]["__typename"]
        return result

    async def actor_uid(self) -> str:
        return (await self.api.user(ACTOR)).uid

    def read_table(self) -> list[dict[str, Any]]:
        """Return all items of the table, sorted by their keys."""
        resource = boto3.resource(
            "dynamodb",
            region_name=self.settings.aws_default_region,
            endpoint_url=self.settings.dynamodb_endpoint,
        )
        items = resource.Table(self.settings.table_name).scan(ConsistentRead=True)["Items"]
        return sorted(items, key=lambda item: (item["PK"], item["SK"]))


@pytest.fixture
async def stale(open_api: OpenApi, full_settings: Settings) -> StaleProcess:
    api = await open_api(run_wait_seconds=1)
    token = await api.sign_in(ACTOR)
    actor = await api.user(ACTOR)
    await api.services.stores.users.update(actor.uid, role=Role.ADMIN)
    api.services.viewers.forget(actor.uid)
    ids = await _make_objects(api, token)
    assert (await api.data("{ viewer { role } }", token))["viewer"] == {"role": "ADMIN"}
    return StaleProcess(api, full_settings, token, ids)


@pytest.fixture
async def other(open_api: OpenApi, stale: StaleProcess) -> Stores:
    """Stores of another process over the same table."""
    assert stale.token
    return (await open_api()).services.stores


async def _make_objects(api: Api, token: str) -> Ids:
    await api.problem("1", ProblemState.COMPLETED)
    await api.problem("2", ProblemState.DRAFT)
    await api.problem("3", ProblemState.DELETED)
    problems = [await _problem_id(api, token, number) for number in ("1", "2", "3")]
    judged = await api.submit(token)
    await api.judge()
    waiting = await api.submit(token)
    job = await api.mutate("rejudge", "job { id }", token, problemId=problems[0])
    tests_of = "... on Problem { testCases { edges { node { id } } } }"
    query = f"query($id: ID!) {{ node(id: $id) {{ {tests_of} }} }}"
    tests = (await api.data(query, token, id=problems[0]))["node"]["testCases"]["edges"]
    await api.sign_in(BOB)
    users = (await api.data("{ users { edges { node { id email } } } }", token))["users"]["edges"]
    by_email = {edge["node"]["email"]: edge["node"]["id"] for edge in users}
    return Ids(
        actor=by_email[ACTOR],
        bob=by_email[BOB],
        problem=problems[0],
        draft=problems[1],
        deleted=problems[2],
        test_case=tests[0]["node"]["id"],
        judged=judged,
        waiting=waiting,
        job=job["job"]["id"],
    )


async def _problem_id(api: Api, token: str, number: str) -> str:
    query = 'query($n: String!) { problem(platform: "algoitny", number: $n) { id } }'
    found: str = (await api.data(query, token, n=number))["problem"]["id"]
    return found


def test_the_table_of_this_test_has_all_mutations_of_the_schema() -> None:
    kind = schema._schema.mutation_type
    assert kind is not None
    assert MUTATIONS.keys() == kind.fields.keys()


async def test_the_inputs_are_valid_for_an_active_administrator(stale: StaleProcess) -> None:
    results = {name: await stale.call(name) for name in MUTATIONS}
    # No worker is present.
    assert results.pop("runCode") == "Unavailable"
    assert {name: kind for name, kind in results.items() if not kind.endswith("Payload")} == {}


async def test_a_deactivated_administrator_writes_nothing(
    stale: StaleProcess, other: Stores
) -> None:
    await other.users.set_state(await stale.actor_uid(), UserState.INACTIVE)
    await _expect_no_write(stale)


async def test_an_administrator_being_deleted_writes_nothing(
    stale: StaleProcess, other: Stores
) -> None:
    await other.users.begin_deletion(await stale.actor_uid())
    await _expect_no_write(stale)


async def test_a_deleted_administrator_writes_nothing(stale: StaleProcess, other: Stores) -> None:
    uid = await stale.actor_uid()
    await other.users.begin_deletion(uid)
    await other.users.purge(uid)
    await _expect_no_write(stale, without="signInForDevelopment")


async def _expect_no_write(stale: StaleProcess, without: str | None = None) -> None:
    before = stale.read_table()
    viewers = stale.api.services.viewers
    cached = dict(viewers._known)  # each mutation must find it
    own = {"userId": stale.ids.actor}
    for name in MUTATIONS.keys() - {without}:
        viewers._known.update(cached)
        expected = "Forbidden" if name == "signInForDevelopment" else "Unauthenticated"
        assert (name, await stale.call(name)) == (name, expected)
    viewers._known.update(cached)
    assert await stale.call("deleteUser", own) == "Unauthenticated"
    assert stale.read_table() == before


@pytest.mark.parametrize("role", [Role.USER, Role.EDITOR])
async def test_a_demoted_administrator_uses_only_the_rights_of_the_new_role(
    stale: StaleProcess, other: Stores, role: Role
) -> None:
    uid = await stale.actor_uid()
    await other.users.update(uid, role=role)
    before = stale.read_table()
    viewers = stale.api.services.viewers
    cached = dict(viewers._known)  # each mutation must find it
    order = [Role.USER, Role.EDITOR, Role.ADMIN]
    for name, mutation in MUTATIONS.items():
        if order.index(mutation.role) > order.index(role):
            viewers._known.update(cached)
            assert (name, await stale.call(name)) == (name, "Forbidden")
    if role is Role.USER:
        viewers._known.update(cached)
        draft = {**CODE, "problemId": stale.ids.draft}
        assert await stale.call("executeCode", draft) == "NotFound"
    assert stale.read_table() == before


async def test_a_promoted_user_may_write_at_once(stale: StaleProcess, other: Stores) -> None:
    uid = await stale.actor_uid()
    await other.users.update(uid, role=Role.USER)
    stale.api.services.viewers.forget(uid)
    assert (await stale.api.data("{ viewer { role } }", stale.token))["viewer"]["role"] == "USER"
    await other.users.update(uid, role=Role.EDITOR)
    assert await stale.call("createProblem") == "CreateProblemPayload"


async def test_a_refused_mutation_ends_the_cached_identity(
    stale: StaleProcess, other: Stores
) -> None:
    await other.users.set_state(await stale.actor_uid(), UserState.INACTIVE)
    assert await stale.call("updateViewer") == "Unauthenticated"
    response = await stale.api.post("{ viewer { id } }", token=stale.token)
    assert response.status_code == 401
