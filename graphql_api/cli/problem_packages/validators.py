"""Reader of a package's own output validator: one file in C, C++ or Python.

In legacy packages, the file is in the folder `output_validators/` or in a folder below it. In
packages of the version 2023-07, the name of the folder is `output_validator/`.
"""

import re
from pathlib import Path

from graphql_api.cli.problem_packages.files import PackageError, read_text
from graphql_api.cli.problem_packages.metadata import FILE, Format, Metadata
from graphql_api.data.enums import CheckerConvention
from graphql_api.data.limits import CHECKER_MEMORY_LIMIT_KB, CHECKER_TIME_LIMIT_MS, CODE_BYTES
from graphql_api.data.records import Checker
from judge.languages import find_language_of_file

FOLDERS = {Format.LEGACY: "output_validators", Format.V2023_07: "output_validator"}
LANGUAGES = ("c", "cpp", "python")
_TESTLIB = re.compile(r"^[ \t]*+#[ \t]*+include[ \t]*+[<\"]testlib\.h[>\"]", re.MULTILINE)


def read_checker(root: Path, metadata: Metadata, flags: tuple[str, ...]) -> Checker | None:
    """Return the package's own validator, or None if the package uses the default validator.

    `flags` are the command-line arguments of the validator.

    Raises:
        PackageError: A required validator is missing, or is not a single file in C, C++ or Python.
    """
    folder = root / FOLDERS[metadata.format]
    files = _list_files(folder)
    has_validator = metadata.has_validator
    if has_validator is None:
        has_validator = bool(files) or metadata.is_interactive
    if not has_validator:
        return None
    path = _require_one(root, folder, files)
    spec = find_language_of_file(path.name)
    if spec is None or spec.id not in LANGUAGES:
        raise PackageError(
            path,
            "The output validator must be written in one of these languages: "
            f"{', '.join(LANGUAGES)}.",
        )
    code = read_text(path, CODE_BYTES)
    if _TESTLIB.search(code):
        raise PackageError(
            path,
            "The validator includes testlib.h, which is not supported. Write a validator without "
            "testlib.h.",
        )
    defaults = Checker(language=spec.id, code=code, convention=CheckerConvention.ICPC)
    return Checker(
        language=spec.id,
        code=code,
        convention=CheckerConvention.ICPC,
        arguments=flags,
        time_limit_ms=_clamp(
            metadata.validation_time_ms, CHECKER_TIME_LIMIT_MS, defaults.time_limit_ms
        ),
        memory_limit_kb=_clamp(
            metadata.validation_memory_kb, CHECKER_MEMORY_LIMIT_KB, defaults.memory_limit_kb
        ),
    )


def describe_unused_validators(root: Path, metadata: Metadata) -> list[str]:
    """Return a list with one message if the package has output validators but does not use them.

    Otherwise, return an empty list.
    """
    folder = root / FOLDERS[metadata.format]
    if metadata.has_validator is False and _list_files(folder):
        return [
            f"Skipped the directory {folder.name}, because {FILE} contains `validation: default`."
        ]
    return []


def _list_files(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file()
        and not path.name.startswith((".", "README"))
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def _require_one(root: Path, folder: Path, files: list[Path]) -> Path:
    if not files:
        raise PackageError(
            root / FILE,
            "The problem requires an output validator. Add a validator to the directory "
            f"{folder.name}.",
        )
    if len(files) > 1:
        names = ", ".join(path.relative_to(folder).as_posix() for path in files[:5])
        raise PackageError(
            folder,
            f"The directory contains several files ({names}), but a validator must be a "
            "single file. Remove the other files.",
        )
    return files[0]


def _clamp(value: int | None, bounds: tuple[int, int], default: int) -> int:
    """Return the nearest value within the bounds, or `default` if `value` is None."""
    least, most = bounds
    return default if value is None else min(max(value, least), most)
