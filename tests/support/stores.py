"""The stores of executions on one table, with a clock that tests set."""

from collections import Counter
from dataclasses import replace
from typing import Any

from graphql_api.data import keys
from graphql_api.data.accounts.usage import UsageStore
from graphql_api.data.clock import day_of, ulid_at
from graphql_api.data.dynamo.bodies import Bodies
from graphql_api.data.dynamo.client import Dynamo, Item
from graphql_api.data.dynamo.values import load_item
from graphql_api.data.enums import ProblemState, Verdict
from graphql_api.data.histories.executions import Claim, ExecutionStore, Outcome
from graphql_api.data.histories.feed import FeedStore
from graphql_api.data.histories.rejudges import RejudgeStore
from graphql_api.data.histories.reservations import ReservationRequest, ReservationStore, Reserved
from graphql_api.data.histories.store import HistoryStore
from graphql_api.data.records import (
    History,
    Problem,
    Results,
    TestResult,
    Totals,
    User,
)

NOON = 1_773_144_000_000  # 2026-03-10T12:00:00Z
LEASE_MS = 10_000


class MovableClock:
    """A clock that shows the time that a test has set, in milliseconds."""

    def __init__(self, now: int = NOON) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


class StoreHarness:
    """The operations that tests of executions need most, one method each."""

    def __init__(self, dynamo: Dynamo, *, shards: int = 1) -> None:
        self.dynamo = dynamo
        self.clock = MovableClock()
        self.bodies = Bodies(dynamo)
        self.feed = FeedStore(dynamo, self.clock, read_shards=shards, write_shards=shards)
        self.histories = HistoryStore(dynamo, self.bodies, self.feed, self.clock)
        self.reservations = ReservationStore(dynamo, self.bodies, self.clock)
        self.executions = ExecutionStore(dynamo, self.bodies, self.feed, self.clock)
        self.rejudges = RejudgeStore(dynamo, self.bodies, self.clock)
        self.usage = UsageStore(dynamo, self.clock)
        self.today = day_of(NOON)

    async def user(self, name: str = "Ada Lovelace") -> User:
        uid = ulid_at(self.clock.now)
        user = User(
            uid=uid,
            email=f"{uid.lower()}@example.org",
            name=name,
            plan_id="free",
            created_at=self.clock.now,
            updated_at=self.clock.now,
        )
        await self.dynamo.put({**keys.user(uid), **keys.user_index(uid), **user.to_item()})
        await self.dynamo.put({**keys.totals(uid), **Totals().to_item()})
        return user

    def problem(self, number: str = "1000", **fields: Any) -> Problem:
        base = Problem(
            platform="baekjoon",
            number=number,
            title="A + B",
            state=ProblemState.COMPLETED,
            created_at=NOON,
            updated_at=NOON,
        )
        return replace(base, **fields)

    def reservation(self, user: User, **fields: Any) -> ReservationRequest:
        base = ReservationRequest(
            user=user,
            plan_limit=50,
            request_id=None,
            input_hash="input",
            problem=self.problem(),
            language="python",
            code="print(sum(map(int, input().split())))",
            is_public=False,
            now=self.clock.now,
        )
        return replace(base, **fields)

    async def reserve(self, user: User, **fields: Any) -> Reserved:
        return await self.reservations.reserve(self.reservation(user, **fields))

    async def pending(self, user: User, **fields: Any) -> History:
        return (await self.reserve(user, **fields)).history

    async def claim(self, history: History, token: str = "worker-1") -> History:
        claim = await self.executions.claim(
            history.uid, history.ulid, token=token, lease_ms=LEASE_MS
        )
        assert isinstance(claim, Claim), claim
        return claim.history

    async def running(self, user: User, **fields: Any) -> History:
        return await self.claim(await self.pending(user, **fields))

    async def completed(
        self, user: User, *, outcome: Outcome | None = None, **fields: Any
    ) -> History:
        running = await self.running(user, **fields)
        return await self.executions.complete(running, outcome or self.outcome(running))

    def outcome(self, history: History, **fields: Any) -> Outcome:
        tests = tuple(
            TestResult(number=n, is_sample=n == 1, verdict=Verdict.AC, cpu_ms=12, peak_kb=9000)
            for n in (1, 2)
        )
        base = Outcome(
            verdict=Verdict.WA,
            passed=1,
            failed=1,
            total=2,
            cpu_ms=24,
            peak_kb=9000,
            results=Results(attempt=history.attempt, compile_output=None, tests=tests),
            problem_public=True,
            test_version=1,
        )
        return replace(base, **fields)

    async def card(self, history: History) -> History:
        card = await self.histories.get(history.uid, history.ulid, consistent=True)
        assert card is not None
        return card

    async def used(self, user: User) -> int:
        return (await self.usage.day(user.uid, day_of(self.clock.now))).execution

    async def totals(self, user: User) -> Item:
        return await self.dynamo.get(keys.totals(user.uid), consistent=True) or {}

    async def everything(self) -> list[Item]:
        """Return every item of the table, over all pages."""
        items: list[Item] = []
        start: dict[str, Any] = {}
        while True:
            answer = await self.dynamo._transport.client.scan(
                TableName=self.dynamo.table_name, ConsistentRead=True, **start
            )
            items += map(load_item, answer["Items"])
            if not answer.get("LastEvaluatedKey"):
                return items
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    async def sorts(self, user: User) -> list[str]:
        """Return the sort keys of a user's partition, without the user and the totals."""
        partition = keys.user_partition(user.uid)
        return sorted(
            item["SK"]
            for item in await self.everything()
            if item["PK"] == partition and item["SK"] not in {"M", "S"}
        )

    async def entries(self) -> list[Item]:
        return [item for item in await self.everything() if item["PK"].startswith("F#")]

    async def consistent(self) -> None:
        """Check the invariants that hold between any two operations, over the whole table."""
        items = await self.everything()
        cards = {(i["u"], i["h"]): i for i in items if i["SK"].startswith("H#")}
        entries = [i for i in items if i["PK"].startswith("F#")]
        positioned = [item for item in cards.values() if "fid" in item]
        listed = {(i["u"], i["h"]): i["fid"] for i in positioned if "fh" not in i}
        for card in cards.values():
            assert ("fid" in card) <= (card["pub"] and card["st"] == "COMPLETED"), card
            assert ("fh" in card) <= ("fid" in card), card
            assert ("g2p" in card) == (card["st"] in {"PENDING", "RUNNING"}), card
            assert ("g1p" in card) == (card["st"] == "COMPLETED"), card
        assert len(entries) == 4 * len(listed)
        assert {(i["u"], i["h"], i["SK"]) for i in entries} == {
            (uid, ulid, fid) for (uid, ulid), fid in listed.items()
        }
        self._counters_agree(items)

    def _counters_agree(self, items: list[Item]) -> None:
        live = Counter(
            (item["PK"], item["dy"])
            for item in items
            if item["SK"].startswith("L#") and item["ac"] == "execution" and "ra" not in item
        )
        counted = {
            (item["PK"], item["dy"]): item.get("n_execution", 0)
            for item in items
            if item["SK"].startswith("D#")
        }
        assert {key: count for key, count in counted.items() if count} == live
