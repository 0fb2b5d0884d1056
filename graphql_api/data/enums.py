"""The enumerations of the domain. Stored items and the GraphQL schema use the same values."""

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
    """A problem's policy for test results.

    The author of a submission sees the full results of the tests that the policy selects.
    FIRST_FAILED selects the samples and the first failed test.
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
        """Whether a problem with this comparer must have a checker or an interactor."""
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


class Locale(StrEnum):
    """The language of explanations and hints."""

    EN = "EN"
    KO = "KO"


class DiagnosisKind(StrEnum):
    """The kind of mistake that a diagnosis has found. docs/hints.md explains all kinds."""

    # The output is wrong.
    WHITE_SPACE = "WHITE_SPACE"
    LETTER_CASE = "LETTER_CASE"
    LINE_ORDER = "LINE_ORDER"
    WORD_ORDER = "WORD_ORDER"
    MISSING_FIRST_LINE = "MISSING_FIRST_LINE"
    MISSING_LAST_LINE = "MISSING_LAST_LINE"
    MISSING_LINES = "MISSING_LINES"
    EXTRA_FIRST_LINE = "EXTRA_FIRST_LINE"
    EXTRA_LAST_LINE = "EXTRA_LAST_LINE"
    EXTRA_LINES = "EXTRA_LINES"
    EXTRA_TEXT = "EXTRA_TEXT"
    EMPTY_OUTPUT = "EMPTY_OUTPUT"
    OFF_BY_ONE = "OFF_BY_ONE"
    WRONG_SIGN = "WRONG_SIGN"
    POWER_OF_TWO_FACTOR = "POWER_OF_TWO_FACTOR"
    OVERFLOW_32 = "OVERFLOW_32"
    OVERFLOW_64 = "OVERFLOW_64"
    PRECISION = "PRECISION"
    NUMBER_FORMAT = "NUMBER_FORMAT"
    HIDDEN_TESTS_ONLY = "HIDDEN_TESTS_ONLY"
    FROM_NTH_TEST = "FROM_NTH_TEST"
    CHECKER_REJECTED = "CHECKER_REJECTED"
    WRONG_ANSWER = "WRONG_ANSWER"

    # The input was not read as intended.
    INPUT_NOT_READ = "INPUT_NOT_READ"
    READ_PAST_END = "READ_PAST_END"

    # The program took too long.
    NEVER_ENDS = "NEVER_ENDS"
    SLOW_LINEAR = "SLOW_LINEAR"
    SLOW_GROWTH = "SLOW_GROWTH"
    TIME_LIMIT = "TIME_LIMIT"
    IDLE = "IDLE"
    MISSING_FLUSH = "MISSING_FLUSH"

    # The program used too much memory or wrote too much.
    MEMORY_GROWING = "MEMORY_GROWING"
    MEMORY_AT_ONCE = "MEMORY_AT_ONCE"
    OUTPUT_LIMIT = "OUTPUT_LIMIT"

    # The program failed.
    RECURSION_DEPTH = "RECURSION_DEPTH"
    INDEX_ERROR = "INDEX_ERROR"
    KEY_ERROR = "KEY_ERROR"
    NULL_ERROR = "NULL_ERROR"
    ZERO_DIVISION = "ZERO_DIVISION"
    CONVERSION_ERROR = "CONVERSION_ERROR"
    UNCAUGHT_EXCEPTION = "UNCAUGHT_EXCEPTION"
    INVALID_MEMORY_ACCESS = "INVALID_MEMORY_ACCESS"
    ABORTED = "ABORTED"
    SIGNAL = "SIGNAL"
    EXIT_CODE = "EXIT_CODE"

    # The program does not compile.
    COMPILE_SYNTAX = "COMPILE_SYNTAX"
    COMPILE_INDENTATION = "COMPILE_INDENTATION"
    COMPILE_MISSING_SEMICOLON = "COMPILE_MISSING_SEMICOLON"
    COMPILE_UNBALANCED_BRACKET = "COMPILE_UNBALANCED_BRACKET"
    COMPILE_UNTERMINATED_TEXT = "COMPILE_UNTERMINATED_TEXT"
    COMPILE_UNKNOWN_NAME = "COMPILE_UNKNOWN_NAME"
    COMPILE_WRONG_TYPE = "COMPILE_WRONG_TYPE"
    COMPILE_WRONG_ARGUMENTS = "COMPILE_WRONG_ARGUMENTS"
    COMPILE_MISSING_RETURN = "COMPILE_MISSING_RETURN"
    COMPILE_DUPLICATE_NAME = "COMPILE_DUPLICATE_NAME"
    COMPILE_MISSING_LIBRARY = "COMPILE_MISSING_LIBRARY"
    COMPILE_MISSING_MAIN = "COMPILE_MISSING_MAIN"
    COMPILE_UNASSIGNED_VARIABLE = "COMPILE_UNASSIGNED_VARIABLE"
    COMPILE_CONSTANT_CHANGED = "COMPILE_CONSTANT_CHANGED"
    COMPILE_UNHANDLED_EXCEPTION = "COMPILE_UNHANDLED_EXCEPTION"
    COMPILE_MISPLACED_STATEMENT = "COMPILE_MISPLACED_STATEMENT"
    COMPILE_ERROR = "COMPILE_ERROR"
