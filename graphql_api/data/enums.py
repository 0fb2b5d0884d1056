"""The enumerations of the domain. The table and the GraphQL schema use the same values."""

from enum import StrEnum


class Role(StrEnum):
    """The permissions of a user."""

    USER = "USER"
    EDITOR = "EDITOR"
    ADMIN = "ADMIN"


class UserState(StrEnum):
    """The state of a user. Only an ACTIVE user may sign in."""

    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"
    DELETING = "DELETING"


class ProblemState(StrEnum):
    """The state of a problem. Only a COMPLETED problem is visible to everyone."""

    DRAFT = "DRAFT"
    REVIEW = "REVIEW"
    COMPLETED = "COMPLETED"
    DELETED = "DELETED"


class HistoryStatus(StrEnum):
    """The status of an execution."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class Verdict(StrEnum):
    """The judge's verdict on a test or an execution."""

    AC = "AC"
    WA = "WA"
    TLE = "TLE"
    ILE = "ILE"
    MLE = "MLE"
    OLE = "OLE"
    RE = "RE"
    CE = "CE"
    IE = "IE"
    SKIPPED = "SKIPPED"


class TestVisibility(StrEnum):
    """The tests of a problem whose results are shown in full to the author of a submission.

    FIRST_FAILED shows the samples and the first failed test.
    """

    SAMPLES = "SAMPLES"
    FIRST_FAILED = "FIRST_FAILED"
    ALL = "ALL"


class DifferenceKind(StrEnum):
    """The kind of difference between an output and the expected output."""

    WHITE_SPACE = "WHITE_SPACE"
    LETTER_CASE = "LETTER_CASE"
    ORDER = "ORDER"
    MISSING_LINES = "MISSING_LINES"
    EXTRA_LINES = "EXTRA_LINES"
    NUMBER = "NUMBER"
    OTHER = "OTHER"


class RunStatus(StrEnum):
    """The outcome of a custom run.

    The output of a custom run is not compared with an expected output.
    """

    OK = "OK"
    TLE = "TLE"
    ILE = "ILE"
    MLE = "MLE"
    OLE = "OLE"
    RE = "RE"
    CE = "CE"


class Comparer(StrEnum):
    """The method that compares a program's output with the expected output."""

    TOKENS = "TOKENS"
    TOKENS_IGNORE_CASE = "TOKENS_IGNORE_CASE"
    LINES = "LINES"
    UNORDERED_LINES = "UNORDERED_LINES"
    EXACT = "EXACT"
    FLOAT = "FLOAT"
    CHECKER = "CHECKER"
    INTERACTIVE = "INTERACTIVE"

    @property
    def needs_checker(self) -> bool:
        """Whether the problem needs a program of its own (a checker or an interactor)."""
        return self in (Comparer.CHECKER, Comparer.INTERACTIVE)


class CheckerConvention(StrEnum):
    """The convention for the arguments and exit codes of a checker (see docs/sandbox.md)."""

    TESTLIB = "TESTLIB"
    ICPC = "ICPC"


class QuotaKind(StrEnum):
    """A kind of operation that a plan limits per user and UTC day."""

    EXECUTION = "execution"
    HINT = "hint"
    RUN = "run"


class JobKind(StrEnum):
    """The kind of a job. A job is background work such as a rejudge."""

    EXTRACT_PROBLEM = "EXTRACT_PROBLEM"
    GENERATE_SCRIPT = "GENERATE_SCRIPT"
    GENERATE_OUTPUTS = "GENERATE_OUTPUTS"
    REJUDGE = "REJUDGE"
    REMOVE_FROM_FEED = "REMOVE_FROM_FEED"
    RETURN_TO_FEED = "RETURN_TO_FEED"


class JobStatus(StrEnum):
    """The status of a job."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
