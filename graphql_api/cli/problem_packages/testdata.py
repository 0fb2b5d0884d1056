"""Reader of the tests below `data/`, and of the output validator flags of their groups."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from graphql_api.cli.problem_packages.files import (
    PackageError,
    decode,
    read_bytes,
    read_mapping,
)
from graphql_api.cli.problem_packages.generators import GeneratorSandbox, read_generated
from graphql_api.cli.problem_packages.model import Generated, PackageTest
from graphql_api.cli.problem_packages.values import Values
from graphql_api.data.limits import KB, MAX_TESTS, MB, TEST_BYTES, TEST_SET_BYTES

INPUT, ANSWER = ".in", ".ans"
GROUP_FILES = ("test_group.yaml", "testdata.yaml")
_FLAG_KEYS = ("output_validator_args", "output_validator_flags")
# The judgement of a pass-fail problem does not depend on these grader flags.
_HARMLESS_GRADERS = frozenset({"worst_error", "first_error", "sum", "avg", "min", "max"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TestData:
    """The tests in the order of judging, and the output validator flags that all tests share.

    `flags_from` is the file in `data/` that contains the flags. It is None if the flags are from
    `problem.yaml`. `stops_on_first_failure` is True if the YAML file of the outermost test group
    (the folder `data/`) contains `on_reject: break`.
    """

    tests: tuple[PackageTest, ...]
    flags: tuple[str, ...]
    flags_from: Path | None
    stops_on_first_failure: bool


def read_test(test: PackageTest, generators: GeneratorSandbox | None = None) -> tuple[bytes, bytes]:
    """Return the input and the expected output of a test, both as UTF-8.

    If a script generates the input, the sandbox `generators` runs the script.

    Raises:
        PackageError: A file is too large or not UTF-8, the script fails, or `generators` is None
            although the input needs a script.
    """
    if test.generated and generators is None:
        raise PackageError(
            test.generated.script,
            "The script generates an input, but generators are disabled. Enable generators.",
        )
    if test.generated and generators:
        content = generators.generate(test.generated, TEST_BYTES)
    else:
        content = read_bytes(test.input_path, TEST_BYTES)
    expected = read_bytes(test.output_path, TEST_BYTES)
    decode(test.input_path, content)
    decode(test.output_path, expected)
    return content, expected


def read_test_data(root: Path, flags: Sequence[str]) -> TestData:
    """Return the tests, sorted by name, with the samples first.

    `flags` contains the output validator flags in `problem.yaml`.

    Raises:
        PackageError: Tests or files are missing, or the package uses an unsupported feature.
    """
    data = root / "data"
    generated = read_generated(root)
    groups = _Groups(data, tuple(flags))
    tests = [
        test
        for kind in ("sample", "secret")
        for test in sorted(_tests(data, kind, generated), key=lambda test: test.name.split("/"))
    ]
    _check_size(data, tests, generated)
    flags_by_test = {test.name: groups.flags(test) for test in tests}
    (first, flags_from), *others = flags_by_test.values()
    for (other, path), name in zip(others, list(flags_by_test)[1:], strict=True):
        if other != first:
            where = path or flags_from or data
            raise PackageError(
                where,
                f"The validator flags of the test {name} differ from those of the first test. "
                "Give all tests the same flags.",
            )
    return TestData(
        tests=tuple(tests),
        flags=first,
        flags_from=flags_from,
        stops_on_first_failure=_read_early_stop(data),
    )


def _read_early_stop(data: Path) -> bool:
    for name in GROUP_FILES:
        path = data / name
        if path.is_file():
            values = Values(path, read_mapping(path))
            on_reject = values.text("on_reject") or "continue"
            if on_reject not in ("break", "continue"):
                raise values.error("on_reject", "must be `break` or `continue`.")
            return on_reject == "break"
    return False


def _tests(data: Path, kind: str, generated: Mapping[str, Generated]) -> Iterator[PackageTest]:
    folder = data / kind
    _refuse_files_for_programs(folder)
    names = {
        path.relative_to(data).with_suffix("").as_posix()
        for path in folder.rglob("*")
        if path.suffix in (INPUT, ANSWER) and path.is_file()
    }
    for name in sorted(names | {name for name in generated if name.startswith(f"{kind}/")}):
        input_path, output_path = data / f"{name}{INPUT}", data / f"{name}{ANSWER}"
        if name in generated and input_path.exists():
            raise PackageError(
                input_path,
                "The input is also listed in generated.yaml. Remove the file or the entry in "
                "generated.yaml.",
            )
        if name not in generated and not input_path.is_file():
            raise PackageError(
                output_path, f"The test has no input. Add the file {input_path.name}."
            )
        if not output_path.is_file():
            raise PackageError(
                input_path, f"The test has no answer. Add the file {output_path.name}."
            )
        yield PackageTest(
            name=name,
            is_sample=kind == "sample",
            input_path=input_path,
            output_path=output_path,
            generated=generated.get(name),
        )


def _refuse_files_for_programs(folder: Path) -> None:
    for path in folder.rglob("*.files"):
        raise PackageError(
            path,
            "A submission can read only the standard input, and no other files. Put the whole "
            "input into the file with the ending `.in`.",
        )


def _check_size(data: Path, tests: Sequence[PackageTest], generated: Mapping[str, object]) -> None:
    if not any(not test.is_sample for test in tests):
        raise PackageError(
            data / "secret", "The directory contains no tests. Add at least one test."
        )
    if len(tests) > MAX_TESTS:
        raise PackageError(
            data,
            f"The package has {len(tests)} tests, but at most {MAX_TESTS} are allowed. Remove "
            "some tests.",
        )
    total = 0
    for test in tests:
        files = [test.output_path] + [test.input_path] * (test.name not in generated)
        for path in files:
            size = path.stat().st_size
            total += size
            if size > TEST_BYTES:
                raise PackageError(
                    path,
                    f"The file has {size // KB} KB, but at most {TEST_BYTES // KB} KB are "
                    "allowed. Make the file smaller.",
                )
    if total > TEST_SET_BYTES:
        raise PackageError(
            data,
            f"The tests have {total // MB} MB in total, but at most {TEST_SET_BYTES // MB} MB are "
            "allowed. Remove or shorten tests.",
        )


class _Groups:
    """The output validator flags of the test groups. A group is a folder of tests.

    A group without flags has the flags of its parent group. The YAML file of a group is read only
    once.
    """

    def __init__(self, data: Path, flags: tuple[str, ...]) -> None:
        self._data, self._flags = data, flags
        self._known: dict[Path, tuple[tuple[str, ...], Path | None]] = {}

    def flags(self, test: PackageTest) -> tuple[tuple[str, ...], Path | None]:
        """Return the output validator flags of a test, and the file that contains them.

        The file is None if the flags are from `problem.yaml`.
        """
        inherited = self._group_flags(test.input_path.parent)
        path = test.input_path.with_suffix(".yaml")
        if not path.is_file():
            return inherited
        values = Values(path, read_mapping(path))
        if values.string_list("args"):
            raise values.error(
                "args",
                "contains command-line arguments for submissions, which are not supported. "
                "Remove the key.",
            )
        return self._own_flags(path, values) or inherited

    def _group_flags(self, folder: Path) -> tuple[tuple[str, ...], Path | None]:
        if folder not in self._known:
            self._known[folder] = self._read(folder)
        return self._known[folder]

    def _read(self, folder: Path) -> tuple[tuple[str, ...], Path | None]:
        is_root = folder == self._data
        inherited = (self._flags, None) if is_root else self._group_flags(folder.parent)
        for name in GROUP_FILES:
            path = folder / name
            if path.is_file():
                values = Values(path, read_mapping(path))
                _refuse_grading(values)
                return self._own_flags(path, values) or inherited
        return inherited

    def _own_flags(self, path: Path, values: Values) -> tuple[tuple[str, ...], Path] | None:
        for key in _FLAG_KEYS:
            if values.get(key) is not None:
                return (*self._flags, *values.string_list(key)), path
        return None


def _refuse_grading(values: Values) -> None:
    if values.get("grading") not in (None, "default"):
        raise values.error(
            "grading",
            "selects a custom grader, which is not supported. Remove the key, or set it to "
            "`default`.",
        )
    for flag in values.string_list("grader_flags"):
        if flag not in _HARMLESS_GRADERS:
            raise values.error(
                "grader_flags",
                f"contains {flag!r}, which is not supported, because a submission must always "
                "pass all tests. Remove this flag.",
            )
    if values.get("static_validation"):
        raise values.error(
            "static_validation", "is not supported. Remove the key, or set it to false."
        )
    if values.string_list("args"):
        raise values.error(
            "args",
            "contains command-line arguments for submissions, which are not supported. Remove "
            "the key.",
        )
    scoring = values.mapping("scoring")
    if scoring.get("aggregation") not in (None, "pass-fail"):
        raise scoring.error(
            "aggregation",
            "must be `pass-fail`, because scores are not supported. Remove the key, or set it "
            "to `pass-fail`.",
        )
