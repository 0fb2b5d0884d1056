"""What problems are created from and changed by, and the rules that their fields keep."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from graphql_api.data import keys
from graphql_api.data.dynamo.values import cut
from graphql_api.data.enums import Comparer
from graphql_api.data.errors import InvalidInput
from graphql_api.data.problems import language_limits
from graphql_api.data.problems.lists import normalise_tag
from graphql_api.data.records import Checker

LONGEST_NAME_BYTES = 64
TITLE_BYTES = 300
MOST_TAGS = 12
LONGEST_HASH = 64
LONGEST_TIME_LIMIT_MS = 600_000
LARGEST_MEMORY_LIMIT_KB = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProblem:
    """What a problem is created from; it begins as a DRAFT without tests."""

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
    time_limit_ms: int = 2000
    memory_limit_kb: int = 262_144
    checker: Checker | None = None
    language_limits: Mapping[str, float] | None = None
    stop_on_first_failure: bool = False
    legacy_id: int | None = None
    content_hash: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemChanges:
    """What to change of a problem: None keeps a field, an empty text or mapping removes it.

    A checker is kept while its comparer is, and goes with it. `revision` is the revision that the
    changes are meant for; None takes whichever is there.
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
    content_hash: str | None = None
    revision: int | None = None


def checked_name(text: str, what: str) -> str:
    """Return a platform, number or language that may stand in a key.

    Raises:
        InvalidInput: it is empty, too long, or holds '#', ':' or control characters.
    """
    if len(text.encode()) > LONGEST_NAME_BYTES:
        raise InvalidInput(f"{what} has at most {LONGEST_NAME_BYTES} bytes", (what,))
    return keys.part(text, what)


def _title(title: str) -> str:
    found = cut(" ".join(title.split()), TITLE_BYTES)
    if not found:
        raise InvalidInput("a problem's title must not be empty", ("title",))
    return found


def _link(link: str) -> str | None:
    if link and not link.startswith(("http://", "https://")):
        raise InvalidInput("a link begins with http:// or https://", ("url",))
    return link or None


def _tags(tags: Sequence[str]) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(map(normalise_tag, tags)))
    if len(found) > MOST_TAGS:
        raise InvalidInput(f"a problem has at most {MOST_TAGS} tags", ("tags",))
    return found


def _tolerance(text: str) -> str | None:
    try:
        value = float(text or 0)
    except ValueError:
        value = -1
    if not (isfinite(value) and value >= 0) or len(text) > 24:  # noqa: PLR2004 - any float's repr
        raise InvalidInput("a tolerance is a number from 0 on, such as 1e-6", ("tolerance",))
    return text or None


def _hash(text: str) -> str | None:
    if len(text) > LONGEST_HASH:
        raise InvalidInput(f"a content hash has at most {LONGEST_HASH} characters", ("hash",))
    return text or None


def _time_limit(limit_ms: int) -> int:
    if not 1 <= limit_ms <= LONGEST_TIME_LIMIT_MS:
        raise InvalidInput(
            f"a time limit lies between 1 and {LONGEST_TIME_LIMIT_MS} ms", ("timeLimitMs",)
        )
    return limit_ms


def _memory_limit(limit_kb: int) -> int:
    if not 1024 <= limit_kb <= LARGEST_MEMORY_LIMIT_KB:  # noqa: PLR2004 - said in the message
        raise InvalidInput(
            f"a memory limit lies between 1024 and {LARGEST_MEMORY_LIMIT_KB} KB",
            ("memoryLimitKb",),
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
    "content_hash": _hash,
}


def card_fields(given: NewProblem | ProblemChanges) -> dict[str, Any]:
    """Return those fields of the card that are given, in their stored form.

    Raises:
        InvalidInput: one breaks its rule; `path` names it.
    """
    return {
        name: check(value)
        for name, check in _CHECKS.items()
        if (value := getattr(given, name)) is not None
    }


def text_fields(given: NewProblem | ProblemChanges) -> dict[str, str | None]:
    """Return those texts that are given; an empty one as None."""
    return {
        name: value or None
        for name in ("statement", "constraints")
        if (value := getattr(given, name)) is not None
    }
