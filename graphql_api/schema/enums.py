"""The domain's words as GraphQL enums, each value described."""

from enum import Enum, StrEnum
from typing import Any

import strawberry

from graphql_api.data.enums import (
    CheckerConvention,
    Comparer,
    HistoryStatus,
    JobKind,
    JobStatus,
    ProblemState,
    Role,
    RunStatus,
    Verdict,
)

__all__ = [
    "CheckerConvention",
    "Comparer",
    "ErrorCode",
    "HistoryStatus",
    "JobKind",
    "JobStatus",
    "ProblemState",
    "Role",
    "RunStatus",
    "Verdict",
]


class ErrorCode(StrEnum):
    """The codes of the members of `Error`."""

    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    INVALID_INPUT = "INVALID_INPUT"
    QUOTA_EXCEEDED = "QUOTA_EXCEEDED"
    CONFLICT = "CONFLICT"
    UNAVAILABLE = "UNAVAILABLE"


def _described(enum: type[Enum], description: str, values: dict[str, str]) -> None:
    """Make a GraphQL enum of a Python one; `values` describes every member."""
    strawberry.enum(enum, description=description)
    definition: Any = enum.__strawberry_definition__  # type: ignore[attr-defined]
    for value in definition.values:
        value.description = values[value.name]


_described(
    ErrorCode,
    "What kind of failure an error is.",
    {
        "UNAUTHENTICATED": "Nobody is signed in.",
        "FORBIDDEN": "The viewer may not do this.",
        "NOT_FOUND": "There is no such thing, or the viewer may not know.",
        "INVALID_INPUT": "An argument or input field breaks a rule.",
        "QUOTA_EXCEEDED": "The day's limit of the plan is used up.",
        "CONFLICT": "The state of the thing forbids this.",
        "UNAVAILABLE": "A part that is needed does not answer; try again later.",
    },
)
_described(
    Role,
    "What a user may do.",
    {
        "USER": "Executes code.",
        "EDITOR": "Also writes problems.",
        "ADMIN": "Also manages users and plans.",
    },
)
_described(
    ProblemState,
    "How far a problem is.",
    {
        "DRAFT": "Being written; for editors only.",
        "REVIEW": "Waits for an editor's look; for editors only.",
        "COMPLETED": "For everyone.",
        "DELETED": "Taken out of every list; an editor can restore it.",
    },
)
_described(
    HistoryStatus,
    "Where an execution stands.",
    {
        "PENDING": "Waits for a worker.",
        "RUNNING": "A worker has it.",
        "COMPLETED": "It was judged; see the verdict.",
        "FAILED": "It could not be judged; the quota was given back.",
        "CANCELLED": "It was called off.",
    },
)
_described(
    Verdict,
    "What the judge says of a test, or of a whole execution.",
    {
        "AC": "Accepted.",
        "WA": "Wrong answer.",
        "TLE": "Over the limit of CPU time, or of what all tests of a submission may take.",
        "ILE": "Idle for longer than the time limit allows.",
        "MLE": "Over the memory limit.",
        "OLE": "Wrote too much.",
        "RE": "Ended by a signal or with an exit code that is not zero.",
        "CE": "Does not compile.",
        "IE": "The judge itself failed.",
        "SKIPPED": "Was not run.",
    },
)
_described(
    JobKind,
    "What a job does.",
    {
        "EXTRACT_PROBLEM": "Reads a problem from a page.",
        "GENERATE_SCRIPT": "Writes a script that makes test inputs.",
        "GENERATE_OUTPUTS": "Makes expected outputs with the author's solution.",
        "REJUDGE": "Judges executions again.",
    },
)
_described(
    JobStatus,
    "Where a job stands.",
    {
        "QUEUED": "Waits for a worker.",
        "RUNNING": "A worker has it.",
        "SUCCEEDED": "It is done.",
        "FAILED": "It could not be done; the message says why.",
        "CANCELLED": "It was called off.",
    },
)
_described(
    RunStatus,
    "How a run on own input ended.",
    {
        "OK": "By itself, with exit code 0.",
        "TLE": "Over the limit of CPU time.",
        "ILE": "Idle for longer than the time limit allows.",
        "MLE": "Over the memory limit.",
        "OLE": "Wrote too much.",
        "RE": "By a signal or with an exit code that is not zero.",
        "CE": "It does not compile.",
    },
)
_described(
    Comparer,
    "How a program's output is held against the expected one.",
    {
        "TOKENS": "Word by word, whatever the white space.",
        "TOKENS_IGNORE_CASE": "Word by word, upper and lower case alike.",
        "LINES": "Line by line, white space at line ends aside.",
        "UNORDERED_LINES": "The same lines in any order, blank ones and white space at ends aside.",
        "EXACT": "Byte by byte.",
        "FLOAT": "Word by word, numbers within the tolerances.",
        "CHECKER": "By a program of the problem.",
        "INTERACTIVE": "By a program of the problem that talks with the submission.",
    },
)
_described(
    CheckerConvention,
    "How a checker is called with files, and how its exit code is read.",
    {
        "TESTLIB": "Arguments input, output, answer. 0 accepts; 1, 2, 4 and 8 do not; "
        "all else is a fault. For C and C++.",
        "ICPC": "Arguments input, answer, feedback directory; output on standard input. "
        "42 accepts, 43 does not; all else is a fault.",
    },
)
