"""Mutations on the tests of problems. Only editors may use them."""

from typing import Annotated

import strawberry

from graphql_api.resolvers import testcases
from graphql_api.resolvers.testcases import TestCaseData
from graphql_api.schema import ids
from graphql_api.schema.errors import ChangeErrors
from graphql_api.schema.fields import mutation, problem_id_input
from graphql_api.schema.info import Info
from graphql_api.schema.payloads import ProblemPayload
from graphql_api.schema.problems import Problem


@strawberry.input(description="A test case to store.")
class TestCaseInput:
    """A test case that is added to a problem."""

    input: str = strawberry.field(
        description="Text that the program reads on standard input, at most 16 MB in UTF-8."
    )
    output: str = strawberry.field(
        description="Expected output of the program, at most 16 MB in UTF-8."
    )
    is_sample: bool = strawberry.field(
        default=False, description="True to show the test to everyone (default false)."
    )

    def to_data(self) -> TestCaseData:
        """Convert the input to the parameters of the resolvers."""
        return TestCaseData(input=self.input, output=self.output, is_sample=self.is_sample)


@strawberry.input(description="Input of `addTestCases`.")
class AddTestCasesInput:
    """Input of `addTestCases`."""

    problem_id: strawberry.ID = problem_id_input()
    test_cases: list[TestCaseInput] = strawberry.field(
        description="Test cases to append, in order. A problem may have at most 2,000 test "
        "cases, including the existing ones."
    )


@strawberry.type(description="The problem with its new tests.")
class AddTestCasesPayload(ProblemPayload):
    """Payload of `addTestCases`."""


AddTestCasesResult = Annotated[
    AddTestCasesPayload | ChangeErrors,
    strawberry.union(
        "AddTestCasesResult",
        description="The problem with its new tests, or the reason the change was rejected.",
    ),
]


@strawberry.input(description="Input of `replaceTestCases`.")
class ReplaceTestCasesInput:
    """Input of `replaceTestCases`."""

    problem_id: strawberry.ID = problem_id_input()
    test_cases: list[TestCaseInput] = strawberry.field(
        description="All test cases of the new set, 1 to 2,000, in order."
    )


@strawberry.type(description="The problem with its new test set.")
class ReplaceTestCasesPayload(ProblemPayload):
    """Payload of `replaceTestCases`."""


ReplaceTestCasesResult = Annotated[
    ReplaceTestCasesPayload | ChangeErrors,
    strawberry.union(
        "ReplaceTestCasesResult",
        description="The problem with its new test set, or the reason the change was rejected.",
    ),
]


@strawberry.input(description="Input of `deleteTestCase`.")
class DeleteTestCaseInput:
    """Input of `deleteTestCase`."""

    test_case_id: strawberry.ID = strawberry.field(
        description="Global id of the test case. The id is valid until the test case is deleted "
        "or all test cases of the problem are replaced."
    )


@strawberry.type(description="The problem without the deleted test.")
class DeleteTestCasePayload(ProblemPayload):
    """Payload of `deleteTestCase`."""


DeleteTestCaseResult = Annotated[
    DeleteTestCasePayload | ChangeErrors,
    strawberry.union(
        "DeleteTestCaseResult",
        description="The problem without the deleted test, or the reason the deletion was "
        "rejected.",
    ),
]


@strawberry.type
class TestCaseMutations:
    """Mutations on test cases, for editors."""

    @mutation(
        description="Append test cases to a problem. Requires the role EDITOR. The existing test "
        "cases keep their ids. Fails with CONFLICT if another request changed the tests at the "
        "same time."
    )
    async def add_test_cases(
        self,
        info: Info,
        input: AddTestCasesInput,
    ) -> AddTestCasesResult | None:
        """Append test cases to a problem."""
        key = ids.problem_of(input.problem_id)
        tests = [test.to_data() for test in input.test_cases]
        changed = await testcases.add(info.context, key, tests)
        return AddTestCasesPayload(problem=Problem.from_record(changed))

    @mutation(
        description="Replace all test cases of a problem. Requires the role EDITOR. The new test "
        "cases have new ids. Fails with CONFLICT if another request changed the tests at the same "
        "time."
    )
    async def replace_test_cases(
        self,
        info: Info,
        input: ReplaceTestCasesInput,
    ) -> ReplaceTestCasesResult | None:
        """Replace all test cases of a problem."""
        key = ids.problem_of(input.problem_id)
        tests = [test.to_data() for test in input.test_cases]
        changed = await testcases.replace(info.context, key, tests)
        return ReplaceTestCasesPayload(problem=Problem.from_record(changed))

    @mutation(
        description="Delete one test case. Requires the role EDITOR. The numbers of all later "
        "tests decrease by one. The other test cases keep their ids. Fails with NOT_FOUND if the "
        "test case was deleted, or if all test cases were replaced."
    )
    async def delete_test_case(
        self,
        info: Info,
        input: DeleteTestCaseInput,
    ) -> DeleteTestCaseResult | None:
        """Delete one test case."""
        key = ids.test_case_key(input.test_case_id)
        changed = await testcases.delete(info.context, key)
        return DeleteTestCasePayload(problem=Problem.from_record(changed))
