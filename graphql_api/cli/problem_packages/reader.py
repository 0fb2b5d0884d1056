"""Reader of a package directory. It runs no scripts, and it does not read the content of tests."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from graphql_api.cli.problem_packages.comparison import comparison_of
from graphql_api.cli.problem_packages.files import PackageError, check_entries
from graphql_api.cli.problem_packages.metadata import FILE, Metadata, read_metadata
from graphql_api.cli.problem_packages.model import Comparison, Package, PackageTest
from graphql_api.cli.problem_packages.settings import read_settings
from graphql_api.cli.problem_packages.statements import read_texts
from graphql_api.cli.problem_packages.submissions import choose_solution, read_submissions
from graphql_api.cli.problem_packages.testdata import TestData, read_test_data
from graphql_api.cli.problem_packages.validators import describe_unused_validators, read_checker
from graphql_api.data.enums import Comparer
from graphql_api.data.limits import DEFAULT_MEMORY_LIMIT_KB, DEFAULT_TIME_LIMIT_MS
from graphql_api.data.problems.checkers import digest_of
from graphql_api.data.records import Checker

_NUMBERED = re.compile(r"0*([1-9][0-9]*|0)(?:-.*)?")
_BLOCK = 1024 * 1024
_REFUSED = {
    "include": "Code that is added to submissions is not supported. Remove the directory.",
    "static_validator": "Static validation is not supported. Remove the directory.",
    "graders": "Custom graders are not supported. Remove the directory.",
}


def find_packages(folder: Path) -> list[Path]:
    """Return `folder` if it is a package. Otherwise, return the packages directly in `folder`.

    The packages are sorted by name. Hidden directories and directories without a `problem.yaml`
    are skipped.

    Raises:
        PackageError: The directory does not exist, or contains no package.
    """
    if not folder.is_dir():
        raise PackageError(
            folder,
            "The path is not a directory. Use the path of a package, or of a directory that "
            "contains packages.",
        )
    if (folder / FILE).is_file():
        return [folder]
    packages = sorted(path for path in folder.iterdir() if (path / FILE).is_file())
    if not packages:
        raise PackageError(
            folder,
            f"The directory contains no package. Use a directory that contains {FILE}, or whose "
            f"subdirectories contain {FILE}.",
        )
    return [path for path in packages if not path.name.startswith(".")]


def package_number(path: Path) -> str:
    """Return the problem number of a package.

    The number is at the start of the directory's name: the directories `001-a-plus-b` and `1` have
    the number 1. If the name does not start with a number, the whole name is the problem number.
    """
    name = path.resolve().name
    match = _NUMBERED.fullmatch(name)
    return match[1] if match else name


def find_duplicates(paths: Iterable[Path]) -> dict[Path, Path]:
    """Return the packages whose problem number is already used by an earlier package.

    The result maps each of these packages to the first package with the same number.
    """
    first: dict[str, Path] = {}
    return {
        path: earlier
        for path in paths
        if (earlier := first.setdefault(package_number(path), path)) != path
    }


def read_package(path: Path, *, platform: str = "algoitny", locale: str = "en") -> Package:
    """Read one package. `locale` is the preferred natural language of title and statement.

    Raises:
        PackageError: The package violates the format or needs an unsupported feature. The message
            contains the file and the key.
    """
    check_entries(path)
    _refuse_programs(path)
    metadata = read_metadata(path)
    texts = read_texts(path, metadata, locale)
    data = read_test_data(path, metadata.validator_flags)
    submissions = read_submissions(path)
    solution = choose_solution(submissions.programs)
    checker = read_checker(path, metadata, data.flags)
    notes = [*submissions.notes, *describe_unused_validators(path, metadata)]
    if solution is None:
        notes.append(
            "No solution was stored, because no accepted submission is in a supported language."
        )
    return Package(
        path=path,
        platform=platform,
        number=package_number(path),
        title=texts.title,
        titles=texts.titles,
        statement=texts.statement,
        constraints=texts.constraints,
        tags=metadata.tags,
        url=metadata.url,
        time_limit_ms=metadata.time_limit_ms or DEFAULT_TIME_LIMIT_MS,
        memory_limit_kb=metadata.memory_limit_kb or DEFAULT_MEMORY_LIMIT_KB,
        comparison=_comparison(path, metadata, data, checker),
        checker=checker,
        stops_on_first_failure=data.stops_on_first_failure,
        test_visibility=read_settings(path).test_visibility,
        tests=data.tests,
        submissions=submissions.programs,
        solution=solution,
        notes=tuple(notes),
    )


def _comparison(
    path: Path, metadata: Metadata, data: TestData, checker: Checker | None
) -> Comparison:
    if checker is None:
        return comparison_of(data.flags_from or path / FILE, data.flags)
    comparer = Comparer.INTERACTIVE if metadata.is_interactive else Comparer.CHECKER
    return Comparison(comparer=comparer)


def content_hash(package: Package) -> str:
    """Return a SHA-256 of the imported parts of a package, as 64 hexadecimal digits.

    This reads all tests in blocks of 1 MiB. A generated input is represented by its `sha256` in the
    package, so no generator runs.

    Raises:
        PackageError: A file cannot be read.
    """
    facts: dict[str, Any] = {
        "format": 1,
        "title": package.title,
        "statement": package.statement,
        "constraints": package.constraints,
        "tags": package.tags,
        "url": package.url,
        "limits": (package.time_limit_ms, package.memory_limit_kb),
        "comparison": asdict(package.comparison),
        "solution": asdict(package.solution) if package.solution else None,
        "tests": [_test_facts(test) for test in package.tests],
    }
    if package.checker is not None:
        facts["checker"] = digest_of(package.checker)
    if package.stops_on_first_failure:
        facts["stops"] = True
    if package.test_visibility is not None:
        facts["visibility"] = str(package.test_visibility)
    return hashlib.sha256(orjson.dumps(facts)).hexdigest()


def _test_facts(test: PackageTest) -> tuple[bool, str, str]:
    input_digest = test.generated.sha256 if test.generated else _digest(test.input_path)
    return test.is_sample, input_digest, _digest(test.output_path)


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    except OSError as error:
        raise PackageError(
            path, f"Reading failed: {error.strerror}. Check the permissions of this file."
        ) from error
    return digest.hexdigest()


def _refuse_programs(root: Path) -> None:
    for name, reason in _REFUSED.items():
        folder = root / name
        if folder.is_dir() and any(folder.iterdir()):
            raise PackageError(folder, reason)
