"""The inputs for creating and changing problems, and the validation of their fields."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from graphql_api.data import keys
from graphql_api.data.enums import Comparer, TestVisibility
from graphql_api.data.errors import InvalidInput
from graphql_api.data.limits import (
    CONTENT_HASH_CHARACTERS,
    DEFAULT_MEMORY_LIMIT_KB,
    DEFAULT_TIME_LIMIT_MS,
    KEY_NAME_BYTES,
    MAX_TAGS,
    MEMORY_LIMIT_KB,
    TIME_LIMIT_MS,
    TITLE_BYTES,
    TOLERANCE_CHARACTERS,
)
from graphql_api.data.names import (
    check_visible,
    normalise_key,
    normalise_line,
    normalise_tag,
)
from graphql_api.data.problems import language_limits
from graphql_api.data.records import Checker
from graphql_api.data.text import truncate_utf8


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProblem:
    """The fields of a new problem. A new problem is a DRAFT without tests."""

    platform: str
    number: str
    title: str
    link: str | None = None
    tags: Sequence[str] = ()
    statement: str | None = None
    constraints: str | None = None
    comparer: Comparer = Comparer.TOKENS
    absolute_tolerance: str | None = None
    relative_tolerance: str | None = None
    time_limit_ms: int = DEFAULT_TIME_LIMIT_MS
    memory_limit_kb: int = DEFAULT_MEMORY_LIMIT_KB
    checker: Checker | None = None
    language_limits: Mapping[str, float] | None = None
    stop_on_first_failure: bool = False
    test_visibility: TestVisibility = TestVisibility.SAMPLES
    legacy_id: int | None = None
    content_hash: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemChanges:
    """The changes of a problem.

    A field that is None is not changed. An empty text or an empty mapping removes the stored value.
    If the comparer changes or `removes_checker` is True, the old checker is removed.

    `revision` is the revision that the caller has read. The change is rejected if the problem now
    has another revision. If `revision` is None, the revision is not checked.
    """

    title: str | None = None
    link: str | None = None
    tags: Sequence[str] | None = None
    statement: str | None = None
    constraints: str | None = None
    comparer: Comparer | None = None
    absolute_tolerance: str | None = None
    relative_tolerance: str | None = None
    time_limit_ms: int | None = None
    memory_limit_kb: int | None = None
    checker: Checker | None = None
    language_limits: Mapping[str, float] | None = None
    stop_on_first_failure: bool | None = None
    test_visibility: TestVisibility | None = None
    removes_checker: bool = False
    content_hash: str | None = None
    revision: int | None = None


def check_name(text: str, what: str) -> str:
    """Return the normal form of a platform, a problem number or a language id.

    `what` is the name of the input field for the error message.

    Raises:
        InvalidInput: the text is empty or too long, or contains '#', ':' or invisible characters.
    """
    normal = normalise_key(text, what)
    if len(normal.encode()) > KEY_NAME_BYTES:
        raise InvalidInput(f"`{what}` must be at most {KEY_NAME_BYTES} bytes in UTF-8.", (what,))
    return keys.part(normal, what)


def _title(title: str) -> str:
    return truncate_utf8(normalise_line(" ".join(title.split()), "title"), TITLE_BYTES)


def _link(link: str) -> str | None:
    if link and not link.startswith(("http://", "https://")):
        raise InvalidInput("`url` must begin with http:// or https://.", ("url",))
    return link or None


def _tags(tags: Sequence[str]) -> tuple[str, ...]:
    normal = tuple(dict.fromkeys(map(normalise_tag, tags)))
    if len(normal) > MAX_TAGS:
        raise InvalidInput(f"`tags` must contain at most {MAX_TAGS} tags.", ("tags",))
    return normal


def _tolerance(text: str) -> str | None:
    try:
        value = float(text or 0)
    except ValueError:
        value = -1
    if not (isfinite(value) and value >= 0) or len(text) > TOLERANCE_CHARACTERS:
        raise InvalidInput(
            "`absTolerance` and `relTolerance` must be numbers of at least 0, such as 1e-6.",
            ("tolerance",),
        )
    return text or None


def _hash(text: str) -> str | None:
    if len(text) > CONTENT_HASH_CHARACTERS:
        raise InvalidInput(
            f"`hash` must have at most {CONTENT_HASH_CHARACTERS} characters.", ("hash",)
        )
    return text or None


def _time_limit(limit_ms: int) -> int:
    least, most = TIME_LIMIT_MS
    if not least <= limit_ms <= most:
        raise InvalidInput(
            f"`timeLimitMs` must be from {least} to {most} milliseconds.", ("timeLimitMs",)
        )
    return limit_ms


def _memory_limit(limit_kb: int) -> int:
    least, most = MEMORY_LIMIT_KB
    if not least <= limit_kb <= most:
        raise InvalidInput(
            f"`memoryLimitKb` must be from {least} to {most} kilobytes.", ("memoryLimitKb",)
        )
    return limit_kb


_CHECKS: Mapping[str, Callable[[Any], Any]] = {
    "title": _title,
    "link": _link,
    "tags": _tags,
    "comparer": Comparer,
    "absolute_tolerance": _tolerance,
    "relative_tolerance": _tolerance,
    "time_limit_ms": _time_limit,
    "memory_limit_kb": _memory_limit,
    "language_limits": language_limits.pack,
    "stop_on_first_failure": lambda value: value or None,
    "test_visibility": lambda value: None if value is TestVisibility.SAMPLES else value,
    "content_hash": _hash,
}


def card_fields(changes: NewProblem | ProblemChanges) -> dict[str, Any]:
    """Return the given fields of a problem's card (main item), by name and in their stored form.

    Fields with the value None are left out.

    Raises:
        InvalidInput: a field is not valid. `path` contains the name of the field.
    """
    return {
        name: check(value)
        for name, check in _CHECKS.items()
        if (value := getattr(changes, name)) is not None
    }


def text_fields(changes: NewProblem | ProblemChanges) -> dict[str, str | None]:
    """Return the given texts (`statement` and `constraints`) by field name.

    A text of None is left out. An empty text becomes None, which removes the stored text.
    """
    return {
        name: check_visible(value, name) or None
        for name in ("statement", "constraints")
        if (value := getattr(changes, name)) is not None
    }
