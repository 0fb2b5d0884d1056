"""Histories: executions with their results."""

from datetime import datetime
from typing import Self

import strawberry

from graphql_api.data import records
from graphql_api.data.clock import to_datetime
from graphql_api.resolvers import histories
from graphql_api.schema import ids
from graphql_api.schema.connections import Node
from graphql_api.schema.enums import HistoryStatus, Verdict
from graphql_api.schema.errors import Info
from graphql_api.schema.fields import field
from graphql_api.schema.problems import Problem


@strawberry.type(description="What everyone may know of a user.")
class Author:
    """Whose execution it is."""

    id: strawberry.ID = strawberry.field(description="The user's global id.")
    name: str = strawberry.field(description="The user's name at the time.")


@strawberry.type(description="Where an output is wrong first. Texts are shortened.")
class Difference:
    """The pieces that differ: words or lines, as the comparer takes them."""

    line: int | None = strawberry.field(
        description="The line in the output, from 1; null when something lacks that has no place."
    )
    column: int | None = strawberry.field(description="The character in that line, from 1.")
    actual: str = strawberry.field(description="What stands there; empty at the output's end.")
    expected: str | None = strawberry.field(
        description="What should stand there: of samples, and of all tests for editors."
    )


@strawberry.type(description="What the judge saw on one test. Texts are shortened.")
class TestResult:
    """One test of one execution."""

    __test__ = False

    number: int = strawberry.field(description="The test's place in the set, from 1.")
    is_sample: bool = strawberry.field(description="Whether the test is a sample.")
    verdict: Verdict = strawberry.field(description="What the judge says.")
    cpu_ms: int = strawberry.field(description="CPU time, in milliseconds.")
    wall_ms: int = strawberry.field(description="Time from start to end, in milliseconds.")
    peak_kb: int = strawberry.field(description="Peak memory, in kilobytes.")
    exit_code: int | None = strawberry.field(description="How the program ended, if by itself.")
    signal: str | None = strawberry.field(description="The signal that ended it, if one did.")
    output: str | None = strawberry.field(description="What it wrote to standard output.")
    error: str | None = strawberry.field(description="What it wrote to standard error.")
    expected: str | None = strawberry.field(
        description="What it should have written: of samples, and of all tests for editors."
    )
    message: str | None = strawberry.field(description="Why it got this verdict, in words.")
    judge_message: str | None = strawberry.field(
        description="What the problem's checker says to the problem's authors; for editors."
    )
    difference: Difference | None = strawberry.field(
        description="Where the output of a wrong answer is wrong, if the comparer can tell."
    )

    @classmethod
    def from_record(cls, record: records.TestResult, *, is_editor: bool) -> Self:
        """Return a result as its owner sees it."""
        can_view_expected = record.is_sample or is_editor
        return cls(
            number=record.number,
            is_sample=record.is_sample,
            verdict=record.verdict,
            cpu_ms=record.cpu_ms,
            wall_ms=record.wall_ms,
            peak_kb=record.peak_kb,
            exit_code=record.exit_code,
            signal=record.signal,
            output=record.output,
            error=record.error,
            expected=record.expected if can_view_expected else None,
            message=record.message,
            judge_message=record.note if is_editor else None,
            difference=_difference(record, can_view_expected=can_view_expected),
        )


def _difference(record: records.TestResult, *, can_view_expected: bool) -> Difference | None:
    if record.difference is None:
        return None
    line, column, expected, actual = record.difference
    return Difference(
        line=line or None,
        column=column or None,
        actual=actual,
        expected=expected if can_view_expected else None,
    )


@strawberry.type(description="One execution of one submission, with what came of it.")
class History(Node):
    """Public ones are for everyone, private ones for their owner."""

    record: strawberry.Private[records.History]
    status: HistoryStatus = strawberry.field(description="Where the execution stands.")
    verdict: Verdict | None = strawberry.field(description="The verdict; null until COMPLETED.")
    language: str = strawberry.field(description="The id of the language.")
    is_public: bool = strawberry.field(description="Whether everyone may see it, code included.")
    platform: str = strawberry.field(description="The problem's platform.")
    problem_number: str = strawberry.field(description="The problem's number.")
    problem_title: str = strawberry.field(description="The problem's title at the time.")
    author: Author = strawberry.field(description="Whose execution it is.")
    passed_count: int = strawberry.field(description="Tests that passed.")
    failed_count: int = strawberry.field(description="Tests that did not.")
    total_count: int = strawberry.field(description="Tests in all; 0 until COMPLETED.")
    cpu_ms: int | None = strawberry.field(
        description="The most CPU time of a test, in milliseconds."
    )
    peak_kb: int | None = strawberry.field(description="The most memory of a test, in kilobytes.")
    created_at: datetime = strawberry.field(description="When it was submitted.")
    finished_at: datetime | None = strawberry.field(description="When it was judged first.")
    rejudged_at: datetime | None = strawberry.field(
        description="When its result was last replaced; null: it is the first."
    )

    @classmethod
    def from_record(cls, record: records.History) -> Self:
        """Return a history as GraphQL shows it."""
        return cls(
            record=record,
            id=ids.history_id(record),
            status=record.status,
            verdict=record.verdict,
            language=record.language,
            is_public=record.is_public,
            platform=record.platform,
            problem_number=record.number,
            problem_title=record.title,
            author=Author(id=ids.user_id(record.uid), name=record.author_name),
            passed_count=record.passed,
            failed_count=record.failed,
            total_count=record.total,
            cpu_ms=record.cpu_ms,
            peak_kb=record.peak_kb,
            created_at=to_datetime(record.created_at),
            finished_at=None if record.finished_at is None else to_datetime(record.finished_at),
            rejudged_at=None if record.rejudged_at is None else to_datetime(record.rejudged_at),
        )

    @field(description="The problem; null when it is not for this viewer any more.")
    async def problem(self, info: Info) -> Problem | None:
        """Read the problem's card."""
        found = await histories.problem_of(info.context, self.record)
        return Problem.from_record(found) if found else None

    @field(description="The submitted code: for the owner, for everyone once public.")
    async def code(self, info: Info) -> str | None:
        """Read the code."""
        return await histories.code_of(info.context, self.record)

    @field(description="Why it FAILED, in words; for the owner and editors.")
    def message(self, info: Info) -> str | None:
        """Show what stands on the card."""
        return histories.message_of(info.context, self.record)

    @field(description="What the compiler said; for the owner.")
    async def compile_output(self, info: Info) -> str | None:
        """Read the results."""
        found = await histories.results_of(info.context, self.record)
        return found.compile_output if found else None

    @field(description="The tests one by one, once judged; for the owner.")
    async def test_results(self, info: Info) -> list[TestResult] | None:
        """Read the results."""
        found = await histories.results_of(info.context, self.record)
        if found is None:
            return None
        is_editor = info.context.is_editor
        return [TestResult.from_record(test, is_editor=is_editor) for test in found.tests]
