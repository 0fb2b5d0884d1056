"""The parts of a job, which are stored separately from the job's main item (its card).

The parts are the parameters, the result and the progress events.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from graphql_api.data import keys
from graphql_api.data.clock import Clock, now_ms
from graphql_api.data.dynamo.bodies import Bodies
from graphql_api.data.dynamo.client import Dynamo, Item
from graphql_api.data.dynamo.expressions import between, equals
from graphql_api.data.enums import JobStatus
from graphql_api.data.errors import InvalidInput
from graphql_api.data.limits import JOB_BODY_BYTES
from graphql_api.data.records import Job, JobEvent

# A finished job is kept for this number of days. The events and the bodies of the job are kept
# longer, because a retry needs them.
KEPT_DAYS = 30
RETRIED_WITHIN_DAYS = 365
PARTS_KEPT_DAYS = RETRIED_WITHIN_DAYS + 2 * KEPT_DAYS
DAY_S = 86_400


class JobParts:
    """The methods of `JobStore` for the parameters, results and progress events of jobs."""

    def __init__(self, dynamo: Dynamo, bodies: Bodies, clock: Clock = now_ms) -> None:
        self._dynamo, self._bodies, self._clock = dynamo, bodies, clock

    async def parameters(self, ulid: str) -> dict[str, Any] | None:
        """Return the parameters of a job, or None if the job does not exist.

        Cost: one strongly consistent request.
        """
        raw = await self._bodies.get(keys.job_parameters(ulid), consistent=True)
        return None if raw is None else dict(orjson.loads(raw))

    async def result(self, job: Job) -> dict[str, Any] | None:
        """Return the result of a job, or None if the job has not SUCCEEDED. Cost: one request."""
        return (await self.results([job]))[0]

    async def results(self, jobs: Sequence[Job]) -> list[dict[str, Any] | None]:
        """Return the results in the order of `jobs`.

        The list contains None for each job that has not SUCCEEDED. Cost: see `Bodies.load_many`.
        """
        succeeded = [job for job in jobs if job.status is JobStatus.SUCCEEDED]
        wanted = [keys.job_result(job.ulid, job.attempt) for job in succeeded]
        found = await self._bodies.load_many(wanted, _load_result, recheck=True)
        results = {job.ulid: result for job, result in zip(succeeded, found, strict=True)}
        return [results.get(job.ulid) for job in jobs]

    async def events(
        self, ulid: str, *, after: int = 0, size: int = 20, from_end: bool = False
    ) -> list[JobEvent]:
        """Return progress events of a job, sorted by number.

        The events have numbers greater than `after`. Return the first `size` such events, or the
        last `size` with `from_end`. Cost: one request.
        """
        first = keys.job_event(ulid, after + 1)
        later = equals("PK", first["PK"]) & between("SK", first["SK"], keys.JOB_EVENTS + "~")
        events: list[JobEvent] = []
        async for item in self._dynamo.query_all(
            later, consistent=True, limit=size, forward=not from_end
        ):
            if self._is_kept(item):
                events += filter(None, [JobEvent.from_item_or_none(item)])
            if len(events) == size:
                break
        return events[::-1] if from_end else events

    def _is_kept(self, item: Item) -> bool:
        """Return whether an item has not expired.

        DynamoDB may keep an expired item for days.
        """
        return "x" not in item or bool(item["x"] * 1000 > self._clock())

    async def _put_body(
        self, key: keys.Key, content: Mapping[str, Any], now: int, too_large: str
    ) -> Item:
        return await self._bodies.put(key, *dump_body(content, now, too_large))


def dump_body(content: Mapping[str, Any], now: int, too_large: str) -> tuple[bytes, Item]:
    """Return the parameters or the result of a job as bytes, and an attribute for the stored item.

    The attribute contains the expiry time of the item. `now` is the current time (epoch ms).
    `too_large` is the error message for content that is too large.

    Raises:
        InvalidInput: the content is too large.
    """
    raw = orjson.dumps(content)
    if len(raw) > JOB_BODY_BYTES:
        raise InvalidInput(too_large, ("parameters",))
    return raw, {"x": now // 1000 + PARTS_KEPT_DAYS * DAY_S}


def _load_result(raw: bytes) -> dict[str, Any]:
    return dict(orjson.loads(raw))
