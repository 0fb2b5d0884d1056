"""Sandboxes for tests, and the processes and control groups on the host."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from judge.sandbox.cgroups import LimitBackend
from judge.sandbox.errors import SandboxUnavailable
from judge.sandbox.report import Outcome, Program, Report, RunLimits
from judge.sandbox.sandbox import Sandbox, open_sandbox
from judge.toolchains.compiler import Compiler, compile_limits
from judge.toolchains.detection import Languages, detect_languages
from judge.toolchains.installed import fill
from tests.support.sandbox.sources import LANGUAGES
from tests.support.services import skip_or_fail

# Far more than any program of the tests takes on a slow host.
LIMITS = RunLimits(cpu_ms=10_000, wall_ms=30_000, memory_kb=128 * 1024)
PYTHON = ("/usr/bin/python3", "-I", "-S", "-c")
# Starts a program from the directory of a compiler, where programs must not be executed.
START = "cp main /tmp/main && chmod 700 /tmp/main && exec /tmp/main"


@dataclass
class Ran:
    """A report with the output as text."""

    report: Report
    out: str
    err: str

    @property
    def outcome(self) -> Outcome:
        return self.report.outcome


class SandboxFixture:
    """Runs commands in one sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.inner = sandbox

    def program(
        self,
        program: Program,
        stdin: bytes | Path = b"",
        cancelled: Callable[[], bool] | None = None,
        **limits,
    ) -> Ran:
        with self.inner.run(program, stdin, replace(LIMITS, **limits), cancelled) as report:
            out = report.stdout.read(200_000).decode("utf-8", "replace")
            return Ran(report, out, report.stderr.decode("utf-8", "replace"))

    def command(self, *command: str, stdin: bytes | Path = b"", **limits) -> Ran:
        return self.program(Program(command), stdin, **limits)

    def script(self, code: str, stdin: bytes | Path = b"", **limits) -> Ran:
        """Run Python code from the command line, without a compiler and without mounts."""
        return self.program(Program((*PYTHON, code)), stdin, **limits)

    @contextmanager
    def meanwhile(self, *command: str) -> Iterator[list[Ran]]:
        """Run a command in another slot until the block ends; the list then contains its report."""
        ended = threading.Event()
        ran: list[Ran] = []

        def run():
            ran.append(self.program(Program(command), cancelled=ended.is_set, wall_ms=20_000))

        other = threading.Thread(target=run)
        other.start()
        try:
            yield ran
        finally:
            ended.set()
            other.join()

    @property
    def has_groups(self) -> bool:
        return str(self.inner.limit_backend) != LimitBackend.RLIMITS

    @property
    def spawners(self) -> list[int]:
        """The processes that start sandboxes."""
        return [spawner.pid for spawner in self.inner._spawners.values()]

    def drop_spawners(self) -> None:
        """Stop the spawners; the next runs start new ones from their own thread."""
        for slot in list(self.inner._spawners):
            self.inner._close_spawner(slot)


class LanguageSandboxFixture(SandboxFixture):
    """Runs commands and sources in one sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self.compiler = Compiler(sandbox)
        self.languages: Languages = detect_languages(sandbox, self.compiler, LANGUAGES)

    def need(self, language: str) -> None:
        if language not in self.languages.installed:
            pytest.skip(self.languages.missing[language])

    def built(self, language: str, code: str) -> Path:
        compiled = self.compiler.compile(self.languages.installed[language], code.encode())
        assert compiled.directory is not None, compiled.output
        return compiled.directory

    def run(self, language: str, code: str, stdin: bytes | Path = b"", **limits) -> Ran:
        installed = self.languages.installed[language]
        held = replace(LIMITS, **limits)
        command = fill(installed.spec.run, installed.tools, held.memory_kb)
        space = installed.spec.grace.address_space_kb
        if space is not None and held.address_space_kb is None:
            limits["address_space_kb"] = held.memory_kb + space
        return self.program(Program(command, self.built(language, code)), stdin, **limits)

    def run_as_compiler(self, language: str, code: str, stdin: bytes = b"") -> Ran:
        """Run a source in the sandbox of its compiler, as if the compiler executed it."""
        installed = self.languages.installed[language]
        directory = self.built(language, code)
        files = {path.name: path.read_bytes() for path in directory.iterdir()}
        command = fill(installed.spec.run, installed.tools, 128 * 1024)
        if command == ("./main",):
            command = ("/bin/sh", "-c", START)
        program = Program(command, files=files, collect_kb=1024)
        with self.inner.run(program, stdin, compile_limits(installed)) as report:
            out = report.stdout.read(200_000).decode("utf-8", "replace")
            return Ran(report, out, report.stderr.decode("utf-8", "replace"))

    def python(self, code: str, stdin: bytes | Path = b"", **limits) -> Ran:
        return self.run("python", code, stdin, **limits)

    def c(self, code: str, stdin: bytes | Path = b"", **limits) -> Ran:
        return self.run("c", code, stdin, **limits)


def open_language_sandbox(root: Path, forced: LimitBackend | None) -> LanguageSandboxFixture:
    try:
        sandbox = open_sandbox(root, 2, forced)
    except SandboxUnavailable as error:
        skip_or_fail(str(error))
    return LanguageSandboxFixture(sandbox)


def descendants(pids: Sequence[int]) -> list[int]:
    """Return all living descendants of these processes."""
    table = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                status = (entry / "stat").read_text()
            except OSError:
                continue
            table[int(entry.name)] = int(status.rpartition(")")[2].split()[1])
    found: list[int] = []
    parents = set(pids)
    while parents:
        parents = {child for child, parent in table.items() if parent in parents}
        found += parents
    return found


def control_groups(sandbox: Sandbox) -> list[Path]:
    """Return the control groups of a sandbox; groups of other sandboxes may change."""
    name = f"algoitny-{sandbox.identity}-"
    places = (Path(place) for place, _, _ in os.walk("/sys/fs/cgroup"))
    return [place for place in places if place.name.startswith(name)]


def processes_named(marker: str) -> list[int]:
    """Return the processes of the host with the marker in their command line or name."""
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
