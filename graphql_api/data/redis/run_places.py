"""The limits on the number of callers that wait for custom runs.

Each waiting caller takes one place. A repeated request also takes a place. The number of places per
process is limited. The number of places per user is limited over all API processes, so that one
user cannot take all places.

The places of a user are stored in Redis, in a sorted set. Each place has a lease, which the process
of the caller renews. If this process is killed, the place becomes free when the lease ends. The
time of a lease is measured by the clock of Redis.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from uuid import uuid4

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from graphql_api.data.errors import Conflict, Unavailable
from graphql_api.data.limits import WAITING_RUNS, WAITING_RUNS_PER_USER

PREFIX = "algoitny:run-places:"
LEASE_S = 15.0
RENEW_S = 5.0

_NOW = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local lease = tonumber(ARGV[1])
"""
# Arguments: the lease in milliseconds, the limit, the new place. The result is 1 if the place was
# taken, and 0 if the limit is reached.
_TAKE = f"""{_NOW}
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], now + lease, ARGV[3])
redis.call('PEXPIRE', KEYS[1], lease)
return 1
"""
# Arguments: the lease in milliseconds, the place. A place that was freed is not added again.
_RENEW = f"""{_NOW}
if redis.call('ZADD', KEYS[1], 'XX', 'CH', now + lease, ARGV[2]) == 1 then
    redis.call('PEXPIRE', KEYS[1], lease)
end
"""

_log = structlog.stdlib.get_logger(__name__)


@contextmanager
def unavailable_on_error() -> Iterator[None]:
    """Run the block, and convert errors of the Redis client to `Unavailable`."""
    try:
        yield
    except RedisError as error:
        raise Unavailable(
            "The code was not run, because Redis did not answer in time. Try again later."
        ) from error


class RunPlaces:
    """The places that the waiting callers of this process have taken.

    Each caller that waits for a custom run takes one place. One task renews the leases of all these
    places. The task starts with the first caller.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._take_script = redis.register_script(_TAKE)
        self._renew_script = redis.register_script(_RENEW)
        self._count_by_user: Counter[str] = Counter()
        self._user_by_place: dict[str, str] = {}
        self._renewal: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def take(self, uid: str) -> AsyncIterator[None]:
        """Take a place for a waiting caller of a user, run the block, and free the place.

        The number of places is limited for each user and for each process.

        Raises:
            Conflict: all places of the user are taken.
            Unavailable: all places of the process are taken, or Redis did not answer.
        """
        with self._take_here(uid):
            place = uuid4().hex
            try:
                await self._take_everywhere(uid, place)
            except asyncio.CancelledError:
                await self._free(uid, place)
                raise
            try:
                yield
            finally:
                await self._free(uid, place)

    async def aclose(self) -> None:
        """Stop the task that renews the leases."""
        if self._renewal is not None:
            self._renewal.cancel()
            await asyncio.gather(self._renewal, return_exceptions=True)

    @contextmanager
    def _take_here(self, uid: str) -> Iterator[None]:
        """Count one more place of the user and of this process while the block runs.

        Each caller that waits for a custom run takes one place. This method checks the limits only
        for the callers of this process, without a request to Redis.

        Raises:
            Conflict: all places of the user are taken by callers of this process.
            Unavailable: all places of the process are taken.
        """
        if self._count_by_user[uid] >= WAITING_RUNS_PER_USER:
            raise _too_many_of_user()
        if self._count_by_user.total() >= WAITING_RUNS:
            raise Unavailable(
                "Too many custom runs are in progress. The code was not run. Try again in a few "
                "seconds."
            )
        self._count_by_user[uid] += 1
        try:
            yield
        finally:
            self._count_by_user[uid] -= 1
            if not self._count_by_user[uid]:
                del self._count_by_user[uid]

    async def _take_everywhere(self, uid: str, place: str) -> None:
        with unavailable_on_error():
            is_taken = await self._take_script(
                keys=[PREFIX + uid], args=[_lease_ms(), WAITING_RUNS_PER_USER, place]
            )
        if not is_taken:
            raise _too_many_of_user()
        self._user_by_place[place] = uid
        if self._renewal is None:
            self._renewal = asyncio.create_task(self._renew_forever())

    async def _free(self, uid: str, place: str) -> None:
        """Free a place, because its caller no longer waits for a custom run.

        If Redis does not answer, the place becomes free when its lease ends.
        """
        self._user_by_place.pop(place, None)
        with suppress(RedisError):
            await self._redis.zrem(PREFIX + uid, place)

    async def _renew_forever(self) -> None:
        while True:
            await asyncio.sleep(RENEW_S)
            try:
                await self._renew()
            except RedisError as error:
                _log.warning("The places of custom runs were not renewed.", reason=str(error))

    async def _renew(self) -> None:
        """Renew the leases of all places that callers of this process have taken.

        Cost: one request to Redis.
        """
        async with self._redis.pipeline(transaction=False) as batch:
            for place, uid in self._user_by_place.items():
                await self._renew_script(
                    keys=[PREFIX + uid], args=[_lease_ms(), place], client=batch
                )
            await batch.execute()


def _lease_ms() -> int:
    return round(LEASE_S * 1000)


def _too_many_of_user() -> Conflict:
    return Conflict(
        f"You already have {WAITING_RUNS_PER_USER} custom runs in progress. Wait for the result of "
        "one of them, then send this run again."
    )
