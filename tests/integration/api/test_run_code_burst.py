"""Many callers of runCode at once: the connections to Redis, and the bounds of waiting callers."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any

import orjson
import pytest
import redis

from graphql_api.data.accounts.plans import NewPlan
from graphql_api.data.limits import WAITING_RUNS, WAITING_RUNS_PER_USER
from graphql_api.data.packing import pack
from graphql_api.data.redis.connection import MAX_CONNECTIONS
from graphql_api.data.redis.custom_runs import RunAnswer
from tests.support.api import Api, OpenApi
from tests.support.languages import PYTHON
from tests.support.runs import ANSWER, AnsweringSender
from tests.support.waiting import wait_until_async

pytestmark = [pytest.mark.dynamodb, pytest.mark.redis]

USAGE = "{ viewer { usage { runs { used } } } }"
# The language board and the run board have a pool each. The other connections subscribe to answers,
# send messages, and belong to the test.
CONNECTIONS = 2 * MAX_CONNECTIONS + 8


@pytest.fixture
async def worker() -> AnsweringSender:
    return AnsweringSender()


@pytest.fixture
async def api(open_api: OpenApi, worker: AnsweringSender) -> AsyncIterator[Api]:
    opened = await open_api(worker, run_wait_seconds=60)
    worker.board = opened.services.runs
    await opened.services.board.announce("a worker", [PYTHON])
    yield opened
    worker.answers.set()
    await asyncio.gather(*worker.work)


async def run(api: Api, token: str, **more: Any) -> Any:
    given = {"language": "python", "code": "print(input())", **more}
    return await api.mutate("runCode", "run { output }", token, **given)


async def used(api: Api, token: str) -> int:
    (today,) = (await api.data(USAGE, token))["viewer"]["usage"]
    count: int = today["runs"]["used"]
    return count


async def fill(api: Api, worker: AnsweringSender, tokens: list[str]) -> list[asyncio.Task[Any]]:
    """Let each user wait for as many runs as allowed, which are not answered yet."""
    worker.answers.clear()
    calls = [
        asyncio.create_task(run(api, token, stdin=str(number)))
        for number in range(WAITING_RUNS_PER_USER)
        for token in tokens
    ]

    async def all_wait() -> bool:
        return len(worker.runs) == len(calls) or any(call.done() for call in calls)

    await wait_until_async("all runs to be sent", all_wait)
    return calls


async def test_a_full_process_answers_all_its_callers_over_few_connections_and_refuses_the_next(
    api: Api, worker: AnsweringSender, redis_url: str
) -> None:
    users = range(WAITING_RUNS // WAITING_RUNS_PER_USER)
    tokens = [await api.sign_in(f"user{number}@example.org") for number in users]
    late = await api.sign_in("late@example.org")
    calls = await fill(api, worker, tokens)
    refused = await run(api, late)
    with redis.Redis.from_url(redis_url) as server:
        assert len(server.client_list()) <= CONNECTIONS
    worker.answers.set()
    results = await asyncio.gather(*calls)
    assert Counter(result["__typename"] for result in results) == {"RunCodePayload": WAITING_RUNS}
    assert (refused["__typename"], refused["code"]) == ("Unavailable", "UNAVAILABLE")
    assert "Try again" in refused["message"]
    assert await used(api, late) == 0
    assert (await run(api, late))["__typename"] == "RunCodePayload"


async def test_one_user_cannot_take_the_places_of_others(api: Api, worker: AnsweringSender) -> None:
    ann, ben = await api.sign_in("ann@example.org"), await api.sign_in("ben@example.org")
    calls = await fill(api, worker, [ann])
    refused = await run(api, ann)
    others = asyncio.create_task(run(api, ben))
    worker.answers.set()
    for result in (*await asyncio.gather(*calls), await others):
        assert result["__typename"] == "RunCodePayload"
    assert (refused["__typename"], refused["code"]) == ("Conflict", "CONFLICT")
    assert "already have 4 custom runs" in refused["message"]
    assert (await used(api, ann), await used(api, ben)) == (WAITING_RUNS_PER_USER, 1)
    assert (await run(api, ann))["__typename"] == "RunCodePayload"


async def test_the_places_of_a_user_are_the_same_in_all_api_processes(
    api: Api, open_api: OpenApi, worker: AnsweringSender
) -> None:
    other = await open_api(worker, table_name=api.services.settings.table_name)
    ann, ben = await api.sign_in("ann@example.org"), await api.sign_in("ben@example.org")
    calls = await fill(api, worker, [ann])
    refused = await run(other, ann)
    others = asyncio.create_task(run(other, ben))
    worker.answers.set()
    for result in (*await asyncio.gather(*calls), await others):
        assert result["__typename"] == "RunCodePayload"
    assert refused["code"] == "CONFLICT"
    assert await used(api, ann) == WAITING_RUNS_PER_USER
    assert (await run(other, ann))["__typename"] == "RunCodePayload"


@pytest.mark.parametrize("result", ["Unavailable", "QuotaExceeded"])
async def test_a_run_that_fails_frees_its_place(
    api: Api, worker: AnsweringSender, result: str
) -> None:
    ann = await api.sign_in("ann@example.org")
    if result == "QuotaExceeded":
        stores = api.services.stores
        none = NewPlan(
            plan_id="none", title="None", executions_per_day=0, hints_per_day=0, runs_per_day=0
        )
        await stores.plans.create(none)
        await stores.users.update((await api.user("ann@example.org")).uid, plan_id="none")
    worker.answer = lambda _: RunAnswer(status=None, message="the sandbox broke")
    for _ in range(WAITING_RUNS_PER_USER + 1):
        assert (await run(api, ann))["__typename"] == result


async def test_an_answer_whose_notification_was_lost_arrives(
    api: Api, worker: AnsweringSender, redis_url: str
) -> None:
    ann = await api.sign_in("ann@example.org")
    calls = await fill(api, worker, [ann])
    with redis.Redis.from_url(redis_url) as server:
        # A worker of an older version publishes nothing, and neither does this copy.
        (_, run_id, *_) = worker.runs[0]
        server.rpush(f"algoitny:run:{run_id}:answer", pack(orjson.dumps(asdict(ANSWER))))
    await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
    assert [call.result()["run"]["output"] for call in calls if call.done()] == ["out"]
    worker.answers.set()
    await asyncio.gather(*calls)


async def test_answers_arrive_after_redis_has_closed_all_connections(
    api: Api, worker: AnsweringSender, redis_url: str
) -> None:
    ann = await api.sign_in("ann@example.org")
    calls = await fill(api, worker, [ann])
    with redis.Redis.from_url(redis_url) as server:
        for kind in ("normal", "pubsub"):
            server.client_kill_filter(_type=kind, skipme=True)
    worker.answers.set()
    for result in await asyncio.gather(*calls):
        assert result["__typename"] == "RunCodePayload"
