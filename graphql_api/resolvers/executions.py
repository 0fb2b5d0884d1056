"""The use case `executeCode`: accepts a submission for a problem.

It validates the submission, uses one unit of quota, stores the execution, and sends it to a worker.
"""

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
from graphql_api.data.histories.reservations import ReservationRequest, key_of_deleted_problem
from graphql_api.data.records import History, Problem, ProblemId, ProblemKey, Receipt
from graphql_api.data.text import shorten
from graphql_api.resolvers import access, problems, validation
from graphql_api.resolvers.languages import language_id
from graphql_api.resolvers.usage import plan_of

PROBLEM_FIELDS = "Send exactly one of `problemId`, `platform` with `number`, or `legacyProblemId`."


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecuteCode:
    """Parameters of `executeCode`. `problem` is None if the client did not send `problemId`."""

    problem: ProblemId | None = None
    platform: str | None = None
    number: str | None = None
    legacy_problem_id: int | None = None
    language: str
    code: str
    is_public: bool = False
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _ValidRequest:
    """A request whose fields are valid. The problem is not yet checked.

    `named_by` is the input field with which the client identified the problem. `pid` is the unique
    id of this problem. If the client sent only platform and number, `pid` is None. In this case,
    the code is submitted to the problem that currently has this platform and number.
    """

    platform: str
    number: str
    pid: str | None
    named_by: str
    language: str
    code: str
    is_public: bool
    request_id: str | None

    def input_hash(self) -> str:
        """Return the SHA-256 of the submission.

        It covers the platform and number of the problem, the language, the code and the
        visibility. Requests with the same idempotency key must have the same hash.
        """
        parts = [self.platform, self.number, self.language, self.code, self.is_public]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


async def execute_code(context: Context, request: ExecuteCode) -> History:
    """Accept a submission and return its history (the stored record of the execution).

    The history of a new submission is PENDING. If the idempotency key was used before, return the
    history of the first submission in its current state.

    Raises:
        Unauthenticated, InvalidInput, NotFound, QuotaExceeded, Conflict: Nothing was stored, and no
            quota was used.
        Unavailable: No worker offers the language, or the database timed out. After a time-out, the
            submission may have been stored.
    """
    viewer = context.require_viewer()
    valid = await _validate(context, request)
    reservations = context.stores.reservations
    loaded = await reservations.load(viewer.uid, valid.platform, valid.number, valid.request_id)
    viewer = access.confirm(context, loaded.user)
    if loaded.receipt is not None:
        pid = loaded.problem.pid if valid.pid is None and loaded.problem else valid.pid
        return await _find_repeated(context, viewer, valid, loaded.receipt, pid)
    problem = _require_judgeable(viewer, valid, loaded.problem)
    await _require_offered(context, valid.language)
    reserved = await reservations.reserve(
        ReservationRequest(
            user=viewer.user,
            plan_limit=(await plan_of(context, viewer.user)).executions_per_day,
            request_id=valid.request_id,
            input_hash=valid.input_hash(),
            problem=problem,
            language=valid.language,
            code=valid.code,
            is_public=valid.is_public,
            now=context.clock(),
            used=loaded.used,
            used_day=loaded.day,
            by_editor=viewer.is_editor,
        )
    )
    if not reserved.is_duplicate:
        history = reserved.history
        await context.sender.send_execution(history.uid, history.ulid, history.language)
    return reserved.history


async def _validate(context: Context, request: ExecuteCode) -> _ValidRequest:
    code = validation.code(request.code)
    request_id = validation.optional(request.idempotency_key, validation.idempotency_key)
    language = language_id(request.language)
    key, pid = await _identify_problem(context, request)
    return _ValidRequest(
        platform=key.platform,
        number=key.number,
        pid=pid,
        named_by=_problem_field(request),
        language=language,
        code=code,
        is_public=request.is_public,
        request_id=request_id,
    )


def _problem_field(request: ExecuteCode) -> str:
    if request.problem is not None:
        return "problemId"
    return "number" if request.legacy_problem_id is None else "legacyProblemId"


async def _identify_problem(
    context: Context, request: ExecuteCode
) -> tuple[ProblemKey, str | None]:
    """Return the key of the problem (platform and number), and the problem's pid.

    The pid is None if the client identified the problem by platform and number.
    """
    by_name = request.platform is not None or request.number is not None
    by_id, by_old_id = request.problem is not None, request.legacy_problem_id is not None
    if by_name + by_id + by_old_id != 1:
        raise InvalidInput(PROBLEM_FIELDS, ("problemId",))
    if request.problem is not None:
        return request.problem.key, request.problem.pid
    if request.legacy_problem_id is not None:
        problem = await context.stores.problems.by_legacy_id(request.legacy_problem_id)
        if problem is None:
            raise NotFound(
                "No problem has this `legacyProblemId`. Check the number.", ("legacyProblemId",)
            )
        return problem.key, problem.pid
    if request.platform is None or request.number is None:
        missing = "platform" if request.platform is None else "number"
        raise InvalidInput(
            f"`platform` and `number` must be sent together: `{missing}` is missing.", (missing,)
        )
    return await problems.read_key(context, request.platform, request.number), None


async def _find_repeated(
    context: Context, viewer: Viewer, valid: _ValidRequest, receipt: Receipt, pid: str | None
) -> History:
    """Return the execution that the first request with this idempotency key created.

    `pid` is the pid of the problem in this request, or None if the problem does not exist.

    Raises:
        Conflict: The first request was for another submission, or its execution or problem was
            deleted.
    """
    if receipt.input_hash != valid.input_hash():
        raise Conflict(
            "This `idempotencyKey` was already used for another submission. Send a new "
            "`idempotencyKey`.",
            ("idempotencyKey",),
        )
    history = receipt.ulid and await context.stores.histories.get(
        viewer.uid, receipt.ulid, consistent=True
    )
    if not history:
        raise Conflict(
            "The submission of this `idempotencyKey` was deleted. Send a new `idempotencyKey`.",
            ("idempotencyKey",),
        )
    if pid not in (None, history.pid):
        raise key_of_deleted_problem()
    return history


def _require_judgeable(viewer: Viewer, valid: _ValidRequest, problem: Problem | None) -> Problem:
    """Check that the viewer may submit code to a problem, and return the problem.

    Raises:
        NotFound: The problem does not exist, is deleted, or is hidden from the viewer.
        Conflict: The problem has no test cases.
        InvalidInput: The submission is public, but the problem is not published.
    """
    path = (valid.named_by,)
    is_hidden = problem is None or (
        problem.state is not ProblemState.COMPLETED and not viewer.is_editor
    )
    is_other = problem is not None and valid.pid not in (None, problem.pid)
    if problem is None or is_hidden or is_other or problem.state is ProblemState.DELETED:
        raise NotFound(
            f"The problem `{shorten(valid.platform)}/{shorten(valid.number)}` does not exist. "
            "Check the platform and the number, or read the id again.",
            path,
        )
    if problem.test_version is None or problem.test_count == 0:
        raise Conflict(
            "This problem has no test cases, so no code can be judged. Choose another problem.",
            path,
        )
    if valid.is_public and problem.state is not ProblemState.COMPLETED:
        raise InvalidInput(
            "`isPublic` must be false, because the problem is not published.", ("isPublic",)
        )
    return problem


async def _require_offered(context: Context, language: str) -> None:
    if await context.languages.is_offered(language) is False:
        raise Unavailable(
            f"No worker has supported {language} within the last 24 hours. See `languages` for "
            "the available languages.",
            ("language",),
        )
