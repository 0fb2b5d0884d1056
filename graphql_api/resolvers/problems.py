"""Use cases of problems: reading by everyone, and changes by editors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from graphql_api.context import Context
from graphql_api.data import limits
from graphql_api.data.dynamo.pages import Page, PageWindow
from graphql_api.data.enums import Comparer, JobKind, ProblemState, TestVisibility
from graphql_api.data.errors import Conflict, Forbidden, InvalidInput, NotFound
from graphql_api.data.problems.checkers import check_complete
from graphql_api.data.problems.inputs import NewProblem, ProblemChanges
from graphql_api.data.records import Job, Problem, ProblemId, ProblemKey, Solution, Statement
from graphql_api.resolvers import access, checkers, validation
from graphql_api.resolvers.feed_jobs import FeedJob
from graphql_api.resolvers.languages import language_id
from graphql_api.resolvers.paging import PageRequest, list_page, scope_of
from graphql_api.resolvers.testcases import TestCaseData, validate_tests


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemFilter:
    """The filters of a list of problems. A filter that is None does not restrict the list."""

    platform: str | None = None
    language: str | None = None
    tag: str | None = None
    state: ProblemState = ProblemState.COMPLETED
    search: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemFields:
    """The fields of a problem that an editor sends.

    In an update, None keeps the current value of a field. In a new problem, None selects the
    default. `cleared` contains the names of the fields that an update removes or resets to the
    default.
    """

    title: str | None = None
    url: str | None = None
    tags: list[str] | None = None
    statement: str | None = None
    constraints: str | None = None
    comparer: Comparer | None = None
    abs_tolerance: float | None = None
    rel_tolerance: float | None = None
    time_limit_ms: int | None = None
    memory_limit_kb: int | None = None
    checker: checkers.CheckerFields | None = None
    language_limits: Sequence[checkers.LanguageLimit] | None = None
    stop_on_first_failure: bool | None = None
    test_visibility: TestVisibility | None = None
    cleared: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateProblem:
    """A problem to create, with its first tests."""

    platform: str
    number: str
    title: str
    fields: ProblemFields = field(default_factory=ProblemFields)
    tests: list[TestCaseData] = field(default_factory=list)


async def find(context: Context, problem_id: ProblemId) -> Problem | None:
    """Return a problem, or None if it does not exist or the viewer may not see it.

    If the problem was deleted permanently, the result is None, even if a new problem has the same
    platform and number.
    """
    problem = await _find_by_key(context, problem_id.key)
    return problem if problem and problem.id == problem_id else None


async def _find_by_key(context: Context, key: ProblemKey) -> Problem | None:
    problem = await context.loaders.problems.load(key)
    return problem if problem and access.visibility_of(context).shows_problem(problem) else None


async def find_by_name(context: Context, platform: str, number: str) -> Problem | None:
    """Return the problem with this platform and number.

    Return None if the problem does not exist, or if the viewer may not see it.

    Raises:
        InvalidInput: The platform or number is malformed.
    """
    return await _find_by_key(context, await read_key(context, platform, number))


async def read_key(context: Context, platform: str, number: str) -> ProblemKey:
    """Return the key of the problem with this platform and number.

    The key contains the normal forms of both values. An earlier version of the API stored both
    values as the client sent them. If no problem has the normal key, look for a problem with the
    values as they were sent, and return its key. Cost: no request if both values are in normal
    form, otherwise one or two reads.

    Raises:
        InvalidInput: The platform or the number is malformed.
    """
    key = ProblemKey(validation.platform(platform), validation.number(number))
    as_sent = ProblemKey(platform.strip(), number.strip())
    if key == as_sent or await context.loaders.problems.load(key) is not None:
        return key
    return key if await context.loaders.problems.load(as_sent) is None else as_sent


async def list_problems(
    context: Context, page: PageRequest, wanted: ProblemFilter
) -> Page[Problem]:
    """Return a page of problems, newest first.

    Raises:
        Unauthenticated, Forbidden: `wanted.state` is not COMPLETED, and the viewer is not an
            editor.
        InvalidInput: A filter or a page argument is invalid.
    """
    if wanted.state is not ProblemState.COMPLETED:
        access.require_editor(context)
    filters = {
        "platform": validation.optional(wanted.platform, validation.platform),
        "language": validation.optional(wanted.language, language_id),
        "tag": None if wanted.tag is None else validation.tag(wanted.tag, "tag"),
        "search": validation.optional(wanted.search, validation.search),
    }

    async def read(window: PageWindow) -> Page[Problem]:
        return await context.stores.problems.list(window=window, state=wanted.state, **filters)

    scope = scope_of("problems", str(wanted.state), *filters.values())
    return await list_page(context, page, scope, read)


async def statement_of(context: Context, problem: Problem) -> Statement | None:
    """Return the statement and the constraints of a problem, or None if it has neither."""
    return await context.loaders.statements.load(problem.id)


async def solution_of(context: Context, problem: Problem) -> Solution | None:
    """Return the author's solution, or None if there is none or the viewer is not an editor."""
    if not context.is_editor:
        return None
    return await context.loaders.solutions.load(problem.id)


async def run_count_of(context: Context, problem: Problem) -> int:
    """Return the approximate number of executions of a problem."""
    return await context.loaders.run_counts.load(problem.id)


async def create(context: Context, wanted: CreateProblem) -> Problem:
    """Create a problem in state DRAFT.

    Raises:
        Unauthenticated, Forbidden: The viewer is not an editor.
        InvalidInput: A field is invalid. Nothing was created.
        Conflict: The platform already has a problem with this number.
    """
    access.require_editor(context)
    fields = wanted.fields
    tests = validate_tests(wanted.tests) if wanted.tests else []
    changes = _changes(fields)
    new = NewProblem(
        platform=validation.platform(wanted.platform),
        number=validation.number(wanted.number),
        title=validation.title(wanted.title),
        link=changes.link,
        tags=changes.tags or (),
        statement=changes.statement,
        constraints=changes.constraints,
        comparer=fields.comparer or Comparer.TOKENS,
        checker=changes.checker,
        language_limits=changes.language_limits,
        stop_on_first_failure=bool(changes.stop_on_first_failure),
        test_visibility=changes.test_visibility or TestVisibility.SAMPLES,
        absolute_tolerance=changes.absolute_tolerance,
        relative_tolerance=changes.relative_tolerance,
        **_non_null(changes, "time_limit_ms", "memory_limit_kb"),
    )
    problem = await context.stores.problems.create(new)
    if tests:
        problem = await context.stores.tests.replace(*problem.key, tests, pid=problem.pid)
    return problem


async def update(context: Context, problem: ProblemId, fields: ProblemFields) -> Problem:
    """Change the given fields of a problem.

    Raises:
        Unauthenticated, Forbidden: The viewer is not an editor.
        InvalidInput: A field is invalid.
        NotFound: The problem does not exist.
        Conflict: The problem is deleted, or another request changed it at the same time.
    """
    access.require_editor(context)
    if "title" in fields.cleared:
        validation.not_null(None, "title")
    changes = _changes(fields)
    for name in fields.cleared:
        changes = replace(changes, **_CLEARED[name])
    return await context.stores.problems.update(*problem.key, changes, pid=problem.pid)


async def complete(context: Context, problem: ProblemId) -> Problem:
    """Publish a problem.

    Raises:
        Unauthenticated, Forbidden: The viewer is not an editor.
        NotFound: The problem does not exist.
        Conflict: The problem has no test cases, or is deleted.
        InvalidInput: The comparer requires a checker, but the problem has no checker.
    """
    access.require_editor(context)
    card = await _read(context, problem)
    if card.state is ProblemState.COMPLETED:
        return card
    if card.state is ProblemState.DELETED:
        raise Conflict(
            "The problem is deleted, so it cannot be changed. Restore the problem first."
        )
    if card.test_count == 0:
        raise Conflict(
            "The problem has no test cases, so it cannot be published. Add test cases first."
        )
    check_complete(card)
    return await context.stores.problems.set_state(
        *problem.key, ProblemState.COMPLETED, pid=problem.pid
    )


async def soft_delete(
    context: Context, problem: ProblemId, reason: str
) -> tuple[Problem, Job | None]:
    """Hide a problem from everyone except editors. `restore` makes it visible again.

    Return the problem, and the job that removes its executions from the feed. The job is None if
    the problem was already deleted.

    Raises:
        Unauthenticated, Forbidden: The viewer is not an editor.
        InvalidInput: The reason is empty or too long.
        NotFound: The problem does not exist.
        Conflict: Other requests changed the problem at the same time.
    """
    access.require_editor(context)
    why = validation.line(reason, "reason", limits.DELETION_REASON_CHARACTERS)
    job = FeedJob(context, JobKind.REMOVE_FROM_FEED)
    after = await context.stores.problems.soft_delete(
        *problem.key, why, pid=problem.pid, also=job.prepare
    )
    return after, await job.send()


async def restore(context: Context, problem: ProblemId) -> tuple[Problem, Job | None]:
    """Restore a soft-deleted problem to its state before the deletion.

    Return the problem, and the job that puts its executions back into the feed. The job is never
    None.

    Raises:
        Unauthenticated, Forbidden: The viewer is not an editor.
        NotFound: The problem does not exist.
        Conflict: The problem is not deleted.
    """
    access.require_editor(context)
    job = FeedJob(context, JobKind.RETURN_TO_FEED)
    after = await context.stores.problems.restore(*problem.key, pid=problem.pid, also=job.prepare)
    return after, await job.send()


async def delete(context: Context, problem: ProblemId) -> Job | None:
    """Delete a problem permanently, with its tests, texts and solution.

    Return the job that removes the executions of the problem from the feed. The job is None if an
    earlier call has begun the deletion. In this case, this call only completes the deletion.

    Raises:
        Unauthenticated, Forbidden: The viewer is not an administrator.
        NotFound: The problem does not exist.
    """
    viewer = access.require_editor(context)
    if not viewer.is_admin:
        raise Forbidden(
            "Only administrators may delete a problem permanently. Use `softDeleteProblem` instead."
        )
    await _read(context, problem)
    job = FeedJob(context, JobKind.REMOVE_FROM_FEED)
    await context.stores.problems.delete(*problem.key, pid=problem.pid, also=job.prepare)
    return await job.send()


async def set_solution(context: Context, problem: ProblemId, language: str, code: str) -> Problem:
    """Set the author's solution.

    Raises:
        Unauthenticated, Forbidden: The viewer is not an editor.
        InvalidInput: The language is unknown, or the code is empty or too large.
        NotFound: The problem does not exist.
        Conflict: The problem is deleted.
    """
    access.require_editor(context)
    return await context.stores.problems.set_solution(
        *problem.key, language_id(language), validation.code(code), pid=problem.pid
    )


async def _read(context: Context, problem: ProblemId) -> Problem:
    """Return a problem, read with strong consistency.

    Raises:
        NotFound: the problem does not exist.
    """
    card = await context.stores.problems.get(*problem.key, consistent=True)
    if card is None or card.pid != problem.pid:
        raise _not_found()
    return card


def _not_found() -> NotFound:
    return NotFound("The problem does not exist. Check `problemId`.", ("problemId",))


def _non_null(changes: ProblemChanges, *names: str) -> dict[str, Any]:
    """Return the named fields whose value is not None."""
    values = {name: getattr(changes, name) for name in names}
    return {name: value for name, value in values.items() if value is not None}


# The change that resets each field.
_CLEARED: Mapping[str, Mapping[str, Any]] = {
    "url": {"link": ""},
    "tags": {"tags": ()},
    "statement": {"statement": ""},
    "constraints": {"constraints": ""},
    "comparer": {"comparer": Comparer.TOKENS},
    "abs_tolerance": {"absolute_tolerance": ""},
    "rel_tolerance": {"relative_tolerance": ""},
    "time_limit_ms": {"time_limit_ms": limits.DEFAULT_TIME_LIMIT_MS},
    "memory_limit_kb": {"memory_limit_kb": limits.DEFAULT_MEMORY_LIMIT_KB},
    "checker": {"removes_checker": True},
    "language_limits": {"language_limits": {}},
    "stop_on_first_failure": {"stop_on_first_failure": False},
    "test_visibility": {"test_visibility": TestVisibility.SAMPLES},
}


def _changes(fields: ProblemFields) -> ProblemChanges:
    """Validate the fields, and convert them to the changes to store."""
    return ProblemChanges(
        title=validation.optional(fields.title, validation.title),
        link=validation.optional(fields.url, validation.url),
        tags=validation.optional(fields.tags, validation.tags),
        statement=_text(fields.statement, "statement"),
        constraints=_text(fields.constraints, "constraints"),
        comparer=fields.comparer,
        absolute_tolerance=_tolerance(fields.abs_tolerance, "absTolerance", fields),
        relative_tolerance=_tolerance(fields.rel_tolerance, "relTolerance", fields),
        time_limit_ms=validation.optional(fields.time_limit_ms, validation.time_limit_ms),
        memory_limit_kb=validation.optional(fields.memory_limit_kb, validation.memory_limit_kb),
        checker=None if fields.checker is None else checkers.validate_checker(fields.checker),
        language_limits=checkers.language_limits(fields.language_limits),
        stop_on_first_failure=fields.stop_on_first_failure,
        test_visibility=fields.test_visibility,
    )


def _text(value: str | None, name: str) -> str | None:
    return None if value is None else validation.visible_text(value, name, limits.STATEMENT_BYTES)


def _tolerance(value: float | None, name: str, fields: ProblemFields) -> str | None:
    if value is None:
        return None
    if "comparer" in fields.cleared or fields.comparer not in (None, Comparer.FLOAT):
        raise InvalidInput(
            f"`{name}` is allowed only with the comparer FLOAT. Omit the field, or set `comparer` "
            "to FLOAT.",
            (name,),
        )
    return validation.tolerance(value, name)
