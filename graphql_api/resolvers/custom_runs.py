"""runCode: one unit of quota, a request on the board of runs, and the wait for its answer."""

import hashlib
import json
from contextlib import suppress
from dataclasses import asdict, dataclass

from ulid import ULID

from graphql_api.context import Context
from graphql_api.data.accounts.receipts import fingerprint
from graphql_api.data.accounts.usage import DebitResult
from graphql_api.data.clock import day_of
from graphql_api.data.enums import QuotaKind
from graphql_api.data.errors import Conflict, DomainError, QuotaExceeded, Unavailable
from graphql_api.data.records import Receipt, User
from graphql_api.data.redis.custom_runs import ANSWER_LIFE_S, RunAnswer, RunRequest
from graphql_api.resolvers import access, validation
from graphql_api.resolvers.languages import language_id
from graphql_api.resolvers.usage import plan_of

UNTOUCHED = "Your quota was not used. Try again later."
# A run that has begun may take `run_seconds`, and so long for its turn among the host's programs.
TURN_S = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCode:
    """What a client asks to have run."""

    language: str
    code: str
    stdin: str
    time_limit_ms: int
    memory_limit_kb: int
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class _Run:
    """A checked request under its names: `run_id` on the board, `request_id` on the receipt."""

    user: User
    request: RunRequest
    request_id: str
    is_repeatable: bool

    @property
    def input_hash(self) -> str:
        """What tells two requests of one idempotency key apart."""
        return hashlib.sha256(json.dumps(asdict(self.request)).encode()).hexdigest()

    @property
    def run_id(self) -> str:
        """The run's id: another input is another run."""
        return fingerprint(self.user.uid, self.request_id, self.input_hash)


async def run_code(context: Context, request: RunCode) -> RunAnswer:
    """Run code on the caller's own input and return what came of it.

    Raises:
        Unauthenticated, InvalidInput, QuotaExceeded, Conflict: nothing was run.
        Unavailable: nobody could run it, or not in time; the unit of quota was given back.
    """
    viewer = context.require_viewer()
    request = _validate(asked)
    if not await context.languages.is_present(request.language):
        raise Unavailable(
            f"No worker currently runs {request.language}. Try again in a minute.", ("language",)
        )
    user = access.require_active(await context.stores.users.get(viewer.uid, consistent=True))
    request_id = asked.idempotency_key or str(ULID())
    run = _Run(user, request, request_id, is_repeatable=asked.idempotency_key is not None)
    consumed = await _enqueue(context, run)
    if consumed.is_duplicate:
        return await _repeat(context, run, consumed.receipt)
    return await _send_and_wait(context, run, consumed.receipt)


def _validate(request: RunCode) -> RunRequest:
    language = language_id(asked.language)
    assert language is not None
    validation.optional(asked.idempotency_key, validation.idempotency_key)
    return RunRequest(
        language=language,
        code=validation.code(asked.code),
        stdin=validation.stdin(asked.stdin),
        time_limit_ms=validation.run_time_limit_ms(asked.time_limit_ms),
        memory_limit_kb=validation.run_memory_limit_kb(asked.memory_limit_kb),
    )


async def _enqueue(context: Context, run: _Run) -> DebitResult:
    """Leave the request and take its unit; in this order, as without Redis none is to be taken."""
    is_new = await context.runs.ask(run.run_id, run.request)
    try:
        return await context.stores.usage.consume(
            run.user.uid,
            QuotaKind.RUN,
            day_of(context.clock()),
            request_id=run.request_id,
            input_hash=run.input_hash,
            limit=(await plan_of(context, run.user)).runs_per_day,
            language=run.request.language,
        )
    except BaseException as error:
        # Another call under the same key may have got its unit meanwhile, unless all are refused.
        is_refused = isinstance(error, QuotaExceeded | Conflict)
        if is_new and (is_refused or not run.is_repeatable):
            with suppress(DomainError):
                await context.runs.withdraw(run.run_id)
        raise


async def _repeat(context: Context, run: _Run, receipt: Receipt) -> RunAnswer:
    """Return the answer of the first request under this idempotency key, or wait for it too."""
    found = await context.runs.find_answer(run.run_id)
    is_refunded = receipt.refunded_at is not None
    if found is not None and not is_refunded:
        await context.runs.withdraw(run.run_id)
        return await _unwrap_answer(context, run, receipt, found)
    age_s = (context.clock() - receipt.created_at) / 1000
    if is_refunded or age_s > ANSWER_LIFE_S:
        await context.runs.withdraw(run.run_id)
        raise Conflict(
            "The result for this `idempotencyKey` is no longer stored. Send a new key.",
            ("idempotencyKey",),
        )
    return await _send_and_wait(context, run, receipt)


async def _send_and_wait(context: Context, run: _Run, receipt: Receipt) -> RunAnswer:
    """Have it run and wait; sent twice it is find_answer once."""
    found = await _wait_for_answer(context, run)
    if found is None:
        with suppress(DomainError):
            await context.runs.withdraw(run.run_id)
        await _refund(context, run, receipt)
        raise Unavailable(f"No worker ran the code in time. {UNTOUCHED}")
    return await _unwrap_answer(context, run, receipt, found)


async def _wait_for_answer(context: Context, run: _Run) -> RunAnswer | None:
    if not await context.sender.send_run(run.user.uid, run.run_id, run.request.language):
        return None
    settings = context.settings
    with suppress(Unavailable):
        found = await context.runs.wait(run.run_id, settings.run_wait_seconds)
        if found is None and await context.runs.has_begun(run.run_id):
            found = await context.runs.wait(run.run_id, settings.run_seconds + TURN_S)
        return found
    return None


async def _unwrap_answer(
    context: Context, run: _Run, receipt: Receipt, found: RunAnswer
) -> RunAnswer:
    if found.status is None:
        await _refund(context, run, receipt)
        raise Unavailable(f"The judge failed: {found.message.rstrip('.')}. {UNTOUCHED}")
    return found


async def _refund(context: Context, run: _Run, receipt: Receipt) -> None:
    """Give the unit back; those who wait for the same run give it back once."""
    day, name = receipt.day, receipt.request_hash
    await context.stores.usage.refund(run.user.uid, day, QuotaKind.RUN, name)
