"""Validation of inputs. Messages name the field and the accepted values.

Every function returns the normalized value, or raises `InvalidInput` with the name of the field.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from graphql_api.data import limits, names
from graphql_api.data.errors import InvalidInput

T = TypeVar("T")
U = TypeVar("U")

_PLAN_KEY = re.compile(r"[a-z0-9][a-z0-9_-]*")
_URL = re.compile(r"https?://[^\s\x00-\x1f]+", re.IGNORECASE)


@contextmanager
def prefix_path(*path: str) -> Iterator[None]:
    """Add names in front of the path of every InvalidInput that the block raises."""
    try:
        yield
    except InvalidInput as error:
        raise InvalidInput(error.message, (*path, *error.path)) from error


def optional(value: T | None, check: Callable[[T], U]) -> U | None:
    """Return None for None, and otherwise the validated value."""
    return None if value is None else check(value)


def not_null(value: T | None, field: str) -> T:
    """Return the value of a field that an update may omit but not set to null."""
    if value is None:
        raise InvalidInput(
            f"`{field}` must not be null. Omit the field to keep its current value.", (field,)
        )
    return value


def line(value: str, field: str, longest: int) -> str:
    """Return one visible line of text in NFC, without white space at its ends."""
    text = names.normalise_line(value, field)
    if len(text) > longest:
        raise InvalidInput(f"`{field}` must have at most {longest} characters.", (field,))
    return text


def text(value: str, field: str, longest_bytes: int) -> str:
    """Return a text, which may have several lines."""
    if utf8_size(value, field) > longest_bytes:
        raise InvalidInput(
            f"`{field}` must be at most {longest_bytes // 1024} KB in UTF-8.", (field,)
        )
    if "\x00" in value:
        raise InvalidInput(f"`{field}` must not contain NUL characters.", (field,))
    return value


def visible_text(value: str, field: str, longest_bytes: int) -> str:
    """Return a text that people read: it is empty or has a visible character."""
    return names.check_visible(text(value, field, longest_bytes), field)


def utf8_size(value: str, field: str) -> int:
    """Return the number of bytes in UTF-8."""
    try:
        return len(value.encode())
    except UnicodeEncodeError:
        raise InvalidInput(f"`{field}` must be valid Unicode.", (field,)) from None


def code(value: str) -> str:
    """Return program text of 1 byte to 256 KB."""
    if not value.strip():
        raise InvalidInput("`code` must not be empty.", ("code",))
    return text(value, "code", limits.CODE_BYTES)


def stdin(value: str) -> str:
    """Return the standard input of a custom run: at most 256 KB of any characters."""
    if utf8_size(value, "stdin") > limits.STDIN_BYTES:
        raise InvalidInput(
            f"`stdin` must be at most {limits.STDIN_BYTES // 1024} KB in UTF-8.", ("stdin",)
        )
    return value


def key_part(value: str, field: str, longest: int) -> str:
    """Return a platform or a problem number."""
    part = line(value, field, longest)
    if any(character in "#:/" or character.isspace() for character in part):
        raise InvalidInput(f"`{field}` must not contain '#', ':', '/' or spaces.", (field,))
    return names.normalise_key(part, field)


def platform(value: str) -> str:
    """Return a platform's name."""
    return key_part(value, "platform", limits.PLATFORM_CHARACTERS)


def number(value: str) -> str:
    """Return a problem's number on its platform."""
    return key_part(value, "number", limits.NUMBER_CHARACTERS)


def tags(values: Sequence[str]) -> tuple[str, ...]:
    """Return the tags in lower case, without duplicates, in order."""
    unique_tags = tuple(dict.fromkeys(tag(value) for value in values))
    if len(unique_tags) > limits.MAX_TAGS:
        raise InvalidInput(f"`tags` must contain at most {limits.MAX_TAGS} tags.", ("tags",))
    return unique_tags


def url(value: str) -> str:
    """Return a web address. An empty text stands for no address."""
    if not value.strip():
        return ""
    address = line(value, "url", limits.URL_CHARACTERS)
    if not _URL.fullmatch(address):
        raise InvalidInput("`url` must begin with http:// or https://.", ("url",))
    return address


def email(value: str) -> str:
    """Return an e-mail address in its original letter case. Its domain must contain a dot."""
    if "." not in names.normalise_email(value).rpartition("@")[2]:
        raise InvalidInput("`email` must be an e-mail address such as ann@example.org.", ("email",))
    return value.strip()


def is_plan_key(value: str) -> bool:
    """Whether a plan can have this key."""
    is_short = len(value) <= limits.PLAN_KEY_CHARACTERS
    return is_short and _PLAN_KEY.fullmatch(value) is not None


def plan_key(value: str, field: str) -> str:
    """Return the key of a plan."""
    if not is_plan_key(value):
        raise InvalidInput(
            f"`{field}` must be 1 to {limits.PLAN_KEY_CHARACTERS} lower-case letters, digits, '-' "
            "or '_', and begin with a letter or digit.",
            (field,),
        )
    return value


def within(value: int, field: str, low: int, high: int) -> int:
    """Return a number from `low` to `high`, both included."""
    if not low <= value <= high:
        raise InvalidInput(f"`{field}` must be from {low} to {high}.", (field,))
    return value


def time_limit_ms(value: int) -> int:
    """Return a time limit in milliseconds."""
    return within(value, "timeLimitMs", *limits.TIME_LIMIT_MS)


def memory_limit_kb(value: int) -> int:
    """Return a memory limit in kilobytes."""
    return within(value, "memoryLimitKb", *limits.MEMORY_LIMIT_KB)


def run_time_limit_ms(value: int) -> int:
    """Return the time limit of a custom run, in milliseconds."""
    return within(value, "timeLimitMs", *limits.RUN_TIME_LIMIT_MS)


def run_memory_limit_kb(value: int) -> int:
    """Return the memory limit of a custom run, in kilobytes."""
    return within(value, "memoryLimitKb", *limits.RUN_MEMORY_LIMIT_KB)


def tolerance(value: float, field: str) -> str:
    """Return a tolerance of the comparer FLOAT in the form that is stored."""
    low, high = limits.TOLERANCE
    if not low <= value <= high:
        raise InvalidInput(f"`{field}` must be from {low} to {high}.", (field,))
    return repr(float(value))


def title(value: str) -> str:
    """Return a problem's title."""
    return line(value, "title", limits.TITLE_CHARACTERS)


def name(value: str) -> str:
    """Return the name of a user or plan."""
    return line(value, "name", limits.NAME_CHARACTERS)


def tag(value: str, field: str = "tags") -> str:
    """Return a tag in lower case."""
    return names.normalise_tag(line(value, field, limits.TAG_CHARACTERS), field)


def search(value: str) -> str:
    """Return the words to search for in titles."""
    return line(value, "search", limits.TITLE_CHARACTERS)


def idempotency_key(value: str) -> str:
    """Return an idempotency key."""
    return line(value, "idempotencyKey", limits.IDEMPOTENCY_KEY_CHARACTERS)
