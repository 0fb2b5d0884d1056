"""Use cases of test cases. Editors see all tests of a problem. Other viewers see the samples."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from graphql_api.context import Context
from graphql_api.data.dynamo.pages import Page, PageWindow
from graphql_api.data.errors import InvalidInput
from graphql_api.data.limits import MAX_TESTS, TEST_FILE_BYTES
from graphql_api.data.problems.testsets import NewTest
from graphql_api.data.records import (
    Problem,
    ProblemId,
    StoredTest,
    TestCaseKey,
    TestSetKey,
)
from graphql_api.resolvers import access, validation
from graphql_api.resolvers.access import VisibleTest
from graphql_api.resolvers.paging import PageRequest, list_page, scope_of


@dataclass(frozen=True, slots=True, kw_only=True)
class TestCaseData:
    """The fields of a test case that an editor sends."""

    input: str
    output: str
    is_sample: bool = False


def validate_tests(tests: Sequence[TestCaseData]) -> list[NewTest]:
    """Validate test cases, and convert them to the tests to store.

    Raises:
        InvalidInput: The list is empty or too long, or a text is invalid or too large. For an
            invalid text, `path` contains the index of the test.
    """
    if not tests:
        raise InvalidInput("`testCases` must contain at least one test.", ("testCases",))
    if len(tests) > MAX_TESTS:
        raise InvalidInput(f"`testCases` must contain at most {MAX_TESTS} tests.", ("testCases",))
    return [_validate_test(index, test) for index, test in enumerate(tests)]


def _validate_test(index: int, test: TestCaseData) -> NewTest:
    with validation.prefix_path("testCases", str(index)):
        validation.text(test.input, "input", TEST_FILE_BYTES)
        validation.text(test.output, "output", TEST_FILE_BYTES)
    return NewTest(input=test.input.encode(), output=test.output.encode(), is_sample=test.is_sample)


async def list_tests(context: Context, problem: Problem, page: PageRequest) -> Page[VisibleTest]:
    """Return a page of a problem's tests in order. Viewers other than editors get only samples."""
    visibility = access.visibility_of(context)
    samples_only = not visibility.is_editor

    async def read(window: PageWindow) -> Page[VisibleTest]:
        tests = await context.stores.tests.page(
            problem.platform, problem.number, window, samples_only=samples_only, problem=problem
        )
        return tests.map(partial(visibility.test, problem))

    scope = scope_of("tests", *problem.id, str(samples_only))
    return await list_page(context, page, scope, read)


async def find(context: Context, key: TestCaseKey) -> VisibleTest | None:
    """Return a test case, or None if the viewer may not see it.

    The result is also None if the problem's current test set does not contain the test. Cost:
    batched reads of the problem and of the test. If the test was added in an earlier version of
    the test set, the ids of all tests in the current set are also read.
    """
    visibility = access.visibility_of(context)
    problem = await context.loaders.problems.load(key.problem_id.key)
    is_same = problem is not None and problem.id == key.problem_id
    if problem is None or not is_same or not visibility.shows_problem(problem):
        return None
    place = await _find_place(context, problem, key)
    test = await context.loaders.tests.load(place) if place else None
    visible = visibility.test(problem, test) if test else None
    # After the deletion of a test, this number can belong to a test that an earlier version added.
    return visible if visible and visible.key == key else None


async def _find_place(context: Context, problem: Problem, key: TestCaseKey) -> StoredTest | None:
    """Find the number of a test in the current test set.

    Return the problem, the version of the set, and the number. Return None if the set does not
    contain the test. After the deletion of a test, another test can have this number. Therefore the
    caller must compare the key of the loaded test with `key`.
    """
    version = problem.test_version
    if version is None or key.version > version:
        return None
    number = key.test
    if key.version < version:
        ids = await context.loaders.test_ids.load(TestSetKey(*problem.key, version))
        number = ids.index(key.test_id) + 1 if key.test_id in ids else 0
    is_inside = 1 <= number <= problem.test_count
    return StoredTest(*problem.key, version, number) if is_inside else None


async def add(context: Context, problem: ProblemId, tests: Sequence[TestCaseData]) -> Problem:
    """Append test cases to a problem.

    Raises:
        Unauthenticated, Forbidden: The viewer is not an editor.
        InvalidInput: The list of tests is empty or too long, or a test is invalid.
        NotFound: The problem does not exist.
        Conflict: The problem is deleted, or another request changed the tests at the same time.
    """
    access.require_editor(context)
    return await context.stores.tests.add(*problem.key, validate_tests(tests), pid=problem.pid)


async def replace(context: Context, problem: ProblemId, tests: Sequence[TestCaseData]) -> Problem:
    """Replace all test cases of a problem.

    Raises:
        Unauthenticated, Forbidden: The viewer is not an editor.
        InvalidInput: The list of tests is empty or too long, or a test is invalid.
        NotFound: The problem does not exist.
        Conflict: The problem is deleted, or another request changed the tests at the same time.
    """
    access.require_editor(context)
    return await context.stores.tests.replace(*problem.key, validate_tests(tests), pid=problem.pid)


async def delete(context: Context, key: TestCaseKey) -> Problem:
    """Delete one test case. The numbers of all later tests decrease by one.

    Raises:
        Unauthenticated, Forbidden: The viewer is not an editor.
        NotFound: The problem or the test does not exist.
        Conflict: Another request changed the tests at the same time.
    """
    access.require_editor(context)
    return await context.stores.tests.delete(key)
