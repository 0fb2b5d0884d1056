"""Mutations on problems, their tests and solutions: for editors."""

from typing import Annotated

import strawberry

from graphql_api.resolvers import problems, testcases
from graphql_api.schema import ids
from graphql_api.schema.errors import (
    Conflict,
    Forbidden,
    Info,
    InvalidInput,
    NotFound,
    Unauthenticated,
    Unavailable,
)
from graphql_api.schema.fields import mutation
from graphql_api.schema.problem_inputs import (
    AddTestCasesInput,
    CompleteProblemInput,
    CreateProblemInput,
    DeleteProblemInput,
    DeleteTestCaseInput,
    ReplaceTestCasesInput,
    RestoreProblemInput,
    SetSolutionInput,
    SoftDeleteProblemInput,
    UpdateProblemInput,
    fields_of,
)
from graphql_api.schema.problems import Problem


@strawberry.type(description="What came of `createProblem`.")
class CreateProblemPayload:
    """The changed problem."""

    problem: Problem = strawberry.field(description="The problem as it is now.")


CreateProblemResult = Annotated[
    CreateProblemPayload | Unauthenticated | Forbidden | InvalidInput | Conflict | Unavailable,
    strawberry.union("CreateProblemResult", description="What came of it, or why it was not done."),
]


@strawberry.type(description="What came of `updateProblem`.")
class UpdateProblemPayload:
    """The changed problem."""

    problem: Problem = strawberry.field(description="The problem as it is now.")


UpdateProblemResult = Annotated[
    UpdateProblemPayload
    | Unauthenticated
    | Forbidden
    | NotFound
    | InvalidInput
    | Conflict
    | Unavailable,
    strawberry.union("UpdateProblemResult", description="What came of it, or why it was not done."),
]


@strawberry.type(description="What came of `completeProblem`.")
class CompleteProblemPayload:
    """The changed problem."""

    problem: Problem = strawberry.field(description="The problem as it is now.")


CompleteProblemResult = Annotated[
    CompleteProblemPayload
    | Unauthenticated
    | Forbidden
    | NotFound
    | InvalidInput
    | Conflict
    | Unavailable,
    strawberry.union(
        "CompleteProblemResult", description="What came of it, or why it was not done."
    ),
]


@strawberry.type(description="What came of `softDeleteProblem`.")
class SoftDeleteProblemPayload:
    """The changed problem."""

    problem: Problem = strawberry.field(description="The problem as it is now.")


SoftDeleteProblemResult = Annotated[
    SoftDeleteProblemPayload
    | Unauthenticated
    | Forbidden
    | NotFound
    | InvalidInput
    | Conflict
    | Unavailable,
    strawberry.union(
        "SoftDeleteProblemResult", description="What came of it, or why it was not done."
    ),
]


@strawberry.type(description="What came of `restoreProblem`.")
class RestoreProblemPayload:
    """The changed problem."""

    problem: Problem = strawberry.field(description="The problem as it is now.")


RestoreProblemResult = Annotated[
    RestoreProblemPayload
    | Unauthenticated
    | Forbidden
    | NotFound
    | InvalidInput
    | Conflict
    | Unavailable,
    strawberry.union(
        "RestoreProblemResult", description="What came of it, or why it was not done."
    ),
]


@strawberry.type(description="What came of `deleteProblem`.")
class DeleteProblemPayload:
    """The removed problem."""

    problem_id: strawberry.ID = strawberry.field(description="The id that names nothing now.")


DeleteProblemResult = Annotated[
    DeleteProblemPayload
    | Unauthenticated
    | Forbidden
    | NotFound
    | InvalidInput
    | Conflict
    | Unavailable,
    strawberry.union("DeleteProblemResult", description="What came of it, or why it was not done."),
]


@strawberry.type(description="What came of `addTestCases`.")
class AddTestCasesPayload:
    """The changed problem."""

    problem: Problem = strawberry.field(description="The problem as it is now.")


AddTestCasesResult = Annotated[
    AddTestCasesPayload
    | Unauthenticated
    | Forbidden
    | NotFound
    | InvalidInput
    | Conflict
    | Unavailable,
    strawberry.union("AddTestCasesResult", description="What came of it, or why it was not done."),
]


@strawberry.type(description="What came of `replaceTestCases`.")
class ReplaceTestCasesPayload:
    """The changed problem."""

    problem: Problem = strawberry.field(description="The problem as it is now.")


ReplaceTestCasesResult = Annotated[
    ReplaceTestCasesPayload
    | Unauthenticated
    | Forbidden
    | NotFound
    | InvalidInput
    | Conflict
    | Unavailable,
    strawberry.union(
        "ReplaceTestCasesResult", description="What came of it, or why it was not done."
    ),
]


@strawberry.type(description="What came of `deleteTestCase`.")
class DeleteTestCasePayload:
    """The changed problem."""

    problem: Problem = strawberry.field(description="The problem as it is now.")


DeleteTestCaseResult = Annotated[
    DeleteTestCasePayload
    | Unauthenticated
    | Forbidden
    | NotFound
    | InvalidInput
    | Conflict
    | Unavailable,
    strawberry.union(
        "DeleteTestCaseResult", description="What came of it, or why it was not done."
    ),
]


@strawberry.type(description="What came of `setSolution`.")
class SetSolutionPayload:
    """The changed problem."""

    problem: Problem = strawberry.field(description="The problem as it is now.")


SetSolutionResult = Annotated[
    SetSolutionPayload
    | Unauthenticated
    | Forbidden
    | NotFound
    | InvalidInput
    | Conflict
    | Unavailable,
    strawberry.union("SetSolutionResult", description="What came of it, or why it was not done."),
]


@strawberry.type
class ProblemMutations:
    """What editors do with problems."""

    @mutation(description="Create a problem, as a DRAFT.")
    async def create_problem(
        self,
        info: Info,
        input: CreateProblemInput,  # noqa: A002 - the rule of names
    ) -> CreateProblemResult:
        """Create a problem, as a DRAFT."""
        wanted = problems.CreateProblem(
            platform=input.platform,
            number=input.number,
            title=input.title,
            fields=fields_of(input),
            tests=[test.to_data() for test in input.test_cases or []],
        )
        created = await problems.create(info.context, wanted)
        return CreateProblemPayload(problem=Problem.from_record(created))

    @mutation(description="Change what is given of a problem.")
    async def update_problem(
        self,
        info: Info,
        input: UpdateProblemInput,  # noqa: A002 - the rule of names
    ) -> UpdateProblemResult:
        """Change what is given of a problem."""
        key = ids.problem_key(input.problem_id)
        changed = await problems.update(info.context, key, fields_of(input))
        return UpdateProblemPayload(problem=Problem.from_record(changed))

    @mutation(description="Show a problem to everyone.")
    async def complete_problem(
        self,
        info: Info,
        input: CompleteProblemInput,  # noqa: A002 - the rule of names
    ) -> CompleteProblemResult:
        """Show a problem to everyone."""
        key = ids.problem_key(input.problem_id)
        changed = await problems.complete(info.context, key)
        return CompleteProblemPayload(problem=Problem.from_record(changed))

    @mutation(description="Take a problem out of every list until it is restored.")
    async def soft_delete_problem(
        self,
        info: Info,
        input: SoftDeleteProblemInput,  # noqa: A002 - the rule of names
    ) -> SoftDeleteProblemResult:
        """Take a problem out of every list until it is restored."""
        key = ids.problem_key(input.problem_id)
        changed = await problems.soft_delete(info.context, key, input.reason)
        return SoftDeleteProblemPayload(problem=Problem.from_record(changed))

    @mutation(description="Bring a soft-deleted problem back.")
    async def restore_problem(
        self,
        info: Info,
        input: RestoreProblemInput,  # noqa: A002 - the rule of names
    ) -> RestoreProblemResult:
        """Bring a soft-deleted problem back."""
        key = ids.problem_key(input.problem_id)
        changed = await problems.restore(info.context, key)
        return RestoreProblemPayload(problem=Problem.from_record(changed))

    @mutation(description="Remove a problem for good; for administrators.")
    async def delete_problem(
        self,
        info: Info,
        input: DeleteProblemInput,  # noqa: A002 - the rule of names
    ) -> DeleteProblemResult:
        """Remove a problem for good; for administrators."""
        await problems.delete(info.context, ids.problem_key(input.problem_id))
        return DeleteProblemPayload(problem_id=input.problem_id)

    @mutation(description="Append tests to a problem's set.")
    async def add_test_cases(
        self,
        info: Info,
        input: AddTestCasesInput,  # noqa: A002 - the rule of names
    ) -> AddTestCasesResult:
        """Append tests to a problem's set."""
        key, tests = ids.problem_key(input.problem_id), [one.to_data() for one in input.test_cases]
        changed = await testcases.add(info.context, key, tests)
        return AddTestCasesPayload(problem=Problem.from_record(changed))

    @mutation(description="Give a problem another set of tests.")
    async def replace_test_cases(
        self,
        info: Info,
        input: ReplaceTestCasesInput,  # noqa: A002 - the rule of names
    ) -> ReplaceTestCasesResult:
        """Give a problem another set of tests."""
        key, tests = ids.problem_key(input.problem_id), [one.to_data() for one in input.test_cases]
        changed = await testcases.replace(info.context, key, tests)
        return ReplaceTestCasesPayload(problem=Problem.from_record(changed))

    @mutation(description="Remove one test; those after it move up.")
    async def delete_test_case(
        self,
        info: Info,
        input: DeleteTestCaseInput,  # noqa: A002 - the rule of names
    ) -> DeleteTestCaseResult:
        """Remove one test; those after it move up."""
        key = ids.test_case_key(input.test_case_id)
        changed = await testcases.delete(info.context, key)
        return DeleteTestCasePayload(problem=Problem.from_record(changed))

    @mutation(description="Keep the author's solution of a problem.")
    async def set_solution(
        self,
        info: Info,
        input: SetSolutionInput,  # noqa: A002 - the rule of names
    ) -> SetSolutionResult:
        """Keep the author's solution of a problem."""
        key = ids.problem_key(input.problem_id)
        changed = await problems.set_solution(info.context, key, input.language, input.code)
        return SetSolutionPayload(problem=Problem.from_record(changed))
