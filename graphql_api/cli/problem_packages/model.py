"""The content of a package, in a form that does not depend on the version of the format."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from graphql_api.data.enums import Comparer, TestVisibility, Verdict
from graphql_api.data.records import Checker


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The comparer of outputs and its tolerances.

    A tolerance is a decimal string such as `1e-6`, or None if it is not used.
    """

    comparer: Comparer
    absolute_tolerance: str | None = None
    relative_tolerance: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """A test input that a script of the package writes to its standard output.

    `sha256` is the hexadecimal digest of the input.
    """

    script: Path
    arguments: tuple[str, ...]
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageTest:
    """One test. `name` is its path below `data/` without extension, such as `secret/large/02`.

    The function `read_test` in `testdata.py` returns the input and the expected output. If
    `generated` is set, a script generates the input, and the file `input_path` does not exist.
    """

    name: str
    is_sample: bool
    input_path: Path
    output_path: Path
    generated: Generated | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A submission that consists of one source file.

    `name` is its path below `submissions/`. `language` is a language id, or None if unknown.
    `expected_verdicts` contains the verdicts that the judge may give to the submission.
    """

    name: str
    path: Path
    language: str | None
    expected_verdicts: frozenset[Verdict]
    is_model: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """The author's solution of the problem (see `choose_solution`)."""

    language: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """The content of one package.

    `title`, `statement` (Markdown) and `constraints` are in the same natural language. `titles`
    contains the titles in all natural languages. If `test_visibility` is None, the import keeps
    the value that editors have set. `notes` describes the parts of the package that were skipped.
    """

    path: Path
    platform: str
    number: str
    title: str
    titles: Mapping[str, str]
    statement: str
    constraints: str | None
    tags: tuple[str, ...]
    url: str | None
    time_limit_ms: int
    memory_limit_kb: int
    comparison: Comparison
    checker: Checker | None
    stops_on_first_failure: bool
    test_visibility: TestVisibility | None
    tests: tuple[PackageTest, ...]
    submissions: tuple[Submission, ...]
    solution: Solution | None
    notes: tuple[str, ...]
