"""Problems: reading what the viewer may see, and the editors' changes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql_api.context import Context
from graphql_api.data import limits
from graphql_api.data.dynamo.pages import Page, PageWindow
from graphql_api.data.enums import Comparer, ProblemState
from graphql_api.data.errors import Conflict, Forbidden, InvalidInput, NotFound
from graphql_api.data.problems.checkers import check_complete
from graphql_api.data.problems.inputs import NewProblem, ProblemChanges
from graphql_api.data.records import Problem, ProblemKey, Solution, Statement
from graphql_api.resolvers import access, checkers, validation
from graphql_api.resolvers.languages import language_id
from graphql_api.resolvers.paging import PageRequest, list_page, scope_of
from graphql_api.resolvers.testcases import TestCaseData, checked_tests


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemFilter:
    """What a list of problems is narrowed to."""

    platform: str | None = None
    language: str | None = None
    tag: str | None = None
    state: ProblemState = ProblemState.COMPLETED
    search: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemFields:
    """What an editor says of a problem; None leaves a field as it is, or at its default."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateProblem:
    """A problem to create, with its first tests."""

    platform: str
    number: str
    title: str
    fields: ProblemFields = field(default_factory=ProblemFields)
    tests: list[TestCaseData] = field(default_factory=list)


async def find(context: Context, key: ProblemKey) -> Problem | None:
    """Return a problem that the viewer may see."""
    problem = await context.loaders.problems.load(key)
    return problem if problem and access.can_view_problem(context, problem) else None


async def find_by_name(context: Context, platform: str, number: str) -> Problem | None:
    """Return the problem of a platform and number, if the viewer may see it.

    Raises:
        InvalidInput: no problem can be named so.
    """
    key = ProblemKey(validation.platform(platform), validation.number(number))
    return await find(context, key)


async def list_problems(
    context: Context, page: PageRequest, wanted: ProblemFilter
) -> Page[Problem]:
    """Return a page of problems, newest first.

    Raises:
        Unauthenticated, Forbidden: a state that only editors see.
        InvalidInput: an unknown language or an unusable filter.
    """
    if wanted.state is not ProblemState.COMPLETED:
        access.require_editor(context)
    filters = {
        "platform": validation.given(wanted.platform, validation.platform),
        "language": language_id(wanted.language),
        "tag": None if wanted.tag is None else validation.tag(wanted.tag, "tag"),
        "search": validation.given(wanted.search, validation.search),
    }

    async def read(window: PageWindow) -> Page[Problem]:
        return await context.stores.problems.list(window=window, state=wanted.state, **filters)

    scope = scope_of("problems", str(wanted.state), *filters.values())
    return await list_page(page, context.cursors, scope, read)


async def statement_of(context: Context, problem: Problem) -> Statement | None:
    """Return a problem's texts."""
    return await context.loaders.statements.load(problem.key)


async def solution_of(context: Context, problem: Problem) -> Solution | None:
    """Return the author's solution, to editors."""
    if not context.is_editor:
        return None
    return await context.loaders.solutions.load(problem.key)


async def run_count_of(context: Context, problem: Problem) -> int:
    """Return about how often a problem was executed."""
    return await context.loaders.run_counts.load(problem.key)


async def create(context: Context, wanted: CreateProblem) -> Problem:
    """Create a DRAFT.

    Raises:
        Unauthenticated, Forbidden: the viewer is no editor.
        InvalidInput: a field breaks its rule; nothing was created.
        Conflict: there is a problem of that platform and number.
    """
    access.require_editor(context)
    fields = wanted.fields
    tests = checked_tests(wanted.tests) if wanted.tests else []
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
        absolute_tolerance=changes.absolute_tolerance,
        relative_tolerance=changes.relative_tolerance,
        **_given(changes, "time_limit_ms", "memory_limit_kb"),
    )
    problem = await context.stores.problems.create(new)
    if tests:
        problem = await context.stores.tests.replace(problem.platform, problem.number, tests)
    return problem


async def update(context: Context, key: ProblemKey, fields: ProblemFields) -> Problem:
    """Change what is given of a problem.

    Raises:
        Unauthenticated, Forbidden: the viewer is no editor.
        InvalidInput: a field breaks its rule.
        NotFound: there is no such problem, or it is deleted.
        Conflict: it changed meanwhile.
    """
    access.require_editor(context)
    return await context.stores.problems.update(*key, _changes(fields))


async def complete(context: Context, key: ProblemKey) -> Problem:
    """Show a problem to everyone.

    Raises:
        Unauthenticated, Forbidden: the viewer is no editor.
        NotFound: there is no such problem.
        Conflict: it has no test cases, or is deleted.
        InvalidInput: its comparer needs a checker and it has none.
    """
    access.require_editor(context)
    problem = await context.stores.problems.get(*key, consistent=True)
    if problem is None:
        raise _not_found()
    if problem.state is ProblemState.COMPLETED:
        return problem
    if problem.state is ProblemState.DELETED:
        raise Conflict("The problem is deleted. Restore it first.")
    if problem.test_count == 0:
        raise Conflict(
            "The problem has no test cases, so it cannot be published. Add test cases first."
        )
    check_complete(problem)
    return await context.stores.problems.set_state(*key, ProblemState.COMPLETED)


async def soft_delete(context: Context, key: ProblemKey, reason: str) -> Problem:
    """Take a problem out of every list; `restore` brings it back.

    Raises:
        Unauthenticated, Forbidden: the viewer is no editor.
        InvalidInput: the reason is empty or too long.
        NotFound, Conflict: there is no such problem, or it is deleted already.
    """
    access.require_editor(context)
    why = validation.line(reason, "reason", limits.DELETION_REASON_CHARACTERS)
    return await context.stores.problems.soft_delete(*key, why)


async def restore(context: Context, key: ProblemKey) -> Problem:
    """Bring a soft-deleted problem back to the state it had.

    Raises:
        Unauthenticated, Forbidden: the viewer is no editor.
        NotFound, Conflict: there is no such problem, or it is not deleted.
    """
    access.require_editor(context)
    return await context.stores.problems.restore(*key)


async def delete(context: Context, key: ProblemKey) -> None:
    """Remove a problem for good, with tests, texts and solution.

    Raises:
        Unauthenticated, Forbidden: the viewer is no administrator.
        NotFound: there is no such problem.
    """
    viewer = access.require_editor(context)
    if not viewer.is_admin:
        raise Forbidden(
            "Only administrators may delete a problem permanently. Use `softDeleteProblem`."
        )
    if await context.stores.problems.get(*key, consistent=True) is None:
        raise _not_found()
    await context.stores.problems.delete(*key)


async def set_solution(context: Context, key: ProblemKey, language: str, code: str) -> Problem:
    """Keep the author's solution.

    Raises:
        Unauthenticated, Forbidden: the viewer is no editor.
        InvalidInput: the language is unknown, or the code empty or too large.
        NotFound, Conflict: there is no such problem, or it is deleted.
    """
    access.require_editor(context)
    known = language_id(language)
    assert known is not None
    return await context.stores.problems.set_solution(*key, known, validation.code(code))


def _not_found() -> NotFound:
    return NotFound("There is no such problem.", ("problemId",))


def _given(changes: ProblemChanges, *names: str) -> dict[str, Any]:
    """Return those fields that are not to keep their default."""
    values = {name: getattr(changes, name) for name in names}
    return {name: value for name, value in values.items() if value is not None}


def _changes(fields: ProblemFields) -> ProblemChanges:
    """Return the fields as they are stored, checked."""
    return ProblemChanges(
        title=validation.given(fields.title, validation.title),
        link=validation.given(fields.url, validation.url),
        tags=validation.given(fields.tags, validation.tags),
        statement=_text(fields.statement, "statement"),
        constraints=_text(fields.constraints, "constraints"),
        comparer=fields.comparer,
        absolute_tolerance=_tolerance(fields.abs_tolerance, "absTolerance", fields),
        relative_tolerance=_tolerance(fields.rel_tolerance, "relTolerance", fields),
        time_limit_ms=validation.given(fields.time_limit_ms, validation.time_limit_ms),
        memory_limit_kb=validation.given(fields.memory_limit_kb, validation.memory_limit_kb),
        checker=None if fields.checker is None else checkers.checked(fields.checker),
        language_limits=checkers.language_limits(fields.language_limits),
        stop_on_first_failure=fields.stop_on_first_failure,
    )


def _text(value: str | None, name: str) -> str | None:
    return None if value is None else validation.text(value, name, limits.STATEMENT_BYTES)


def _tolerance(value: float | None, name: str, fields: ProblemFields) -> str | None:
    if value is None:
        return None
    if fields.comparer not in (None, Comparer.FLOAT):
        raise InvalidInput(f"`{name}` is allowed only with the comparer FLOAT.", (name,))
    return validation.tolerance(value, name)
