"""The words of the domain that are stored and shown: the same in table, schema, code and docs."""

from enum import StrEnum


class Role(StrEnum):
    """What a user may do."""

    USER = "USER"
    EDITOR = "EDITOR"
    ADMIN = "ADMIN"


class UserState(StrEnum):
    """Whether a user may sign in."""

    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"
    DELETING = "DELETING"


class ProblemState(StrEnum):
    """Who finds a problem: everyone only when COMPLETED."""

    DRAFT = "DRAFT"
    REVIEW = "REVIEW"
    COMPLETED = "COMPLETED"
    DELETED = "DELETED"


class HistoryStatus(StrEnum):
    """Where an execution stands."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class Verdict(StrEnum):
    """What the judge says of a test, or of a whole execution."""

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


class RunStatus(StrEnum):
    """How a run on the caller's own input ended; nothing is compared."""

    OK = "OK"
    TLE = "TLE"
    ILE = "ILE"
    MLE = "MLE"
    OLE = "OLE"
    RE = "RE"
    CE = "CE"


class Comparer(StrEnum):
    """How a program's output is held against the expected one."""

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
        """True when a program of the problem decides: a checker or an interactor."""
        return self in (Comparer.CHECKER, Comparer.INTERACTIVE)


class CheckerConvention(StrEnum):
    """How a checker is called, and how it says what it finds: docs/sandbox.md."""

    TESTLIB = "TESTLIB"
    ICPC = "ICPC"


class QuotaKind(StrEnum):
    """What a plan limits, per UTC day."""

    EXECUTION = "execution"
    HINT = "hint"
    RUN = "run"


class JobKind(StrEnum):
    """What an authoring job does."""

    EXTRACT_PROBLEM = "EXTRACT_PROBLEM"
    GENERATE_SCRIPT = "GENERATE_SCRIPT"
    GENERATE_OUTPUTS = "GENERATE_OUTPUTS"
    REJUDGE = "REJUDGE"


class JobStatus(StrEnum):
    """Where a job stands."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
