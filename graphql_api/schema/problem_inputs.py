"""Inputs of the mutations on problems."""

from typing import Any

import strawberry

from graphql_api.resolvers import checkers
from graphql_api.resolvers.problems import ProblemFields
from graphql_api.resolvers.testcases import TestCaseData
from graphql_api.schema.enums import CheckerConvention, Comparer

_TITLE = "Its title, at most 200 characters; what passes 300 bytes in UTF-8 is cut off."


def _problem_id() -> Any:
    return strawberry.field(description="The problem's global id.")


def _optional(description: str) -> Any:
    return strawberry.field(default=None, description=description)


@strawberry.input(description="One test.")
class TestCaseInput:
    """What goes in and what should come out."""

    __test__ = False

    input: str = strawberry.field(description="What the program reads.")
    output: str = strawberry.field(description="What the program should write.")
    is_sample: bool = strawberry.field(default=False, description="Whether everyone may see it.")

    def to_data(self) -> TestCaseData:
        """Return the test as the use cases take it."""
        return TestCaseData(input=self.input, output=self.output, is_sample=self.is_sample)


@strawberry.input(description="A program of the problem that judges, or talks with submissions.")
class CheckerInput:
    """The problem's own program."""

    language: str = strawberry.field(description="The language: id, name or alias, in any case.")
    code: str = strawberry.field(description="The program, one file of at most 256 KB in UTF-8.")
    convention: CheckerConvention = strawberry.field(
        description="How it is called, and how it says what it finds."
    )
    arguments: list[str] | None = _optional("Further arguments, at most 20.")
    time_limit_ms: int | None = _optional("CPU time of a test; 10,000 ms unless told.")
    memory_limit_kb: int | None = _optional("Memory of a test; 524,288 KB unless told.")

    def to_fields(self) -> checkers.CheckerFields:
        """Return the checker as the use cases take it."""
        return checkers.CheckerFields(
            language=self.language,
            code=self.code,
            convention=self.convention,
            arguments=self.arguments,
            time_limit_ms=self.time_limit_ms,
            memory_limit_kb=self.memory_limit_kb,
        )


@strawberry.input(description="A language's own share of the problem's time limit.")
class LanguageLimitInput:
    """In place of what the language gets of every problem."""

    language: str = strawberry.field(description="The language: id, name or alias, in any case.")
    time_multiplier: float = strawberry.field(
        description="How often it has the time limit: 0.1 to 100, at most two decimals."
    )


@strawberry.input(description="A new problem.")
class CreateProblemInput:
    """A DRAFT to be."""

    platform: str = strawberry.field(
        description="Where it comes from; without '#', ':', '/' and spaces."
    )
    number: str = strawberry.field(description="Its name there; without '#', ':', '/' and spaces.")
    title: str = strawberry.field(description=_TITLE)
    url: str | None = _optional("Where to read it on its platform.")
    tags: list[str] | None = _optional(
        "At most 12, of at most 50 characters and 64 bytes in UTF-8."
    )
    statement: str | None = _optional("What is asked for, in Markdown.")
    constraints: str | None = _optional("The bounds of the input.")
    comparer: Comparer | None = _optional("How outputs are compared; TOKENS unless told.")
    abs_tolerance: float | None = _optional("Absolute tolerance, with FLOAT.")
    rel_tolerance: float | None = _optional("Relative tolerance, with FLOAT.")
    time_limit_ms: int | None = _optional("CPU time of a test; 2,000 ms unless told.")
    memory_limit_kb: int | None = _optional("Memory of a test; 262,144 KB unless told.")
    checker: CheckerInput | None = _optional(
        "Its own program: with the comparers CHECKER and INTERACTIVE, which need one."
    )
    language_limits: list[LanguageLimitInput] | None = _optional(
        "Languages with time limits of their own, at most 16."
    )
    stop_on_first_failure: bool | None = _optional(
        "Whether tests after the first that fails are SKIPPED; they are run unless told."
    )
    test_cases: list[TestCaseInput] | None = _optional("Its first tests.")


@strawberry.input(description="What to change of a problem; what is left out or null stays.")
class UpdateProblemInput:
    """Changes; an empty text removes what was there."""

    problem_id: strawberry.ID = _problem_id()
    title: str | None = _optional(_TITLE)
    url: str | None = _optional("Where to read it on its platform; empty for nowhere.")
    tags: list[str] | None = _optional(
        "At most 12, of at most 50 characters and 64 bytes in UTF-8."
    )
    statement: str | None = _optional("What is asked for, in Markdown.")
    constraints: str | None = _optional("The bounds of the input.")
    comparer: Comparer | None = _optional("How outputs are compared.")
    abs_tolerance: float | None = _optional("Absolute tolerance, with FLOAT.")
    rel_tolerance: float | None = _optional("Relative tolerance, with FLOAT.")
    time_limit_ms: int | None = _optional("CPU time of a test, in milliseconds.")
    memory_limit_kb: int | None = _optional("Memory of a test, in kilobytes.")
    checker: CheckerInput | None = _optional(
        "Its own program: with the comparers CHECKER and INTERACTIVE; goes with them."
    )
    language_limits: list[LanguageLimitInput] | None = _optional(
        "Languages with time limits of their own, at most 16; empty for none."
    )
    stop_on_first_failure: bool | None = _optional(
        "Whether tests after the first that fails are SKIPPED."
    )


def fields_of(given: CreateProblemInput | UpdateProblemInput) -> ProblemFields:
    """Return what both inputs say of a problem."""
    return ProblemFields(
        title=given.title,
        url=given.url,
        tags=given.tags,
        statement=given.statement,
        constraints=given.constraints,
        comparer=given.comparer,
        abs_tolerance=given.abs_tolerance,
        rel_tolerance=given.rel_tolerance,
        time_limit_ms=given.time_limit_ms,
        memory_limit_kb=given.memory_limit_kb,
        checker=given.checker.to_fields() if given.checker else None,
        language_limits=_limits_of(given.language_limits),
        stop_on_first_failure=given.stop_on_first_failure,
    )


def _limits_of(given: list[LanguageLimitInput] | None) -> list[checkers.LanguageLimit] | None:
    if given is None:
        return None
    return [
        checkers.LanguageLimit(language=one.language, time_multiplier=one.time_multiplier)
        for one in given
    ]


@strawberry.input(description="Which problem to show to everyone.")
class CompleteProblemInput:
    """Which problem."""

    problem_id: strawberry.ID = _problem_id()


@strawberry.input(description="Which problem to take out of every list, and why.")
class SoftDeleteProblemInput:
    """Which problem, and why."""

    problem_id: strawberry.ID = _problem_id()
    reason: str = strawberry.field(description="Why, at most 500 characters.")


@strawberry.input(description="Which soft-deleted problem to bring back.")
class RestoreProblemInput:
    """Which problem."""

    problem_id: strawberry.ID = _problem_id()


@strawberry.input(description="Which problem to remove for good.")
class DeleteProblemInput:
    """Which problem."""

    problem_id: strawberry.ID = _problem_id()


@strawberry.input(description="Tests to append.")
class AddTestCasesInput:
    """Which problem, and its further tests."""

    problem_id: strawberry.ID = _problem_id()
    test_cases: list[TestCaseInput] = strawberry.field(description="The further tests, in order.")


@strawberry.input(description="Tests to have instead of the present ones.")
class ReplaceTestCasesInput:
    """Which problem, and all of its tests."""

    problem_id: strawberry.ID = _problem_id()
    test_cases: list[TestCaseInput] = strawberry.field(description="All tests, in order.")


@strawberry.input(description="Which test to remove.")
class DeleteTestCaseInput:
    """Which test."""

    test_case_id: strawberry.ID = strawberry.field(
        description="The test's global id, which names the set that it was read in."
    )


@strawberry.input(description="The author's solution.")
class SetSolutionInput:
    """Which problem, and how it is solved."""

    problem_id: strawberry.ID = _problem_id()
    language: str = strawberry.field(description="The language: id, name or alias, in any case.")
    code: str = strawberry.field(description="The program, at most 256 KB in UTF-8.")
