"""Global ids of objects. Clients must not depend on the content of an id.

An id is the base64url form of one letter for the kind of the object, followed by the parts of the
object's key. Each object has exactly one valid id. The ids of problems and test cases also contain
the pid of the problem (see `ProblemId`). A problem that an earlier version of the API created may
have no pid. In this case, its id and the ids of its test cases contain no pid.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from enum import StrEnum

from strawberry import ID

from graphql_api.data.errors import InvalidInput
from graphql_api.data.limits import GLOBAL_ID_CHARACTERS
from graphql_api.data.records import NO_PID, History, HistoryKey, ProblemId, TestCaseKey


class Kind(StrEnum):
    """The kind of an object. The value is the first letter of its decoded id."""

    USER = "u"
    PROBLEM = "p"
    HISTORY = "h"
    TEST_CASE = "t"
    JOB = "j"
    PLAN = "n"
    LANGUAGE = "l"


# The number of parts of a key, without the pid of a problem.
_PARTS = {Kind.PROBLEM: 2, Kind.HISTORY: 2, Kind.TEST_CASE: 4}
# In the ids of these kinds, the pid of the problem follows the number of the problem.
_WITH_PID = {Kind.PROBLEM, Kind.TEST_CASE}
_PID_AT = 2
_NAMES = {
    Kind.USER: "user",
    Kind.PROBLEM: "problem",
    Kind.HISTORY: "history",
    Kind.TEST_CASE: "test case",
    Kind.JOB: "job",
}


def encode(kind: Kind, *parts: str) -> ID:
    """Return the global id of an object. `parts` are the parts of its key, without `#`."""
    return ID(urlsafe_b64encode(f"{kind}{'#'.join(parts)}".encode()).decode().rstrip("="))


def decode(text: str) -> tuple[Kind, tuple[str, ...]] | None:
    """Decode a global id into the kind of the object and the parts of the object's key.

    Return None if the id is invalid. For a problem or test case, the parts always contain a pid. If
    the id contains no pid, the pid is NO_PID.
    """
    if not 1 < len(text) <= GLOBAL_ID_CHARACTERS:
        return None
    try:
        plain = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
        kind = Kind(plain[:1])
    except ValueError:
        return None
    parts = tuple(plain[1:].split("#"))
    if not all(parts) or encode(kind, *parts) != text:
        return None
    key = _complete_key(kind, parts)
    return None if key is None else (kind, key)


def _complete_key(kind: Kind, parts: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return the parts of a key. If the pid is missing, NO_PID is added in its place.

    Return None if the number of parts is wrong for the kind.
    """
    count = _PARTS.get(kind, 1)
    if kind in _WITH_PID and len(parts) == count:
        return (*parts[:_PID_AT], NO_PID, *parts[_PID_AT:])
    has_pid = kind in _WITH_PID and len(parts) == count + 1
    if has_pid:
        return None if parts[_PID_AT] == NO_PID else parts
    return parts if len(parts) == count else None


def _encode_in(kind: Kind, problem: ProblemId, *rest: str) -> ID:
    """Return the global id of a problem or of one of its test cases.

    `rest` is empty for the problem. For a test case, it contains the version of the test set and
    the number of the test.
    """
    parts = problem.key if problem.pid == NO_PID else problem
    return encode(kind, *parts, *rest)


def _decode_as(kind: Kind, text: str, field: str) -> tuple[str, ...]:
    decoded = decode(text)
    if decoded is None or decoded[0] is not kind:
        raise InvalidInput(f"`{field}` must be the global id of a {_NAMES[kind]}.", (field,))
    return decoded[1]


def user_id(uid: str) -> ID:
    """Return the id of a user."""
    return encode(Kind.USER, uid)


def problem_id(problem: ProblemId) -> ID:
    """Return the global id of a problem."""
    return _encode_in(Kind.PROBLEM, problem)


def history_id(history: History) -> ID:
    """Return the id of a history."""
    return encode(Kind.HISTORY, history.uid, history.ulid)


def test_case_id(key: TestCaseKey) -> ID:
    """Return the id of a test case."""
    return _encode_in(Kind.TEST_CASE, key.problem_id, str(key.version), str(key.test))


def job_id(ulid: str) -> ID:
    """Return the id of a job."""
    return encode(Kind.JOB, ulid)


def plan_id(key: str) -> ID:
    """Return the id of a plan."""
    return encode(Kind.PLAN, key)


def language_id(key: str) -> ID:
    """Return the id of a language."""
    return encode(Kind.LANGUAGE, key)


def job_key(text: str, field: str = "jobId") -> str:
    """Return the ULID in a job's id. Raise InvalidInput if `text` is not the id of a job."""
    return _decode_as(Kind.JOB, text, field)[0]


def user_key(text: str, field: str = "userId") -> str:
    """Return the uid in a user's id. Raise InvalidInput if `text` is not the id of a user."""
    return _decode_as(Kind.USER, text, field)[0]


def problem_of(text: str, field: str = "problemId") -> ProblemId:
    """Return the `ProblemId` in a problem's id. Raise InvalidInput if `text` is not such an id."""
    return ProblemId(*_decode_as(Kind.PROBLEM, text, field))


def history_key(text: str, field: str = "historyId") -> HistoryKey:
    """Return the key in a history's id. Raise InvalidInput if `text` is not the id of a history."""
    return HistoryKey(*_decode_as(Kind.HISTORY, text, field))


def test_case_key(text: str) -> TestCaseKey:
    """Return the key in a test case's id. Raise InvalidInput if `text` is not such an id."""
    field = "testCaseId"
    key = test_key_of(_decode_as(Kind.TEST_CASE, text, field))
    if key is None:
        raise InvalidInput(f"`{field}` must be the global id of a test case.", (field,))
    return key


def test_key_of(parts: tuple[str, ...]) -> TestCaseKey | None:
    """Return the key of a test case from the parts of an id.

    Return None if the version of the test set, or the number of the test, is not in canonical
    decimal form.
    """
    platform, number, pid, version, test = parts
    if not (version + test).isascii() or not (version.isdecimal() and test.isdecimal()):
        return None
    key = TestCaseKey(platform, number, pid, int(version), int(test))
    is_canonical = (str(key.version), str(key.test)) == (version, test)
    return key if is_canonical else None
