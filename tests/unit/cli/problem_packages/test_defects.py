"""Packages with one defect each: the file named by the error, and its message."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from graphql_api.cli.problem_packages.files import PackageError
from graphql_api.cli.problem_packages.reader import (
    find_packages,
    read_package,
)
from graphql_api.cli.problem_packages.testdata import read_test
from tests.support.packages import more, write


def test_exponential_yaml_aliases_do_no_harm(legacy: Path) -> None:
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 30)]
    write(legacy, {"problem.yaml": "\n".join([*lines, "name: *a29\n"])})

    with pytest.raises(PackageError):
        read_package(legacy)

    write(legacy, {"submissions/submissions.yaml": "\n".join([*lines, "accepted: *a29\n"])})
    write(legacy, {"problem.yaml": "name: Hello\n"})
    with pytest.raises(PackageError):
        read_package(legacy)


def remove(name: str) -> Callable[[Path], object]:
    return lambda root: (root / name).unlink()


def put(name: str, text: str) -> Callable[[Path], object]:
    return lambda root: write(root, {name: text})


def put_bytes(name: str, content: bytes) -> Callable[[Path], object]:
    return lambda root: (root / name).write_bytes(content)


def link(name: str, target: str) -> Callable[[Path], object]:
    return lambda root: (root / name).symlink_to(target)


def yaml(text: str) -> Callable[[Path], object]:
    return lambda root: more(root, text)


def validators(*names: str, text: str = "x\n") -> Callable[[Path], object]:
    def change(root: Path) -> None:
        more(root, "validation: custom\n")
        write(root, {f"output_validators/{name}": text for name in names})

    return change


LEGACY_BREAKS: list[tuple[Callable[[Path], object], str, str]] = [
    (remove("problem.yaml"), "problem.yaml", "is missing"),
    (yaml("problem_format_version: 2025-09\n"), "problem.yaml", "legacy, legacy-icpc, 2023-07"),
    (yaml("titel: x\n"), "problem.yaml", "The key `titel` is unknown"),
    (yaml("limits: {memroy: 5}\n"), "problem.yaml", "`limits.memroy` is unknown"),
    (yaml("a: [\n"), "problem.yaml", "is not valid YAML in line"),
    (put("problem.yaml", "- a\n"), "problem.yaml", "must contain a mapping"),
    (
        put("problem.yaml", "name: !!python/object:os.system x\n"),
        "problem.yaml",
        "is not valid YAML",
    ),
    (put("problem.yaml", "name: 2024-13-45\n"), "problem.yaml", "is not valid YAML"),
    (put("problem.yaml", "name: 17\n"), "problem.yaml", "Write the value in quotes: '17'"),
    (put("problem.yaml", "x" * 70_000), "problem.yaml", "is larger than 64 KB"),
    (put_bytes("problem.yaml", b"name: \xff\n"), "problem.yaml", "byte 6 is invalid"),
    (yaml("type: scoring\n"), "problem.yaml", "`type` contains 'scoring'"),
    (yaml("validation: custom score\n"), "problem.yaml", "`validation` contains 'custom score'"),
    (
        yaml("validation: custom\n"),
        "problem.yaml",
        "Add a validator to the directory output_validators",
    ),
    (
        yaml("validation: custom interactive\n"),
        "problem.yaml",
        "Add a validator to the directory output_validators",
    ),
    (validators("a.go"), "a.go", "in one of these languages: c, cpp, python"),
    (validators("a/a.cpp", "a/b.h"), "output_validators", "several files (a/a.cpp, a/b.h)"),
    (validators("a.cpp", text='#include "testlib.h"\n'), "a.cpp", "includes testlib.h"),
    (validators("a.py", text="x" * 300_000), "a.py", "is larger than 256 KB"),
    (
        put("data/testdata.yaml", "on_reject: perhaps\n"),
        "testdata.yaml",
        "must be `break` or `continue`",
    ),
    (yaml("grading: {objective: min}\n"), "problem.yaml", "`grading` is used only by scoring"),
    (
        yaml("limits: {time_limit: 0}\n"),
        "problem.yaml",
        "`limits.time_limit` must contain a number greater than 0",
    ),
    (
        yaml("limits: {time_limit: .nan}\n"),
        "problem.yaml",
        "`limits.time_limit` must contain a number greater than 0",
    ),
    (yaml("limits: {time_limit: 61}\n"), "problem.yaml", "at most 60"),
    (yaml("limits: {memory: a lot}\n"), "problem.yaml", "`limits.memory` must contain a number"),
    (yaml("limits: {memory: true}\n"), "problem.yaml", "`limits.memory` must contain a number"),
    (yaml("limits: 5\n"), "problem.yaml", "`limits` must contain a mapping"),
    (put("problem.yaml", "name: [a, b]\n"), "problem.yaml", "`name` must contain a string"),
    (yaml("keywords: {a: b}\n"), "problem.yaml", "`keywords` must contain a list of strings"),
    (yaml("validator_flags: float_tolerance\n"), "problem.yaml", "followed by a number"),
    (yaml("validator_flags: float_tolerance nan\n"), "problem.yaml", "followed by a number"),
    (yaml("validator_flags: nice\n"), "problem.yaml", "`nice` is unknown"),
    (
        yaml("validator_flags: space_change_sensitive\n"),
        "problem.yaml",
        "requires the flag `case_sensitive`",
    ),
    (
        yaml("validator_flags: float_tolerance 1 float_absolute_tolerance 1\n"),
        "problem.yaml",
        "another flag has already set",
    ),
    (put(".timelimit", "soon\n"), ".timelimit", "must be a number of seconds"),
    (remove("problem_statement/problem.en.tex"), "problem_statement", "contains no statement"),
    (
        put_bytes("problem_statement/problem.en.tex", b"\xfe"),
        "problem.en.tex",
        "is not encoded in UTF-8",
    ),
    (
        put("problem_statement/problem.en.tex", "x" * 200_000),
        "problem.en.tex",
        "larger than 192 KB",
    ),
    (remove("data/secret/1.ans"), "1.in", "has no answer. Add the file 1.ans"),
    (remove("data/sample/1.in"), "1.ans", "has no input. Add the file 1.in"),
    (lambda root: shutil.rmtree(root / "data/secret"), "secret", "contains no tests"),
    (put("data/secret/1.files/a", ""), "1.files", "A submission can read only the standard input"),
    (put("data/secret/1.yaml", "args: [a]\n"), "1.yaml", "command-line arguments for submissions"),
    (put("data/testdata.yaml", "grading: custom\n"), "testdata.yaml", "set it to `default`"),
    (
        put("data/testdata.yaml", "grader_flags: always_accept\n"),
        "testdata.yaml",
        "must always pass all tests",
    ),
    (put("include/python/a.py", ""), "include", "added to submissions"),
    (link("data/secret/2.in", "/etc/hostname"), "2.in", "a file outside the package"),
    (link("data/secret/2.in", "../../../elsewhere"), "2.in", "target of the link"),
    (link("data/secret/2.in", "2.in"), "2.in", "target of the link"),
    (link("data/more", "secret"), "more", "leads to a directory"),
    (lambda root: os.mkfifo(root / "data/secret/2.in"), "2.in", "is not a file"),
    (put_bytes("submissions/accepted/a.py", b"\xff"), "a.py", "is not encoded in UTF-8"),
    (put("submissions/accepted/a.py", " \n"), "a.py", "is empty"),
    (put("submissions/accepted/a.py", "x" * 300_000), "a.py", "is larger than 256 KB"),
    (
        put("submissions/submissions.yaml", "accepted: {permitted: [WA]}\n"),
        "submissions.yaml",
        "No verdict satisfies all rules",
    ),
    (
        put("submissions/submissions.yaml", "accepted: {permitted: [OK]}\n"),
        "submissions.yaml",
        "contains 'OK', which is not a verdict",
    ),
    (put("generators/generated.yaml", "a: b\n"), "generated.yaml", "must contain a list"),
    (
        put("generators/generated.yaml", "- {test: secret/1, script: ../x, sha256: ''}\n"),
        "generated.yaml",
        "`script` must contain the name of a file in",
    ),
]


@pytest.mark.parametrize(("damage", "file", "message"), LEGACY_BREAKS)
def test_a_defect_is_reported_with_its_file(
    legacy: Path, damage: Callable[[Path], object], file: str, message: str
) -> None:
    damage(legacy)

    with pytest.raises(PackageError) as caught:
        read_package(legacy)

    assert caught.value.path.name == file
    assert message in caught.value.message


MODERN_BREAKS: list[tuple[Callable[[Path], object], str, str]] = [
    (
        yaml("type: [pass-fail, multi-pass]\n"),
        "problem.yaml",
        "'multi-pass', which is not supported",
    ),
    (yaml("validator_flags: case_sensitive\n"), "problem.yaml", "is unknown in this format"),
    (yaml("languages: [python3]\n"), "problem.yaml", "cannot be limited"),
    (yaml("embargo_until: 2999-01-01\n"), "problem.yaml", "Import the package after 2999-01-01"),
    (
        yaml("constants: {n: [1]}\n"),
        "problem.yaml",
        "`constants.n` must contain a number or a string",
    ),
    (yaml("embargo_until: soon\n"), "problem.yaml", "must contain a date"),
    (
        yaml("type: interactive\n"),
        "problem.yaml",
        "Add a validator to the directory output_validator",
    ),
    (put("output_validator/a.rb", ""), "a.rb", "in one of these languages: c, cpp, python"),
    (put("static_validator/a.py", ""), "static_validator", "Static validation"),
    (
        put("statement/problem.ko.md", ""),
        "problem.yaml",
        "`name` (en) differ from the languages of the statements (en, ko)",
    ),
    (
        put("data/secret/test_group.yaml", "scoring: {aggregation: sum}\n"),
        "test_group.yaml",
        "`scoring.aggregation` must be `pass-fail`",
    ),
]


@pytest.mark.parametrize(("damage", "file", "message"), MODERN_BREAKS)
def test_a_defect_in_the_new_format_is_reported_with_its_file(
    modern: Path, damage: Callable[[Path], object], file: str, message: str
) -> None:
    damage(modern)

    with pytest.raises(PackageError) as caught:
        read_package(modern)

    assert caught.value.path.name == file
    assert message in caught.value.message


def test_an_ended_embargo_is_ignored(modern: Path) -> None:
    assert read_package(more(modern, "embargo_until: 2020-01-01T00:00:00Z\n")).title == "Hello"


def test_a_test_that_is_not_utf8_is_named(legacy: Path) -> None:
    (legacy / "data/secret/1.in").write_bytes(b"ab\xff")
    package = read_package(legacy)

    with pytest.raises(PackageError, match=r"1\.in: .* byte 2 is invalid"):
        read_test(package.tests[1])


def test_links_inside_the_package_are_followed(legacy: Path) -> None:
    for end in ("in", "ans"):
        (legacy / f"data/secret/2.{end}").symlink_to(f"../sample/1.{end}")

    assert read_test(read_package(legacy).tests[2]) == (b"a\n", b"b\n")


def test_a_missing_or_empty_directory_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="is not a directory"):
        find_packages(tmp_path / "nowhere")
    with pytest.raises(PackageError, match="contains no package"):
        find_packages(tmp_path)
