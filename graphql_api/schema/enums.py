"""The domain's enums as GraphQL enums, with a description of each value."""

from enum import Enum, StrEnum
from typing import Any

import strawberry

from graphql_api.data.enums import (
    CheckerConvention,
    Comparer,
    DiagnosisKind,
    DifferenceKind,
    HistoryStatus,
    JobKind,
    JobStatus,
    Locale,
    ProblemState,
    Role,
    RunStatus,
    TestVisibility,
    UserState,
    Verdict,
)
from hints.diagnosis.texts_en import TEXTS


class ErrorCode(StrEnum):
    """Codes of the types that implement `UserError`."""

    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    INVALID_INPUT = "INVALID_INPUT"
    QUOTA_EXCEEDED = "QUOTA_EXCEEDED"
    CONFLICT = "CONFLICT"
    UNAVAILABLE = "UNAVAILABLE"


def _describe(enum: type[Enum], description: str, values: dict[str, str]) -> None:
    """Turn a Python enum into a GraphQL enum. `values` contains a description of every member."""
    strawberry.enum(enum, description=description)
    definition: Any = enum.__strawberry_definition__  # type: ignore[attr-defined]
    for value in definition.values:
        value.description = values[value.name]


_describe(
    ErrorCode,
    "Kinds of expected errors.",
    {
        "UNAUTHENTICATED": "The viewer is not signed in, or the account is no longer active.",
        "FORBIDDEN": "The viewer is signed in, but does not have the permission for this "
        "operation.",
        "NOT_FOUND": "The object does not exist, or the viewer may not see it.",
        "INVALID_INPUT": "The value of an argument or input field is invalid.",
        "QUOTA_EXCEEDED": "The viewer has reached the daily limit of the plan.",
        "CONFLICT": "The request conflicts with the current state of the object.",
        "UNAVAILABLE": "A service that the operation depends on did not answer. Try again later.",
    },
)
_describe(
    Role,
    "Roles of users. EDITOR includes all rights of USER, and ADMIN includes all rights of EDITOR.",
    {
        "USER": "May execute code and manage their own histories.",
        "EDITOR": "May do everything that a USER may do. May also create and change problems, see "
        "drafts and hidden tests, and manage jobs such as rejudges.",
        "ADMIN": "May do everything that an EDITOR may do. May also manage users and plans. Has "
        "no daily limits.",
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
        "DRAFT": "The problem is being written. Only editors see the problem.",
        "REVIEW": "The problem is waiting for a review. Only editors see the problem.",
        "COMPLETED": "The problem is published. Everyone sees the problem.",
        "DELETED": "The problem is soft-deleted and is left out of public lists. An editor can "
        "restore the problem.",
    },
)
_describe(
    HistoryStatus,
    "States of an execution.",
    {
        "PENDING": "The execution is waiting for a worker.",
        "RUNNING": "A worker is judging the code.",
        "COMPLETED": "The code was judged: see `verdict`.",
        "FAILED": "The code could not be judged. The execution was refunded and does not count "
        "towards the daily limit.",
        "CANCELLED": "The execution was cancelled by its owner.",
    },
)
_describe(
    Verdict,
    "Verdicts on a test or on a whole execution.",
    {
        "AC": "Accepted: the output is correct.",
        "WA": "Wrong answer: the output is not correct.",
        "TLE": "Time limit exceeded: the program used more CPU time than the limit. This verdict "
        "also applies if all tests of the submission together ran for longer than allowed.",
        "ILE": "Idleness limit exceeded: the program waited for too long without using CPU time.",
        "MLE": "Memory limit exceeded: the program used more memory than the limit.",
        "OLE": "Output limit exceeded: the program wrote more output than the limit.",
        "RE": "Runtime error: the program was ended by a signal or exited with a nonzero code.",
        "CE": "Compile error: the code does not compile.",
        "IE": "Internal error: the judge itself failed, so the code could not be judged.",
        "SKIPPED": "The test was not run.",
    },
)
_describe(
    JobKind,
    "Kinds of background jobs.",
    {
        "EXTRACT_PROBLEM": "The job extracts a problem from a web page. No operation starts this "
        "kind yet.",
        "GENERATE_SCRIPT": "The job writes a script that generates test inputs. No operation "
        "starts this kind yet.",
        "GENERATE_OUTPUTS": "The job generates expected outputs with the author's solution. No "
        "operation starts this kind yet.",
        "REJUDGE": "The job judges past executions again.",
        "REMOVE_FROM_FEED": "The job removes the executions of a deleted problem from the public "
        "feed. `softDeleteProblem` and `deleteProblem` start such a job.",
        "RETURN_TO_FEED": "The job returns the public executions of a restored problem to their "
        "former places in the public feed. `restoreProblem` starts such a job.",
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
        "ILE": "Idleness limit exceeded: the program waited for too long without using CPU time.",
        "MLE": "Memory limit exceeded: the program used more memory than the limit.",
        "OLE": "Output limit exceeded: the program wrote more output than the limit.",
        "RE": "Runtime error: the program was ended by a signal or exited with a nonzero code.",
        "CE": "Compile error: the code does not compile.",
    },
)
_describe(
    Comparer,
    "Methods of comparing a program's output with the expected output.",
    {
        "TOKENS": "Compares the outputs word by word. Differences in white space do not matter.",
        "TOKENS_IGNORE_CASE": "Compares the outputs word by word, like TOKENS. Letter case does "
        "not matter.",
        "LINES": "Compares the outputs line by line. White space at the end of a line does not "
        "matter.",
        "UNORDERED_LINES": "Compares the lines of the outputs in any order. Blank lines and "
        "white space at the end of a line do not matter.",
        "EXACT": "Compares the outputs byte by byte.",
        "FLOAT": "Compares the outputs word by word, like TOKENS. A number is correct if its "
        "difference from the expected number is at most `absTolerance`, or at most `relTolerance` "
        "times the expected number.",
        "CHECKER": "The problem's checker decides. The checker reads the input, the output and "
        "the expected output.",
        "INTERACTIVE": "The problem's interactor decides. The interactor exchanges messages with "
        "the submission while the submission runs.",
    },
)
_describe(
    TestVisibility,
    "Policies that decide which test results the author of a submission sees in full. All other "
    "tests are hidden. For a hidden test, the author sees only the verdict, the times, the memory "
    "use, the way in which the program failed, and the kind of difference between the output and "
    "the expected output.",
    {
        "SAMPLES": "Only the results of the samples are shown in full.",
        "FIRST_FAILED": "The results of the samples and of the first failed test are shown in "
        "full. The submitted code decides which test fails first, so the author of a submission "
        "can choose this test. With many submissions, a user can therefore read the expected "
        "outputs of all tests.",
        "ALL": "The results of all tests are shown in full.",
    },
)
_describe(
    DifferenceKind,
    "Kinds of difference between the output of a program and the expected output.",
    {
        "WHITE_SPACE": "The outputs differ only in white space.",
        "LETTER_CASE": "The outputs differ in letter case. They may also differ in white space, "
        "but in nothing else.",
        "ORDER": "The outputs contain the same words in another order.",
        "MISSING_LINES": "Lines of the expected output are missing in the output. All other lines "
        "are correct and in the expected order.",
        "EXTRA_LINES": "The output contains all lines of the expected output in the expected "
        "order, and additional lines.",
        "NUMBER": "The first wrong word of the output is a number, and the expected word at this "
        "position is also a number.",
        "OTHER": "The outputs differ in another way.",
    },
)
_describe(
    CheckerConvention,
    "Conventions for a checker's arguments and exit codes.",
    {
        "TESTLIB": "Convention of testlib.h, for C and C++ only. The arguments are the input "
        "file, the output file and the answer file, which contains the expected output. Exit code "
        "0 accepts the output. Exit codes 1, 2, 4 and 8 reject the output. Any other exit code "
        "means that the checker failed.",
        "ICPC": "Convention of the ICPC problem package format. The arguments are the input file, "
        "the answer file, which contains the expected output, and the feedback directory. The "
        "checker reads the output of the submission from standard input. Exit code 42 accepts the "
        "output. Exit code 43 rejects the output. Any other exit code means that the checker "
        "failed.",
    },
)
_describe(
    Locale,
    "Languages of explanations.",
    {"EN": "English.", "KO": "Korean."},
)
_describe(
    DiagnosisKind,
    "Kinds of mistakes that the judge recognises in failed executions.",
    {str(kind): text.explanation for kind, text in TEXTS.items()},
)
