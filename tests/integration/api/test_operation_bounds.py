"""Bounds of one operation: the size of its answer and its reads, whatever it selects."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from graphql import OperationDefinitionNode, parse

from graphql_api.data.dynamo.meter import Meter, metered
from graphql_api.data.enums import CheckerConvention, Comparer, JobKind
from graphql_api.data.histories.executions import Claim
from graphql_api.data.jobs import NewJob
from graphql_api.data.limits import ANSWER_ERRORS, ANSWER_FIELDS, KB, MAX_TESTS, MB
from graphql_api.data.problems.testsets import NewTest
from graphql_api.data.records import Checker
from graphql_api.schema import ids
from graphql_api.schema.error_codes import OPERATION_TOO_LARGE
from graphql_api.schema.histories import Difference, TestResult
from graphql_api.schema.request_estimate import estimate_requests
from tests.support.api import ADMIN, Api, OpenApi

pytestmark = [pytest.mark.dynamodb, pytest.mark.redis]

GRAPHQL_JSON = "application/graphql-response+json"
ALIASES = range(15)
COUNTS = {"judged": 1, "changed": 0, "skipped": 0, "failed": 0}
CHECKER = Checker(language="c", code="int main;", convention=CheckerConvention.ICPC)


@pytest.fixture
async def small(open_api: OpenApi) -> Api:
    """An API whose answers have at most 1 MB."""
    return await open_api(answer_mb=1)


async def public_history(api: Api, code: str = "print(1)") -> str:
    await api.problem()
    token = await api.sign_in(ADMIN)
    return await api.submit(token, code=code, isPublic=True)


def nodes(kind: str, fields: str) -> str:
    return f"query($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on {kind} {{ {fields} }} }} }}"


def aliased(field: str) -> str:
    return " ".join(f"a{number}: {field}" for number in ALIASES)


async def refusal(api: Api, query: str, token: str | None = None, **variables: Any) -> str:
    """Return the message of the only error of an operation that exceeds a bound."""
    answer = (await api.post(query, variables, token)).json()
    assert "data" not in answer
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == OPERATION_TOO_LARGE
    assert "path" not in error
    message: str = error["message"]
    return message


async def test_copies_of_one_code_count_each(small: Api) -> None:
    history = await public_history(small, "#" * (200 * KB))
    query = nodes("History", "code")
    whole = await small.post(query, {"ids": [history] * 5})
    assert len(whole.json()["data"]["nodes"]) == 5
    assert MB * 0.9 < len(whole.content) < MB
    assert "larger than 1 MB" in await refusal(small, query, ids=[history] * 6)
    many = nodes("History", aliased("code"))
    assert "larger than 1 MB" in await refusal(small, many, ids=[history] * 100)


async def test_a_character_counts_with_the_size_of_its_escape(small: Api) -> None:
    history = await public_history(small, "\x01" * (100 * KB))
    query = nodes("History", "code")
    assert "errors" not in (await small.post(query, {"ids": [history]})).json()
    assert "larger than 1 MB" in await refusal(small, query, ids=[history] * 2)


async def test_long_names_of_fields_count(small: Api) -> None:
    history = await public_history(small)
    query = nodes("History", f"{'a' * (20 * KB)}: __typename")
    assert "larger than 1 MB" in await refusal(small, query, ids=[history] * 100)


async def judge(api: Api, compile_output: str) -> None:
    """Complete the execution that was sent last."""
    uid, ulid, _ = api.sender.sent[-1]
    executions = api.services.stores.executions
    claim = await executions.claim(uid, ulid, token="me", lease_ms=10_000)
    assert isinstance(claim, Claim)
    outcome = api.outcome(attempt=1)
    results = replace(outcome.results, compile_output=compile_output)
    await executions.complete(claim.history, replace(outcome, results=results))


async def with_large_parts(api: Api) -> tuple[str, dict[str, str]]:
    """Store objects whose texts have 15 to 200 KB. Return an editor's token, and ids by type."""
    token, text = await api.sign_in(ADMIN), "x" * (200 * KB)
    checker = replace(CHECKER, code=text)
    problem = await api.problem(statement=text, comparer=Comparer.CHECKER, checker=checker)
    stores = api.services.stores
    await stores.problems.set_solution(*problem.key, "python", text)
    test = NewTest(input=text.encode(), output=text.encode(), is_sample=True)
    await stores.tests.replace(*problem.key, [test])
    history = await api.submit(token)
    await judge(api, compile_output=text[: 64 * KB])
    new = NewJob(kind=JobKind.REJUDGE, uid="1", parameters={}, problem=problem.id)
    job = await stores.jobs.create(new)
    claimed = await stores.jobs.claim(job.ulid, token="me", lease_ms=10_000)
    assert claimed is not None
    for percent in range(50):
        await stores.jobs.progress(job.ulid, claimed.attempt, "x" * 300, percent)
    job_id = str(ids.encode(ids.Kind.JOB, job.ulid))
    return token, {"Problem": ids.problem_id(problem.id), "History": history, "Job": job_id}


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("Problem", "statement"),
        ("Problem", "solution { code }"),
        ("Problem", "checker { code }"),
        ("Problem", "testCases { edges { node { input } } }"),
        ("Problem", "testCases { edges { node { output } } }"),
        ("History", "compileOutput"),
        ("Job", "events(first: 50) { message }"),
    ],
)
async def test_each_copy_of_a_text_counts(open_api: OpenApi, kind: str, field: str) -> None:
    api = await open_api(answer_mb=1)
    token, gids = await with_large_parts(api)
    query = nodes(kind, field)
    answer = await api.post(query, {"ids": [gids[kind]]}, token)
    assert "x" * 300 in answer.text
    assert "larger than 1 MB" in await refusal(api, query, token, ids=[gids[kind]] * 100)


async def test_read_units_are_bounded(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graphql_api.data.dynamo.bounds.READ_UNITS", 2)
    numbers = [(await api.problem(str(number))).id for number in range(1, 9)]
    gids = list(map(ids.problem_id, numbers))
    query = nodes("Problem", "title")
    assert "errors" not in (await api.post(query, {"ids": gids[:4]})).json()
    assert "too much data" in await refusal(api, query, ids=gids)


async def test_results_of_many_tests_need_memory_besides_their_text(
    open_api: OpenApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graphql_api.data.histories.store.RESULT_BYTES", 300 * KB)
    api = await open_api(answer_mb=1)
    await api.problem()
    token = await api.sign_in(ADMIN)
    histories = []
    for _ in range(2):
        histories.append(await api.submit(token))
        await api.judge()  # with two tests
    query = nodes("History", "testResults { number }")
    assert "errors" not in (await api.post(query, {"ids": histories[:1]}, token)).json()
    assert "reads more than 1 MB" in await refusal(api, query, token, ids=histories)


async def test_an_operation_over_a_bound_is_refused_like_a_document(small: Api) -> None:
    history = await public_history(small, "#" * (200 * KB))
    body = {"query": nodes("History", "code"), "variables": {"ids": [history] * 6}}
    answer = await small.client.post("/graphql", json=body, headers={"accept": GRAPHQL_JSON})
    assert answer.status_code == 400
    assert (await small.client.post("/graphql", json=body)).status_code == 200


async def test_fields_count_whatever_the_length_of_a_list(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graphql_api.data.dynamo.bounds.ANSWER_FIELDS", 100)
    await api.problem()
    token = await api.sign_in(ADMIN)
    history = await api.submit(token)
    await api.judge()
    fields = "number verdict cpuMs wallMs peakKb"
    query = nodes("History", f"testResults {{ {fields} }}")
    assert "errors" not in (await api.post(query, {"ids": [history]}, token)).json()
    assert "more than 100 fields" in await refusal(api, query, token, ids=[history] * 20)


def test_all_results_of_the_longest_history_fit() -> None:
    names = len(TestResult.__annotations__) + len(Difference.__annotations__)
    assert MAX_TESTS * names < ANSWER_FIELDS


async def test_a_mutation_over_a_bound_is_saved_and_says_so(small: Api) -> None:
    await small.problem()
    token = await small.sign_in(ADMIN)
    query = (
        "mutation($input: ExecuteCodeInput!) { executeCode(input: $input) "
        f"{{ ... on ExecuteCodePayload {{ history {{ {aliased('code')} }} }} }} }}"
    )
    given = {
        "platform": "algoitny",
        "number": "1",
        "language": "python",
        "code": "#" * (200 * KB),
    }
    message = await refusal(small, query, token, input=given)
    assert "may have been saved" in message
    assert len(small.sender.sent) == 1
    page = await small.data("{ viewer { histories { edges { node { id } } } } }", token)
    assert len(page["viewer"]["histories"]["edges"]) == 1


async def test_an_answer_has_at_most_fifty_errors(api: Api) -> None:
    gid = ids.problem_id((await api.problem()).id)
    query = nodes("Problem", aliased("testCases(first: 0) { edges { cursor } }"))
    answer = (await api.post(query, {"ids": [gid] * 8})).json()
    assert len(answer["errors"]) == ANSWER_ERRORS + 1
    assert answer["errors"][-1]["message"].startswith(f"The answer omits {8 * 15 - ANSWER_ERRORS}")


async def queries(api: Api, query: str, token: str | None = None, **variables: Any) -> Meter:
    with metered() as meter:
        await api.data(query, token, **variables)
    return meter


async def test_equal_pages_are_read_once(api: Api) -> None:
    gids = [ids.problem_id((await api.problem(str(n))).id) for n in range(4)]
    page = "testCases(first: 3) { edges { node { input } } }"
    once = await queries(api, nodes("Problem", page), ids=gids)
    many = await queries(api, nodes("Problem", aliased(page)), ids=gids * 3)
    assert many.requests == once.requests


@pytest.mark.parametrize(
    "field",
    [
        "publicFeed(first: 5) { edges { cursor } }",
        'problems(first: 5, search: "problem") { edges { cursor } }',
        "viewer { histories(first: 5) { edges { cursor } } }",
        "viewer { usage(days: 3) { date } }",
        "viewer { stats { executions } }",
        "users(first: 5) { edges { cursor } }",
        "jobs(first: 5) { edges { cursor } }",
    ],
)
async def test_equal_reads_under_other_aliases_are_made_once(api: Api, field: str) -> None:
    await public_history(api)
    token = await api.sign_in(ADMIN)
    once = await queries(api, f"{{ {field} }}", token)
    many = await queries(api, f"{{ {aliased(field)} }}", token)
    assert many.requests == once.requests


async def history_of_each(api: Api, token: str, numbers: Iterable[int]) -> list[str]:
    """Submit to a new problem for each number, and return the ids of the histories."""
    for number in numbers:
        await api.problem(str(number))
    return [await api.submit(token, number=str(number), isPublic=True) for number in numbers]


async def test_reads_that_no_estimate_foresees_are_bounded_before_they_are_sent(
    open_api: OpenApi,
) -> None:
    api = await open_api(operation_reads=10)
    histories = await history_of_each(api, await api.sign_in(ADMIN), range(1, 12))
    query = nodes("History", "problem { executionCount }")
    with metered() as meter:
        assert "more than 10 requests" in await refusal(api, query, ids=histories)
    assert meter.requests <= 10


FULL_PAGES = (
    """
{ viewer { id stats { executions } usage(days: 3) { date } } }
{ problems(first: 4) { edges { node { executionCount statement constraints } } } }
{ problems(first: 4) { edges { node { ...T testCases { __typename } } } } } fragment T on Problem \
  { a: testCases(first: 1) { edges { cursor } } b: testCases(first: 1) { __typename } }
{ publicFeed(first: 11) { edges { node { code problem { title executionCount } } } } }
{ viewer { histories(first: 11) { edges { node { code compileOutput testResults { number } } } } } }
{ jobs(first: 3) { edges { node { events { message } } } } }
{ jobs(first: 3, kind: REJUDGE) { edges { node { events { message } rejudged { judged } } } } }
{ users(first: 1) { edges { node { histories(first: 2) { edges { cursor } } } } } }
query($ids: [ID!]!) { nodes(ids: $ids) { ... on Problem { solution { code } checker \
  { code fault { message } } testCases { edges { cursor } } } } }
""".replace("\\\n", "")
    .strip()
    .splitlines()
)


@pytest.mark.slow
async def test_the_estimate_is_the_number_of_requests_if_all_pages_are_full(api: Api) -> None:
    token = await api.sign_in(ADMIN)
    statement: dict[str, Any] = {
        "statement": "Add two numbers.",
        "comparer": Comparer.CHECKER,
        "checker": CHECKER,
    }
    problems = [await api.problem(str(number), **statement) for number in range(1, 5)]
    for problem in problems:
        await api.services.stores.problems.set_solution(*problem.key, "python", "print(1)")
    for _ in range(11):
        await api.submit(token, isPublic=True)
        await api.judge()
    for problem in problems[:3]:
        job = await api.services.stores.jobs.create(
            NewJob(kind=JobKind.REJUDGE, uid="1", parameters={}, problem=problem.id)
        )
        claimed = await api.services.stores.jobs.claim(job.ulid, token="me", lease_ms=10_000)
        assert claimed is not None
        await api.services.stores.jobs.finish(job.ulid, claimed.attempt, COUNTS)
    gids = [ids.problem_id(problem.id) for problem in problems]
    for query in FULL_PAGES:
        variables = {"ids": gids} if "$ids" in query else {}
        document = parse(query)
        operation = document.definitions[0]
        assert isinstance(operation, OperationDefinitionNode)
        estimate = estimate_requests(document, operation, variables)
        made = await queries(api, query, token, **variables)
        assert (estimate, query) == (made.requests, query), made.calls


async def test_a_page_after_a_mutation_shows_its_change(api: Api) -> None:
    await api.problem()
    token = await api.sign_in(ADMIN)
    fields = 'platform: "algoitny", number: "1", language: "python", code: "1"'
    page = (
        'updateViewer(input: {name: "Ann"}) '
        "{ ... on UpdateViewerPayload { viewer { histories { edges { cursor } } } } }"
    )
    query = (
        f"mutation {{ before: {page} "
        f"executeCode(input: {{{fields}}}) {{ __typename }} after: {page} }}"
    )
    found = await api.data(query, token)
    counts = [len(found[name]["viewer"]["histories"]["edges"]) for name in ("before", "after")]
    assert counts == [0, 1]


@dataclass
class Flights:
    """The largest number of requests to the database at the same time."""

    flying: int = 0
    most: int = 0


def count_flights(api: Api) -> Flights:
    """Count the requests to the database from this moment."""
    flights = Flights()
    transport = api.services.stores.dynamo._transport
    client = transport.client

    class Counting:
        def __getattr__(self, name: str) -> Any:
            async def call(**request: Any) -> Any:
                flights.flying += 1
                flights.most = max(flights.most, flights.flying)
                try:
                    return await getattr(client, name)(**request)
                finally:
                    flights.flying -= 1

            return call

    transport.client = Counting()
    return flights


async def test_an_operation_holds_a_quarter_of_the_connections(open_api: OpenApi) -> None:
    api = await open_api(dynamodb_max_connections=8)
    gids = [ids.problem_id((await api.problem(str(n))).id) for n in range(9)]
    flights = count_flights(api)
    await api.data(nodes("Problem", "testCases { edges { node { input } } }"), ids=gids)
    assert flights.most == 2


async def test_the_resolver_of_a_mutation_shares_these_connections_without_bounds(
    open_api: OpenApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = await open_api(dynamodb_max_connections=8, operation_reads=10)
    token = await api.sign_in(ADMIN)
    stores = api.services.stores
    update = stores.users.update

    async def update_after_reads(*arguments: Any, **named: Any) -> Any:
        await asyncio.gather(*(stores.users.get(str(n)) for n in range(20)))
        return await update(*arguments, **named)

    monkeypatch.setattr(stores.users, "update", update_after_reads)
    flights = count_flights(api)
    result = await api.mutate("updateViewer", "viewer { name }", token, name="Ann")
    assert result == {"__typename": "UpdateViewerPayload", "viewer": {"name": "Ann"}}
    assert flights.most == 2
