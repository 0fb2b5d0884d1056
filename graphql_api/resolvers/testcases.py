"""Test cases: samples for everyone who sees the problem, the others for editors."""

from collections.abc import Sequence
from dataclasses import dataclass

from graphql_api.context import Context
from graphql_api.data.dynamo.pages import Page, PageWindow
from graphql_api.data.errors import InvalidInput
from graphql_api.data.limits import MAX_TESTS, TEST_FILE_BYTES
from graphql_api.data.problems.testsets import NewTest
from graphql_api.data.records import Problem, ProblemKey, TestCase, TestCaseKey
from graphql_api.resolvers import access, validation
from graphql_api.resolvers.paging import PageRequest, list_page, scope_of


@dataclass(frozen=True, slots=True, kw_only=True)
class TestCaseData:
    """One test as an editor sends it."""

    input: str
    output: str
    is_sample: bool = False


def checked_tests(tests: Sequence[TestCaseData]) -> list[NewTest]:
    """Return the tests as they are stored.

    Raises:
        InvalidInput: there are none, too many, or one is too large; `path` names it.
    """
    if not tests:
        raise InvalidInput("`testCases` must contain at least one test.", ("testCases",))
    if len(tests) > MAX_TESTS:
        raise InvalidInput(f"`testCases` must contain at most {MAX_TESTS} tests.", ("testCases",))
    return [_checked(index, test) for index, test in enumerate(tests)]


def _checked(index: int, test: TestCaseData) -> NewTest:
    with validation.inside("testCases", str(index)):
        validation.text(test.input, "input", TEST_FILE_BYTES)
        validation.text(test.output, "output", TEST_FILE_BYTES)
    return NewTest(input=test.input.encode(), output=test.output.encode(), is_sample=test.is_sample)


async def list_tests(context: Context, problem: Problem, page: PageRequest) -> Page[TestCase]:
    """Return a page of a problem's tests in order: all for editors, else the samples."""
    samples_only = not context.is_editor

    async def read(window: PageWindow) -> Page[TestCase]:
        return await context.stores.tests.page(
            problem.platform, problem.number, window, samples_only=samples_only, problem=problem
        )

    scope = scope_of("tests", problem.platform, problem.number, str(samples_only))
    return await list_page(page, context.cursors, scope, read)


async def find(context: Context, key: TestCaseKey) -> TestCase | None:
    """Return a test of the problem's current set, if the viewer may see it."""
    problem = await context.loaders.problems.load(ProblemKey(key.platform, key.number))
    if problem is None or not access.can_view_problem(context, problem):
        return None
    if problem.test_version != key.version or not 1 <= key.test <= problem.test_count:
        return None
    test = await context.loaders.tests.load(key)
    return test if test and (test.is_sample or context.is_editor) else None


async def add(context: Context, key: ProblemKey, tests: Sequence[TestCaseData]) -> Problem:
    """Append tests to a problem's set.

    Raises:
        Unauthenticated, Forbidden: the viewer is no editor.
        InvalidInput: a test breaks a limit.
        NotFound, Conflict: there is no such problem, or its set changed meanwhile.
    """
    access.require_editor(context)
    return await context.stores.tests.add(*key, checked_tests(tests))


async def replace(context: Context, key: ProblemKey, tests: Sequence[TestCaseData]) -> Problem:
    """Give a problem another set of tests.

    Raises:
        Unauthenticated, Forbidden: the viewer is no editor.
        InvalidInput: a test breaks a limit.
        NotFound, Conflict: there is no such problem, or its set changed meanwhile.
    """
    access.require_editor(context)
    return await context.stores.tests.replace(*key, checked_tests(tests))


async def delete(context: Context, key: TestCaseKey) -> Problem:
    """Remove one test; those after it move up.

    Raises:
        Unauthenticated, Forbidden: the viewer is no editor.
        NotFound: there is no such problem or test.
        Conflict: the set is another by now; read it again.
    """
    access.require_editor(context)
    return await context.stores.tests.delete(
        key.platform, key.number, key.test, of_version=key.version
    )
