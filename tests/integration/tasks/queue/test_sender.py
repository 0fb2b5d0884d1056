"""The messages to the workers, and sends that fail."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable

import orjson
import pytest
import redis

from graphql_api.config import Settings
from tasks.queue.sender import CIRCUIT_OPEN_S, TaskSender
from tests.support.settings import PATIENCE_MS, make_settings

MakeSender = Callable[..., TaskSender]


@pytest.fixture
async def sender_of() -> AsyncIterator[MakeSender]:
    opened: list[TaskSender] = []

    def make(url: str, *, timeout_ms: int = PATIENCE_MS) -> TaskSender:
        settings: Settings = make_settings(redis_url=url, redis_timeout_ms=timeout_ms)
        opened.append(TaskSender(settings))
        return opened[-1]

    yield make
    for sender in opened:
        await sender.aclose()


@pytest.mark.redis
async def test_a_message_holds_ids_and_its_time_and_nothing_else(
    sender_of: MakeSender, redis_url: str
) -> None:
    await sender_of(redis_url).send_execution("user", "history", "c")
    with redis.Redis.from_url(redis_url.replace("/0", "/1")) as queues:
        (raw,) = queues.hvals("dramatiq:execution.msgs")
    message = orjson.loads(raw)
    assert message["actor_name"] == "execute_submission"
    assert message["args"] == []
    assert (message["options"]["lane"], message["options"]["needs"]) == ("user", "c")
    assert set(message["kwargs"]) == {"uid", "ulid", "sent_at_ms"}
    assert (message["kwargs"]["uid"], message["kwargs"]["ulid"]) == ("user", "history")


@pytest.mark.redis
async def test_a_message_names_all_languages_that_its_worker_must_have(
    sender_of: MakeSender, redis_url: str
) -> None:
    sender = sender_of(redis_url)
    await sender.send_execution("user", "history", "python", required={"python", "cpp"})
    await sender.send_job("editor", "job", required={"java"})
    await sender.send_job("editor", "another")
    with redis.Redis.from_url(redis_url.replace("/0", "/1")) as queues:
        executions, jobs = (queues.hvals(f"dramatiq:{name}.msgs") for name in ("execution", "bulk"))
    required = [orjson.loads(raw)["options"]["needs"] for raw in (*executions, *jobs)]
    assert sorted(required) == ["", "cpp,python", "java"]


async def test_a_redis_that_is_away_costs_the_sender_nothing_but_a_moment(
    sender_of: MakeSender,
) -> None:
    async with asyncio.timeout(25):
        await sender_of("redis://127.0.0.1:1/0").send_execution("user", "history", "c")


async def test_a_redis_that_does_not_answer_is_given_up_on_in_time(
    sender_of: MakeSender,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        sender = sender_of(url, timeout_ms=200)
        async with asyncio.timeout(25):
            await sender.send_execution("u", "h", "c")


async def test_many_senders_do_not_wait_one_after_the_other_for_a_redis_that_is_silent(
    sender_of: MakeSender,
) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=200) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        sender = sender_of(url, timeout_ms=500)
        # In sequence they would take 50 s.
        async with asyncio.timeout(40):
            await asyncio.gather(*(sender.send_execution("u", str(n), "c") for n in range(100)))


@pytest.mark.redis
@pytest.mark.slow
async def test_after_a_rest_messages_are_sent_again(sender_of: MakeSender, redis_url: str) -> None:
    sender = sender_of(redis_url)
    with redis.Redis.from_url(redis_url) as server:
        usual = server.config_get("maxclients")["maxclients"]
        server.config_set("maxclients", 1)
        try:
            await sender.send_execution("user", "refused", "c")
        finally:
            server.config_set("maxclients", usual)
    await asyncio.sleep(CIRCUIT_OPEN_S)
    await sender.send_execution("user", "sent", "c")
    with redis.Redis.from_url(redis_url.replace("/0", "/1")) as queues:
        assert queues.hlen("dramatiq:execution.msgs") == 1


@pytest.mark.redis
async def test_a_redis_that_came_back_is_used_again(sender_of: MakeSender, redis_url: str) -> None:
    sender = sender_of(redis_url)
    await sender.send_execution("user", "first", "c")
    with redis.Redis.from_url(redis_url) as server:
        server.client_kill_filter(_type="normal", skipme=True)
    await sender.send_execution("user", "second", "c")
    with redis.Redis.from_url(redis_url.replace("/0", "/1")) as queues:
        assert queues.hlen("dramatiq:execution.msgs") == 2
