"""The use case `runCode`: runs code on the viewer's own input.

It uses one unit of quota, sends the run to a worker, and waits for the result.

When the server stops, it cancels its requests. In this case, the unit of quota is refunded, and
the client gets the error `Unavailable`.
"""

import asyncio
import hashlib
import json
from contextlib import suppress
from dataclasses import asdict, dataclass

from ulid import ULID

from graphql_api.context import Context, Viewer
from graphql_api.data.accounts.receipts import fingerprint
from graphql_api.data.accounts.usage import DebitResult
from graphql_api.data.clock import day_of
from graphql_api.data.enums import QuotaKind
from graphql_api.data.errors import Conflict, DomainError, QuotaExceeded, Unavailable
from graphql_api.data.records import Receipt, User
from graphql_api.data.redis.custom_runs import ANSWER_LIFE_S, RunAnswer, RunRequest
from graphql_api.resolvers import validation
from graphql_api.resolvers.languages import language_id
from graphql_api.resolvers.usage import plan_of

UNTOUCHED = "The run does not count towards the daily limit. Try again later."
STOPPING = f"The server is stopping. {UNTOUCHED}"
# Additional time that a started run may wait for a sandbox on a busy host.
SANDBOX_WAIT_S = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCode:
    """Parameters of `runCode`, as the client sent them."""

    language: str
    code: str
    stdin: str
    time_limit_ms: int
    memory_limit_kb: int
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class _Run:
    """A valid request to run code.

    `request_id` is the idempotency key of the client, or a new id if the client sent no key. The
    receipt of the used quota is stored under this id. `is_repeatable` is True if the client sent
    an idempotency key.
    """

    user: User
    request: RunRequest
    request_id: str
    is_repeatable: bool

    @property
    def input_hash(self) -> str:
        """SHA-256 of the request. Requests with the same idempotency key must have equal hashes."""
        return hashlib.sha256(json.dumps(asdict(self.request)).encode()).hexdigest()

    @property
    def run_id(self) -> str:
        """Id of the run in Redis. Different inputs have different ids."""
        return fingerprint(self.user.uid, self.request_id, self.input_hash)


async def run_code(context: Context, command: RunCode) -> RunAnswer:
    """Run code on the viewer's own input and return the result.

    Raises:
        Unauthenticated, InvalidInput, QuotaExceeded, Conflict: The code was not run.
        Unavailable: Too many runs are in progress, no worker ran the code in time, or the judge
            failed. If a unit of quota was used, it was refunded.
    """
    viewer = context.require_viewer()
    request = _validate(command)
    async with context.runs.places.take(viewer.uid):
        return await _run_in_place(context, viewer, command, request)


async def _run_in_place(
    context: Context, viewer: Viewer, command: RunCode, request: RunRequest
) -> RunAnswer:
    if not await context.languages.is_present(request.language):
        raise Unavailable(
            f"No worker that supports {request.language} is available. Try again in a minute.",
            ("language",),
        )
    request_id = command.idempotency_key or str(ULID())
    run = _Run(viewer.user, request, request_id, is_repeatable=command.idempotency_key is not None)
    debit = await _enqueue_completely(context, run)
    if debit.is_duplicate:
        return await _repeat(context, run, debit.receipt)
    return await _send_and_wait(context, run, debit.receipt)


def _validate(command: RunCode) -> RunRequest:
    language = language_id(command.language)
    validation.optional(command.idempotency_key, validation.idempotency_key)
    return RunRequest(
        language=language,
        code=validation.code(command.code),
        stdin=validation.stdin(command.stdin),
        time_limit_ms=validation.run_time_limit_ms(command.time_limit_ms),
        memory_limit_kb=validation.run_memory_limit_kb(command.memory_limit_kb),
    )


async def _enqueue_completely(context: Context, run: _Run) -> DebitResult:
    """Enqueue a run. If the server cancels the request, finish enqueuing and refund the quota."""
    enqueue = asyncio.create_task(_enqueue(context, run))
    try:
        return await asyncio.shield(enqueue)
    except asyncio.CancelledError:
        debit = await enqueue
        await _give_back(context, run, debit.receipt)
        raise Unavailable(STOPPING) from None


async def _enqueue(context: Context, run: _Run) -> DebitResult:
    """Store the request in Redis, and then use one unit of quota.

    In this order, no quota is used if Redis is unavailable.
    """
    is_new = await context.runs.put_request(run.run_id, run.request)
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
        # Keep the request if another call with the same key may still use it.
        is_refused = isinstance(error, QuotaExceeded | Conflict)
        if is_new and (is_refused or not run.is_repeatable):
            with suppress(DomainError):
                await context.runs.withdraw(run.run_id)
        raise


async def _repeat(context: Context, run: _Run, receipt: Receipt) -> RunAnswer:
    """Return the result of the first request with this idempotency key.

    If the run of the first request has not ended, wait for its result.
    """
    answer = await context.runs.get_answer(run.run_id)
    is_refunded = receipt.refunded_at is not None
    if answer is not None and not is_refunded:
        await context.runs.withdraw(run.run_id)
        return await _unwrap_answer(context, run, receipt, answer)
    age_s = (context.clock() - receipt.created_at) / 1000
    if is_refunded or age_s > ANSWER_LIFE_S:
        await context.runs.withdraw(run.run_id)
        raise Conflict(
            "The result for this `idempotencyKey` is no longer stored. Send a new "
            "`idempotencyKey`.",
            ("idempotencyKey",),
        )
    return await _send_and_wait(context, run, receipt)


async def _send_and_wait(context: Context, run: _Run, receipt: Receipt) -> RunAnswer:
    """Send the run to the workers and wait for its result.

    If a repeated request sends the same run again, the run is still executed only once.
    """
    try:
        answer = await _wait_for_answer(context, run)
    except asyncio.CancelledError:
        await _give_back(context, run, receipt)
        raise Unavailable(STOPPING) from None
    if answer is None:
        await _give_back(context, run, receipt)
        raise Unavailable(f"No worker ran the code in time. {UNTOUCHED}")
    return await _unwrap_answer(context, run, receipt, answer)


async def _give_back(context: Context, run: _Run, receipt: Receipt) -> None:
    """Remove a run's request from Redis, so that no worker runs the code. Refund the quota."""
    with suppress(DomainError):
        await context.runs.withdraw(run.run_id)
    await _refund(context, run, receipt)


async def _wait_for_answer(context: Context, run: _Run) -> RunAnswer | None:
    if not await context.sender.send_run(run.user.uid, run.run_id, run.request.language):
        return None
    settings = context.settings
    with suppress(Unavailable):
        answer = await context.runs.wait(run.run_id, settings.run_wait_seconds)
        if answer is None and await context.runs.has_begun(run.run_id):
            answer = await context.runs.wait(run.run_id, settings.run_seconds + SANDBOX_WAIT_S)
        return answer
    return None


async def _unwrap_answer(
    context: Context, run: _Run, receipt: Receipt, answer: RunAnswer
) -> RunAnswer:
    if answer.status is None:
        await _refund(context, run, receipt)
        raise Unavailable(f"The judge failed: {answer.message.rstrip('.')}. {UNTOUCHED}")
    return answer


async def _refund(context: Context, run: _Run, receipt: Receipt) -> None:
    """Refund the unit of quota of a run. A second refund of the same run has no effect."""
    day, name = receipt.day, receipt.request_hash
    await context.stores.usage.refund(run.user.uid, day, QuotaKind.RUN, name)
