"""Which languages this host really runs: find the tools, then compile and run a program of each.

What passed is remembered until the next boot, for as long as neither the table's entry nor a tool
changes.
"""

import hashlib
import os
import re
import tempfile
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from graphql_api.data.languages import LanguageInfo
from judge.languages import LANGUAGES, LanguageSpec, find_language
from judge.sandbox.errors import SandboxUnavailable
from judge.sandbox.report import Outcome, Program, RunLimits
from judge.sandbox.sandbox import Sandbox
from judge.toolchains.compiler import BOOT_ID, Compiler, CompilerBroken
from judge.toolchains.installed import Installed, fill, find_tools, run_limits, state_of

PROBE_TIME_MS = 5000
# A language that starts slowly on a host with much else to do is there all the same.
PROBE_WALL_MS = 60_000
PROBE_MEMORY_KB = 256 * 1024
GREETING = b"hello"
UNPREPARED = "what its compiler reads is still being made on this host"
NOT_WANTED = "not among JUDGE_LANGUAGES"
_VERSION = re.compile(r"\d+(?:\.\d+)+")


@dataclass(frozen=True, slots=True)
class Languages:
    """The languages that run here, by id, and why the others do not."""

    installed: dict[str, Installed]
    missing: dict[str, str]

    @property
    def unprepared(self) -> list[str]:
        """Those that may run once what their compilers read was made here."""
        return [name for name, why in self.missing.items() if why == UNPREPARED]

    def joined(self, more: Self) -> Self:
        """Return these and those that were found since."""
        missing = {
            name: more.missing[name] if why == UNPREPARED else why
            for name, why in self.missing.items()
            if name not in more.installed
        }
        return type(self)(self.installed | more.installed, missing)


def detect_languages(
    sandbox: Sandbox,
    compiler: Compiler,
    only: Collection[str] = (),
    *,
    patient: bool = True,
    cancelled: Callable[[], bool] | None = None,
) -> Languages:
    """Find every language of the table by compiling and running a greeting in the sandbox.

    `only` names those to look for, by any of their names; empty: all. Not `patient`, it leaves
    out those for which something has to be made first. Raises SandboxUnavailable for a name that is
    no language's, and what `Compiler.compile` raises when `cancelled()`.
    """
    wanted = _wanted(only)
    look = _Look(sandbox, compiler, _Memory(sandbox), patient, cancelled)
    # The slow ones first, so that they do not keep everybody at the end.
    slow_first = sorted(wanted, key=lambda spec: spec.compile_cpu_ms, reverse=True)
    with ThreadPoolExecutor(max_workers=len(sandbox.slots)) as pool:
        outcomes = pool.map(look.detect, slow_first)
        found = dict(zip((spec.id for spec in slow_first), outcomes, strict=True))
    missing = {spec.id: NOT_WANTED for spec in LANGUAGES if spec not in wanted}
    installed = {}
    for spec in wanted:
        one = found[spec.id]
        if isinstance(one, Installed):
            installed[spec.id] = one
        else:
            missing[spec.id] = one
    return Languages(installed, missing)


def _wanted(only: Collection[str]) -> Sequence[LanguageSpec]:
    named = {word: find_language(word) for word in only}
    unknown = sorted(word for word, spec in named.items() if spec is None)
    if unknown:
        known = ", ".join(spec.id for spec in LANGUAGES)
        raise SandboxUnavailable(
            f"JUDGE_LANGUAGES names what is no language: {', '.join(unknown)}; there are {known}"
        )
    return [spec for spec in LANGUAGES if not only or spec in named.values()]


class _Memory:
    """The versions of the languages that passed, by all that the outcome hangs on."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._held = str(sandbox.limit_backend)
        self._directory = sandbox.root / "probes" / BOOT_ID.read_text()[:8]
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _place(self, spec: LanguageSpec, tools: dict[str, Path]) -> Path:
        state = repr((self._held, spec, state_of(tools)))
        return self._directory / hashlib.sha256(state.encode()).hexdigest()

    def version(self, spec: LanguageSpec, tools: dict[str, Path]) -> str | None:
        """Return the version that passed with these tools; None when none did."""
        try:
            return self._place(spec, tools).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def note(self, installed: Installed) -> None:
        """Remember that a language passed."""
        place = self._place(installed.spec, dict(installed.tools))
        handle, scratch = tempfile.mkstemp(dir=self._directory, prefix=".new-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(installed.toolchain.version)
        Path(scratch).rename(place)


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at a host."""

    sandbox: Sandbox
    compiler: Compiler
    memory: _Memory
    patient: bool
    cancelled: Callable[[], bool] | None

    def detect(self, spec: LanguageSpec) -> Installed | str:
        """Return the language as it is here, or why it is not."""
        tools, problem = find_tools(spec)
        if problem:
            return problem
        remembered = self.memory.version(spec, tools)
        if remembered is not None:
            return Installed(spec, tools, _toolchain(spec, remembered))
        version = self._version(spec, tools)
        if version is None:
            return f"{' '.join(fill(spec.version, tools))} does not run in the sandbox"
        installed = Installed(spec, tools, _toolchain(spec, version))
        if not self.patient and self.compiler.is_unprepared(installed):
            return UNPREPARED
        problem = self._probe(installed)
        if problem:
            return problem
        self.memory.note(installed)
        return installed

    def _probe(self, installed: Installed) -> str:
        """Return why a first program does not run; empty when it does."""
        spec = installed.spec
        try:
            compiled = self.compiler.compile(installed, spec.hello.encode(), self.cancelled)
        except CompilerBroken as error:
            return str(error)
        if compiled.directory is None:
            remedy = f"apt-get install -y {spec.packages}"
            return f"the compiler does not work ({remedy}): {compiled.output}"
        limits = replace(run_limits(spec, PROBE_TIME_MS, PROBE_MEMORY_KB), wall_ms=PROBE_WALL_MS)
        program = Program(installed.command(PROBE_MEMORY_KB), compiled.directory)
        with self.sandbox.run(program, b"", limits) as report:
            if report.outcome is Outcome.OK and report.stdout.read().strip() == GREETING:
                return ""
            said = report.stderr[-300:].decode("utf-8", "replace")
            return f"a first program does not run: {report.outcome} {report.message} {said}".strip()

    def _version(self, spec: LanguageSpec, tools: dict[str, Path]) -> str | None:
        limits = RunLimits(
            cpu_ms=PROBE_TIME_MS,
            wall_ms=PROBE_WALL_MS,
            memory_kb=spec.compile_memory_kb,
            processes=spec.grace.processes,
        )
        with self.sandbox.run(Program(fill(spec.version, tools)), b"", limits) as report:
            if report.outcome is not Outcome.OK:
                return None
            said = (report.stdout.read(1000) + report.stderr).decode("utf-8", "replace")
        match = _VERSION.search(said)
        return match.group() if match else None


def _toolchain(spec: LanguageSpec, version: str) -> LanguageInfo:
    names = {tool: Path(tool) for tool in spec.tools}
    compile_command = None
    if not spec.check:
        compile_command = spec.shown_compile or " ".join(fill(spec.compile, names))
    return LanguageInfo(
        id=spec.id,
        name=spec.name,
        version=version,
        aliases=spec.aliases,
        file_name=spec.file_name,
        compile_command=compile_command,
        run_command=" ".join(fill(spec.run, names)),
    )
