"""Histories: executions with their results."""

from datetime import datetime
from typing import Annotated, Self

import strawberry

from graphql_api.data import records
from graphql_api.data.clock import to_datetime
from graphql_api.data.enums import DifferenceKind, HistoryStatus, Locale, Verdict
from graphql_api.resolvers import histories
from graphql_api.resolvers.access import Visibility
from graphql_api.schema import ids
from graphql_api.schema.connections import Node
from graphql_api.schema.diagnoses import Diagnosis
from graphql_api.schema.fields import field
from graphql_api.schema.info import Info
from graphql_api.schema.problems import Problem


@strawberry.type(
    description="The user who submitted the code, with public information only. This object is "
    "not a node and has no global id of its own. `userId` is the global id of the user."
)
class Author:
    """The public information about the user who submitted the code of an execution."""

    user_id: strawberry.ID = strawberry.field(description="Global id of the user.")
    name: str = strawberry.field(
        description="Display name of the user when the code was submitted."
    )


@strawberry.type(description="First difference between an output and the expected output.")
class Difference:
    """The first difference between the actual and the expected output.

    The comparer of the problem decides whether tokens or lines are compared.
    """

    line: int | None = strawberry.field(
        description="Number of the line in the output where the difference begins, counted from "
        "1. Null if the difference has no position, for example if a line is missing."
    )
    column: int | None = strawberry.field(
        description="Number of the character in the line where the difference begins, counted "
        "from 1. Null if the difference has no position, for example if a line is missing."
    )
    actual: str = strawberry.field(
        description="Text of the output at the difference, truncated to 200 characters. Empty if "
        "the output ends at this position."
    )
    expected: str = strawberry.field(
        description="Expected text at the difference, truncated to 200 characters. Empty if the "
        "output should end at this position."
    )


@strawberry.type(
    description="Result of one test of an execution. The policy `Problem.testVisibility` decides "
    "whether the result is shown in full or the test is hidden. The result of a hidden test "
    "contains no text that a program or a checker has written."
)
class TestResult:
    """Result of one test of one execution."""

    number: int = strawberry.field(description="Number of the test in its set, counted from 1.")
    is_sample: bool = strawberry.field(
        description="True if the test is a sample. The results of samples are always shown in full."
    )
    verdict: Verdict = strawberry.field(description="Verdict on this test.")
    cpu_ms: int = strawberry.field(description="CPU time used, in milliseconds.")
    wall_ms: int = strawberry.field(
        description="Elapsed time from the start to the end of the program, in milliseconds."
    )
    peak_kb: int = strawberry.field(
        description="Peak memory use, in kilobytes. If the test is hidden, the value is rounded "
        "up to a multiple of 1,024."
    )
    exit_code: int | None = strawberry.field(
        description="Exit code of the program. If the test is hidden, every exit code other than "
        "0 is shown as 1. Null if the program was stopped before it exited."
    )
    signal: str | None = strawberry.field(
        description="Name of the signal that ended the program, such as `SIGSEGV`. Null if the "
        "program was not ended by a signal."
    )
    exception_class: str | None = strawberry.field(
        description="Class of the built-in exception that ended the program, such as "
        "`ZeroDivisionError`. Null if the judge found no built-in exception in the program's "
        "messages."
    )
    code_line: int | None = strawberry.field(
        description="Number of the line of the submitted code at which the program failed, "
        "counted from 1. Null if the judge found no line number in the program's messages."
    )
    output: str | None = strawberry.field(
        description="Standard output of the program, truncated to 1 KB. Null if the test is hidden."
    )
    error: str | None = strawberry.field(
        description="Standard error of the program, truncated to 1 KB. Null if the test is hidden."
    )
    expected: str | None = strawberry.field(
        description="Expected output, truncated to 1 KB. Null if the test is hidden."
    )
    message: str | None = strawberry.field(
        description="Explanation of the verdict. Null if the verdict needs no explanation. If the "
        "test is hidden, only exceeded limits are explained."
    )
    judge_message: str | None = strawberry.field(
        description="Notes that the problem's checker wrote for the problem's authors, truncated "
        "to 4 KB. Null if the checker wrote no notes. Also null for viewers other than editors."
    )
    difference: Difference | None = strawberry.field(
        description="First difference between the output and the expected output. Null if the "
        "verdict is not WA, the comparer reports no difference, or the test is hidden."
    )
    difference_kind: DifferenceKind | None = strawberry.field(
        description="Kind of difference between the output and the expected output. Null if the "
        "verdict is not WA, or if a checker or an interactor of the problem decided the verdict."
    )

    @classmethod
    def from_record(cls, record: records.TestResult) -> Self:
        """Convert a test's result to its GraphQL type.

        `record` contains only the parts that the viewer may see.
        """
        return cls(
            number=record.number,
            is_sample=record.is_sample,
            verdict=record.verdict,
            cpu_ms=record.cpu_ms,
            wall_ms=record.wall_ms,
            peak_kb=record.peak_kb,
            exit_code=record.exit_code,
            signal=record.signal,
            exception_class=record.exception,
            code_line=record.code_line,
            output=record.output,
            error=record.error,
            expected=record.expected,
            message=record.message,
            judge_message=record.note,
            difference=_difference(record.difference),
            difference_kind=record.difference_kind,
        )


def _difference(stored: tuple[int, int, str, str] | None) -> Difference | None:
    if stored is None:
        return None
    line, column, expected, actual = stored
    return Difference(line=line or None, column=column or None, actual=actual, expected=expected)


@strawberry.type(
    description="One execution of a submission, with its results. Everyone may see public "
    "histories. Only the owner and administrators may see a private history."
)
class History(Node):
    """An execution. A private execution is visible only to its owner and administrators."""

    record: strawberry.Private[records.History]
    status: HistoryStatus = strawberry.field(description="State of the execution.")
    verdict: Verdict | None = strawberry.field(
        description="Verdict on the submission. Null until the status is COMPLETED."
    )
    language: str = strawberry.field(
        description="Key of the programming language, such as `python`."
    )
    is_public: bool = strawberry.field(
        description="True if everyone may see this history, including its code."
    )
    platform: str = strawberry.field(
        description="Key of the platform that the problem comes from, such as `algoitny`."
    )
    problem_number: str = strawberry.field(description="Number of the problem on its platform.")
    problem_title: str = strawberry.field(
        description="Title of the problem when the code was submitted."
    )
    author: Author = strawberry.field(description="The user who submitted the code.")
    passed_count: int = strawberry.field(
        description="Number of tests that passed, or 0 until the status is COMPLETED."
    )
    failed_count: int = strawberry.field(
        description="Number of tests that did not pass, or 0 until the status is COMPLETED."
    )
    total_count: int = strawberry.field(
        description="Number of all tests, or 0 until the status is COMPLETED."
    )
    cpu_ms: int | None = strawberry.field(
        description="Highest CPU time of a test, in milliseconds. Null until the status is "
        "COMPLETED."
    )
    peak_kb: int | None = strawberry.field(
        description="Highest memory use of a test, in kilobytes, rounded up to a multiple of "
        "1,024. Null until the status is COMPLETED."
    )
    created_at: datetime = strawberry.field(description="Time of the submission.")
    finished_at: datetime | None = strawberry.field(
        description="Time at which the execution ended. A rejudge does not change this time. Null "
        "until the execution has ended."
    )
    rejudged_at: datetime | None = strawberry.field(
        description="Time at which a rejudge last replaced the result. Null if no rejudge has "
        "replaced the result."
    )

    @classmethod
    def from_record(cls, record: records.History) -> Self:
        """Convert a stored history to its GraphQL type."""
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
            author=Author(user_id=ids.user_id(record.uid), name=record.author_name),
            passed_count=record.passed,
            failed_count=record.failed,
            total_count=record.total,
            cpu_ms=record.cpu_ms,
            peak_kb=Visibility.peak_kb(record),
            created_at=to_datetime(record.created_at),
            finished_at=None if record.finished_at is None else to_datetime(record.finished_at),
            rejudged_at=None if record.rejudged_at is None else to_datetime(record.rejudged_at),
        )

    @field(
        description="The problem that the code was submitted to. Null if the viewer may not see "
        "this problem, for example because the problem was deleted."
    )
    async def problem(self, info: Info) -> Problem | None:
        """Read the problem, if the viewer may see it."""
        problem = await histories.problem_of(info.context, self.record)
        return Problem.from_record(problem) if problem else None

    @field(
        description="Submitted source code. Null if the history is private and the viewer is not "
        "its owner."
    )
    async def code(self, info: Info) -> str | None:
        """Read the submitted code."""
        return await histories.code_of(info.context, self.record)

    @field(
        description="Reason why the execution has the status FAILED. Null for any other status. "
        "Also null for viewers other than the owner and editors."
    )
    def message(self, info: Info) -> str | None:
        """Return the reason for the status FAILED, or None if there is no reason to show.

        This needs no database request.
        """
        return histories.message_of(info.context, self.record)

    @field(
        description="Messages of the compiler, truncated to 64 KB. Null if the compiler wrote no "
        "messages. Also null for viewers other than the owner."
    )
    async def compile_output(self, info: Info) -> str | None:
        """Read the compiler's messages from the results."""
        results = await histories.results_of(info.context, self.record)
        return results.compile_output if results else None

    @field(
        description="Results of the tests, in order. Null until the code is judged. Also null for "
        "viewers other than the owner."
    )
    async def test_results(self, info: Info) -> list[TestResult] | None:
        """Read the results of the tests."""
        results = await histories.results_of(info.context, self.record)
        if results is None:
            return None
        return list(map(TestResult.from_record, results.tests))

    @field(
        description="Kind of mistake of a failed execution, with an explanation and a suggestion. "
        "Null for an accepted execution, and until the code is judged. Also null for viewers "
        "other than the owner."
    )
    async def diagnosis(
        self,
        info: Info,
        locale: Annotated[
            Locale, strawberry.argument(description="Language of the texts (default EN).")
        ] = Locale.EN,
    ) -> Diagnosis | None:
        """Read the diagnosis from the results."""
        results = await histories.results_of(info.context, self.record)
        if results is None or results.diagnosis is None:
            return None
        return Diagnosis.from_record(results.diagnosis, locale)
