"""One stored body that cannot be read is null, and the other objects of the batch are served."""

from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from graphql_api.data import keys
from graphql_api.data.dynamo.bodies import CHUNKS, PACKED
from graphql_api.data.enums import CheckerConvention, Comparer, JobKind
from graphql_api.data.jobs import NewJob
from graphql_api.data.packing import pack
from graphql_api.data.records import Checker
from graphql_api.schema import ids
from tests.support.api import ADMIN, Api

pytestmark = [pytest.mark.dynamodb, pytest.mark.redis]

CODE = "print(1)"
COUNTS = {"judged": 1, "changed": 0, "skipped": 0, "failed": 0}
# Contents that this version cannot read, except that any text is code.
NO_RECORDS = (b"", b"nonsense", b"[]", b"null", b"7", b'{"v": 999}', b'{"v": 1, "ts": 3}')
NO_TEXT = (b"\xff\xfe",)


async def problems_with_parts(api: Api) -> list[Any]:
    checker = Checker(language="c", code=CODE, convention=CheckerConvention.ICPC)
    problems = [
        await api.problem(
            str(n), tests=1, statement=CODE, comparer=Comparer.CHECKER, checker=checker
        )
        for n in range(1, 4)
    ]
    for problem in problems:
        await api.services.stores.problems.set_solution(*problem.key, "python", CODE)
    return problems


async def problem_part(api: Api, key_of: Callable[[str, str], keys.Key]) -> Any:
    problems = await problems_with_parts(api)
    return [ids.problem_id(problem.id) for problem in problems], key_of(*problems[1].key)


async def statements(api: Api, _: str) -> Any:
    return await problem_part(api, keys.statement)


async def solutions(api: Api, _: str) -> Any:
    return await problem_part(api, keys.solution)


async def checkers(api: Api, _: str) -> Any:
    return await problem_part(api, keys.checker)


async def stored_tests(api: Api) -> Any:
    problems = await problems_with_parts(api)
    gids = [
        ids.encode(ids.Kind.TEST_CASE, problem.platform, problem.number, problem.pid, "1", "1")
        for problem in problems
    ]
    partition = keys.problem_partition(*problems[1].key)
    return gids, {"PK": partition, "SK": keys.case_sort(1, 1)}


async def histories(api: Api, token: str, key_of: Callable[..., keys.Key], *more: int) -> Any:
    await api.problem()
    gids = []
    for _ in range(3):
        gids.append(await api.submit(token, code=CODE))
        await api.judge()
    return gids, key_of(*ids.history_key(gids[1]), *more)


async def codes(api: Api, token: str) -> Any:
    return await histories(api, token, keys.code_body)


async def results(api: Api, token: str) -> Any:
    return await histories(api, token, keys.results_body, 1)


async def jobs(api: Api, _: str) -> Any:
    store, problem = api.services.stores.jobs, await api.problem()
    made = []
    for _number in range(3):
        new = NewJob(kind=JobKind.REJUDGE, uid="1", parameters={}, problem=problem.id)
        claimed = await store.claim((await store.create(new)).ulid, token="me", lease_ms=10_000)
        assert claimed is not None
        made.append(await store.finish(claimed.ulid, claimed.attempt, COUNTS))
    gids = [ids.encode(ids.Kind.JOB, job.ulid) for job in made]
    return gids, keys.job_result(made[1].ulid, made[1].attempt)


BODIES = [
    (statements, "Problem", "statement", NO_RECORDS[:-1]),
    (solutions, "Problem", "solution { code }", NO_RECORDS),
    (checkers, "Problem", "checker { code }", NO_RECORDS),
    (codes, "History", "code", NO_TEXT),
    (results, "History", "testResults { number }", NO_RECORDS),
    (jobs, "Job", "rejudged { judged }", (*NO_RECORDS, b"{}")),
]


@pytest.mark.slow
@pytest.mark.parametrize(("store", "kind", "field", "contents"), BODIES)
async def test_a_body_that_cannot_be_read_is_null_and_the_others_are_served(
    api: Api, store: Any, kind: str, field: str, contents: tuple[bytes, ...]
) -> None:
    token = await api.sign_in(ADMIN)
    gids, key = await store(api, token)
    query = f"query($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on {kind} {{ {field} }} }} }}"
    whole = (await api.data(query, token, ids=gids))["nodes"]
    name = field.partition(" ")[0]
    assert whole[1] == whole[0] != {name: None}
    dynamo = api.services.stores.dynamo
    manifest = await dynamo.get(key, consistent=True)
    assert manifest is not None
    damaged = [{**manifest, PACKED: pack(content)} for content in contents]
    damaged.append({**manifest, PACKED: b"no packed bytes"})
    damaged.append({**manifest, CHUNKS: 3})
    for item in damaged:
        await dynamo.put(item)
        with capture_logs() as logs:
            found = (await api.data(query, token, ids=gids))["nodes"]
        assert found == [whole[0], {name: None}, whole[2]], item
        assert [log["SK"] for log in logs if log["log_level"] == "error"] == [key["SK"]], item


async def test_a_test_that_cannot_be_read_is_left_out(api: Api) -> None:
    token = await api.sign_in(ADMIN)
    gids, key = await stored_tests(api)
    dynamo = api.services.stores.dynamo
    manifest = await dynamo.get(key, consistent=True)
    assert manifest is not None
    await dynamo.put({**manifest, PACKED: b"no packed bytes"})
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on TestCase { input } } }"
    assert (await api.data(query, token, ids=gids))["nodes"] == [
        {"input": "1"},
        None,
        {"input": "1"},
    ]
    query = "{ problems { edges { node { testCases { edges { node { input } } } } } } }"
    pages = (await api.data(query, token))["problems"]["edges"]
    counts = [len(page["node"]["testCases"]["edges"]) for page in pages]
    assert counts == [1, 0, 1]
