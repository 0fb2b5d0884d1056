"""The language board: the languages that workers have announced, stored in Redis.

A language is available until one day after its last announcement by any worker. Each process caches
the announcements for 5 s. A failed read is also cached. So if Redis is unreachable, callers wait
for at most one time-out per 5 s.
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
# The mutation `executeCode` rejects a language without an announcement in this time.
OFFERED_MS = DAY_MS
CACHED_MS = 5_000
# Workers announce every 30 s. If three announcements in a row are missing, the language is not
# present.
PRESENT_MS = 100_000

_Field = bytes | bytearray | memoryview | str | int | float


@dataclass(frozen=True, slots=True)
class _Announcement:
    language: LanguageInfo
    announced_at: int


@dataclass(frozen=True, slots=True)
class _Reading:
    """The announced languages, as they were read from Redis at `read_at` (epoch ms).

    `announcements` maps the id of each language to its latest announcement by a worker. It is None
    if Redis did not answer.
    """

    read_at: int
    announcements: Mapping[str, _Announcement] | None


@asynccontextmanager
async def open_language_board(
    settings: Settings, clock: Clock = now_ms
) -> AsyncIterator["LanguageBoard"]:
    """Open the language board on the Redis server in the settings.

    The first command opens a connection. All connections are closed at the end of the block.
    """
    redis = connect(settings)
    try:
        yield LanguageBoard(redis, clock)
    finally:
        await redis.aclose()


class LanguageBoard:
    """The store of the announced languages."""

    def __init__(self, redis: Redis, clock: Clock = now_ms) -> None:
        self._redis, self._clock = redis, clock
        self._reading: _Reading | None = None
        self._lock = asyncio.Lock()

    async def announce(self, worker_id: str, languages: Iterable[LanguageInfo]) -> None:
        """Announce the languages of a worker. A worker calls this method every 30 s.

        Raises:
            Unavailable: Redis did not answer.
        """
        now = self._clock()
        entries: dict[_Field, _Field] = {
            language.id: orjson.dumps({"at": now, **asdict(language)}) for language in languages
        }
        try:
            async with self._redis.pipeline(transaction=True) as batch:
                batch.zadd(WORKERS, {worker_id: now})
                batch.zremrangebyscore(WORKERS, "-inf", now - OFFERED_MS)
                if entries:
                    batch.hset(BOARD, mapping=entries)
                await batch.execute()
        except RedisError as error:
            raise _make_unavailable() from error
        self._reading = None

    async def available(self) -> list[LanguageInfo]:
        """Return the languages announced in the last 24 hours, sorted by id.

        If workers have announced different versions of a language, return the latest announcement.

        Raises:
            Unavailable: Redis did not answer.
        """
        announcements = await self._announcements()
        if announcements is None:
            raise _make_unavailable()
        oldest = self._clock() - OFFERED_MS
        offered = [
            announcement.language
            for announcement in announcements.values()
            if announcement.announced_at >= oldest
        ]
        return sorted(offered, key=lambda language: language.id)

    async def is_offered(self, language_id: str) -> bool | None:
        """Return whether a worker has announced a language in the last 24 hours.

        Return None if the answer is unknown, because Redis did not answer or contains no
        announcements.
        """
        announcements = await self._announcements()
        if not announcements:
            return None
        announcement = announcements.get(language_id)
        return announcement is not None and announcement.announced_at >= self._clock() - OFFERED_MS

    async def is_present(self, language_id: str) -> bool:
        """Return whether a worker has announced a language in the last 100 s.

        Raises:
            Unavailable: Redis did not answer.
        """
        announcements = await self._announcements()
        if announcements is None:
            raise _make_unavailable()
        announcement = announcements.get(language_id)
        return announcement is not None and announcement.announced_at >= self._clock() - PRESENT_MS

    async def last_announced(self) -> int | None:
        """Return the time of the last announcement of any worker (epoch ms).

        Return None if no worker has made an announcement in the last 24 hours.

        Raises:
            Unavailable: Redis did not answer.
        """
        try:
            newest = await self._redis.zrange(WORKERS, 0, 0, desc=True, withscores=True)
        except RedisError as error:
            raise _make_unavailable() from error
        return int(newest[0][1]) if newest else None

    async def _announcements(self) -> Mapping[str, _Announcement] | None:
        async with self._lock:
            now = self._clock()
            if self._reading is None or now - self._reading.read_at >= CACHED_MS:
                self._reading = _Reading(now, await self._read())
            return self._reading.announcements

    async def _read(self) -> Mapping[str, _Announcement] | None:
        try:
            entries = await self._redis.hgetall(BOARD)
        except RedisError:
            return None
        return {entry.language.id: entry for entry in map(_load_announcement, entries.values())}


def _load_announcement(raw: bytes | str) -> _Announcement:
    fields = orjson.loads(raw)
    announced_at = fields.pop("at")
    return _Announcement(
        LanguageInfo(**{**fields, "aliases": tuple(fields["aliases"])}), announced_at
    )


def _make_unavailable() -> Unavailable:
    return Unavailable(
        "The list of available languages cannot be read, because Redis did not answer. Try again "
        "later."
    )
