"""Records: the classes of all stored entities, and their conversion from and to items.

Only this module converts items to records and back. Times are epoch milliseconds (UTC), and ids are
ULIDs. The attribute `v` of an item contains the version of the item's format. A record class can
read items of the current format and of older formats, but rejects items of newer formats. A field
whose value is None is not stored.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, fields
from dataclasses import field as dataclass_field
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple, Self

import structlog

from graphql_api.data.enums import (
    CheckerConvention,
    Comparer,
    DiagnosisKind,
    DifferenceKind,
    HistoryStatus,
    JobKind,
    JobStatus,
    ProblemState,
    Role,
    TestVisibility,
    UserState,
    Verdict,
)
from graphql_api.data.limits import (
    DEFAULT_CHECKER_MEMORY_LIMIT_KB,
    DEFAULT_CHECKER_TIME_LIMIT_MS,
    DEFAULT_MEMORY_LIMIT_KB,
    DEFAULT_TIME_LIMIT_MS,
)

Item = dict[str, Any]
_log = structlog.stdlib.get_logger(__name__)


class HistoryKey(NamedTuple):
    """The identity of a history (a stored execution): the owner's user id and the ULID."""

    uid: str
    ulid: str


# The attribute with a problem's pid, in all items that belong to the problem. The pid is a ULID and
# distinguishes problems with the same name.
PID = "pid"
# The pid of problems that an earlier version of this program created. It is never stored.
NO_PID = "0"


class ProblemKey(NamedTuple):
    """The name of a problem: the platform and the problem's number on that platform.

    After the permanent deletion of a problem, another problem can get the same name.
    """

    platform: str
    number: str


class ProblemId(NamedTuple):
    """The identity of a problem: the name (platform and number) and the pid.

    The pid is a ULID that is generated when the problem is created. So two problems with the same
    name have different identities. Problems that an earlier version of this program created have
    no pid (`NO_PID`).
    """

    platform: str
    number: str
    pid: str

    @property
    def key(self) -> ProblemKey:
        """The name of the problem."""
        return ProblemKey(self.platform, self.number)


class TestId(NamedTuple):
    """The identity of a test in a problem.

    `version` is the version of the test set in which the test was added. `number` is the number of
    the test in this version.
    """

    version: int
    number: int


class TestCaseKey(NamedTuple):
    """The identity of a test among all problems: the problem's identity and the test's `TestId`."""

    platform: str
    number: str
    pid: str
    version: int
    test: int

    @property
    def problem_id(self) -> ProblemId:
        """The identity of the test's problem."""
        return ProblemId(self.platform, self.number, self.pid)

    @property
    def test_id(self) -> TestId:
        """The identity of the test in its problem."""
        return TestId(self.version, self.test)


class StoredTest(NamedTuple):
    """The place of a stored test: the problem, the version of the test set, and the number."""

    platform: str
    number: str
    version: int
    test: int


class TestSetKey(NamedTuple):
    """The identity of one version of a problem's test set."""

    platform: str
    number: str
    version: int


class UnknownFormat(Exception):
    """The item has a newer format than this version of the program can read.

    To avoid this error, deploy the readers of a new format before the writers of the new format.
    """


# The errors of an item that this version of the program cannot read.
UNREADABLE = (KeyError, TypeError, ValueError, UnknownFormat)


class _Attribute(NamedTuple):
    field: str
    name: str
    decode: Callable[[Any], Any] | None
    default: Any


def stored(name: str, kind: type | None = None, default: Any = MISSING) -> Any:
    """Declare a dataclass field that is stored in the attribute `name`.

    `kind` is the type of a field whose stored value must be converted: a StrEnum or `tuple`.
    If no `default` is given, an item without the attribute cannot be read.
    """
    return dataclass_field(default=default, metadata={"name": name, "kind": kind})


def stored_pid() -> Any:
    """Declare the field of a record with the pid (unique id) of its problem."""
    return stored(PID, default=NO_PID)


def _decoder(kind: type | None) -> Callable[[Any], Any] | None:
    if kind is not None and issubclass(kind, StrEnum):
        return {str(member): member for member in kind}.__getitem__
    return kind


class Record:
    """Base class of records. Subclasses are frozen dataclasses with `stored` fields.

    `format` is the current version of the item format. Items are written in this version.
    `upgrades[n]` converts an item of version n to version n + 1. `entity` is the type of the item,
    which is stored in the attribute `tp`.
    """

    __slots__ = ()
    format: ClassVar[int] = 1
    entity: ClassVar[str] = ""
    upgrades: ClassVar[Mapping[int, Callable[[Item], Item]]] = {}
    _attributes: ClassVar[tuple[_Attribute, ...]] = ()

    @classmethod
    def attributes(cls) -> tuple[str, ...]:
        """Return the names of an item's attributes, including `v` (version) and `tp` (type)."""
        return ("v", "tp", *(attribute.name for attribute in _attributes_of(cls)))

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Self:
        """Convert an item to a record.

        Raises:
            UnknownFormat: the item was written by a newer version of the program.
        """
        if item.get("v", 1) != cls.format:
            item = _upgrade(cls, dict(item))
        values: dict[str, Any] = {}
        for name, attribute, decode, default in _attributes_of(cls):
            value = item.get(attribute, MISSING)
            if value is MISSING:
                values[name] = item[attribute] if default is MISSING else default
            else:
                values[name] = decode(value) if decode else value
        return cls(**values)

    @classmethod
    def from_item_or_none(cls, item: Mapping[str, Any] | None) -> Self | None:
        """Convert an item to a record. Return None if `item` is None, is empty or cannot be read.

        An unreadable item is logged. Lists and batches use this method, so that one unreadable item
        does not make the whole list unavailable.
        """
        if not item:
            return None
        try:
            return cls.from_item(item)
        except UNREADABLE:
            key = {name: item.get(name) for name in ("PK", "SK")}
            _log.exception("The item cannot be read, so it is skipped.", entity=cls.entity, **key)
            return None

    def to_item(self) -> Item:
        """Convert the record to an item without key attributes."""
        item: Item = {"v": self.format, "tp": self.entity}
        for name, attribute, _, _ in _attributes_of(type(self)):
            value = getattr(self, name)
            if value is None or (attribute == PID and value == NO_PID):
                continue
            if isinstance(value, tuple):
                value = list(value)
            item[attribute] = str(value) if isinstance(value, StrEnum) else value
        return item


_COMPILED: dict[type[Record], tuple[_Attribute, ...]] = {}


def _attributes_of(cls: type[Record]) -> tuple[_Attribute, ...]:
    known = _COMPILED.get(cls)
    if known is None:
        known = _COMPILED[cls] = tuple(map(_attribute, fields(cls)))  # type: ignore[arg-type]
    return known


def _attribute(field: Field[Any]) -> _Attribute:
    kind = field.metadata["kind"]
    return _Attribute(field.name, field.metadata["name"], _decoder(kind), field.default)


def _upgrade(cls: type[Record], item: Item) -> Item:
    version = item.get("v", 1)
    while version != cls.format:
        if version not in cls.upgrades:
            raise UnknownFormat(
                f"The stored {cls.entity} has format {version}, but this version of the program "
                f"reads only formats up to {cls.format}. Deploy a newer version."
            )
        item = cls.upgrades[version](item)
        version += 1
    return item


@dataclass(frozen=True, slots=True, kw_only=True)
class User(Record):
    """One user, as stored in the user's main item.

    `role` is the stored role. If the user's address is in the setting `ADMIN_EMAILS`, the user is
    an administrator, whatever the stored role is.
    """

    entity: ClassVar[str] = "user"
    uid: str = stored("u")
    email: str = stored("em")
    name: str = stored("nm")
    google_sub: str | None = stored("gs", default=None)
    plan_id: str = stored("pln")
    role: Role = stored("rl", Role, Role.USER)
    state: UserState = stored("st", UserState, UserState.ACTIVE)
    created_at: int = stored("ca")
    updated_at: int = stored("ua")


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals(Record):
    """A user's lifetime counters, such as the total number of executions.

    The item also contains one counter of executions per language. The attribute name of this
    counter is `LANGUAGE_PREFIX` followed by the language id.
    """

    LANGUAGE_PREFIX: ClassVar[str] = "l_"
    entity: ClassVar[str] = "totals"
    executions: int = stored("ne", default=0)
    accepted: int = stored("na", default=0)
    problems_solved: int = stored("ns", default=0)
    public_histories: int = stored("np", default=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved(Record):
    """The solved mark: a record that exists if the user has solved the problem.

    `ulid` is the id of the accepted history.
    """

    entity: ClassVar[str] = "solved"
    platform: str = stored("pf")
    number: str = stored("pn")
    pid: str = stored_pid()
    ulid: str = stored("h")
    created_at: int = stored("ca")


@dataclass(frozen=True, slots=True, kw_only=True)
class DayUsage(Record):
    """A user's usage on one UTC day, with one counter per kind of quota."""

    entity: ClassVar[str] = "usage"
    day: str = stored("dy")
    execution: int = stored("n_execution", default=0)
    hint: int = stored("n_hint", default=0)
    run: int = stored("n_run", default=0)
    expires_at_s: int | None = stored("x", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt(Record):
    """The receipt of one unit of quota.

    The receipt records the request that used the unit. With the receipt, the request is idempotent:
    a repeated request does not use another unit. `request_hash` and `input_hash` are digests of the
    request id and of the input.
    """

    entity: ClassVar[str] = "receipt"
    action: str = stored("ac")
    day: str = stored("dy")
    request_hash: str = stored("rh")
    input_hash: str = stored("ih")
    ulid: str | None = stored("h", default=None)
    platform: str | None = stored("pf", default=None)
    number: str | None = stored("pn", default=None)
    language: str | None = stored("lg", default=None)
    created_at: int = stored("ca")
    refunded_at: int | None = stored("ra", default=None)
    expires_at_s: int | None = stored("x", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan(Record):
    """A plan: the limits per user and UTC day. A limit of None means unlimited."""

    entity: ClassVar[str] = "plan"
    plan_id: str = stored("id")
    title: str = stored("nm")
    executions_per_day: int | None = stored("le", default=None)
    hints_per_day: int | None = stored("lh", default=None)
    runs_per_day: int | None = stored("lr", default=None)
    is_active: bool = stored("act", default=True)
    created_at: int = stored("ca")
    updated_at: int = stored("ua")


@dataclass(frozen=True, slots=True, kw_only=True)
class History(Record):
    """The card (main item) of one history. A history is the record of a submission.

    The entries of the feed (the list of public executions) are copies of the card.
    `feed_id` and `feed_shard` together are the position of the history in the feed. `feed_hidden`
    is True if the history has a position but no entries, because the problem is deleted.
    `by_editor` is True if the owner was an editor at the time of the submission.
    """

    entity: ClassVar[str] = "history"
    uid: str = stored("u")
    ulid: str = stored("h")
    author_name: str = stored("an")
    platform: str = stored("pf")
    number: str = stored("pn")
    pid: str = stored_pid()
    title: str = stored("ti")
    language: str = stored("lg")
    status: HistoryStatus = stored("st", HistoryStatus)
    verdict: Verdict | None = stored("vd", Verdict, None)
    is_public: bool = stored("pub", default=False)
    passed: int = stored("cp", default=0)
    failed: int = stored("cf", default=0)
    total: int = stored("ct", default=0)
    cpu_ms: int | None = stored("cm", default=None)
    peak_kb: int | None = stored("mk", default=None)
    created_at: int = stored("ca")
    finished_at: int | None = stored("fa", default=None)
    attempt: int = stored("att", default=0)
    lease_expires_at: int | None = stored("lx", default=None)
    claim_token: str | None = stored("clm", default=None)
    resends: int = stored("rs", default=0)
    usage_day: str | None = stored("ud", default=None)
    request_hash: str | None = stored("rh", default=None)
    feed_id: str | None = stored("fid", default=None)
    feed_shard: int | None = stored("fs", default=None)
    test_version: int | None = stored("tv", default=None)
    hint_state: str | None = stored("hs", default=None)
    message: str | None = stored("msg", default=None)
    rejudge_attempt: int | None = stored("rf", default=None)
    rejudged_by: str | None = stored("rj", default=None)
    rejudged_at: int | None = stored("rjt", default=None)
    by_editor: bool | None = stored("ed", default=None)
    feed_hidden: bool | None = stored("fh", default=None)

    @property
    def key(self) -> HistoryKey:
        """The identity of the history."""
        return HistoryKey(self.uid, self.ulid)

    @property
    def problem_id(self) -> ProblemId:
        """The identity of the history's problem."""
        return ProblemId(self.platform, self.number, self.pid)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem(Record):
    """The card (main item) of one problem, without the texts, the tests and the checker.

    Lists of problems contain copies of the card.

    `language_limits` is a text in the format of `language_limits.pack`. `checker_hash` is the
    digest of the problem's checker. A `test_visibility` of None means SAMPLES.
    """

    entity: ClassVar[str] = "problem"
    platform: str = stored("pf")
    number: str = stored("pn")
    pid: str = stored_pid()
    title: str = stored("ti")
    state: ProblemState = stored("st", ProblemState, ProblemState.DRAFT)
    link: str | None = stored("lnk", default=None)
    tags: tuple[str, ...] = stored("tg", tuple, ())
    language: str | None = stored("lg", default=None)
    time_limit_ms: int = stored("tl", default=DEFAULT_TIME_LIMIT_MS)
    memory_limit_kb: int = stored("ml", default=DEFAULT_MEMORY_LIMIT_KB)
    comparer: Comparer = stored("cr", Comparer, Comparer.TOKENS)
    absolute_tolerance: str | None = stored("ta", default=None)
    relative_tolerance: str | None = stored("tr", default=None)
    test_version: int | None = stored("tcv", default=None)
    test_count: int = stored("tcn", default=0)
    samples: str | None = stored("smp", default=None)
    last_test_version: int = stored("tnv", default=0)
    legacy_id: int | None = stored("lid", default=None)
    checker_hash: str | None = stored("ckh", default=None)
    language_limits: str | None = stored("ll", default=None)
    stop_on_first_failure: bool | None = stored("sff", default=None)
    test_visibility: TestVisibility | None = stored("vis", TestVisibility, None)
    content_hash: str | None = stored("hsh", default=None)
    created_at: int = stored("ca")
    updated_at: int = stored("ua")
    revision: int = stored("rev", default=1)
    state_before_deletion: ProblemState | None = stored("sb", ProblemState, None)
    deleted_at: int | None = stored("da", default=None)
    deleted_reason: str | None = stored("dr", default=None)

    @property
    def key(self) -> ProblemKey:
        """The name of the problem."""
        return ProblemKey(self.platform, self.number)

    @property
    def id(self) -> ProblemId:
        """The identity of the problem."""
        return ProblemId(self.platform, self.number, self.pid)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement(Record):
    """The texts of a problem: the statement and the constraints."""

    entity: ClassVar[str] = "statement"
    statement: str | None = stored("stm", default=None)
    constraints: str | None = stored("con", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution(Record):
    """The author's solution of a problem, for editors and for hints."""

    entity: ClassVar[str] = "solution"
    language: str = stored("lg")
    code: str = stored("cod")
    updated_at: int = stored("ua")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checker(Record):
    """A problem's checker or interactor, with its limits."""

    entity: ClassVar[str] = "checker"
    language: str = stored("lg")
    code: str = stored("cod")
    convention: CheckerConvention = stored("cv", CheckerConvention)
    arguments: tuple[str, ...] = stored("arg", tuple, ())
    time_limit_ms: int = stored("tl", default=DEFAULT_CHECKER_TIME_LIMIT_MS)
    memory_limit_kb: int = stored("ml", default=DEFAULT_CHECKER_MEMORY_LIMIT_KB)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckerFault(Record):
    """The latest failure of a problem's checker.

    `test_number` is None if the checker failed before the first test. `message` is for editors.
    """

    entity: ClassVar[str] = "fault"
    pid: str = stored_pid()
    checker_hash: str = stored("ckh")
    message: str = stored("msg")
    test_number: int | None = stored("no", default=None)
    created_at: int = stored("ca")


@dataclass(frozen=True, slots=True, kw_only=True)
class TestCase(Record):
    """One test in one version of a test set. `number` is the position in the set, starting at 1.

    `added` says where the test was first added. For example, `3.12` is test 12 of version 3 of the
    set. None means that the test was added in this version.
    """

    entity: ClassVar[str] = "test"
    number: int = stored("no")
    is_sample: bool = stored("sm", default=False)
    added: str | None = stored("id", default=None)
    input: bytes = stored("i")
    output: bytes = stored("o")


@dataclass(frozen=True, slots=True, kw_only=True)
class TestResult(Record):
    """The result of one test of an execution.

    - `difference` is the first difference between the output and the expected output: line, column,
      expected text and actual text. Lines and columns start at 1. They are 0 if the
      difference has no position.
    - `message` is for the owner of the execution, and `note` is for the editors of the problem.
    - `exception` is the class name of the built-in exception that ended the program.
    - `code_line` is the line of the submitted code at which the program ended.
    - `is_input_unread` is True if the program did not read any input of the test, otherwise None.
    """

    entity: ClassVar[str] = "result"
    number: int = stored("no")
    is_sample: bool = stored("sm", default=False)
    verdict: Verdict = stored("vd", Verdict)
    cpu_ms: int = stored("cm", default=0)
    wall_ms: int = stored("wm", default=0)
    peak_kb: int = stored("mk", default=0)
    exit_code: int | None = stored("ec", default=None)
    signal: str | None = stored("sg", default=None)
    output: str | None = stored("o", default=None)
    error: str | None = stored("er", default=None)
    expected: str | None = stored("ex", default=None)
    message: str | None = stored("msg", default=None)
    note: str | None = stored("nt", default=None)
    difference: tuple[int, int, str, str] | None = stored("df", tuple, None)
    difference_kind: DifferenceKind | None = stored("dk", DifferenceKind, None)
    exception: str | None = stored("xc", default=None)
    code_line: int | None = stored("cl", default=None)
    is_input_unread: bool | None = stored("iu", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis(Record):
    """The mistake that was found in a submission, stored with the results of its execution.

    - `test_number` is the number of the test that shows the mistake, or None if the mistake
      concerns all tests.
    - `line` is the line of the submitted code at which the mistake was detected.
    - `parameters` contains the values in the explanation of the mistake, such as the number that
      the test expects. `parameters` is None if the explanation has no values or the test is hidden.
    """

    entity: ClassVar[str] = "diagnosis"
    kind: DiagnosisKind = stored("dk", DiagnosisKind)
    test_number: int | None = stored("no", default=None)
    line: int | None = stored("cl", default=None)
    parameters: dict[str, str] | None = stored("pa", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """The results of one attempt of an execution.

    `limit_backend` is the mechanism that enforced the limits, such as cgroups. `visibility` is the
    problem's policy for hidden tests at the time of the judging. `diagnosis` is None if the
    execution was accepted.
    """

    attempt: int
    compile_output: str | None
    tests: tuple[TestResult, ...]
    limit_backend: str | None = None
    visibility: TestVisibility = TestVisibility.SAMPLES
    diagnosis: Diagnosis | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(Record):
    """The card (main item) of one job. The parameters and the result are stored separately.

    At the time `due_at`, the sweeper (a periodic task) sends the message for the job again. If the
    job has ended, `due_at` is None. `resends` is the number of messages that the sweeper has sent.
    `progress` is a percentage. `checkpoint` is the state from which the next attempt continues.
    `checkpoint_attempt` is the number of the latest attempt that made progress.
    """

    entity: ClassVar[str] = "job"
    ulid: str = stored("h")
    kind: JobKind = stored("jk", JobKind)
    status: JobStatus = stored("st", JobStatus, JobStatus.QUEUED)
    uid: str = stored("u")
    platform: str | None = stored("pf", default=None)
    number: str | None = stored("pn", default=None)
    pid: str = stored_pid()
    attempt: int = stored("att", default=0)
    lease_expires_at: int | None = stored("lx", default=None)
    claim_token: str | None = stored("clm", default=None)
    resends: int = stored("rs", default=0)
    progress: int = stored("pg", default=0)
    events: int = stored("nev", default=0)
    due_at: int | None = stored("du", default=None)
    checkpoint: dict[str, Any] | None = stored("ck", default=None)
    checkpoint_attempt: int | None = stored("cka", default=None)
    message: str | None = stored("msg", default=None)
    created_at: int = stored("ca")
    updated_at: int = stored("ua")
    finished_at: int | None = stored("fa", default=None)
    expires_at_s: int | None = stored("x", default=None)

    @property
    def problem_id(self) -> ProblemId:
        """The identity of the job's problem. If there is none, platform and number are empty."""
        return ProblemId(self.platform or "", self.number or "", self.pid)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEvent(Record):
    """One event in the progress of a job. `seq` is the number of the event, starting at 1.

    `progress` is a percentage.
    """

    entity: ClassVar[str] = "event"
    seq: int = stored("sq")
    message: str = stored("msg")
    progress: int = stored("pg", default=0)
    created_at: int = stored("ca")
    expires_at_s: int | None = stored("x", default=None)
