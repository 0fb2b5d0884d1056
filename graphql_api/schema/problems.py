"""Problems, their solutions and the connections of their tests."""

from datetime import datetime
from functools import partial
from typing import Self

import strawberry

from graphql_api.data import records
from graphql_api.data.clock import to_datetime
from graphql_api.data.problems import language_limits
from graphql_api.resolvers import checkers, problems, testcases
from graphql_api.resolvers.paging import PageRequest
from graphql_api.schema import ids
from graphql_api.schema.connections import (
    After,
    Before,
    Connection,
    First,
    Last,
    Node,
    connection,
)
from graphql_api.schema.enums import CheckerConvention, Comparer, ProblemState
from graphql_api.schema.errors import Info
from graphql_api.schema.fields import field
from graphql_api.schema.testcases import TestCaseType


@strawberry.type(description="The author's solution of a problem.")
class Solution:
    """For editors."""

    language: str = strawberry.field(description="The id of its language.")
    code: str = strawberry.field(description="Its text.")
    updated_at: datetime = strawberry.field(description="When it was last set.")

    @classmethod
    def from_record(cls, record: records.Solution) -> Self:
        """Return a solution as GraphQL shows it."""
        return cls(
            language=record.language,
            code=record.code,
            updated_at=to_datetime(record.updated_at),
        )


@strawberry.type(description="How a checker failed, so that a submission could not be judged.")
class CheckerFault:
    """For editors."""

    message: str = strawberry.field(description="What went wrong.")
    test_number: int | None = strawberry.field(
        description="At which test; null when it was at none, as when it does not compile."
    )
    created_at: datetime = strawberry.field(description="When.")

    @classmethod
    def from_record(cls, record: records.CheckerFault) -> Self:
        """Return a fault as GraphQL shows it."""
        return cls(
            message=record.message,
            test_number=record.test_number,
            created_at=to_datetime(record.created_at),
        )


@strawberry.type(description="A program of a problem that judges, or talks with submissions.")
class Checker:
    """For editors."""

    problem: strawberry.Private[records.Problem]
    language: str = strawberry.field(description="The id of its language.")
    code: str = strawberry.field(description="Its text.")
    convention: CheckerConvention = strawberry.field(
        description="How it is called, and how it says what it finds."
    )
    arguments: list[str] = strawberry.field(description="Its further arguments.")
    time_limit_ms: int = strawberry.field(
        description="CPU time that it may take for a test if in C++, in milliseconds."
    )
    memory_limit_kb: int = strawberry.field(
        description="Memory that it may take if in C++, in kilobytes."
    )

    @classmethod
    def from_record(cls, record: records.Checker, problem: records.Problem) -> Self:
        """Return a checker as GraphQL shows it."""
        return cls(
            problem=problem,
            language=record.language,
            code=record.code,
            convention=record.convention,
            arguments=list(record.arguments),
            time_limit_ms=record.time_limit_ms,
            memory_limit_kb=record.memory_limit_kb,
        )

    @field(description="How it failed last; null when it never did.")
    async def fault(self, info: Info) -> CheckerFault | None:
        """Read the note."""
        found = await checkers.fault_of(info.context, self.problem)
        return CheckerFault.from_record(found) if found else None


@strawberry.type(description="A language's own share of a problem's time limit.")
class LanguageLimit:
    """In place of what the language gets of every problem."""

    language: str = strawberry.field(description="The language's id.")
    time_multiplier: float = strawberry.field(description="How often it has the time limit.")


@strawberry.type(description="A problem to solve.")
class Problem(Node):
    """Everyone sees COMPLETED problems, editors all."""

    record: strawberry.Private[records.Problem]
    platform: str = strawberry.field(description="Where the problem comes from.")
    number: str = strawberry.field(description="Its name on that platform.")
    title: str = strawberry.field(description="Its title.")
    url: str | None = strawberry.field(description="Where to read it on its platform.")
    tags: list[str] = strawberry.field(description="What it is about, in lower case.")
    state: ProblemState = strawberry.field(description="How far it is.")
    time_limit_ms: int = strawberry.field(
        description="CPU time a test may take in C++, in milliseconds; other languages get more."
    )
    memory_limit_kb: int = strawberry.field(
        description="Memory a test may take in C++, in kilobytes; other languages get more."
    )
    comparer: Comparer = strawberry.field(description="How outputs are compared.")
    abs_tolerance: float | None = strawberry.field(
        description="Absolute tolerance of the comparer FLOAT."
    )
    rel_tolerance: float | None = strawberry.field(
        description="Relative tolerance of the comparer FLOAT."
    )
    language_limits: list[LanguageLimit] = strawberry.field(
        description="Languages with time limits of their own."
    )
    stop_on_first_failure: bool = strawberry.field(
        description="Whether tests after the first that fails are SKIPPED."
    )
    test_count: int = strawberry.field(description="How many tests it has, hidden ones included.")
    created_at: datetime = strawberry.field(description="When it was created.")
    updated_at: datetime = strawberry.field(description="When it was last changed.")

    @classmethod
    def from_record(cls, record: records.Problem) -> Self:
        """Return a problem as GraphQL shows it."""
        return cls(
            record=record,
            id=ids.problem_id(record.platform, record.number),
            platform=record.platform,
            number=record.number,
            title=record.title,
            url=record.link,
            tags=list(record.tags),
            state=record.state,
            time_limit_ms=record.time_limit_ms,
            memory_limit_kb=record.memory_limit_kb,
            comparer=record.comparer,
            abs_tolerance=_number(record.absolute_tolerance),
            rel_tolerance=_number(record.relative_tolerance),
            language_limits=[
                LanguageLimit(language=language, time_multiplier=multiplier)
                for language, multiplier in language_limits.unpack(record.language_limits).items()
            ],
            stop_on_first_failure=bool(record.stop_on_first_failure),
            test_count=record.test_count,
            created_at=to_datetime(record.created_at),
            updated_at=to_datetime(record.updated_at),
        )

    @field(description="What is asked for, in Markdown.")
    async def statement(self, info: Info) -> str | None:
        """Read the texts."""
        texts = await problems.statement_of(info.context, self.record)
        return texts.statement if texts else None

    @field(description="The bounds of the input.")
    async def constraints(self, info: Info) -> str | None:
        """Read the texts."""
        texts = await problems.statement_of(info.context, self.record)
        return texts.constraints if texts else None

    @field(description="About how often it was executed.")
    async def execution_count(self, info: Info) -> int:
        """Read the run counter."""
        return await problems.run_count_of(info.context, self.record)

    @field(description="Its tests in order: all for editors, the samples for others.")
    async def test_cases(
        self,
        info: Info,
        *,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[TestCaseType]:
        """Read a page of tests."""
        page = PageRequest(first=first, after=after, last=last, before=before)
        listing = await testcases.list_tests(info.context, self.record, page)
        return connection(listing, partial(TestCaseType.from_record, problem=self.record))

    @field(description="The author's solution; null for all but editors.")
    async def solution(self, info: Info) -> Solution | None:
        """Read the solution."""
        found = await problems.solution_of(info.context, self.record)
        return Solution.from_record(found) if found else None

    @field(description="The program that judges, where one does; null for all but editors.")
    async def checker(self, info: Info) -> Checker | None:
        """Read the checker."""
        found = await checkers.checker_of(info.context, self.record)
        return Checker.from_record(found, self.record) if found else None


def _number(text: str | None) -> float | None:
    return None if text is None else float(text)
