"""Mutations on problems, which only editors may use."""

from dataclasses import fields, replace
from typing import Annotated, Any

import strawberry

from graphql_api.data.enums import CheckerConvention, Comparer, TestVisibility
from graphql_api.resolvers import checkers, problems
from graphql_api.resolvers.problems import ProblemFields
from graphql_api.schema import ids
from graphql_api.schema.errors import ChangeErrors, CreateErrors
from graphql_api.schema.fields import (
    code_input,
    language_input,
    mutation,
    problem_id_input,
    sent_fields,
)
from graphql_api.schema.info import Info
from graphql_api.schema.jobs import Job
from graphql_api.schema.payloads import FeedJobPayload, ProblemPayload
from graphql_api.schema.problems import Problem
from graphql_api.schema.testcase_mutations import TestCaseInput

_TITLE = (
    "Title of the problem, 1 to 200 characters. The stored title is truncated to 300 bytes in "
    "UTF-8."
)


def _optional(description: str) -> Any:
    return strawberry.field(default=None, description=description)


def _changeable(description: str) -> Any:
    return strawberry.field(default=strawberry.UNSET, description=description)


@strawberry.input(
    description="A program of the problem that decides whether a submission is correct. A checker "
    "reads the output of the submission. An interactor exchanges messages with the submission."
)
class CheckerInput:
    """A checker or interactor of a problem."""

    language: str = language_input()
    code: str = code_input()
    convention: CheckerConvention = strawberry.field(
        description="Convention for the checker's arguments and exit codes."
    )
    arguments: list[str] | None = _optional(
        "Extra command-line arguments for the checker: at most 20 arguments, with at most 1,000 "
        "bytes in total."
    )
    time_limit_ms: int | None = _optional(
        "CPU time limit of the checker per test, in milliseconds, 100 to 60,000 (default 10,000)."
    )
    memory_limit_kb: int | None = _optional(
        "Memory limit of the checker per test, in kilobytes, 16,384 to 4,194,304 (default 524,288)."
    )

    def to_fields(self) -> checkers.CheckerFields:
        """Convert the input to the parameters of the resolvers."""
        return checkers.CheckerFields(
            language=self.language,
            code=self.code,
            convention=self.convention,
            arguments=self.arguments,
            time_limit_ms=self.time_limit_ms,
            memory_limit_kb=self.memory_limit_kb,
        )


@strawberry.input(
    description="Time limit multiplier for one language on this problem. This multiplier replaces "
    "the usual multiplier of the language."
)
class LanguageLimitInput:
    """The factor by which a problem's time limit is multiplied for one language."""

    language: str = language_input()
    time_multiplier: float = strawberry.field(
        description="Factor by which the problem's time limit is multiplied, 0.1 to 100, with at "
        "most two decimal places."
    )

    def to_limit(self) -> checkers.LanguageLimit:
        """Convert the input to the parameters of the resolvers."""
        return checkers.LanguageLimit(language=self.language, time_multiplier=self.time_multiplier)


@strawberry.input(description="Input of `createProblem`.")
class CreateProblemInput:
    """Input of `createProblem`."""

    platform: str = strawberry.field(
        description="Key of the platform that the problem comes from, such as `algoitny`: 1 to "
        "40 characters without `#`, `:`, `/` and spaces."
    )
    number: str = strawberry.field(
        description="Number or name of the problem on its platform: 1 to 64 characters without "
        "`#`, `:`, `/` and spaces."
    )
    title: str = strawberry.field(description=_TITLE)
    url: str | None = _optional(
        "Web address of the problem on its platform, at most 2,000 characters."
    )
    tags: list[str] | None = _optional(
        "Tags of the problem: at most 12. A tag has at most 50 characters, without `#` and `:`, "
        "and at most 64 bytes in UTF-8. Tags are stored in lower case."
    )
    statement: str | None = _optional("Task description in Markdown, at most 256 KB.")
    constraints: str | None = _optional("Limits on the input values, in Markdown, at most 256 KB.")
    comparer: Comparer | None = _optional(
        "Method of comparing outputs with the expected outputs (default TOKENS)."
    )
    abs_tolerance: float | None = _optional(
        "Absolute tolerance of the comparer FLOAT, 0 to 1. Allowed only with this comparer. If "
        "both tolerances are omitted, both are 1e-6. If only one is omitted, the omitted "
        "tolerance is 0."
    )
    rel_tolerance: float | None = _optional(
        "Relative tolerance of the comparer FLOAT, 0 to 1. Allowed only with this comparer. If "
        "both tolerances are omitted, both are 1e-6. If only one is omitted, the omitted "
        "tolerance is 0."
    )
    time_limit_ms: int | None = _optional(
        "CPU time limit per test in milliseconds, 50 to 60,000 (default 2,000)."
    )
    memory_limit_kb: int | None = _optional(
        "Memory limit per test in kilobytes, 4,096 to 4,194,304 (default 262,144)."
    )
    checker: CheckerInput | None = _optional(
        "Checker or interactor of the problem. Required with the comparers CHECKER and "
        "INTERACTIVE. Not allowed with other comparers."
    )
    language_limits: list[LanguageLimitInput] | None = _optional(
        "Time limit multipliers for individual languages: at most 16, and at most one per language."
    )
    stop_on_first_failure: bool | None = _optional(
        "True to skip all tests after the first failed test (default false)."
    )
    test_visibility: TestVisibility | None = _optional(
        "Tests whose results the author of a submission sees in full (default SAMPLES)."
    )
    test_cases: list[TestCaseInput] | None = _optional(
        "Initial test cases of the problem, in order: at most 2,000."
    )


@strawberry.type(description="The created problem.")
class CreateProblemPayload(ProblemPayload):
    """Payload of `createProblem`."""


CreateProblemResult = Annotated[
    CreateProblemPayload | CreateErrors,
    strawberry.union(
        "CreateProblemResult",
        description="The created problem, or the reason the creation was rejected.",
    ),
]


@strawberry.input(
    description="Input of `updateProblem`. Fields that are omitted keep their current value."
)
class UpdateProblemInput:
    """Input of `updateProblem`."""

    problem_id: strawberry.ID = problem_id_input()
    title: str | None = _changeable(
        f"{_TITLE} Omit the field to keep the current title. Null is rejected."
    )
    url: str | None = _changeable(
        "Web address of the problem on its platform, at most 2,000 characters. Null or an empty "
        "text removes the address."
    )
    tags: list[str] | None = _changeable(
        "The new tags, which replace all earlier tags: at most 12. A tag has at most 50 "
        "characters, without `#` and `:`, and at most 64 bytes in UTF-8. Tags are stored in lower "
        "case. Null or an empty list removes all tags."
    )
    statement: str | None = _changeable(
        "Task description in Markdown, at most 256 KB. Null or an empty text removes the "
        "description."
    )
    constraints: str | None = _changeable(
        "Limits on the input values, in Markdown, at most 256 KB. Null or an empty text removes "
        "the limits."
    )
    comparer: Comparer | None = _changeable(
        "Method of comparing outputs with the expected outputs. Null sets the default, TOKENS."
    )
    abs_tolerance: float | None = _changeable(
        "Absolute tolerance of the comparer FLOAT, 0 to 1. Allowed only with this comparer. Null "
        "removes the tolerance. If no tolerance is set, both tolerances are 1e-6. If only one is "
        "set, the other is 0."
    )
    rel_tolerance: float | None = _changeable(
        "Relative tolerance of the comparer FLOAT, 0 to 1. Allowed only with this comparer. Null "
        "removes the tolerance. If no tolerance is set, both tolerances are 1e-6. If only one is "
        "set, the other is 0."
    )
    time_limit_ms: int | None = _changeable(
        "CPU time limit per test in milliseconds, 50 to 60,000. Null sets the default, 2,000."
    )
    memory_limit_kb: int | None = _changeable(
        "Memory limit per test in kilobytes, 4,096 to 4,194,304. Null sets the default, 262,144."
    )
    checker: CheckerInput | None = _changeable(
        "Checker or interactor of the problem. The comparers CHECKER and INTERACTIVE require a "
        "checker or an interactor, so null is rejected with these comparers. All other comparers "
        "allow neither. If `comparer` changes to another comparer, the stored checker or "
        "interactor is removed."
    )
    language_limits: list[LanguageLimitInput] | None = _changeable(
        "The new time limit multipliers for individual languages, which replace all earlier "
        "multipliers: at most 16, and at most one per language. Null or an empty list removes all "
        "multipliers."
    )
    stop_on_first_failure: bool | None = _changeable(
        "True to skip all tests after the first failed test. Null sets the default, false."
    )
    test_visibility: TestVisibility | None = _changeable(
        "Tests whose results the author of a submission sees in full. A change applies to later "
        "executions and rejudges. Null sets the default, SAMPLES."
    )


@strawberry.type(description="The updated problem.")
class UpdateProblemPayload(ProblemPayload):
    """Payload of `updateProblem`."""


UpdateProblemResult = Annotated[
    UpdateProblemPayload | ChangeErrors,
    strawberry.union(
        "UpdateProblemResult",
        description="The updated problem, or the reason the update was rejected.",
    ),
]


# The fields that both inputs have, by their name in Python.
_FIELDS = tuple(field.name for field in fields(ProblemFields) if field.name != "cleared")


def _fields_of(given: CreateProblemInput | UpdateProblemInput) -> ProblemFields:
    """Return the fields that the client neither omitted nor set to null."""
    sent = sent_fields(given, *_FIELDS)
    values = {name: value for name, value in sent.items() if value is not None}
    if given.checker:
        values["checker"] = given.checker.to_fields()
    if given.language_limits:
        values["language_limits"] = [limit.to_limit() for limit in given.language_limits]
    return ProblemFields(**values)


def _changes_of(given: UpdateProblemInput) -> ProblemFields:
    """Return the fields of an update. The result's `cleared` names the fields that are null."""
    cleared = frozenset(name for name in _FIELDS if getattr(given, name) is None)
    return replace(_fields_of(given), cleared=cleared)


@strawberry.input(description="Input of `completeProblem`.")
class CompleteProblemInput:
    """Input of `completeProblem`."""

    problem_id: strawberry.ID = problem_id_input()


@strawberry.type(description="The published problem.")
class CompleteProblemPayload(ProblemPayload):
    """Payload of `completeProblem`."""


CompleteProblemResult = Annotated[
    CompleteProblemPayload | ChangeErrors,
    strawberry.union(
        "CompleteProblemResult",
        description="The published problem, or the reason the publication was rejected.",
    ),
]


@strawberry.input(description="Input of `softDeleteProblem`.")
class SoftDeleteProblemInput:
    """Input of `softDeleteProblem`."""

    problem_id: strawberry.ID = problem_id_input()
    reason: str = strawberry.field(
        description="Reason for the deletion: one line of 1 to 500 characters. Only editors see "
        "the reason."
    )


@strawberry.type(description="The soft-deleted problem.")
class SoftDeleteProblemPayload(FeedJobPayload, ProblemPayload):
    """Payload of `softDeleteProblem`."""


SoftDeleteProblemResult = Annotated[
    SoftDeleteProblemPayload | ChangeErrors,
    strawberry.union(
        "SoftDeleteProblemResult",
        description="The soft-deleted problem, or the reason the deletion was rejected.",
    ),
]


@strawberry.input(description="Input of `restoreProblem`.")
class RestoreProblemInput:
    """Input of `restoreProblem`."""

    problem_id: strawberry.ID = problem_id_input()


@strawberry.type(description="The restored problem.")
class RestoreProblemPayload(FeedJobPayload, ProblemPayload):
    """Payload of `restoreProblem`."""


RestoreProblemResult = Annotated[
    RestoreProblemPayload | ChangeErrors,
    strawberry.union(
        "RestoreProblemResult",
        description="The restored problem, or the reason the restoration was rejected.",
    ),
]


@strawberry.input(description="Input of `deleteProblem`.")
class DeleteProblemInput:
    """Input of `deleteProblem`."""

    problem_id: strawberry.ID = problem_id_input()


@strawberry.type(description="Id of the deleted problem.")
class DeleteProblemPayload(FeedJobPayload):
    """Payload of `deleteProblem`."""

    problem_id: strawberry.ID = strawberry.field(
        description="Global id that the deleted problem had."
    )


DeleteProblemResult = Annotated[
    DeleteProblemPayload | ChangeErrors,
    strawberry.union(
        "DeleteProblemResult",
        description="The id of the deleted problem, or the reason the deletion was rejected.",
    ),
]


@strawberry.type
class ProblemMutations:
    """Mutations on problems, for editors."""

    @mutation(
        description="Create a problem in the state DRAFT. Requires the role EDITOR. Fails with "
        "CONFLICT if the platform already has a problem with this number."
    )
    async def create_problem(
        self,
        info: Info,
        input: CreateProblemInput,
    ) -> CreateProblemResult | None:
        """Create a problem in state DRAFT."""
        wanted = problems.CreateProblem(
            platform=input.platform,
            number=input.number,
            title=input.title,
            fields=_fields_of(input),
            tests=[test.to_data() for test in input.test_cases or []],
        )
        created = await problems.create(info.context, wanted)
        return CreateProblemPayload(problem=Problem.from_record(created))

    @mutation(
        description="Change the given fields of a problem. Requires the role EDITOR. Fails with "
        "CONFLICT if another request changed the problem at the same time."
    )
    async def update_problem(
        self,
        info: Info,
        input: UpdateProblemInput,
    ) -> UpdateProblemResult | None:
        """Change the given fields of a problem."""
        key = ids.problem_of(input.problem_id)
        changed = await problems.update(info.context, key, _changes_of(input))
        return UpdateProblemPayload(problem=Problem.from_record(changed))

    @mutation(
        description="Publish a problem: its state becomes COMPLETED, and everyone can see the "
        "problem and submit code to it. Requires the role EDITOR. Fails with CONFLICT if the "
        "problem has no test cases or is soft-deleted. Fails with INVALID_INPUT if the comparer "
        "of the problem needs a checker and the problem has no checker."
    )
    async def complete_problem(
        self,
        info: Info,
        input: CompleteProblemInput,
    ) -> CompleteProblemResult | None:
        """Publish a problem."""
        key = ids.problem_of(input.problem_id)
        changed = await problems.complete(info.context, key)
        return CompleteProblemPayload(problem=Problem.from_record(changed))

    @mutation(
        description="Remove a problem from all public lists. Requires the role EDITOR. "
        "`restoreProblem` makes the problem available again."
    )
    async def soft_delete_problem(
        self,
        info: Info,
        input: SoftDeleteProblemInput,
    ) -> SoftDeleteProblemResult | None:
        """Hide a problem from everyone except editors."""
        key = ids.problem_of(input.problem_id)
        changed, job = await problems.soft_delete(info.context, key, input.reason)
        return SoftDeleteProblemPayload(
            problem=Problem.from_record(changed), job=Job.from_optional(job)
        )

    @mutation(
        description="Restore a soft-deleted problem to the state before its deletion. Requires "
        "the role EDITOR. Fails with CONFLICT if the problem is not deleted."
    )
    async def restore_problem(
        self,
        info: Info,
        input: RestoreProblemInput,
    ) -> RestoreProblemResult | None:
        """Restore a soft-deleted problem."""
        key = ids.problem_of(input.problem_id)
        changed, job = await problems.restore(info.context, key)
        return RestoreProblemPayload(
            problem=Problem.from_record(changed), job=Job.from_optional(job)
        )

    @mutation(
        description="Delete a problem permanently, with its tests, texts and solution. Requires "
        "the role ADMIN. Editors can use `softDeleteProblem` instead."
    )
    async def delete_problem(
        self,
        info: Info,
        input: DeleteProblemInput,
    ) -> DeleteProblemResult | None:
        """Delete a problem permanently."""
        job = await problems.delete(info.context, ids.problem_of(input.problem_id))
        return DeleteProblemPayload(problem_id=input.problem_id, job=Job.from_optional(job))
