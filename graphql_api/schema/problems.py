"""Problems with their solutions, checkers and test connections."""

from datetime import datetime
from typing import Self

import strawberry

from graphql_api.data import records
from graphql_api.data.clock import to_datetime
from graphql_api.data.enums import CheckerConvention, Comparer, ProblemState, TestVisibility
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
from graphql_api.schema.fields import field
from graphql_api.schema.info import Info
from graphql_api.schema.testcases import TestCase


@strawberry.type(description="The author's solution of a problem. Only editors see the solution.")
class Solution:
    """The author's solution of a problem. Only editors see it."""

    language: str = strawberry.field(
        description="Key of the programming language, such as `python`."
    )
    code: str = strawberry.field(description="Source code of the solution.")
    updated_at: datetime = strawberry.field(description="Time at which the solution was last set.")

    @classmethod
    def from_record(cls, record: records.Solution) -> Self:
        """Convert a stored solution to its GraphQL type."""
        return cls(
            language=record.language,
            code=record.code,
            updated_at=to_datetime(record.updated_at),
        )


@strawberry.type(description="A failure of a checker that prevented the judgement of a submission.")
class CheckerFault:
    """The latest failure of a checker. Only editors see it."""

    message: str = strawberry.field(description="Explanation of the failure, truncated to 4 KB.")
    test_number: int | None = strawberry.field(
        description="Number of the test at which the checker failed. Null if the checker failed "
        "outside a test, for example because the checker does not compile."
    )
    created_at: datetime = strawberry.field(description="Time of the failure.")

    @classmethod
    def from_record(cls, record: records.CheckerFault) -> Self:
        """Convert a stored failure to its GraphQL type."""
        return cls(
            message=record.message,
            test_number=record.test_number,
            created_at=to_datetime(record.created_at),
        )


@strawberry.type(
    description="A program of the problem that decides whether a submission is correct. A checker "
    "reads the output of the submission. An interactor exchanges messages with the submission. "
    "Only editors see this program."
)
class Checker:
    """The checker or interactor of a problem. Only editors see it."""

    problem: strawberry.Private[records.Problem]
    language: str = strawberry.field(description="Key of the programming language, such as `cpp`.")
    code: str = strawberry.field(description="Source code of the checker.")
    convention: CheckerConvention = strawberry.field(
        description="Convention for the checker's arguments and exit codes."
    )
    arguments: list[str] = strawberry.field(
        description="Extra command-line arguments for the checker."
    )
    time_limit_ms: int = strawberry.field(
        description="CPU time limit per test for a checker in C++, in milliseconds. Checkers in "
        "slower languages get more time."
    )
    memory_limit_kb: int = strawberry.field(
        description="Memory limit per test for a checker in C++, in kilobytes. Checkers in other "
        "languages may get more memory."
    )

    @classmethod
    def from_record(cls, record: records.Checker, problem: records.Problem) -> Self:
        """Convert a stored checker to its GraphQL type."""
        return cls(
            problem=problem,
            language=record.language,
            code=record.code,
            convention=record.convention,
            arguments=list(record.arguments),
            time_limit_ms=record.time_limit_ms,
            memory_limit_kb=record.memory_limit_kb,
        )

    @field(
        description="Most recent failure of this checker. Null if this checker has never failed."
    )
    async def fault(self, info: Info) -> CheckerFault | None:
        """Read the latest failure of the checker."""
        fault = await checkers.fault_of(info.context, self.problem)
        return CheckerFault.from_record(fault) if fault else None


@strawberry.type(
    description="Time limit multiplier for one language on this problem. This multiplier replaces "
    "the usual multiplier of the language."
)
class LanguageLimit:
    """The factor by which a problem's time limit is multiplied for one language."""

    language: str = strawberry.field(
        description="Key of the programming language, such as `python`."
    )
    time_multiplier: float = strawberry.field(
        description="Factor by which the problem's time limit is multiplied."
    )


@strawberry.type(
    description="A programming problem. Everyone sees problems in the state COMPLETED. Editors "
    "see all problems."
)
class Problem(Node):
    """A problem. Everyone may see COMPLETED problems. Editors may see all problems."""

    record: strawberry.Private[records.Problem]
    platform: str = strawberry.field(
        description="Key of the platform that the problem comes from, such as `algoitny`."
    )
    number: str = strawberry.field(description="Number or name of the problem on its platform.")
    title: str = strawberry.field(description="Title of the problem.")
    url: str | None = strawberry.field(
        description="Web address of the problem on its platform. Null if the problem has no web "
        "address."
    )
    tags: list[str] = strawberry.field(description="Topics of the problem, in lower case.")
    state: ProblemState = strawberry.field(description="Publication state of the problem.")
    time_limit_ms: int = strawberry.field(
        description="CPU time limit per test for a program in C++, in milliseconds. Programs in "
        "other languages may get more time."
    )
    memory_limit_kb: int = strawberry.field(
        description="Memory limit per test for a program in C++, in kilobytes. Programs in other "
        "languages may get more memory."
    )
    comparer: Comparer = strawberry.field(
        description="Method of comparing outputs with the expected outputs."
    )
    abs_tolerance: float | None = strawberry.field(
        description="Absolute tolerance of the comparer FLOAT. Null if this tolerance was not "
        "set. If neither tolerance is set, both are 1e-6. If only the other tolerance is set, "
        "this tolerance is 0."
    )
    rel_tolerance: float | None = strawberry.field(
        description="Relative tolerance of the comparer FLOAT. Null if this tolerance was not "
        "set. If neither tolerance is set, both are 1e-6. If only the other tolerance is set, "
        "this tolerance is 0."
    )
    language_limits: list[LanguageLimit] = strawberry.field(
        description="Time limit multipliers for individual languages on this problem. For all "
        "other languages, the usual multipliers apply."
    )
    stop_on_first_failure: bool = strawberry.field(
        description="True if all tests after the first failed test are SKIPPED."
    )
    test_visibility: TestVisibility = strawberry.field(
        description="Tests whose results the author of a submission sees in full. Each execution "
        "keeps the value that applied when the execution was judged."
    )
    test_count: int = strawberry.field(description="Number of tests, including hidden tests.")
    created_at: datetime = strawberry.field(description="Time at which the problem was created.")
    updated_at: datetime = strawberry.field(
        description="Time at which the problem was last changed."
    )
    deleted_at: datetime | None = strawberry.field(
        description="Time of the soft deletion. Null if the state of the problem is not DELETED. "
        "Only editors see problems in this state."
    )
    deleted_reason: str | None = strawberry.field(
        description="Reason for the soft deletion, truncated to at most 200 bytes in UTF-8. Null "
        "if the state of the problem is not DELETED. Only editors see problems in this state."
    )

    @classmethod
    def from_record(cls, record: records.Problem) -> Self:
        """Convert a stored problem to its GraphQL type."""
        return cls(
            record=record,
            id=ids.problem_id(record.id),
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
            test_visibility=record.test_visibility or TestVisibility.SAMPLES,
            test_count=record.test_count,
            created_at=to_datetime(record.created_at),
            updated_at=to_datetime(record.updated_at),
            deleted_at=None if record.deleted_at is None else to_datetime(record.deleted_at),
            deleted_reason=record.deleted_reason,
        )

    @field(description="Task description in Markdown. Null if the problem has no task description.")
    async def statement(self, info: Info) -> str | None:
        """Read the statement."""
        texts = await problems.statement_of(info.context, self.record)
        return texts.statement if texts else None

    @field(description="Limits on the input values, in Markdown. Null if no limits are described.")
    async def constraints(self, info: Info) -> str | None:
        """Read the text of the constraints, which is stored with the statement."""
        texts = await problems.statement_of(info.context, self.record)
        return texts.constraints if texts else None

    @field(
        description="Approximate number of times that users have executed code for this problem."
    )
    async def execution_count(self, info: Info) -> int:
        """Read the problem's counter of executions."""
        return await problems.run_count_of(info.context, self.record)

    @field(
        description="Test cases of the problem, in order. Editors see all test cases. Other "
        "viewers see only the samples."
    )
    async def test_cases(
        self,
        info: Info,
        *,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[TestCase] | None:
        """Read a page of the test cases that the viewer may see."""
        page = PageRequest(first=first, after=after, last=last, before=before)
        listing = await testcases.list_tests(info.context, self.record, page)
        return connection(listing, TestCase.from_record)

    @field(
        description="The author's solution. Null if the problem has no solution. Also null for "
        "viewers other than editors."
    )
    async def solution(self, info: Info) -> Solution | None:
        """Read the author's solution."""
        solution = await problems.solution_of(info.context, self.record)
        return Solution.from_record(solution) if solution else None

    @field(
        description="Checker or interactor of the problem. Null if the comparer requires no "
        "checker. Also null for viewers other than editors."
    )
    async def checker(self, info: Info) -> Checker | None:
        """Read the checker or interactor."""
        checker = await checkers.checker_of(info.context, self.record)
        return Checker.from_record(checker, self.record) if checker else None


def _number(text: str | None) -> float | None:
    return None if text is None else float(text)
