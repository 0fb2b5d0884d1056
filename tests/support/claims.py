"""Claims and large cards of executions, for tests of the stores."""

from typing import Any

from graphql_api.data import keys
from graphql_api.data.histories.executions import Claim, LeasedElsewhere, OverdueExecution
from graphql_api.data.records import History

LEASE_MS = 10_000


async def claim(
    harness: Any, history: History, token: str = "worker-2"
) -> Claim | LeasedElsewhere | None:
    found: Claim | LeasedElsewhere | None = await harness.executions.claim(
        history.uid, history.ulid, token=token, lease_ms=LEASE_MS
    )
    return found


async def due_of(harness: Any, history: History, now: int) -> OverdueExecution | None:
    shard = keys.shard_of(history.ulid, keys.DUE_SHARDS)
    found = await harness.executions.due(shard, now)
    return next((one for one in found if one.ulid == history.ulid), None)


def large(harness: Any) -> dict[str, Any]:
    """A problem whose histories' cards are about 0.8 KB."""
    problem = harness.problem("number-of-a-problem-1000", title="두 수의 합 " * 30)
    return {"problem": problem, "request_id": "r" * 200}


# 99 bytes in UTF-8.
LONG_NAME = "ㄱ" * 33
