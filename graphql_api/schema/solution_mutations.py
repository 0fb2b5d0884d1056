"""The mutation that sets the author's solution of a problem. Only editors may use it."""

from typing import Annotated

import strawberry

from graphql_api.resolvers import problems
from graphql_api.schema import ids
from graphql_api.schema.errors import ChangeErrors
from graphql_api.schema.fields import code_input, language_input, mutation, problem_id_input
from graphql_api.schema.info import Info
from graphql_api.schema.payloads import ProblemPayload
from graphql_api.schema.problems import Problem


@strawberry.input(description="Input of `setSolution`.")
class SetSolutionInput:
    """Input of `setSolution`."""

    problem_id: strawberry.ID = problem_id_input()
    language: str = language_input()
    code: str = code_input()


@strawberry.type(description="The problem with its new solution.")
class SetSolutionPayload(ProblemPayload):
    """Payload of `setSolution`."""


SetSolutionResult = Annotated[
    SetSolutionPayload | ChangeErrors,
    strawberry.union(
        "SetSolutionResult",
        description="The problem with its new solution, or the reason the change was rejected.",
    ),
]


@strawberry.type
class SolutionMutations:
    """Mutations on solutions, for editors."""

    @mutation(
        description="Set the author's solution of a problem, which replaces an earlier solution. "
        "Requires the role EDITOR."
    )
    async def set_solution(
        self,
        info: Info,
        input: SetSolutionInput,
    ) -> SetSolutionResult | None:
        """Set the author's solution of a problem."""
        key = ids.problem_of(input.problem_id)
        changed = await problems.set_solution(info.context, key, input.language, input.code)
        return SetSolutionPayload(problem=Problem.from_record(changed))
