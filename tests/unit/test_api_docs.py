"""docs/api.md lists every limit and every error code with the value that the code has."""

import re
from typing import Any

import pytest

from graphql_api.auth import viewers
from graphql_api.config import Settings
from graphql_api.data import jobs, limits
from graphql_api.data.accounts import plans
from graphql_api.data.dynamo import pages
from graphql_api.data.redis import custom_runs as run_board
from graphql_api.data.redis import language_board
from graphql_api.resolvers import custom_runs
from graphql_api.schema import complexity, error_codes
from graphql_api.schema.enums import ErrorCode
from tests.support.paths import ROOT

TEXT = (ROOT / "docs/api.md").read_text()
MODULES = {
    "complexity": complexity,
    "custom_runs": custom_runs,
    "jobs": jobs,
    "language_board": language_board,
    "limits": limits,
    "pages": pages,
    "plans": plans,
    "run_board": run_board,
    "viewers": viewers,
}
# Units, and limits that no client meets.
INTERNAL = {"KB", "MB", "CONTENT_HASH_CHARACTERS", "TOLERANCE_CHARACTERS", "JOB_BODY_BYTES"}
INTERNAL |= {"READING_BYTES"}
UNITS = {
    "CHARACTERS": " characters",
    "MS": " ms",
    "KB": " KB",
    "MB": " MB",
    "S": " s",
    "SECONDS": " s",
    "MINUTES": " minutes",
}


def rows() -> list[tuple[str, list[str]]]:
    """Return the value and the constants of each row of the tables of limits."""
    section = TEXT.split("\n## Limits\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|") and "`" in line]
    cells = [line.strip("|").split("|") for line in lines]
    return [(cell[1].strip(), re.findall(r"`([\w.]+)`", cell[-1])) for cell in cells]


def value_of(constant: str) -> Any:
    if constant.isupper():
        return Settings.model_fields[constant.lower()].default
    module, *names = constant.split(".")
    value: Any = MODULES[module]
    for name in names:
        value = getattr(value, name)
    return value


def shown(constant: str) -> str:
    value, unit = value_of(constant), constant.rpartition("_")[2].rpartition(".")[2]
    if isinstance(value, tuple):
        return " to ".join(f"{bound:,g}" if bound < 1 else f"{bound:,.0f}" for bound in value) + (
            UNITS.get(unit, "")
        )
    if unit == "BYTES":
        for size, name in ((limits.MB, "MB"), (limits.KB, "KB"), (1, "bytes")):
            if value % size == 0:
                return f"{value // size:,} {name}"
    return f"{value:,}{UNITS.get(unit, '')}"


@pytest.mark.parametrize(("value", "constants"), rows())
def test_a_limit_has_the_value_of_its_constant(value: str, constants: list[str]) -> None:
    assert value == ", ".join(map(shown, constants))


def test_every_limit_is_listed() -> None:
    listed = {constant for _, constants in rows() for constant in constants}
    for name, module in (("limits", limits), ("complexity", complexity)):
        imported = vars(limits) if module is complexity else {}
        constants = {
            constant
            for constant, value in vars(module).items()
            if constant.isupper()
            and constant not in imported
            and not constant.startswith("_")
            and constant not in INTERNAL
            and isinstance(value, int | float | tuple)
        }
        assert {f"{name}.{constant}" for constant in constants} - listed == set()


def test_every_error_code_is_listed() -> None:
    codes = set(ErrorCode) | {
        value
        for value in vars(error_codes).values()
        if isinstance(value, str) and re.fullmatch("[A-Z_]+", value)
    }
    listed = set(re.findall(r"^\| `([A-Z_]+)` \|", TEXT, re.MULTILINE))
    assert {str(code) for code in codes} == {
        code for code in listed if code.lower() not in Settings.model_fields
    }


def test_the_version_of_the_changelog_is_the_project_s() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    version = re.search(r'^version = "(.+)"$', project, re.MULTILINE)
    assert version is not None
    assert f"\n## Changelog\n### {version[1]}\n" in TEXT
