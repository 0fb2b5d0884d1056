"""The run board: requests and results of custom runs, in Redis.

A custom run executes code on the user's own input. The request is stored under the id of the run
until a worker has answered it or the caller has withdrawn it. A claim shows that a worker has begun
the run. The answer is kept for some minutes, so that a repeated request finds it. If a run is
executed twice, only the first answer is kept.
"""

from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

from graphql_api.config import Settings
from graphql_api.data.enums import RunStatus
from graphql_api.data.errors import Unavailable
from graphql_api.data.packing import pack, unpack
from graphql_api.data.redis.answer_listener import CHANNEL, LISTEN_S, AnswerListener
from graphql_api.data.redis.connection import connect
from graphql_api.data.redis.run_places import RunPlaces

PREFIX = "algoitny:run:"
# Longer than the wait of any caller. Requests of a crashed API process expire after this time.
REQUEST_LIFE_S = 900
ANSWER_LIFE_S = 600
# Another worker gets the message of a crashed worker after about this time.
CLAIM_LIFE_MS = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """A program and its input.

    The judge adds the language's extra time and memory to the limits.
    """

    language: str
    code: str
    stdin: str
    time_limit_ms: int
    memory_limit_kb: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAnswer:
    """The result of a custom run.

    If the judge itself failed, `status` is None and `message` describes the failure. The flags mean
    that `output` or `error` is truncated. `exit_code` is None if a signal ended the program, or if
    the program was stopped.
    """

    status: RunStatus | None
    message: str = ""
    compile_output: str = ""
    output: str = ""
    output_truncated: bool = False
    error: str = ""
    error_truncated: bool = False
    cpu_ms: int = 0
    wall_ms: int = 0
    peak_kb: int = 0
    exit_code: int | None = None
    signal: str | None = None


@asynccontextmanager
async def open_run_board(settings: Settings) -> AsyncIterator["RunBoard"]:
    """Open the run board in the Redis that the settings name.

    Connections are opened at their first use.
    """
    redis = connect(settings)
    # The client does not reconnect by itself, so that the listener can log each lost connection.
    subscriber = connect(settings, reconnects=0, health_check_s=LISTEN_S)
    board = RunBoard(redis, subscriber)
    try:
        yield board
    finally:
        await board.aclose()
        await subscriber.aclose()
        await redis.aclose()


class RunBoard:
    """Requests and answers of custom runs, by run id.

    Each method raises `Unavailable` if Redis fails. `places` bounds the waiting callers of this
    process.
    """

    def __init__(self, redis: Redis, subscriber: Redis) -> None:
        self._redis = redis
        self._listener = AnswerListener(subscriber, self._read_answers)
        self.places = RunPlaces()

    async def aclose(self) -> None:
        """Stop waiting for answers."""
        await self._listener.aclose()

    async def put_request(self, run_id: str, request: RunRequest) -> bool:
        """Store a request. Return False if a request with this run id exists."""
        packed = pack(orjson.dumps(asdict(request)))
        with _unavailable_on_error():
            stored = await self._redis.set(PREFIX + run_id, packed, nx=True, ex=REQUEST_LIFE_S)
        return bool(stored)

    async def get_request(self, run_id: str) -> RunRequest | None:
        """Return a request, or None if it was answered or withdrawn, or has expired."""
        with _unavailable_on_error():
            packed = await self._redis.get(PREFIX + run_id)
        return None if packed is None else RunRequest(**_load(packed))

    async def withdraw(self, run_id: str) -> None:
        """Remove a request, because its caller does not wait any more."""
        with _unavailable_on_error():
            await self._redis.delete(PREFIX + run_id)

    async def begin(self, run_id: str, token: str) -> bool:
        """Claim a run for `CLAIM_LIFE_MS`. Return False if another worker holds the claim."""
        with _unavailable_on_error():
            key = _claim_key(run_id)
            return bool(await self._redis.set(key, token, nx=True, px=CLAIM_LIFE_MS))

    async def renew(self, run_id: str, token: str) -> bool:
        """Renew a claim.

        Return False if another worker holds the claim or the request was removed.
        """
        key = _claim_key(run_id)
        with _unavailable_on_error():
            holder = await self._redis.get(key)
            is_wanted = await self._redis.exists(PREFIX + run_id)
            if not is_wanted or holder not in (None, token.encode()):
                return False
            await self._redis.set(key, token, px=CLAIM_LIFE_MS)
        return True

    async def release(self, run_id: str, token: str) -> None:
        """Release a claim if this token still holds it."""
        with _unavailable_on_error():
            if await self._redis.get(_claim_key(run_id)) == token.encode():
                await self._redis.delete(_claim_key(run_id))

    async def has_begun(self, run_id: str) -> bool:
        """Return whether a worker holds the claim of a run."""
        with _unavailable_on_error():
            return bool(await self._redis.exists(_claim_key(run_id)))

    async def put_answer(self, run_id: str, answer: RunAnswer) -> None:
        """Store the first answer of a run, wake the waiting callers, and remove the request."""
        packed, key = pack(orjson.dumps(asdict(answer))), _answer_key(run_id)
        with _unavailable_on_error():
            async with self._redis.pipeline(transaction=True) as batch:
                batch.rpush(key, packed)
                batch.ltrim(key, 0, 0)
                batch.expire(key, ANSWER_LIFE_S)
                batch.delete(PREFIX + run_id)
                batch.publish(CHANNEL, run_id)
                await batch.execute()

    async def get_answer(self, run_id: str) -> RunAnswer | None:
        """Return the answer of a run, or None if there is no answer yet."""
        with _unavailable_on_error():
            packed = await self._redis.lindex(_answer_key(run_id), 0)
        return None if packed is None else _answer(packed)

    async def wait(self, run_id: str, timeout_s: float) -> RunAnswer | None:
        """Wait for the answer of a run.

        Return None if there is no answer after `timeout_s` seconds.
        """
        packed = await self._listener.wait(run_id, timeout_s)
        return await self.get_answer(run_id) if packed is None else _answer(packed)

    async def _read_answers(self, run_ids: Collection[str]) -> Mapping[str, bytes]:
        """Return the packed answers of these runs, in one request."""
        with _unavailable_on_error():
            async with self._redis.pipeline(transaction=False) as batch:
                for run_id in run_ids:
                    batch.lindex(_answer_key(run_id), 0)
                answers = await batch.execute()
        pairs = zip(run_ids, answers, strict=True)
        return {run_id: answer for run_id, answer in pairs if answer is not None}


def _answer_key(run_id: str) -> str:
    return f"{PREFIX}{run_id}:answer"


def _claim_key(run_id: str) -> str:
    return f"{PREFIX}{run_id}:claim"


def _load(packed: bytes | str) -> dict[str, Any]:
    assert isinstance(packed, bytes)
    return dict(orjson.loads(unpack(packed)))


def _answer(packed: bytes | str) -> RunAnswer:
    fields = _load(packed)
    status = fields.pop("status")
    return RunAnswer(status=None if status is None else RunStatus(status), **fields)


@contextmanager
def _unavailable_on_error() -> Iterator[None]:
    try:
        yield
    except RedisError as error:
        raise Unavailable(
            "The code was not run, because Redis did not answer in time. Try again later."
        ) from error
