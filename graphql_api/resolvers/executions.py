"""executeCode: check everything, reserve one unit of quota with the history, tell the workers."""

import hashlib
import json
from dataclasses import dataclass

from graphql_api.context import Context, Viewer
from graphql_api.data.enums import ProblemState
from graphql_api.data.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    Unavailable,
)
from graphql_api.data.histories.executions import Reservation
from graphql_api.data.records import History, Problem, ProblemKey, Receipt
from graphql_api.data.text import shorten
from graphql_api.resolvers import access, validation
from graphql_api.resolvers.languages import language_id
from graphql_api.resolvers.usage import plan_of

PROBLEM_FIELDS = "Send exactly one of `problemId`, `platform` with `number`, or `legacyProblemId`."


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecuteCode:
    """What a client asks to have executed; `problem` is what `problemId` names."""

    problem: ProblemKey | None = None
    platform: str | None = None
    number: str | None = None
    legacy_problem_id: int | None = None
    language: str
    code: str
    is_public: bool = False
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Checked:
    """A request in which everything but the problem's state is known to be right.

    `named_by` is the input field that names the problem.
    """

    platform: str
    number: str
    named_by: str
    language: str
    code: str
    is_public: bool
    request_id: str | None

    def input_hash(self) -> str:
        """Return what tells two requests of one idempotency key apart."""
        parts = [self.platform, self.number, self.language, self.code, self.is_public]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


async def execute_code(context: Context, request: ExecuteCode) -> History:
    """Accept a submission and return its history, PENDING unless the request is a repetition.

    Raises:
        Unauthenticated, InvalidInput, NotFound, QuotaExceeded, Conflict, Unavailable: nothing was
            kept and no quota used.
    """
    viewer = context.require_viewer()
    checked = await _check(context, request)
    executions = context.stores.executions
    seen = await executions.load_for_execution(
        viewer.uid, checked.platform, checked.number, checked.request_id
    )
    user = access.require_active(seen.user)
    if seen.receipt is not None:
        return await _repeated(context, viewer, checked, seen.receipt)
    problem = _ready(viewer, checked, seen.problem)
    await _check_offer(context, checked.language)
    reserved = await executions.reserve(
        Reservation(
            user=user,
            plan_limit=(await plan_of(context, user)).executions_per_day,
            request_id=checked.request_id,
            input_hash=checked.input_hash(),
            problem=problem,
            language=checked.language,
            code=checked.code,
            is_public=checked.is_public,
            now=context.clock(),
            used=seen.used,
        )
    )
    if not reserved.is_duplicate:
        history = reserved.history
        await context.sender.send_execution(history.uid, history.ulid, history.language)
    return reserved.history


async def _check(context: Context, request: ExecuteCode) -> _Checked:
    code = validation.code(request.code)
    request_id = validation.given(request.idempotency_key, validation.idempotency_key)
    language = language_id(request.language)
    assert language is not None
    platform, number = await _problem_key(context, request)
    return _Checked(
        platform=platform,
        number=number,
        named_by=_named_by(request),
        language=language,
        code=code,
        is_public=request.is_public,
        request_id=request_id,
    )


def _named_by(request: ExecuteCode) -> str:
    if request.problem is not None:
        return "problemId"
    return "number" if request.legacy_problem_id is None else "legacyProblemId"


async def _problem_key(context: Context, request: ExecuteCode) -> ProblemKey:
    by_name = request.platform is not None or request.number is not None
    by_id, by_old_id = request.problem is not None, request.legacy_problem_id is not None
    if by_name + by_id + by_old_id != 1:
        raise InvalidInput(PROBLEM_FIELDS, ("problemId",))
    if request.problem is not None:
        return request.problem
    if request.legacy_problem_id is not None:
        found = await context.stores.problems.by_legacy_id(request.legacy_problem_id)
        if found is None:
            raise NotFound("There is no problem with this `legacyProblemId`.", ("legacyProblemId",))
        return found
    if request.platform is None or request.number is None:
        missing = "platform" if request.platform is None else "number"
        raise InvalidInput(
            f"`platform` and `number` must be sent together: `{missing}` is missing.", (missing,)
        )
    return ProblemKey(
        validation.platform(request.platform), validation.number(request.number)
    )


async def _repeated(
    context: Context, viewer: Viewer, checked: _Checked, receipt: Receipt
) -> History:
    """Return the history of the first request under this idempotency key."""
    if receipt.input_hash != checked.input_hash():
        raise Conflict(
            "This `idempotencyKey` was already used for another submission. Send a new key.",
            ("idempotencyKey",),
        )
    history = receipt.ulid and await context.stores.histories.get(
        viewer.uid, receipt.ulid, consistent=True
    )
    if not history:
        raise Conflict(
            "The submission of this `idempotencyKey` was deleted. Send a new key.",
            ("idempotencyKey",),
        )
    return history


def _ready(viewer: Viewer, checked: _Checked, problem: Problem | None) -> Problem:
    """Return the problem if this viewer may have code judged by it."""
    at = (checked.named_by,)
    is_hidden = problem is None or (
        problem.state is not ProblemState.COMPLETED and not viewer.is_editor
    )
    if problem is None or is_hidden or problem.state is ProblemState.DELETED:
        raise NotFound(
            f"There is no problem {shorten(checked.platform)} {shorten(checked.number)}.", at
        )
    if problem.test_version is None or problem.test_count == 0:
        raise Conflict("This problem has no test cases, so code cannot be judged.", at)
    if checked.is_public and problem.state is not ProblemState.COMPLETED:
        raise InvalidInput(
            "`isPublic` must be false, because the problem is not published.", ("isPublic",)
        )
    return problem


async def _check_offer(context: Context, language: str) -> None:
    if await context.languages.is_offered(language) is False:
        raise Unavailable(
            f"No worker has offered {language} for a day. See `languages` for the "
            "available languages.",
            ("language",),
        )
