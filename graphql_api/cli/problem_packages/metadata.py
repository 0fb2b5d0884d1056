"""Reader of `problem.yaml` in the format versions `legacy` and `2023-07`.

The Problem Package Format defines the allowed keys. It requires an error for any other key.
"""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from graphql_api.cli.problem_packages.files import PackageError, read_mapping, read_text
from graphql_api.cli.problem_packages.values import Values
from graphql_api.data.limits import MEMORY_LIMIT_KB, TIME_LIMIT_MS

FILE = "problem.yaml"
MAX_TIME_LIMIT_S = TIME_LIMIT_MS[1] // 1000
MAX_MEMORY_LIMIT_MIB = MEMORY_LIMIT_KB[1] // 1024
# Larger than the maximum for checkers. `read_checker` reduces the limit to that maximum.
MAX_VALIDATION_MEMORY_MIB = 16 * 1024
LONGEST_INI_BYTES = 64 * 1024


class Format(StrEnum):
    """A supported version of the package format."""

    LEGACY = "legacy"
    V2023_07 = "2023-07"


_VERSIONS = {
    "legacy": Format.LEGACY,
    "legacy-icpc": Format.LEGACY,
    "2023-07": Format.V2023_07,
    "2023-07-draft": Format.V2023_07,
}
_COMMON = {
    "problem_format_version",
    "type",
    "name",
    "uuid",
    "source",
    "license",
    "rights_owner",
    "limits",
    "keywords",
}
_KEYS = {
    Format.LEGACY: frozenset(
        _COMMON | {"author", "source_url", "validation", "validator_flags", "grading"}
    ),
    Format.V2023_07: frozenset(
        _COMMON
        | {"version", "credits", "embargo_until", "languages", "allow_file_writing", "constants"}
    ),
}
_COMMON_LIMITS = {
    "time_limit",
    "memory",
    "output",
    "code",
    "compilation_time",
    "compilation_memory",
    "validation_time",
    "validation_memory",
    "validation_output",
}
_LIMITS = {
    Format.LEGACY: frozenset(_COMMON_LIMITS | {"time_multiplier", "time_safety_margin"}),
    Format.V2023_07: frozenset(
        _COMMON_LIMITS | {"time_multipliers", "time_resolution", "validation_passes"}
    ),
}
_INI_TIME_LIMIT = re.compile(r"^[ \t]*+timelimit[ \t]*+=[ \t]*+['\"]?([^'\"\s;#]*)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """The metadata of a problem. A limit that is not set is None.

    `names` maps natural languages, such as `en`, to names of the problem.

    `has_validator` is True if the package has its own output validator, and False if it uses the
    default validator. In the version 2023-07, it is None, because `problem.yaml` does not contain
    this information.
    """

    format: Format
    names: Mapping[str, str]
    url: str | None
    tags: tuple[str, ...]
    time_limit_ms: int | None
    memory_limit_kb: int | None
    has_validator: bool | None
    is_interactive: bool
    validation_time_ms: int | None
    validation_memory_kb: int | None
    validator_flags: tuple[str, ...]
    constants: Mapping[str, str]


def read_metadata(root: Path) -> Metadata:
    """Return the content of `problem.yaml`.

    If `problem.yaml` contains no time limit, `.timelimit` or `domjudge-problem.ini` is read.

    Raises:
        PackageError: A key is unknown, is malformed, or requests an unsupported feature.
    """
    path = root / FILE
    if not path.is_file():
        raise PackageError(
            path, "The file is missing, but every package requires it. Add the file."
        )
    values = Values(path, read_mapping(path))
    version = _read_version(values)
    values.refuse_unknown(_KEYS[version])
    _refuse_unsupported(values)
    limits = values.mapping("limits")
    limits.refuse_unknown(_LIMITS[version])
    types, validation = _read_types(values), values.string_list("validation")
    validation_s = limits.number("validation_time")
    return Metadata(
        format=version,
        names=_read_names(values),
        url=_read_url(values),
        tags=values.string_list("keywords"),
        time_limit_ms=_read_time_limit_ms(limits, root),
        memory_limit_kb=_read_memory_limit_kb(limits, "memory", MAX_MEMORY_LIMIT_MIB),
        has_validator="custom" in validation if version is Format.LEGACY else None,
        is_interactive="interactive" in (*types, *validation),
        validation_time_ms=None if validation_s is None else round(validation_s * 1000),
        validation_memory_kb=_read_memory_limit_kb(
            limits, "validation_memory", MAX_VALIDATION_MEMORY_MIB
        ),
        validator_flags=values.string_list("validator_flags"),
        constants=_read_constants(values),
    )


def _read_version(values: Values) -> Format:
    version = values.text("problem_format_version") or "legacy"
    if version not in _VERSIONS:
        supported = ", ".join(_VERSIONS)
        raise values.error(
            "problem_format_version",
            f"contains {version!r}, which is not supported. Use one of these versions: "
            f"{supported}.",
        )
    return _VERSIONS[version]


def _read_types(values: Values) -> tuple[str, ...]:
    return values.string_list("type") or ("pass-fail",)


def _refuse_unsupported(values: Values) -> None:
    for kind in _read_types(values):
        if kind not in ("pass-fail", "interactive"):
            raise values.error(
                "type",
                f"contains {kind!r}, which is not supported. Use `pass-fail` or `interactive`.",
            )
    validation = values.string_list("validation") or ("default",)
    if validation not in (("default",), ("custom",), ("custom", "interactive")):
        raise values.error(
            "validation",
            f"contains {' '.join(validation)!r}, which is not supported. Use `default`, `custom` "
            "or `custom interactive`.",
        )
    if values.get("grading"):
        raise values.error(
            "grading", "is used only by scoring problems, which are not supported. Remove the key."
        )
    if values.get("languages") not in (None, "all"):
        raise values.error(
            "languages", "must be `all`, because a problem cannot be limited to some languages."
        )
    _refuse_embargo(values)


def _refuse_embargo(values: Values) -> None:
    until = values.get("embargo_until")
    if until is None:
        return
    if not isinstance(until, dt.date):
        raise values.error(
            "embargo_until", "must contain a date in the form YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ."
        )
    if not isinstance(until, dt.datetime):
        until = dt.datetime.combine(until, dt.time())
    if until.tzinfo is None:
        until = until.replace(tzinfo=dt.UTC)
    if until > dt.datetime.now(dt.UTC):
        raise values.error(
            "embargo_until",
            f"forbids the import now. Import the package after {until.isoformat()}.",
        )


def _read_names(values: Values) -> dict[str, str]:
    if isinstance(values.get("name"), dict):
        return values.texts("name")
    name = values.text("name")
    return {"en": name} if name else {}


def _read_url(values: Values) -> str | None:
    if (url := values.text("source_url")) is not None:
        return url
    source = values.get("source")
    first = source[0] if isinstance(source, list) and source else source
    url = first.get("url") if isinstance(first, dict) else None
    if url is not None and not isinstance(url, str):
        raise values.error("source", "must contain a string in its field `url`.")
    return url


def _read_time_limit_ms(limits: Values, root: Path) -> int | None:
    seconds = limits.number("time_limit")
    if seconds is None:
        return _read_tool_time_limit_ms(root)
    if seconds > MAX_TIME_LIMIT_S:
        raise limits.error(
            "time_limit", f"must contain a number of seconds, at most {MAX_TIME_LIMIT_S}."
        )
    return max(1, round(seconds * 1000))


def _read_tool_time_limit_ms(root: Path) -> int | None:
    """Return the time limit from `.timelimit` or `domjudge-problem.ini`.

    Legacy packages may contain these files. Return None if neither file contains a time limit.
    """
    for name in (".timelimit", "domjudge-problem.ini"):
        path = root / name
        if not path.is_file():
            continue
        text = read_text(path, LONGEST_INI_BYTES)
        if name.endswith(".ini"):
            match = _INI_TIME_LIMIT.search(text)
            if match is None:
                continue
            text = match[1]
        return _parse_seconds(path, text.strip())
    return None


def _parse_seconds(path: Path, text: str) -> int:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds <= MAX_TIME_LIMIT_S:
        raise PackageError(
            path,
            "The time limit must be a number of seconds, greater than 0 and at most "
            f"{MAX_TIME_LIMIT_S}.",
        )
    return max(1, round(seconds * 1000))


def _read_memory_limit_kb(limits: Values, key: str, largest_mib: int) -> int | None:
    mib = limits.number(key)
    if mib is None:
        return None
    if not 1 <= mib <= largest_mib:
        raise limits.error(key, f"must contain a number of MiB, from 1 to {largest_mib}.")
    return round(mib * 1024)


def _read_constants(values: Values) -> dict[str, str]:
    constants = values.mapping("constants")
    for name in constants.names():
        if not isinstance(constants.get(name), str | int | float):
            raise constants.error(name, "must contain a number or a string.")
    return {name: str(constants.get(name)) for name in constants.names()}
