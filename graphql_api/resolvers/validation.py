"""Validation of inputs.

Every function returns the normal form of a valid value. For an invalid value, it raises
`InvalidInput` with a message that names the field and the accepted values.
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
    """Add `path` in front of the `path` of every InvalidInput that the `with` block raises."""
    try:
        yield
    except InvalidInput as error:
        raise InvalidInput(error.message, (*path, *error.path)) from error


def optional(value: T | None, check: Callable[[T], U]) -> U | None:
    """Validate a value with `check`. Return None if the value is None."""
    return None if value is None else check(value)


def not_null(value: T | None, field: str) -> T:
    """Return the value, or raise InvalidInput if it is None.

    Use this for a field of an update that may be omitted but must not be null.
    """
    if value is None:
        raise InvalidInput(
            f"`{field}` must not be null. Omit the field to keep its current value.", (field,)
        )
    return value


def line(value: str, field: str, longest: int) -> str:
    """Validate one line of 1 to `longest` characters, of which at least one is visible.

    Return the line in the Unicode form NFC, without white space at both ends.
    """
    text = names.normalise_line(value, field)
    if len(text) > longest:
        raise InvalidInput(f"`{field}` must have at most {longest} characters.", (field,))
    return text


def text(value: str, field: str, longest_bytes: int) -> str:
    """Validate a text of one or more lines and at most `longest_bytes` bytes in UTF-8."""
    if utf8_size(value, field) > longest_bytes:
        raise InvalidInput(
            f"`{field}` must be at most {longest_bytes // 1024} KB in UTF-8.", (field,)
        )
    if "\x00" in value:
        raise InvalidInput(f"`{field}` must not contain NUL characters.", (field,))
    return value


def visible_text(value: str, field: str, longest_bytes: int) -> str:
    """Validate a text that users read. A text of only invisible characters is not valid."""
    return names.check_visible(text(value, field, longest_bytes), field)


def utf8_size(value: str, field: str) -> int:
    """Return the number of bytes of a text in UTF-8. Raise InvalidInput for invalid Unicode."""
    try:
        return len(value.encode())
    except UnicodeEncodeError:
        raise InvalidInput(f"`{field}` must be valid Unicode.", (field,)) from None


def code(value: str) -> str:
    """Validate the source code of a program: 1 byte to 256 KB, and not only white space."""
    if not value.strip():
        raise InvalidInput("`code` must not be empty.", ("code",))
    return text(value, "code", limits.CODE_BYTES)


def stdin(value: str) -> str:
    """Validate the standard input of a custom run: at most 256 KB, any characters."""
    if utf8_size(value, "stdin") > limits.STDIN_BYTES:
        raise InvalidInput(
            f"`stdin` must be at most {limits.STDIN_BYTES // 1024} KB in UTF-8.", ("stdin",)
        )
    return value


def key_part(value: str, field: str, longest: int) -> str:
    """Validate one part of a problem's key: the platform or the number.

    The value must be a line of at most `longest` characters without spaces, `#`, `:` and `/`.
    """
    part = line(value, field, longest)
    if any(character in "#:/" or character.isspace() for character in part):
        raise InvalidInput(f"`{field}` must not contain '#', ':', '/' or spaces.", (field,))
    return names.normalise_key(part, field)


def platform(value: str) -> str:
    """Validate the key of a platform, such as `algoitny`."""
    return key_part(value, "platform", limits.PLATFORM_CHARACTERS)


def number(value: str) -> str:
    """Validate the number or name of a problem on its platform."""
    return key_part(value, "number", limits.NUMBER_CHARACTERS)


def tags(values: Sequence[str]) -> tuple[str, ...]:
    """Validate tags, and check that there are at most 12 different tags.

    Return them in lower case and in the given order, without duplicates.
    """
    unique_tags = tuple(dict.fromkeys(tag(value) for value in values))
    if len(unique_tags) > limits.MAX_TAGS:
        raise InvalidInput(f"`tags` must contain at most {limits.MAX_TAGS} tags.", ("tags",))
    return unique_tags


def url(value: str) -> str:
    """Validate a web address (http or https). An empty text is valid and means no address."""
    if not value.strip():
        return ""
    address = line(value, "url", limits.URL_CHARACTERS)
    if not _URL.fullmatch(address):
        raise InvalidInput("`url` must begin with http:// or https://.", ("url",))
    return address


def email(value: str) -> str:
    """Validate an e-mail address. Its domain must contain a dot. The letter case is kept."""
    if "." not in names.normalise_email(value).rpartition("@")[2]:
        raise InvalidInput("`email` must be an e-mail address such as ann@example.org.", ("email",))
    return value.strip()


def is_plan_key(value: str) -> bool:
    """Return whether a text is a valid key of a plan."""
    is_short = len(value) <= limits.PLAN_KEY_CHARACTERS
    return is_short and _PLAN_KEY.fullmatch(value) is not None


def plan_key(value: str, field: str) -> str:
    """Validate the key of a plan: 1 to 40 lower-case letters, digits, `-` and `_`."""
    if not is_plan_key(value):
        raise InvalidInput(
            f"`{field}` must be 1 to {limits.PLAN_KEY_CHARACTERS} lower-case letters, digits, '-' "
            "or '_', and begin with a letter or digit.",
            (field,),
        )
    return value


def within(value: int, field: str, low: int, high: int) -> int:
    """Validate a number from `low` to `high`, both included."""
    if not low <= value <= high:
        raise InvalidInput(f"`{field}` must be from {low} to {high}.", (field,))
    return value


def time_limit_ms(value: int) -> int:
    """Validate the time limit of a problem, in milliseconds."""
    return within(value, "timeLimitMs", *limits.TIME_LIMIT_MS)


def memory_limit_kb(value: int) -> int:
    """Validate the memory limit of a problem, in kilobytes."""
    return within(value, "memoryLimitKb", *limits.MEMORY_LIMIT_KB)


def run_time_limit_ms(value: int) -> int:
    """Validate the time limit of a custom run, in milliseconds."""
    return within(value, "timeLimitMs", *limits.RUN_TIME_LIMIT_MS)


def run_memory_limit_kb(value: int) -> int:
    """Validate the memory limit of a custom run, in kilobytes."""
    return within(value, "memoryLimitKb", *limits.RUN_MEMORY_LIMIT_KB)


def tolerance(value: float, field: str) -> str:
    """Validate a tolerance of the comparer FLOAT, and convert it to a decimal text for storage."""
    low, high = limits.TOLERANCE
    if not low <= value <= high:
        raise InvalidInput(f"`{field}` must be from {low} to {high}.", (field,))
    return repr(float(value))


def title(value: str) -> str:
    """Validate the title of a problem: a line of at most 200 characters."""
    return line(value, "title", limits.TITLE_CHARACTERS)


def name(value: str) -> str:
    """Validate the name of a user or plan: a line of at most 100 characters."""
    return line(value, "name", limits.NAME_CHARACTERS)


def tag(value: str, field: str = "tags") -> str:
    """Validate a tag of at most 50 characters, and return it in lower case."""
    return names.normalise_tag(line(value, field, limits.TAG_CHARACTERS), field)


def search(value: str) -> str:
    """Validate the words to search for in titles of problems."""
    return line(value, "search", limits.TITLE_CHARACTERS)


def idempotency_key(value: str) -> str:
    """Validate an idempotency key: a line of at most 128 characters."""
    return line(value, "idempotencyKey", limits.IDEMPOTENCY_KEY_CHARACTERS)
