"""All stores of a process. They are opened and closed together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from graphql_api.config import Settings
from graphql_api.data.accounts.plans import PlanStore
from graphql_api.data.accounts.usage import UsageStore
from graphql_api.data.accounts.users import UserStore
from graphql_api.data.clock import Clock, now_ms
from graphql_api.data.dynamo.bodies import Bodies, open_bodies
from graphql_api.data.dynamo.client import Dynamo, open_dynamo
from graphql_api.data.histories.executions import ExecutionStore
from graphql_api.data.histories.feed import FeedStore
from graphql_api.data.histories.problem_feed import ProblemFeedStore
from graphql_api.data.histories.rejudges import RejudgeStore
from graphql_api.data.histories.reservations import ReservationStore
from graphql_api.data.histories.store import HistoryStore
from graphql_api.data.jobs import JobStore
from graphql_api.data.problems.checkers import CheckerStore
from graphql_api.data.problems.store import ProblemStore
from graphql_api.data.problems.testsets import TestSetStore


@dataclass(frozen=True, slots=True)
class Stores:
    """The stores of one process, one for each kind of entity. All stores share one client."""

    dynamo: Dynamo
    bodies: Bodies
    users: UserStore
    plans: PlanStore
    problems: ProblemStore
    tests: TestSetStore
    checkers: CheckerStore
    histories: HistoryStore
    reservations: ReservationStore
    executions: ExecutionStore
    rejudges: RejudgeStore
    feed: FeedStore
    problem_feed: ProblemFeedStore
    usage: UsageStore
    jobs: JobStore


@asynccontextmanager
async def open_stores(settings: Settings, clock: Clock = now_ms) -> AsyncIterator[Stores]:
    """Open the stores of a process. All connections are closed at the end of the block."""
    async with open_dynamo(settings) as dynamo, open_bodies(settings, dynamo) as bodies:
        feed = FeedStore(
            dynamo,
            clock,
            read_shards=settings.feed_read_shards,
            write_shards=settings.feed_write_shards,
        )
        histories = HistoryStore(dynamo, bodies, feed, clock)
        yield Stores(
            dynamo=dynamo,
            bodies=bodies,
            users=UserStore(dynamo, bodies, histories, clock),
            plans=PlanStore(dynamo, clock),
            problems=ProblemStore(dynamo, bodies, clock),
            tests=TestSetStore(dynamo, bodies, clock),
            checkers=CheckerStore(dynamo, bodies),
            histories=histories,
            reservations=ReservationStore(dynamo, bodies, clock),
            executions=ExecutionStore(dynamo, bodies, feed, clock),
            rejudges=RejudgeStore(dynamo, bodies, clock),
            feed=feed,
            problem_feed=ProblemFeedStore(dynamo),
            usage=UsageStore(dynamo, clock),
            jobs=JobStore(dynamo, bodies, clock),
        )
