"""Small programs with known verdicts.

`tests/verdicts/programs/LANGUAGE/VERDICT_what_it_does.ext` is one program. All of them solve one
problem, or try to: read the count of numbers and the numbers; print their sum and the largest.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from graphql_api.data.enums import Verdict
from judge.judge import Judge
from judge.models import Judgement, JudgeRequest, TestCaseFiles
from judge.sandbox.cgroups import LimitBackend
from tests.support.paths import ROOT

PROGRAMS = ROOT / "tests" / "verdicts" / "programs"
INPUT = "5\n1 -2 3000000000 40 7\n"
EXPECTED = "3000000046\n3000000000\n"
# Programs that must exceed a time limit have a short one.
SHORT_LIMIT_MS, LONG_LIMIT_MS = 300, 3000
MEMORY_LIMIT_KB = 64 * 1024
# Longer than any test: the busy processes end by themselves if the tests are killed.
BUSY_AT_MOST_S = 1800
SPIN = """
import os, sys, time
from tests.support.paths import ROOT
parent, ends_at = os.getppid(), time.monotonic() + float(sys.argv[1])
while os.getppid() == parent and time.monotonic() < ends_at:
    for _ in range(1_000_000):
        pass
"""
# A limit on address space counts reserved memory too: a stack for each thread, and memory that the
# program never touches.
WITHOUT_GROUPS = {
    "c/ac_many_threads": Verdict.RE,
    "c/ac_reserves_and_does_not_touch": Verdict.RE,
    "c/mle_static_array": Verdict.RE,
    "python/ac_processes": Verdict.RE,
}


@dataclass(frozen=True)
class Labelled:
    """One program of the suite."""

    path: Path

    @property
    def language(self) -> str:
        return self.path.parent.name

    @property
    def name(self) -> str:
        return f"{self.language}/{self.path.stem}"

    @property
    def time_limit_ms(self) -> int:
        exceeds = self.path.stem.startswith(("tle_", "ile_"))
        return SHORT_LIMIT_MS if exceeds else LONG_LIMIT_MS

    def expected(self, limit_backend: str) -> Verdict:
        """Return the verdict in the file's name, or the one on a host without control groups."""
        verdict = Verdict(self.path.stem.partition("_")[0].upper())
        if limit_backend == LimitBackend.RLIMITS:
            return WITHOUT_GROUPS.get(self.name, verdict)
        return verdict


def all_programs() -> list[Labelled]:
    return [Labelled(path) for path in sorted(PROGRAMS.glob("*/*")) if path.is_file()]


def write_tests(directory: Path, count: int) -> list[TestCaseFiles]:
    """Write the problem's test into the directory, and return it `count` times."""
    given, expected = directory / "1.in", directory / "1.out"
    given.write_text(INPUT)
    expected.write_text(EXPECTED)
    return [TestCaseFiles(number, number == 1, given, expected) for number in range(1, count + 1)]


def judge_program(judge: Judge, program: Labelled, tests: Sequence[TestCaseFiles]) -> Judgement:
    code = program.path.read_bytes().decode("utf-8", "surrogateescape")
    return judge.judge(
        JudgeRequest(program.language, code, tests, program.time_limit_ms, MEMORY_LIMIT_KB)
    )


@contextmanager
def cores_kept_busy() -> Iterator[None]:
    """Keep every core busy in the block."""
    command = [sys.executable, "-I", "-S", "-c", SPIN, str(BUSY_AT_MOST_S)]
    spinners = [subprocess.Popen(command) for _ in range(os.cpu_count() or 1)]
    try:
        yield
        assert all(spinner.poll() is None for spinner in spinners), "the load ended too early"
    finally:
        for spinner in spinners:
            spinner.kill()
            spinner.wait()
