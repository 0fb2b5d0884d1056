"""Reader of `algoitny.yaml`, the file with this platform's own settings of a problem.

The Problem Package Format rejects unknown keys in `problem.yaml`. A separate file keeps the package
valid for other judging systems.
"""

from dataclasses import dataclass
from pathlib import Path

from graphql_api.cli.problem_packages.files import read_mapping
from graphql_api.cli.problem_packages.values import Values
from graphql_api.data.enums import TestVisibility

SETTINGS_FILE = "algoitny.yaml"
_KEYS = frozenset({"test_visibility"})
_VISIBILITIES = {str(value).lower(): value for value in TestVisibility}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings in the `algoitny.yaml` of a package.

    A setting that is None keeps the value that editors have set.
    """

    test_visibility: TestVisibility | None = None


def read_settings(root: Path) -> Settings:
    """Return the settings of a package. All are None if the package has no `algoitny.yaml`.

    Raises:
        PackageError: The file is not a mapping of known keys with valid values.
    """
    path = root / SETTINGS_FILE
    if not path.is_file():
        return Settings()
    values = Values(path, read_mapping(path))
    values.refuse_unknown(_KEYS)
    name = values.text("test_visibility")
    if name is not None and name not in _VISIBILITIES:
        raise values.error(
            "test_visibility",
            f"contains {name!r}, which is unknown. Use one of these values: "
            f"{', '.join(_VISIBILITIES)}.",
        )
    return Settings(test_visibility=None if name is None else _VISIBILITIES[name])
