"""The listener for answers of custom runs. One listener serves all waiting callers of a process.

A worker stores the answer of a run and then publishes the id of the run as a notification. A
notification can be lost, for example while the listener reconnects. So all expected answers are
also read once per second. One task reads the answers of all runs. So the number of connections does
not depend on the number of waiting callers.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from graphql_api.data.errors import Unavailable

CHANNEL = "algoitny:run:answered"
# Maximum delay of an answer whose notification was lost.
RECHECK_S = 1.0
# Maximum wait for one notification. The connection is checked after this time.
LISTEN_S = 5.0
RECONNECT_S = 1.0
# Maximum number of answers in one pipeline. This number bounds the size of one response of Redis.
READ_AT_ONCE = 32

ReadAnswers = Callable[[Collection[str]], Awaitable[Mapping[str, bytes]]]

_log = structlog.stdlib.get_logger(__name__)


class AnswerListener:
    """Delivers the answers of custom runs to the waiting callers of this process.

    `read_answers` is a function that returns the stored answers of the given runs. The listener
    connects when the first caller waits.
    """

    def __init__(self, redis: Redis, read_answers: ReadAnswers) -> None:
        self._redis, self._read_answers = redis, read_answers
        self._callers: dict[str, set[asyncio.Future[bytes]]] = {}
        self._due: set[str] = set()
        self._has_due = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def wait(self, run_id: str, timeout_s: float) -> bytes | None:
        """Wait for the answer of a run, and return the compressed answer.

        Return None if no answer is stored after `timeout_s` seconds.
        """
        self._start()
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        callers = self._callers.setdefault(run_id, set())
        callers.add(answer)
        try:
            async with asyncio.timeout(timeout_s):
                while not answer.done():
                    self._read_soon(run_id)
                    await asyncio.wait([answer], timeout=RECHECK_S)
                return answer.result()
        except TimeoutError:
            return None
        finally:
            callers.discard(answer)
            if not callers and self._callers.get(run_id) is callers:
                del self._callers[run_id]

    async def aclose(self) -> None:
        """Stop the listener. Callers that are still waiting get None at their time-out."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self) -> None:
        if not self._tasks:
            self._tasks = [
                asyncio.create_task(self._listen_forever()),
                asyncio.create_task(self._read_forever()),
            ]

    def _read_soon(self, *run_ids: str) -> None:
        self._due.update(run_id for run_id in run_ids if run_id in self._callers)
        if self._due:
            self._has_due.set()

    async def _listen_forever(self) -> None:
        while True:
            try:
                await self._listen()
            except RedisError as error:
                _log.warning(
                    "The API does not receive the answers of custom runs, because the connection "
                    "to Redis failed. The API connects again.",
                    reason=str(error),
                )
                await asyncio.sleep(RECONNECT_S)

    async def _listen(self) -> None:
        async with self._redis.pubsub() as subscription:
            await subscription.subscribe(CHANNEL)
            while True:
                message = await subscription.get_message(timeout=LISTEN_S)
                if message is None:
                    continue
                if message["type"] == "subscribe":
                    # Notifications that were published before the subscription were not received.
                    self._read_soon(*self._callers)
                else:
                    self._read_soon(message["data"].decode())

    async def _read_forever(self) -> None:
        while True:
            await self._has_due.wait()
            run_ids = [self._due.pop() for _ in range(min(len(self._due), READ_AT_ONCE))]
            if not self._due:
                self._has_due.clear()
            try:
                answers = await self._read_answers(run_ids)
            except Unavailable as error:
                _log.warning(
                    "The answers of custom runs could not be read from Redis. The API reads them "
                    "again.",
                    reason=error.message,
                )
                await asyncio.sleep(RECONNECT_S)
                continue
            for run_id, answer in answers.items():
                self._deliver(run_id, answer)

    def _deliver(self, run_id: str, answer: bytes) -> None:
        for caller in self._callers.get(run_id, ()):
            if not caller.done():
                caller.set_result(answer)
