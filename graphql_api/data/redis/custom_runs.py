"""The run board: the requests and answers of custom runs, stored in Redis.

A custom run executes code on the user's own input. The request of a run is stored until a worker
stores the answer or the caller withdraws the request. A worker that executes the run has a claim on
the run. The answer is kept for 10 minutes, so that a repeated request gets the same answer. If a
run is executed twice, only the first answer is kept.
"""

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Any

import orjson
from redis.asyncio import Redis

from graphql_api.config import Settings
from graphql_api.data.enums import RunStatus
from graphql_api.data.packing import pack, unpack
from graphql_api.data.redis.answer_listener import CHANNEL, LISTEN_S, AnswerListener
from graphql_api.data.redis.connection import connect
from graphql_api.data.redis.run_places import RunPlaces, unavailable_on_error

PREFIX = "algoitny:run:"
# No caller waits for so long. The requests of a crashed API process expire after this time.
REQUEST_LIFE_S = 900
ANSWER_LIFE_S = 600
# A claim that is not renewed ends after this time. Then another worker gets the message of the
# crashed worker.
CLAIM_LIFE_MS = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """The request for a custom run: a program, the input and the limits.

    The judge adds the extra time and memory of the language to the limits.
    """

    language: str
    code: str
    stdin: str
    time_limit_ms: int
    memory_limit_kb: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAnswer:
    """The answer to the request for a custom run: the result of the run.

    If the judge itself failed, `status` is None and `message` describes the failure.
    `output_truncated` and `error_truncated` are True if `output` or `error` is truncated.
    `exit_code` is None if a signal ended the program or the judge stopped the program.
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
    """Open the run board (the store of custom runs) on the Redis server in the settings.

    The first command opens a connection. All connections are closed at the end of the block.
    """
    redis = connect(settings)
    # This client does not reconnect by itself, so that the listener can log each lost connection.
    subscriber = connect(settings, reconnects=0, health_check_s=LISTEN_S)
    board = RunBoard(redis, subscriber)
    try:
        yield board
    finally:
        await board.aclose()
        await subscriber.aclose()
        await redis.aclose()


class RunBoard:
    """The store of the requests, claims and answers of custom runs, by run id.

    Each method raises `Unavailable` if Redis does not answer. `places` limits the number of waiting
    callers.
    """

    def __init__(self, redis: Redis, subscriber: Redis) -> None:
        self._redis = redis
        self._listener = AnswerListener(subscriber, self._read_answers)
        self.places = RunPlaces(redis)

    async def aclose(self) -> None:
        """Stop the background tasks of this process for waiting callers."""
        await self.places.aclose()
        await self._listener.aclose()

    async def put_request(self, run_id: str, request: RunRequest) -> bool:
        """Store a request. Return False if a request with this run id is already stored."""
        packed = pack(orjson.dumps(asdict(request)))
        with unavailable_on_error():
            stored = await self._redis.set(PREFIX + run_id, packed, nx=True, ex=REQUEST_LIFE_S)
        return bool(stored)

    async def get_request(self, run_id: str) -> RunRequest | None:
        """Return a request, or None if the request was answered or withdrawn, or has expired."""
        with unavailable_on_error():
            packed = await self._redis.get(PREFIX + run_id)
        return None if packed is None else RunRequest(**_load(packed))

    async def withdraw(self, run_id: str) -> None:
        """Remove a request whose caller no longer waits for the answer."""
        with unavailable_on_error():
            await self._redis.delete(PREFIX + run_id)

    async def begin(self, run_id: str, token: str) -> bool:
        """Claim a run for a worker. Return False if the run is already claimed.

        The claim ends after `CLAIM_LIFE_MS`, unless it is renewed. `token` identifies the claim.
        """
        with unavailable_on_error():
            key = _claim_key(run_id)
            return bool(await self._redis.set(key, token, nx=True, px=CLAIM_LIFE_MS))

    async def renew(self, run_id: str, token: str) -> bool:
        """Renew a claim for `CLAIM_LIFE_MS`.

        Return False if another worker has claimed the run or the request was removed.
        """
        key = _claim_key(run_id)
        with unavailable_on_error():
            holder = await self._redis.get(key)
            is_wanted = await self._redis.exists(PREFIX + run_id)
            if not is_wanted or holder not in (None, token.encode()):
                return False
            await self._redis.set(key, token, px=CLAIM_LIFE_MS)
        return True

    async def release(self, run_id: str, token: str) -> None:
        """Release the claim with this token. Do nothing if the run has no such claim."""
        with unavailable_on_error():
            if await self._redis.get(_claim_key(run_id)) == token.encode():
                await self._redis.delete(_claim_key(run_id))

    async def has_begun(self, run_id: str) -> bool:
        """Return whether a worker has claimed the run and executes it."""
        with unavailable_on_error():
            return bool(await self._redis.exists(_claim_key(run_id)))

    async def put_answer(self, run_id: str, answer: RunAnswer) -> None:
        """Store the answer of a run, notify the waiting callers, and remove the request.

        If the run already has an answer, the earlier answer is kept.
        """
        packed, key = pack(orjson.dumps(asdict(answer))), _answer_key(run_id)
        with unavailable_on_error():
            async with self._redis.pipeline(transaction=True) as batch:
                batch.rpush(key, packed)
                batch.ltrim(key, 0, 0)
                batch.expire(key, ANSWER_LIFE_S)
                batch.delete(PREFIX + run_id)
                batch.publish(CHANNEL, run_id)
                await batch.execute()

    async def get_answer(self, run_id: str) -> RunAnswer | None:
        """Return the answer of a run, or None if no answer is stored."""
        with unavailable_on_error():
            packed = await self._redis.lindex(_answer_key(run_id), 0)
        return None if packed is None else _answer(packed)

    async def wait(self, run_id: str, timeout_s: float) -> RunAnswer | None:
        """Wait for the answer of a run, and return the answer.

        Return None if no answer is stored after `timeout_s` seconds.
        """
        packed = await self._listener.wait(run_id, timeout_s)
        return await self.get_answer(run_id) if packed is None else _answer(packed)

    async def _read_answers(self, run_ids: Collection[str]) -> Mapping[str, bytes]:
        """Return the stored answers by run id. The answers are compressed. Cost: one request."""
        with unavailable_on_error():
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
