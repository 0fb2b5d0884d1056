"""Runs of code on the caller's own input, in Redis: what is asked for, and what came of it.

Both are short-lived. A request lies under its run's id until it is find_answer or withdrawn; a claim
beside it says that a worker has begun; an answer lies there for a while, so that the same request
finds it again. The first answer stands.
"""

import time
from collections.abc import AsyncIterator, Iterator
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
from graphql_api.data.redis.connection import connect, connect_blocking

PREFIX = "algoitny:run:"
# Longer than anyone waits for an answer: what an API that died left behind goes by itself.
REQUEST_LIFE_S = 900
ANSWER_LIFE_S = 600
# By then a dead worker's message has gone to another.
CLAIM_LIFE_MS = 4_000
# One blocking command takes this long at most, so that a dead connection is noticed.
WAIT_STEP_S = 5.0
# Callers of one process that wait at the same time, a connection each.
WAITING_AT_ONCE = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """A program and what it reads; the limits are before the language's grace."""

    language: str
    code: str
    stdin: str
    time_limit_ms: int
    memory_limit_kb: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAnswer:
    """What a run gave.

    `status` None says that the judge failed, and `message` how. `output` and `error` are cut where
    their flags say so. `exit_code` is None where a signal ended the program or it was stopped.
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
    """Open the board of the Redis that the settings name; connects at its first use."""
    redis = connect(settings)
    waiting = connect_blocking(settings, block_s=WAIT_STEP_S, max_connections=WAITING_AT_ONCE)
    try:
        yield RunBoard(redis, waiting)
    finally:
        await redis.aclose()
        await waiting.aclose()


class RunBoard:
    """Requests and answers by the id of their run; every method raises Unavailable with Redis."""

    def __init__(self, redis: Redis, waiting: Redis) -> None:
        self._redis, self._waiting = redis, waiting

    async def ask(self, run_id: str, request: RunRequest) -> bool:
        """Leave a request; False where it is there already."""
        packed = pack(orjson.dumps(asdict(request)))
        with _answering():
            stored = await self._redis.set(PREFIX + run_id, packed, nx=True, ex=REQUEST_LIFE_S)
        return bool(stored)

    async def request(self, run_id: str) -> RunRequest | None:
        """Return a request, None once it is find_answer, withdrawn or too old."""
        with _answering():
            packed = await self._redis.get(PREFIX + run_id)
        return None if packed is None else RunRequest(**_load(packed))

    async def withdraw(self, run_id: str) -> None:
        """Forget a request that nobody waits for any more."""
        with _answering():
            await self._redis.delete(PREFIX + run_id)

    async def begin(self, run_id: str, token: str) -> bool:
        """Claim a run for `CLAIM_LIFE_MS`; False while another worker has it."""
        with _answering():
            key = _claim_key(run_id)
            return bool(await self._redis.set(key, token, nx=True, px=CLAIM_LIFE_MS))

    async def renew(self, run_id: str, token: str) -> bool:
        """Prolong a claim; False when it is another's, or nobody waits for the run any more."""
        key = _claim_key(run_id)
        with _answering():
            holder = await self._redis.get(key)
            is_wanted = await self._redis.exists(PREFIX + run_id)
            if not is_wanted or holder not in (None, token.encode()):
                return False
            await self._redis.set(key, token, px=CLAIM_LIFE_MS)
        return True

    async def release(self, run_id: str, token: str) -> None:
        """Give a claim up, if it still is one's own."""
        with _answering():
            if await self._redis.get(_claim_key(run_id)) == token.encode():
                await self._redis.delete(_claim_key(run_id))

    async def has_begun(self, run_id: str) -> bool:
        """Tell whether a worker has a run."""
        with _answering():
            return bool(await self._redis.exists(_claim_key(run_id)))

    async def answer(self, run_id: str, answer: RunAnswer) -> None:
        """Leave an answer for all who wait, unless there is one; the request is done."""
        packed, key = pack(orjson.dumps(asdict(answer))), _answer_key(run_id)
        with _answering():
            async with self._redis.pipeline(transaction=True) as batch:
                batch.rpush(key, packed)
                batch.ltrim(key, 0, 0)
                batch.expire(key, ANSWER_LIFE_S)
                batch.delete(PREFIX + run_id)
                await batch.execute()

    async def find_answer(self, run_id: str) -> RunAnswer | None:
        """Return an answer if there is one."""
        with _answering():
            packed = await self._redis.lindex(_answer_key(run_id), 0)
        return None if packed is None else _answer(packed)

    async def wait(self, run_id: str, timeout_s: float) -> RunAnswer | None:
        """Return the answer as soon as there is one, None if there is none in time."""
        key, ends_at = _answer_key(run_id), time.monotonic() + timeout_s
        while (left_s := ends_at - time.monotonic()) > 0:
            step_s: Any = min(left_s, WAIT_STEP_S)
            with _answering():
                # Moved onto its own list an answer stays, and wakes the next who waits.
                packed = await self._waiting.blmove(key, key, step_s, src="LEFT", dest="RIGHT")
            if packed is not None:
                return _answer(packed)
        return None


def _answer_key(run_id: str) -> str:
    return f"{PREFIX}{run_id}:answer"


def _claim_key(run_id: str) -> str:
    return f"{PREFIX}{run_id}:claim"


def _load(packed: bytes | str) -> dict[str, Any]:
    assert isinstance(packed, bytes)
    return dict(orjson.loads(unpack(packed)))


def _answer(packed: bytes | str) -> RunAnswer:
    found = _load(packed)
    status = found.pop("status")
    return RunAnswer(status=None if status is None else RunStatus(status), **found)


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except RedisError as error:
        raise Unavailable(
            "The code was not run, because the queue did not answer. Try again later."
        ) from error
