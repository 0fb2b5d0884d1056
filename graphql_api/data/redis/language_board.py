"""The board on which workers announce the languages that they run, in Redis.

A language counts as offered for a day after a worker last announced it. What the board says is
kept in the process for a few seconds, its silence too: a Redis that is down costs one time-out in
that time, not one a request.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass

import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

from graphql_api.config import Settings
from graphql_api.data.clock import DAY_MS, Clock, now_ms
from graphql_api.data.errors import Unavailable
from graphql_api.data.languages import LanguageInfo
from graphql_api.data.redis.connection import connect

BOARD = "algoitny:languages"
WORKERS = "algoitny:workers"
# "executeCode … refuses one that no worker has announced for a day."
OFFERED_MS = DAY_MS
REMEMBERED_MS = 5_000
# A worker announces every 30 s: one that missed three is taken for gone.
PRESENT_MS = 100_000

_Field = bytes | bytearray | memoryview | str | int | float


@dataclass(frozen=True, slots=True)
class _Announcement:
    language: LanguageInfo
    announced_at: int


@dataclass(frozen=True, slots=True)
class _Reading:
    """What the board said at `read_at`; None if it did not answer."""

    read_at: int
    announcements: Mapping[str, _Announcement] | None


@asynccontextmanager
async def open_language_board(
    settings: Settings, clock: Clock = now_ms
) -> AsyncIterator["LanguageBoard"]:
    """Open the board of the Redis that the settings name; nothing is sent before it is used."""
    redis = connect(settings)
    try:
        yield LanguageBoard(redis, clock)
    finally:
        await redis.aclose()


class LanguageBoard:
    """Reads and writes the board."""

    def __init__(self, redis: Redis, clock: Clock = now_ms) -> None:
        self._redis, self._clock = redis, clock
        self._reading: _Reading | None = None
        self._lock = asyncio.Lock()

    async def announce(self, worker_id: str, languages: Iterable[LanguageInfo]) -> None:
        """Say that a worker runs these languages now; repeated every 30 s while it lives.

        Raises:
            Unavailable: Redis did not answer.
        """
        now = self._clock()
        entries: dict[_Field, _Field] = {
            one.id: orjson.dumps({"at": now, **asdict(one)}) for one in languages
        }
        try:
            async with self._redis.pipeline(transaction=True) as batch:
                batch.zadd(WORKERS, {worker_id: now})
                batch.zremrangebyscore(WORKERS, "-inf", now - OFFERED_MS)
                if entries:
                    batch.hset(BOARD, mapping=entries)
                await batch.execute()
        except RedisError as error:
            raise _silent() from error
        self._reading = None

    async def available(self) -> list[LanguageInfo]:
        """Return the languages offered, by id, each in the version announced last.

        Raises:
            Unavailable: Redis did not answer.
        """
        announcements = await self._announcements()
        if announcements is None:
            raise _silent()
        oldest = self._clock() - OFFERED_MS
        found = [one.language for one in announcements.values() if one.announced_at >= oldest]
        return sorted(found, key=lambda language: language.id)

    async def is_offered(self, language_id: str) -> bool | None:
        """Tell whether a worker announced a language within a day.

        None where nobody can tell: Redis did not answer, or no worker ever announced anything.
        """
        announcements = await self._announcements()
        if not announcements:
            return None
        found = announcements.get(language_id)
        return found is not None and found.announced_at >= self._clock() - OFFERED_MS

    async def is_present(self, language_id: str) -> bool:
        """Tell whether a worker that runs a language was heard of within 100 s.

        Raises:
            Unavailable: Redis did not answer.
        """
        announcements = await self._announcements()
        if announcements is None:
            raise _silent()
        found = announcements.get(language_id)
        return found is not None and found.announced_at >= self._clock() - PRESENT_MS

    async def last_announced(self) -> int | None:
        """Return when a worker was last heard of (epoch ms), None if none was within a day.

        Raises:
            Unavailable: Redis did not answer.
        """
        try:
            newest = await self._redis.zrange(WORKERS, 0, 0, desc=True, withscores=True)
        except RedisError as error:
            raise _silent() from error
        return int(newest[0][1]) if newest else None

    async def _announcements(self) -> Mapping[str, _Announcement] | None:
        async with self._lock:
            now = self._clock()
            if self._reading is None or now - self._reading.read_at >= REMEMBERED_MS:
                self._reading = _Reading(now, await self._read())
            return self._reading.announcements

    async def _read(self) -> Mapping[str, _Announcement] | None:
        try:
            entries = await self._redis.hgetall(BOARD)
        except RedisError:
            return None
        return {one.language.id: one for one in map(_announcement, entries.values())}


def _announcement(raw: bytes | str) -> _Announcement:
    found = orjson.loads(raw)
    announced_at = found.pop("at")
    return _Announcement(
        LanguageInfo(**{**found, "aliases": tuple(found["aliases"])}), announced_at
    )


def _silent() -> Unavailable:
    return Unavailable("The list of available languages cannot be read. Try again later.")
