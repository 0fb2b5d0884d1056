"""The domain's enums as GraphQL enums, with a description of each value."""

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
    UserState,
    Verdict,
)


class ErrorCode(StrEnum):
    """Codes of the members of `UserError`."""

    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    INVALID_INPUT = "INVALID_INPUT"
    QUOTA_EXCEEDED = "QUOTA_EXCEEDED"
    CONFLICT = "CONFLICT"
    UNAVAILABLE = "UNAVAILABLE"


def _describe(enum: type[Enum], description: str, values: dict[str, str]) -> None:
    """Turn a Python enum into a GraphQL enum; `values` describes every member."""
    strawberry.enum(enum, description=description)
    definition: Any = enum.__strawberry_definition__  # type: ignore[attr-defined]
    for value in definition.values:
        value.description = values[value.name]


_describe(
    ErrorCode,
    "Kinds of expected failures.",
    {
        "UNAUTHENTICATED": "The viewer is not signed in, or the account is no longer active.",
        "FORBIDDEN": "The viewer is signed in but may not do this.",
        "NOT_FOUND": "The object does not exist, or the viewer may not know that it exists.",
        "INVALID_INPUT": "An argument or input field breaks a rule.",
        "QUOTA_EXCEEDED": "The daily limit of the viewer's plan is used up.",
        "CONFLICT": "The request conflicts with the current state of the object.",
        "UNAVAILABLE": "A service that the operation depends on did not answer. Try again later.",
    },
)
_describe(
    Role,
    "Roles of users. Each role includes the rights of the ones before it.",
    {
        "USER": "May execute code and manage their own histories.",
        "EDITOR": "May also write problems, and see drafts, hidden tests and jobs.",
        "ADMIN": "May also manage users and plans. Administrators have no daily limits.",
    },
)
_describe(
    UserState,
    "States of a user account.",
    {
        "ACTIVE": "The user can sign in.",
        "INACTIVE": "The user cannot sign in. An administrator can activate the account again.",
        "DELETING": "The account is being deleted. The user cannot sign in.",
    },
)
_describe(
    ProblemState,
    "Publication states of a problem.",
    {
        "DRAFT": "The problem is being written. Only editors see it.",
        "REVIEW": "The problem is waiting for a review. Only editors see it.",
        "COMPLETED": "The problem is published. Everyone sees it.",
        "DELETED": "The problem is soft-deleted and in no public list. An editor can restore it.",
    },
)
_describe(
    HistoryStatus,
    "States of an execution.",
    {
        "PENDING": "The execution is waiting for a worker.",
        "RUNNING": "A worker is judging the code.",
        "COMPLETED": "The code was judged: see `verdict`.",
        "FAILED": "The code could not be judged. The unit of quota was returned.",
        "CANCELLED": "The execution was cancelled by its owner.",
    },
)
_describe(
    Verdict,
    "Verdicts on one test, or on a whole execution.",
    {
        "AC": "Accepted: the output is right.",
        "WA": "Wrong answer: the output differs from the expected one.",
        "TLE": "Time limit exceeded: the program used more CPU time than the limit, or "
        "the tests of the submission together ran for longer than allowed.",
        "ILE": "Idleness limit exceeded: the program kept waiting, without using CPU "
        "time, for longer than the time limit allows.",
        "MLE": "Memory limit exceeded.",
        "OLE": "Output limit exceeded: the program wrote too much.",
        "RE": "Runtime error: the program was ended by a signal or exited with a nonzero code.",
        "CE": "Compile error: the code does not compile.",
        "IE": "Internal error: the judge itself failed.",
        "SKIPPED": "The test was not run.",
    },
)
_describe(
    JobKind,
    "Kinds of background jobs.",
    {
        "EXTRACT_PROBLEM": "Extracts a problem from a web page.",
        "GENERATE_SCRIPT": "Writes a script that generates test inputs.",
        "GENERATE_OUTPUTS": "Generates expected outputs with the author's solution.",
        "REJUDGE": "Judges past executions again.",
    },
)
_describe(
    JobStatus,
    "States of a background job.",
    {
        "QUEUED": "The job is waiting for a worker.",
        "RUNNING": "A worker is processing the job.",
        "SUCCEEDED": "The job has finished successfully.",
        "FAILED": "The job has failed: see `message`.",
        "CANCELLED": "The job was cancelled.",
    },
)
_describe(
    RunStatus,
    "Outcomes of a custom run (`runCode`).",
    {
        "OK": "The program ended by itself with exit code 0.",
        "TLE": "Time limit exceeded: the program used more CPU time than the limit.",
        "ILE": "Idleness limit exceeded: the program kept waiting, without using CPU "
        "time, for longer than the time limit allows.",
        "MLE": "Memory limit exceeded.",
        "OLE": "Output limit exceeded: the program wrote too much.",
        "RE": "Runtime error: the program was ended by a signal or exited with a nonzero code.",
        "CE": "Compile error: the code does not compile.",
    },
)
_describe(
    Comparer,
    "Ways to compare a program's output with the expected output.",
    {
        "TOKENS": "Compares word by word; the amount and kind of white space do not matter.",
        "TOKENS_IGNORE_CASE": "Compares word by word like TOKENS and ignores letter case.",
        "LINES": "Compares line by line and ignores white space at line ends.",
        "UNORDERED_LINES": "Compares the lines in any order and ignores blank lines and white "
        "space at line ends.",
        "EXACT": "Compares byte by byte.",
        "FLOAT": "Compares word by word like TOKENS, and numbers within `absTolerance` or "
        "`relTolerance`.",
        "CHECKER": "The problem's checker program decides from the input, the output and the "
        "expected output.",
        "INTERACTIVE": "The problem's interactor program exchanges messages with the submission "
        "and decides.",
    },
)
_describe(
    CheckerConvention,
    "Conventions for a checker's arguments and exit codes.",
    {
        "TESTLIB": "Arguments: input, output and answer file. Exit code 0 accepts; 1, 2, 4 "
        "and 8 reject; any other code is a fault of the checker. For C and C++ "
        "only.",
        "ICPC": "Arguments: input file, answer file and feedback directory; the output "
        "comes on standard input. Exit code 42 accepts, 43 rejects; any other "
        "code is a fault of the checker.",
    },
)
