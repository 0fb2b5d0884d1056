"""A real sandbox, once with the best limits of the host and once with resource limits alone."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tasks.sandbox.compiling import Compiler
from tasks.sandbox.detection import Languages, detect_languages
from tasks.sandbox.errors import SandboxUnavailable
from tasks.sandbox.limits import LimitsHeld
from tasks.sandbox.report import Outcome, Program, Report, RunLimits
from tasks.sandbox.sandbox import Sandbox, open_sandbox
from tasks.sandbox.toolchains import fill

LANGUAGES = ("python", "c", "cpp", "javascript", "java")
LIMITS = RunLimits(cpu_ms=2000, wall_ms=6000, memory_kb=128 * 1024)


@dataclass
class Ran:
    """A report with its output read."""

    report: Report
    out: str
    err: str

    @property
    def outcome(self) -> Outcome:
        return self.report.outcome


@dataclass
class Box:
    """Runs sources and commands in one sandbox."""

    sandbox: Sandbox
    compiler: Compiler
    languages: Languages

    def command(self, *command: str, stdin: bytes | Path = b"", **limits) -> Ran:
        return self.program(Program(command), stdin, **limits)

    def program(self, program: Program, stdin: bytes | Path = b"", **limits) -> Ran:
        with self.sandbox.run(program, stdin, replace(LIMITS, **limits)) as report:
            out = report.stdout.read(200_000).decode("utf-8", "replace")
            return Ran(report, out, report.stderr.decode("utf-8", "replace"))

    def run(self, language: str, code: str, stdin: bytes | Path = b"", **limits) -> Ran:
        installed = self.languages.installed[language]
        compiled = self.compiler.compile(installed, code.encode())
        assert compiled.directory is not None, compiled.output
        held = replace(LIMITS, **limits)
        command = fill(installed.spec.run, installed.tools, held.memory_kb)
        space = installed.spec.grace.address_space_kb
        if space is not None and held.address_space_kb is None:
            limits["address_space_kb"] = held.memory_kb + space
        return self.program(Program(command, compiled.directory), stdin, **limits)

    def python(self, code: str, stdin: bytes | Path = b"", **limits) -> Ran:
        return self.run("python", code, stdin, **limits)

    def c(self, code: str, stdin: bytes | Path = b"", **limits) -> Ran:
        return self.run("c", code, stdin, **limits)

    @property
    def has_groups(self) -> bool:
        return self.sandbox.limits_held is not LimitsHeld.RLIMITS


def open_box(root: Path, forced: LimitsHeld | None) -> Box:
    try:
        sandbox = open_sandbox(root, 2, forced)
    except SandboxUnavailable as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))
    compiler = Compiler(sandbox)
    return Box(sandbox, compiler, detect_languages(sandbox, compiler, LANGUAGES))


@pytest.fixture(scope="session", params=[None, LimitsHeld.RLIMITS], ids=["best", "rlimits"])
def box(request, tmp_path_factory) -> Iterator[Box]:
    box = open_box(tmp_path_factory.mktemp("sandbox"), request.param)
    yield box
    box.sandbox.close()


@pytest.fixture(scope="session")
def best_box(tmp_path_factory) -> Iterator[Box]:
    box = open_box(tmp_path_factory.mktemp("sandbox"), None)
    yield box
    box.sandbox.close()


def children_of(pid: int) -> list[int]:
    """All living descendants of a process, by the host's process table."""
    found: list[int] = []
    parents = {pid}
    table = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                status = (entry / "stat").read_text()
            except OSError:
                continue
            table[int(entry.name)] = int(status.rpartition(")")[2].split()[1])
    while parents:
        parents = {child for child, parent in table.items() if parent in parents}
        found += parents
    return found


def processes_named(marker: str) -> list[int]:
    """Processes on the host whose command line or name holds the marker."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                words = (entry / "cmdline").read_bytes() + (entry / "comm").read_bytes()
            except OSError:
                continue
            if marker.encode() in words:
                found.append(int(entry.name))
    return found


@pytest.fixture
def named_processes():
    return processes_named


@pytest.fixture
def descendants():
    return children_of
