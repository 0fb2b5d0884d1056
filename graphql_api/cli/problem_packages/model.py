"""What a package says, whatever format it is written in."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from graphql_api.data.enums import Comparer, Verdict
from graphql_api.data.records import Checker


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How outputs are compared; tolerances are decimal texts, None where there is none."""

    comparer: Comparer
    absolute_tolerance: str | None = None
    relative_tolerance: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """An input that a script of the package writes to its standard output.

    `sha256` is the hexadecimal digest of what it must write.
    """

    script: Path
    arguments: tuple[str, ...]
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageTest:
    """One test; `name` is its path below `data/` without extension: `secret/large/02`.

    `read_test` gives its texts. Where `generated` is set, there is no file at `input_path`.
    """

    name: str
    is_sample: bool
    input_path: Path
    output_path: Path
    generated: Generated | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A submission of one source file, and the verdicts of which one is to be the judge's.

    `name` is its path below `submissions/`; `language` is a language id, None if unknown.
    """

    name: str
    path: Path
    language: str | None
    expected_verdicts: frozenset[Verdict]
    is_model: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """The author's solution: the model submission, or the best accepted one."""

    language: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One problem. `titles` are by natural language; `notes` say what was left out, for people.

    `title`, `statement` (Markdown) and `constraints` are those of one natural language.
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
    tests: tuple[PackageTest, ...]
    submissions: tuple[Submission, ...]
    solution: Solution | None
    notes: tuple[str, ...]
