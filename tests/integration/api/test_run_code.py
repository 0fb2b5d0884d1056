"""runCode with a worker of the test: accepted inputs, costs and refunds."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import redis

from graphql_api.data.accounts.plans import NewPlan
from graphql_api.data.dynamo.meter import metered
from graphql_api.data.enums import UserState
from graphql_api.data.errors import Unavailable
from graphql_api.data.redis.custom_runs import RunAnswer, RunRequest
from tests.support.api import Api, OpenApi
from tests.support.languages import PYTHON
from tests.support.runs import ANSWER, AnsweringSender
from tests.support.senders import RecordingSender
from tests.support.transport import AWAY, FaultyTransport
from tests.support.waiting import wait_until_async

pytestmark = [pytest.mark.dynamodb, pytest.mark.redis]

ANN = "ann@example.org"
GOOD = {"language": "py", "code": "print(input())", "stdin": "한글\x00\n"}
FIELDS = """run { status output outputTruncated error errorTruncated compileOutput cpuMs wallMs
  peakKb exitCode signal } usage { runs { used limit remaining } executions { used } }"""
USAGE = "{ viewer { usage { runs { used } } } }"


@pytest.fixture
async def worker() -> AnsweringSender:
    return AnsweringSender()


@pytest.fixture
async def api(open_api: OpenApi, worker: AnsweringSender) -> AsyncIterator[Api]:
    opened = await open_api(worker, run_wait_seconds=1)
    worker.board = opened.services.runs
    await opened.services.board.announce("a worker", [PYTHON])
    yield opened
    await asyncio.gather(*worker.work)


@pytest.fixture
async def ann(api: Api) -> str:
    return await api.sign_in(ANN)


async def run(api: Api, token: str | None, **changed: Any) -> Any:
    return await api.mutate("runCode", FIELDS, token, **(GOOD | changed))


async def used(api: Api, token: str) -> int:
    (today,) = (await api.data(USAGE, token))["viewer"]["usage"]
    count: int = today["runs"]["used"]
    return count


async def until_taken(api: Api, token: str) -> None:
    """Wait until a running call has taken the first unit of the day."""

    async def taken() -> bool:
        return await used(api, token) == 1

    await wait_until_async("the unit to be taken", taken)


async def test_a_run_answers_with_what_a_worker_found_and_takes_one_unit(
    api: Api, ann: str, worker: AnsweringSender
) -> None:
    result = await run(api, ann, timeLimitMs=50, memoryLimitKb=4096)
    assert result["run"] == {
        "status": "RE",
        "output": "out",
        "outputTruncated": True,
        "error": "err",
        "errorTruncated": False,
        "compileOutput": "a warning",
        "cpuMs": 12,
        "wallMs": 34,
        "peakKb": 5600,
        "exitCode": 3,
        "signal": None,
    }
    assert result["usage"] == {
        "runs": {"used": 1, "limit": 100, "remaining": 99},
        "executions": {"used": 0},
    }
    (request,) = worker.seen
    assert request == RunRequest(
        language="python",
        code=GOOD["code"],
        stdin=GOOD["stdin"],
        time_limit_ms=50,
        memory_limit_kb=4096,
    )
    # Only the counter of the day and the receipt, without a history or a body.
    kinds = {sort.split("#")[0] for sort in await api.trace(ANN)}
    assert kinds == {"M", "S", "D", "L"}


async def test_it_takes_two_requests_of_five_units_without_authentication(
    api: Api, ann: str
) -> None:
    await run(api, ann)
    query = """mutation($input: RunCodeInput!) { runCode(input: $input) { __typename } }"""
    with metered() as meter:
        await api.data(query, ann, input=GOOD)
    assert (meter.requests, meter.read_units) == (2, 1)
    assert meter.write_units in {4, 6}


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"language": "klingon"}, "language"),
        ({"code": " \n"}, "code"),
        ({"code": "x" * (256 * 1024 + 1)}, "code"),
        ({"code": "a\x00b"}, "code"),
        ({"stdin": "é" * (128 * 1024 + 1)}, "stdin"),
        ({"timeLimitMs": 49}, "timeLimitMs"),
        ({"timeLimitMs": 10_001}, "timeLimitMs"),
        ({"memoryLimitKb": 4095}, "memoryLimitKb"),
        ({"memoryLimitKb": 1024 * 1024 + 1}, "memoryLimitKb"),
        ({"idempotencyKey": ""}, "idempotencyKey"),
        ({"idempotencyKey": "k" * 129}, "idempotencyKey"),
    ],
)
async def test_bad_input_is_refused_by_name_and_costs_nothing(
    api: Api, ann: str, worker: AnsweringSender, changed: dict[str, Any], path: str
) -> None:
    result = await run(api, ann, **changed)
    assert (result["__typename"], result["path"]) == ("InvalidInput", [path])
    assert await used(api, ann) == 0
    assert worker.runs == []


async def test_strangers_run_nothing(api: Api, worker: AnsweringSender) -> None:
    assert (await run(api, None))["__typename"] == "Unauthenticated"
    assert worker.runs == []


async def test_an_account_that_was_put_out_of_use_just_now_runs_nothing(
    api: Api, ann: str, worker: AnsweringSender
) -> None:
    # From now on the API has the user in its cache.
    assert await used(api, ann) == 0
    user = await api.user(ANN)
    await api.services.stores.users.set_state(user.uid, UserState.INACTIVE)
    assert (await run(api, ann))["__typename"] == "Unauthenticated"
    assert worker.runs == []


async def test_past_the_limit_nothing_is_run(api: Api, ann: str, worker: AnsweringSender) -> None:
    stores = api.services.stores
    one = NewPlan(plan_id="one", title="One", executions_per_day=0, hints_per_day=0, runs_per_day=1)
    await stores.plans.create(one)
    await stores.users.update((await api.user(ANN)).uid, plan_id="one")
    assert (await run(api, ann))["__typename"] == "RunCodePayload"
    result = await run(api, ann)
    assert result["__typename"] == "QuotaExceeded"
    assert len(worker.runs) == 1
    assert await used(api, ann) == 1


async def test_counters_that_cannot_be_read_leave_what_the_run_gave(
    api: Api, ann: str, worker: AnsweringSender
) -> None:
    faults = FaultyTransport(api.services.stores.dynamo)

    def answer(_: RunRequest) -> RunAnswer:
        faults.refuse("GetItem", AWAY)
        return ANSWER

    worker.answer = answer
    query = f"""mutation($input: RunCodeInput!) {{ runCode(input: $input) {{
      ... on RunCodePayload {{ {FIELDS} }} }} }}"""
    answered = (await api.post(query, {"input": GOOD}, ann)).json()
    payload = answered["data"]["runCode"]
    assert (payload["run"]["output"], payload["usage"]) == ("out", None)
    (error,) = answered["errors"]
    assert error["path"] == ["runCode", "usage"]
    assert error["extensions"] == {"code": "UNAVAILABLE"}


async def test_without_a_worker_for_the_language_it_says_so_at_once_and_costs_nothing(
    api: Api, ann: str, worker: AnsweringSender
) -> None:
    result = await run(api, ann, language="cpp")
    assert (result["__typename"], result["path"]) == ("Unavailable", ["language"])
    assert "No worker that supports cpp is available" in result["message"]
    assert worker.runs == []
    assert await used(api, ann) == 0


async def test_what_no_worker_answers_in_time_is_given_back_and_forgotten(
    api: Api, ann: str, worker: AnsweringSender
) -> None:
    worker.answer = lambda _: None
    result = await run(api, ann)
    assert result["__typename"] == "Unavailable"
    assert "does not count towards the daily limit" in result["message"]
    assert await used(api, ann) == 0
    ((_, run_id, language, _),) = worker.runs
    assert language == "python"
    assert await api.services.runs.get_request(run_id) is None


async def test_what_has_begun_is_waited_for_longer_and_keeps_its_unit(
    api: Api, ann: str, worker: AnsweringSender
) -> None:
    worker.begins, worker.takes_s = True, 1.5
    assert (await run(api, ann))["run"]["output"] == "out"
    assert await used(api, ann) == 1


async def test_an_answer_after_the_refund_is_dropped(
    api: Api, ann: str, worker: AnsweringSender
) -> None:
    worker.takes_s = 1.5
    assert (await run(api, ann, idempotencyKey="one"))["__typename"] == "Unavailable"
    await asyncio.gather(*worker.work)
    assert (await run(api, ann, idempotencyKey="one"))["__typename"] == "Conflict"
    assert await used(api, ann) == 0


async def test_what_is_refused_leaves_nothing_behind(api: Api, ann: str, redis_url: str) -> None:
    stores = api.services.stores
    none = NewPlan(
        plan_id="none", title="None", executions_per_day=0, hints_per_day=0, runs_per_day=0
    )
    await stores.plans.create(none)
    await stores.users.update((await api.user(ANN)).uid, plan_id="none")
    for key in ("one", "two", None):
        result = await run(api, ann, idempotencyKey=key)
        assert result["__typename"] == "QuotaExceeded"
    with redis.Redis.from_url(redis_url) as server:
        assert server.keys("algoitny:run:*") == []


async def test_a_call_that_fails_leaves_the_request_of_another_under_the_same_key(
    api: Api, ann: str, worker: AnsweringSender, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage, fails = api.services.stores.usage, asyncio.Event()
    consume = usage.consume

    async def hang(*_arguments: Any, **_named: Any) -> Any:
        await fails.wait()
        raise Unavailable("the database did not answer")

    monkeypatch.setattr(usage, "consume", hang)
    first = asyncio.create_task(run(api, ann, idempotencyKey="one"))

    async def left() -> bool:
        return bool([key async for key in api.services.runs._redis.scan_iter("algoitny:run:*")])

    await wait_until_async("the request of the first", left)
    monkeypatch.setattr(usage, "consume", consume)
    worker.sends.clear()
    second = asyncio.create_task(run(api, ann, idempotencyKey="one"))
    await until_taken(api, ann)
    fails.set()
    assert (await first)["__typename"] == "Unavailable"
    worker.sends.set()
    assert (await second)["run"]["output"] == "out"


async def test_what_cannot_be_sent_is_given_back_at_once(open_api: OpenApi) -> None:
    class Silent(RecordingSender):
        async def send_run(self, uid: str, run_id: str, language: str, **more: Any) -> bool:
            await super().send_run(uid, run_id, language, **more)
            return False

    api = await open_api(Silent(), run_wait_seconds=600)
    await api.services.board.announce("a worker", [PYTHON])
    ann = await api.sign_in(ANN)
    assert (await run(api, ann))["__typename"] == "Unavailable"
    assert await used(api, ann) == 0


async def test_what_the_judge_fails_at_is_given_back_once_however_many_wait(
    api: Api, ann: str, worker: AnsweringSender
) -> None:
    await run(api, ann)
    worker.answer = lambda _: RunAnswer(status=None, message="the sandbox broke")
    results = await asyncio.gather(*(run(api, ann, idempotencyKey="one") for _ in range(4)))
    assert {result["__typename"] for result in results} <= {"Unavailable", "Conflict"}
    assert "the sandbox broke" in results[0]["message"]
    assert await used(api, ann) == 1


async def test_the_same_key_gets_the_same_answer_for_one_unit_at_once_and_later(
    api: Api, ann: str, worker: AnsweringSender
) -> None:
    answers = [await run(api, ann, idempotencyKey="one")]
    answers += await asyncio.gather(*(run(api, ann, idempotencyKey="one") for _ in range(3)))
    together = await asyncio.gather(*(run(api, ann, idempotencyKey="two") for _ in range(4)))
    for result in (*answers, *together):
        assert result["run"]["output"] == "out"
    assert await used(api, ann) == 2
    assert len([one for one in worker.runs if one[1] == worker.runs[0][1]]) == 1


async def test_the_same_key_with_another_input_is_a_conflict_and_hurts_neither(
    api: Api, ann: str, worker: AnsweringSender
) -> None:
    await run(api, ann, idempotencyKey="one")
    result = await run(api, ann, idempotencyKey="one", stdin="else")
    assert (result["__typename"], result["path"]) == ("Conflict", ["idempotencyKey"])
    assert (await run(api, ann, idempotencyKey="one"))["run"]["output"] == "out"
    assert await used(api, ann) == 1
    assert len(worker.seen) == 1


async def test_a_key_whose_answer_is_gone_is_a_conflict(
    api: Api, ann: str, worker: AnsweringSender
) -> None:
    worker.answer = lambda _: None
    assert (await run(api, ann, idempotencyKey="one"))["__typename"] == "Unavailable"
    worker.answer = lambda _: ANSWER
    result = await run(api, ann, idempotencyKey="one")
    assert (result["__typename"], result["path"]) == ("Conflict", ["idempotencyKey"])
    assert await used(api, ann) == 0


async def test_what_a_killed_api_had_taken_a_unit_for_is_run_under_the_same_key(
    api: Api, ann: str, worker: AnsweringSender, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """The process ends between two steps. No code of the product handles it."""

    async def kill(*_arguments: Any) -> bool:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(worker, "send_run", kill)
        call = asyncio.create_task(run(api, ann, idempotencyKey="one"))
        with pytest.raises(Killed):
            await call
    assert await used(api, ann) == 1
    assert (await run(api, ann, idempotencyKey="one"))["run"]["output"] == "out"
    assert await used(api, ann) == 1


@pytest.mark.parametrize("step", ["consume", "send_run", "wait"])
async def test_a_run_that_the_stopping_server_cancels_is_refunded_and_answered(
    api: Api, ann: str, worker: AnsweringSender, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    owners = {"consume": api.services.stores.usage, "send_run": worker, "wait": worker.board}
    original = getattr(owners[step], step)
    calls: list[asyncio.Task[Any]] = []

    async def cancel(*arguments: Any, **named: Any) -> Any:
        calls[0].cancel()
        return await original(*arguments, **named)

    worker.answers.clear()
    monkeypatch.setattr(owners[step], step, cancel)
    calls.append(asyncio.create_task(run(api, ann)))
    result = await calls[0]
    left = [key async for key in worker.board._redis.scan_iter("algoitny:run*")]
    worker.answers.set()
    assert (result["__typename"], await used(api, ann)) == ("Unavailable", 0)
    assert "The server is stopping. The run does not count" in result["message"]
    assert left == []


async def test_without_redis_nothing_is_run_and_nothing_is_used(
    open_api: OpenApi, api: Api, ann: str
) -> None:
    away = await open_api(redis_url="redis://127.0.0.1:1/0")
    result = await run(away, ann)
    assert result["__typename"] == "Unavailable"
    assert await used(api, ann) == 0


async def test_a_redis_that_went_away_just_now_costs_no_unit(
    open_api: OpenApi, api: Api, ann: str
) -> None:
    assert await api.services.board.is_present("python")
    away = await open_api(redis_url="redis://127.0.0.1:1/0")
    # It still has the announcements of the workers in its cache.
    away.services.board._reading = api.services.board._reading
    assert (await run(away, ann))["__typename"] == "Unavailable"
    assert not [sort for sort in await api.trace(ANN) if sort.startswith("L#")]


async def test_a_redis_that_goes_away_while_one_waits_costs_nothing(
    api: Api, ann: str, worker: AnsweringSender, redis_url: str
) -> None:
    def leave(_request: RunRequest) -> None:
        with redis.Redis.from_url(redis_url) as server:
            # A dropped connection is opened once more; this one is dropped again each time.
            for _ in range(4):
                server.client_kill_filter(_type="normal", skipme=True)
                time.sleep(0.05)

    worker.answer = leave
    assert (await run(api, ann))["__typename"] == "Unavailable"
    assert await used(api, ann) == 0
