"""Judging one submission: compile once, run the tests in parallel, compare, decide.

Blocking code: call it from threads. One `Judge` serves a whole process.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from graphql_api.config import Settings
from graphql_api.data.words import Comparer, Verdict
from tasks.sandbox.languages import Toolchain


class LanguageUnavailable(Exception):
    """This host does not run the language asked for; the message says why and what helps."""


class JudgeCancelled(Exception):
    """`cancelled()` answered True, and every program of this submission is gone."""


@dataclass(frozen=True, slots=True)
class TestCaseFiles:
    """One test on the worker's disk: what the program reads and what it should write."""

    __test__ = False

    number: int
    is_sample: bool
    input_path: Path
    expected_path: Path


@dataclass(frozen=True, slots=True)
class JudgeRequest:
    """A submission with its tests and the problem's limits.

    `language` is an id or an alias. The limits are the problem's own; what the language gets on
    top (`Grace`) is added here. The tolerances matter to `Comparer.FLOAT` only.
    """

    language: str
    code: str
    tests: Sequence[TestCaseFiles]
    time_limit_ms: int
    memory_limit_kb: int
    comparer: Comparer = Comparer.TOKENS
    abs_tolerance: float | None = None
    rel_tolerance: float | None = None


@dataclass(frozen=True, slots=True)
class TestOutcome:
    """What one test gave. `output`, `error` and `expected` are shortened to 1 KB."""

    __test__ = False

    number: int
    is_sample: bool
    verdict: Verdict
    cpu_ms: int = 0
    wall_ms: int = 0
    peak_kb: int = 0
    exit_code: int | None = None
    signal: str | None = None
    output: str = ""
    error: str = ""
    expected: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a submission gave: `results` in the order of the tests.

    `verdict` is AC when all tests are, else that of the first test that is not; CE when it does not
    compile (every test SKIPPED). `cpu_ms` and `peak_kb` are the largest of all tests. `limits_held`
    says what enforced memory: `cgroup2`, `cgroup1` or `rlimits`. `queue_ms` is the time waited for
    a first free slot, `compile_ms` and `run_ms` are wall times; the three together are the call's.
    """

    verdict: Verdict
    compile_output: str
    results: list[TestOutcome]
    passed: int
    failed: int
    cpu_ms: int
    peak_kb: int
    limits_held: str
    message: str
    queue_ms: int
    compile_ms: int
    run_ms: int


class Judge:
    """The host's judge: `start()` once, `judge()` from any thread, `close()` at the end."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def start(self) -> Self:
        """Check the sandbox and find the languages.

        Raises `tasks.sandbox.errors.SandboxUnavailable` naming what to install.
        """
        raise NotImplementedError

    @property
    def languages(self) -> Mapping[str, Toolchain]:
        """The languages that this host runs, by id."""
        raise NotImplementedError

    def judge(
        self,
        request: JudgeRequest,
        on_result: Callable[[TestOutcome], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Judgement:
        """Judge a submission; `on_result` gets each test as it ends, in the calling thread.

        Raises `LanguageUnavailable`, and `JudgeCancelled` soon after `cancelled()` is True.
        """
        raise NotImplementedError

    def close(self) -> None:
        """End the helper processes and remove the slots' groups."""
        raise NotImplementedError
