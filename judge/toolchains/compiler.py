"""Compiles sources in the sandbox, and caches the compiled programs.

The cache key is a hash of language, compiler version, flags and source. The directory of a program
gets its final name only when it is complete, and is never changed afterwards. The cache is valid
until the next boot of the host. So files that a power failure has left incomplete are never run.
"""

import contextlib
import hashlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from graphql_api.data.limits import COMPILE_OUTPUT_BYTES
from graphql_api.data.text import truncate_utf8
from judge.languages.spec import LanguageSpec
from judge.sandbox.report import Outcome, Program, Report, RunLimits
from judge.sandbox.sandbox import Sandbox, SlotSession
from judge.sandbox.slots import NO_OWNER, WaitCancelled
from judge.toolchains.installed import Installed, fill
from judge.toolchains.precompiled import PrecompiledStore

COLLECT_KB = 64 * 1024
# The limit in runner.c for the number of collected files, including the source.
COLLECT_FILES = 512
SCRATCH_KB = 256 * 1024
PROCESSES = 128
KEPT_PROGRAMS = 1000
# A program that was used within this time may be about to start, so it is not removed.
UNTOUCHED_S = 600
PRUNE_EVERY = 100
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

# Directories of paths inside the sandbox, and names of temporary object files. Both are removed
# from compiler messages.
_PLACES = re.compile(r"(?<![\w./])/(?:usr|lib|lib64|bin|box|tmp|opt|etc|proc)/(?:[^\s/:'\"`()]+/)*")
_OBJECT = re.compile(r"\bcc\w{6}\.o\b")
# Messages of a syntax check about a correct source, and stack frames of the program that checks the
# syntax. Both are also removed from compiler messages.
_NOISE = re.compile(
    r"^([^\S\n]++at (?=[^\n]*?node:internal)[^\n]*+|Node\.js v[^\n]*+|\S++ syntax OK|Syntax OK|"
    r"No syntax errors detected in [^\n]*+|)\n",
    re.MULTILINE,
)
CUT = "\n… (cut)"
TOO_LARGE = (
    f"The compiled program is too large: it may have at most {COLLECT_KB // 1024} MB and "
    f"{COLLECT_FILES} files."
)


class CompilerBroken(Exception):
    """The sandbox failed while compiling, so the source may be correct.

    Another attempt may succeed.
    """


class CompileCancelled(Exception):
    """The function `cancelled()` returned True during the compilation."""


class _NoProgram(Exception):
    """The compiler succeeded but produced no program that can run.

    The message contains the reason.
    """


@dataclass(frozen=True, slots=True)
class Compiled:
    """The result of a compilation.

    `directory` contains the compiled program. It is None if the source does not compile. `output`
    contains the messages of the compiler, at most 64 KB, without paths of this host. `from_cache`
    is True if the compiler was not run.
    """

    directory: Path | None
    output: str
    wall_ms: int = 0
    from_cache: bool = False


@dataclass(frozen=True, slots=True)
class Compilation:
    """A compilation that `Compiler.prepare` has prepared for `Compiler.run`.

    `program` is the compiler with its input files. `target` is the directory of the compiled
    program in the cache. `cached` is the result of an earlier compilation of the same source, or
    None if the source must be compiled.
    """

    installed: Installed
    program: Program
    limits: RunLimits
    target: Path
    cached: Compiled | None = None


def clean_output(raw: bytes, spec: LanguageSpec) -> str:
    """Return the messages of a compiler without paths, truncated to 64 KB.

    Each hint of the language is a pair of texts. If the messages contain the first text, the second
    text is added.
    """
    text = _PLACES.sub("", raw[:COMPILE_OUTPUT_BYTES].decode("utf-8", "replace"))
    text = _OBJECT.sub(f"{Path(spec.file_name).stem}.o", text).strip()
    if spec.check:
        text = _NOISE.sub("", f"{text}\n").strip()
    for message, hint in spec.hints:
        if message in text:
            text = f"{text}\n({hint})"
    if len(raw) < COMPILE_OUTPUT_BYTES:
        return truncate_utf8(text, COMPILE_OUTPUT_BYTES, CUT)
    return truncate_utf8(text, COMPILE_OUTPUT_BYTES - len(CUT.encode())) + CUT


class Compiler:
    """A compiler of programs in all languages, with a cache of the compiled programs.

    All processes with the same sandbox root share the cache.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._precompiled = PrecompiledStore(sandbox)
        programs = sandbox.shared / "programs"
        self._directory = programs / BOOT_ID.read_text()[:8]
        self._directory.mkdir(mode=0o755, parents=True, exist_ok=True)
        for directory in programs.iterdir():
            if directory != self._directory:
                shutil.rmtree(directory, ignore_errors=True)
        self._stored = 0

    def needs_precompiling(self, installed: Installed) -> bool:
        """Return whether libraries must be precompiled before the language can be used."""
        return self._precompiled.needs_build(installed)

    def compile(
        self, installed: Installed, code: bytes, cancelled: Callable[[], bool] | None = None
    ) -> Compiled:
        """Wait for a slot and compile a source, or return its program from the cache.

        The slot is not counted for any user (see `NO_OWNER`).

        Raises:
            CompilerBroken: the sandbox failed.
            CompileCancelled: `cancelled()` returned True during the compilation.
            WaitCancelled: `cancelled()` returned True before a slot was free.
        """
        compilation = self.prepare(installed, code, cancelled)
        if compilation.cached is not None:
            return compilation.cached
        with self._sandbox.open_session(cancelled) as session:
            return self.run(compilation, session)

    def prepare(
        self,
        installed: Installed,
        code: bytes,
        cancelled: Callable[[], bool] | None = None,
        *,
        wall_ms: int | None = None,
        owner: str = NO_OWNER,
    ) -> Compilation:
        """Prepare the compilation of a source, which `run` then executes.

        Call this method without holding a slot. If libraries must first be precompiled on this
        host, the method itself waits for a slot. `owner` is the user whose share of the slots is
        used. `wall_ms` limits the wall time of the compiler (None: only the language's limit).

        Raises:
            CompileCancelled: `cancelled()` returned True.
        """
        spec = installed.spec
        key = hashlib.sha256(installed.fingerprint.encode() + b"\0" + code).hexdigest()
        target = self._directory / key
        limits = compile_limits(installed)
        if wall_ms is not None:
            limits = replace(limits, wall_ms=min(wall_ms, limits.wall_ms), hard_wall_ms=wall_ms)
        cached = _read_cached(target)
        files = {spec.file_name: code}
        program = Program(
            fill(spec.compile, installed.tools),
            files=files | {name: text.encode() for name, text in spec.support},
            collect_kb=0 if spec.check else COLLECT_KB,
            mounts={} if cached else self._mounts(installed, code, cancelled, owner),
        )
        return Compilation(installed, program, limits, target, cached)

    def run(self, compilation: Compilation, session: SlotSession) -> Compiled:
        """Execute a prepared compilation in a slot session, unless its result is in the cache.

        Raises:
            CompilerBroken: the sandbox failed. The source may be correct.
            CompileCancelled: the session was cancelled.
        """
        if compilation.cached is not None:
            return compilation.cached
        installed, program = compilation.installed, compilation.program
        with session.run(program, b"", compilation.limits) as report:
            output = self._read_output(report, installed)
            directory = None
            if report.outcome is Outcome.OK:
                try:
                    product = _collect_product(report, program, installed.spec)
                    directory = self._store(compilation.target, product, output)
                except _NoProgram as error:
                    output = f"{output}\n({error})".strip()
            return Compiled(directory, output, report.wall_ms)

    def _mounts(
        self,
        installed: Installed,
        code: bytes,
        cancelled: Callable[[], bool] | None,
        owner: str,
    ) -> dict[str, Path]:
        try:
            return self._precompiled.mounts(installed, code, cancelled, owner)
        except WaitCancelled:
            raise CompileCancelled from None

    @staticmethod
    def _read_output(report: Report, installed: Installed) -> str:
        if report.outcome is Outcome.CANCELLED:
            raise CompileCancelled
        if report.outcome is Outcome.INTERNAL:
            raise CompilerBroken(report.message)
        raw = report.stderr + report.stdout.read(COMPILE_OUTPUT_BYTES)
        output = clean_output(raw, installed.spec)
        if report.outcome not in (Outcome.OK, Outcome.NONZERO_EXIT):
            output = f"The compiler was stopped. {report.message}\n{output}".strip()
        return output

    def _store(self, target: Path, files: dict[str, bytes], output: str) -> Path:
        with tempfile.TemporaryDirectory(dir=self._directory, prefix=".new-") as scratch:
            built = Path(scratch) / "program"
            box = built / "box"
            box.mkdir(parents=True)
            for name, data in files.items():
                (box / name).write_bytes(data)
                (box / name).chmod(0o555)
            (built / "output").write_text(output, encoding="utf-8")
            for directory in (built, box):
                directory.chmod(0o755)
            # Another worker may have stored the same program at the same time. Both copies are
            # equal.
            with contextlib.suppress(OSError):
                built.rename(target)
        self._stored += 1
        if self._stored % PRUNE_EVERY == 0:
            self.prune()
        return target / "box"

    def prune(self, keep: int = KEPT_PROGRAMS, untouched_s: float = UNTOUCHED_S) -> None:
        """Remove old programs from the cache.

        Keep the `keep` most recently used programs, and all programs that were used within the last
        `untouched_s` seconds.
        """
        now = time.time()
        used = []
        for path in self._directory.iterdir():
            with contextlib.suppress(FileNotFoundError):
                used.append((path.stat().st_mtime, path))
        used.sort(reverse=True)
        for last_use, path in used[keep:]:
            if now - last_use > untouched_s:
                shutil.rmtree(path, ignore_errors=True)


def _read_cached(target: Path) -> Compiled | None:
    """Return the program in the directory `target` of the cache, and record its use.

    Return None if the cache does not contain the program.
    """
    with contextlib.suppress(FileNotFoundError):
        os.utime(target)
        output = (target / "output").read_text(encoding="utf-8")
        return Compiled(target / "box", output, from_cache=True)
    return None


def _collect_product(report: Report, program: Program, spec: LanguageSpec) -> dict[str, bytes]:
    """Return the files that the compiler has produced, by name.

    If the language has no compiled files and runs the source itself, return only the source file.

    Raises:
        _NoProgram: the files do not contain a program.
    """
    if spec.check:
        return {spec.file_name: program.files[spec.file_name]}
    if report.collected is None:
        raise _NoProgram(TOO_LARGE)
    product = {name: data for name, data in report.collected.items() if name not in program.files}
    if spec.product not in product:
        raise _NoProgram(spec.no_product)
    return product


def compile_limits(installed: Installed) -> RunLimits:
    """Return the limits of the compiler of a language."""
    spec = installed.spec
    return RunLimits(
        cpu_ms=spec.compile_cpu_ms,
        wall_ms=3 * spec.compile_cpu_ms,
        memory_kb=spec.compile_memory_kb,
        output_kb=COLLECT_KB,
        error_kb=COMPILE_OUTPUT_BYTES // 1024,
        processes=PROCESSES,
        tmp_kb=SCRATCH_KB,
    )
