"""Finds the languages that this host can run, by compiling and running a program in each language.

If a language works, this result is stored until the next boot. The stored result is not used after
a change of the tools or of the language's entry in the language table.
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
from judge.languages import LANGUAGES, find_language
from judge.languages.spec import LanguageSpec
from judge.sandbox.errors import SandboxUnavailable
from judge.sandbox.report import Outcome, Program, RunLimits
from judge.sandbox.sandbox import Sandbox
from judge.toolchains.compiler import BOOT_ID, Compiler, CompilerBroken
from judge.toolchains.installed import Installed, fill, find_tools, read_state, run_limits

PROBE_TIME_MS = 5000
# Enough time for a language that starts slowly on a loaded host.
PROBE_WALL_MS = 60_000
PROBE_MEMORY_KB = 256 * 1024
GREETING = b"hello"
UNPREPARED = "The libraries of the language are still being precompiled on this host."
NOT_WANTED = "The setting JUDGE_LANGUAGES does not contain this language."
_VERSION = re.compile(r"(?<!\d)\d++(?:\.\d++)++")


@dataclass(frozen=True, slots=True)
class Languages:
    """The result of a detection, by language id.

    `installed` contains the languages that this host can run. `missing` contains the reason for
    each language that this host cannot run.
    """

    installed: dict[str, Installed]
    missing: dict[str, str]

    @property
    def unprepared(self) -> list[str]:
        """The ids of the languages whose libraries must be precompiled first."""
        return [name for name, reason in self.missing.items() if reason == UNPREPARED]

    def merge(self, more: Self) -> Self:
        """Return these languages, updated with the result `more` of a later detection."""
        missing = {
            name: more.missing[name] if reason == UNPREPARED else reason
            for name, reason in self.missing.items()
            if name not in more.installed
        }
        return type(self)(self.installed | more.installed, missing)


def detect_languages(
    sandbox: Sandbox,
    compiler: Compiler,
    only: Collection[str] = (),
    *,
    precompile: bool = True,
    cancelled: Callable[[], bool] | None = None,
) -> Languages:
    """Find the languages that work, by compiling and running a short program in each language.

    `only` contains the ids, names or aliases of the languages to look for (empty: all). If
    `precompile` is False, languages whose precompiled libraries do not exist yet are in `missing`
    of the result.

    Raises:
        SandboxUnavailable: `only` contains an unknown name.
        CompileCancelled: `cancelled()` returned True during a compilation.
        WaitCancelled: `cancelled()` returned True before a slot was free.
    """
    selected = _select(only)
    detector = _Detector(sandbox, compiler, _ProbeCache(sandbox), precompile, cancelled)
    # Start with the slow compilers, so that all slots are busy until the end.
    slow_first = sorted(selected, key=lambda spec: spec.compile_cpu_ms, reverse=True)
    with ThreadPoolExecutor(max_workers=len(sandbox.slots)) as pool:
        outcomes = pool.map(detector.detect, slow_first)
        by_id = dict(zip((spec.id for spec in slow_first), outcomes, strict=True))
    missing = {spec.id: NOT_WANTED for spec in LANGUAGES if spec not in selected}
    installed = {}
    for spec in selected:
        outcome = by_id[spec.id]
        if isinstance(outcome, Installed):
            installed[spec.id] = outcome
        else:
            missing[spec.id] = outcome
    return Languages(installed, missing)


def _select(only: Collection[str]) -> Sequence[LanguageSpec]:
    named = {word: find_language(word) for word in only}
    unknown = sorted(word for word, spec in named.items() if spec is None)
    if unknown:
        known = ", ".join(spec.id for spec in LANGUAGES)
        raise SandboxUnavailable(
            f"JUDGE_LANGUAGES contains unknown languages: {', '.join(unknown)}. Use only these "
            f"languages: {known}."
        )
    return [spec for spec in LANGUAGES if not only or spec in named.values()]


class _ProbeCache:
    """A cache that contains the version of each language that works on this host.

    The key consists of the back end that enforces memory limits, the language's entry in the
    language table, and the state of the language's tools.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._limit_backend = str(sandbox.limit_backend)
        self._directory = sandbox.root / "probes" / BOOT_ID.read_text()[:8]
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _path(self, spec: LanguageSpec, tools: dict[str, Path]) -> Path:
        state = repr((self._limit_backend, spec, read_state(tools)))
        return self._directory / hashlib.sha256(state.encode()).hexdigest()

    def read(self, spec: LanguageSpec, tools: dict[str, Path]) -> str | None:
        """Return the version of a language from the cache.

        `tools` contains the paths of the language's tools. Return None if the cache has no version
        for the current state of these tools.
        """
        try:
            return self._path(spec, tools).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def save(self, installed: Installed) -> None:
        """Store that a language works with its tools."""
        path = self._path(installed.spec, dict(installed.tools))
        handle, scratch = tempfile.mkstemp(dir=self._directory, prefix=".new-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(installed.toolchain.version)
        Path(scratch).rename(path)


@dataclass(frozen=True, slots=True)
class _Detector:
    """A detector of languages that this host can run."""

    sandbox: Sandbox
    compiler: Compiler
    probes: _ProbeCache
    precompile: bool
    cancelled: Callable[[], bool] | None

    def detect(self, spec: LanguageSpec) -> Installed | str:
        """Return the language with its tools, or the reason why this host cannot run it."""
        tools, problem = find_tools(spec)
        if problem:
            return problem
        cached_version = self.probes.read(spec, tools)
        if cached_version is not None:
            return Installed(spec, tools, _describe(spec, cached_version))
        version = self._read_version(spec, tools)
        if version is None:
            return f"The command `{' '.join(fill(spec.version, tools))}` fails in the sandbox."
        installed = Installed(spec, tools, _describe(spec, version))
        if not self.precompile and self.compiler.needs_precompiling(installed):
            return UNPREPARED
        problem = self._probe(installed)
        if problem:
            return problem
        self.probes.save(installed)
        return installed

    def _probe(self, installed: Installed) -> str:
        """Compile and run a short program in a language.

        Return the reason of a failure, or an empty string after a success.
        """
        spec = installed.spec
        try:
            compiled = self.compiler.compile(installed, spec.hello.encode(), self.cancelled)
        except CompilerBroken as error:
            return str(error)
        if compiled.directory is None:
            remedy = f"apt-get install -y {spec.packages}"
            return (
                f"The compiler does not work. Try `{remedy}`. Output of the compiler: "
                f"{compiled.output}"
            )
        limits = replace(run_limits(spec, PROBE_TIME_MS, PROBE_MEMORY_KB), wall_ms=PROBE_WALL_MS)
        program = Program(installed.command(PROBE_MEMORY_KB), compiled.directory)
        with self.sandbox.run(program, b"", limits) as report:
            if report.outcome is Outcome.OK and report.stdout.read().strip() == GREETING:
                return ""
            stderr = report.stderr[-300:].decode("utf-8", "replace")
            return (
                f"A short test program failed: {report.outcome} {report.message} {stderr}".strip()
            )

    def _read_version(self, spec: LanguageSpec, tools: dict[str, Path]) -> str | None:
        limits = RunLimits(
            cpu_ms=PROBE_TIME_MS,
            wall_ms=PROBE_WALL_MS,
            memory_kb=spec.compile_memory_kb,
            processes=spec.grace.processes,
        )
        with self.sandbox.run(Program(fill(spec.version, tools)), b"", limits) as report:
            if report.outcome is not Outcome.OK:
                return None
            text = (report.stdout.read(1000) + report.stderr).decode("utf-8", "replace")
        match = _VERSION.search(text)
        return match.group() if match else None


def _describe(spec: LanguageSpec, version: str) -> LanguageInfo:
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
