"""Plans. A plan contains limits per user and UTC day, such as the number of executions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql_api.data import keys
from graphql_api.data.clock import Clock, now_ms
from graphql_api.data.dynamo.client import Dynamo
from graphql_api.data.dynamo.expressions import Change, absent, equals, exists
from graphql_api.data.dynamo.transport import ConditionFailed
from graphql_api.data.errors import Conflict, InvalidInput, NotFound
from graphql_api.data.limits import NAME_CHARACTERS, PLAN_LIMIT_PER_DAY
from graphql_api.data.records import Plan
from graphql_api.data.text import shorten

# A process caches a plan for this time, so a changed limit takes effect after at most this time.
CACHED_MS = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPlan:
    """The fields of a new plan. A limit of None means unlimited."""

    plan_id: str
    title: str
    executions_per_day: int | None
    hints_per_day: int | None
    runs_per_day: int | None
    is_active: bool = True


FREE = NewPlan(
    plan_id="free",
    title="Free",
    executions_per_day=50,
    hints_per_day=5,
    runs_per_day=100,
)
# The plan `unlimited` is for administrators only.
UNLIMITED = NewPlan(
    plan_id="unlimited",
    title="Unlimited",
    executions_per_day=None,
    hints_per_day=None,
    runs_per_day=None,
    is_active=False,
)

_LIMITS = {"executions_per_day": "le", "hints_per_day": "lh", "runs_per_day": "lr"}
# `PlanStore.update` does not change a limit with this value.
KEEP = -1


class PlanStore:
    """The store of all plans.

    A user's item contains only the id of the plan. So a changed limit applies to all users of the
    plan, after at most 60 s.
    """

    def __init__(self, dynamo: Dynamo, clock: Clock = now_ms) -> None:
        self._dynamo, self._clock = dynamo, clock
        self._cache: dict[str, tuple[int, Plan]] = {}

    async def get(self, plan_id: str, *, consistent: bool = False) -> Plan | None:
        """Return a plan, or None if the plan does not exist.

        Plans are cached for 60 s. A consistent read does not use the cache.

        Cost: no request if the plan is cached, otherwise one request of 0.5 read units. A
        consistent read is always one request of 1 read unit.
        """
        read_at, plan = self._cache.get(plan_id, (0, None))
        is_fresh = 0 <= self._clock() - read_at < CACHED_MS
        if plan is not None and is_fresh and not consistent:
            return plan
        item = await self._dynamo.get(keys.plan(plan_id), consistent=consistent, recheck=True)
        return self._remember(Plan.from_item(item)) if item else None

    async def create(self, plan: NewPlan) -> Plan:
        """Create a plan and return it. Cost: one request.

        Raises:
            Conflict: a plan with this id exists.
            InvalidInput: the id, the title or a limit is malformed.
        """
        now = self._clock()
        created = Plan(
            plan_id=keys.part(plan.plan_id, "key"),
            title=_title(plan.title),
            executions_per_day=_limit("executions_per_day", plan.executions_per_day),
            hints_per_day=_limit("hints_per_day", plan.hints_per_day),
            runs_per_day=_limit("runs_per_day", plan.runs_per_day),
            is_active=plan.is_active,
            created_at=now,
            updated_at=now,
        )
        item = {**keys.plan(created.plan_id), **created.to_item()}
        try:
            await self._dynamo.put(item, absent())
        except ConditionFailed as error:
            # If the response of the first attempt was lost, the retry finds the item that the first
            # attempt wrote.
            if error.item != item:
                raise Conflict(
                    f"The plan `{created.plan_id}` already exists. Choose another `key`.", ("key",)
                ) from error
        return self._remember(created)

    async def update(
        self,
        plan_id: str,
        *,
        title: str | None = None,
        executions_per_day: int | None = KEEP,
        hints_per_day: int | None = KEEP,
        runs_per_day: int | None = KEEP,
        is_active: bool | None = None,
    ) -> Plan:
        """Change a plan and return it. Cost: one request.

        A limit of None means unlimited. A limit of KEEP is not changed. A `title` or `is_active`
        of None is not changed.

        Raises:
            NotFound: the plan does not exist.
            InvalidInput: the title or a limit is malformed.
        """
        limits = {
            "executions_per_day": executions_per_day,
            "hints_per_day": hints_per_day,
            "runs_per_day": runs_per_day,
        }
        put: dict[str, Any] = {
            _LIMITS[name]: _limit(name, limit) for name, limit in limits.items() if limit != KEEP
        }
        if title is not None:
            put["nm"] = _title(title)
        if is_active is not None:
            put["act"] = is_active
        return self._remember(await self._write(plan_id, put))

    async def ensure_defaults(self) -> list[Plan]:
        """Create the plans `free` and `unlimited` if they are missing. Return the created plans."""
        created = []
        for plan in (FREE, UNLIMITED):
            try:
                created.append(await self.create(plan))
            except Conflict:
                continue
        return created

    async def _write(self, plan_id: str, put: Mapping[str, Any]) -> Plan:
        change = Change({**put, "ua": self._clock()})
        try:
            item = await self._dynamo.update(keys.plan(plan_id), change, exists())
        except ConditionFailed as error:
            raise NotFound(
                f"The plan `{shorten(plan_id)}` does not exist. See `plans` for the keys of all "
                "plans.",
                ("planKey",),
            ) from error
        return Plan.from_item(item)

    def _remember(self, plan: Plan) -> Plan:
        self._cache[plan.plan_id] = self._clock(), plan
        return plan

    # This method is last, because its name hides the type `list` from the rest of the class.

    async def list(self, *, active_only: bool = True) -> list[Plan]:
        """Return the active plans, sorted by id. Cost: one request.

        If `active_only` is False, return all plans.
        """
        partition = equals("PK", keys.PLANS)
        plans = [Plan.from_item_or_none(item) async for item in self._dynamo.query_all(partition)]
        return [plan for plan in plans if plan and (plan.is_active or not active_only)]


def _title(title: str) -> str:
    normal = title.strip()
    if not normal or len(normal) > NAME_CHARACTERS:
        raise InvalidInput(f"`name` must have 1 to {NAME_CHARACTERS} characters.", ("title",))
    return normal


def _limit(name: str, limit: int | None) -> int | None:
    if limit is not None and not 0 <= limit <= PLAN_LIMIT_PER_DAY:
        raise InvalidInput(
            f"`{name}` must be from 0 to {PLAN_LIMIT_PER_DAY:,}, or null for no limit.", (name,)
        )
    return limit
