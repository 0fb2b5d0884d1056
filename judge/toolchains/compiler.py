"""From source to a directory with the program: compiled in the sandbox, once for each source.

A program is kept by the hash of language, compiler version, flags and source, in a directory that
appears whole or not at all and is never written again. A cache belongs to one boot of the host:
what a power cut left half-written on disk is never run.
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
from judge.languages import LanguageSpec
from judge.sandbox.report import Outcome, Program, Report, RunLimits
from judge.sandbox.sandbox import Sandbox
from judge.sandbox.slots import WaitCancelled
from judge.toolchains.installed import Installed, fill
from judge.toolchains.precompiled import PrecompiledStore

COLLECT_KB = 64 * 1024
# As many as runner.c takes, the source among them.
COLLECT_FILES = 512
SCRATCH_KB = 256 * 1024
PROCESSES = 128
KEPT_PROGRAMS = 1000
# A program this recently used may be about to start.
UNTOUCHED_S = 600
PRUNE_EVERY = 100
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

# The directories of absolute paths that exist inside only; what compilers call their own files.
_PLACES = re.compile(r"(?<![\w./])/(?:usr|lib|lib64|bin|box|tmp|opt|etc|proc)/(?:[^\s/:'\"`()]+/)*")
_OBJECT = re.compile(r"\bcc\w{6}\.o\b")
# What a checker says of a source that is good, and where in itself it found the fault.
_NOISE = re.compile(
    r"^([^\S\n]+at .*\(?node:internal.*|Node\.js v.*|\S+ syntax OK|Syntax OK|"
    r"No syntax errors detected in .*|)\n",
    re.MULTILINE,
)
CUT = "\n… (cut)"
TOO_LARGE = (
    f"The compiled program is larger than {COLLECT_KB // 1024} MB, "
    f"or has more than {COLLECT_FILES} files."
)


class CompilerBroken(Exception):
    """The sandbox failed, so nothing is known of the source; trying again may help."""


class CompileCancelled(Exception):
    """`cancelled()` answered True meanwhile."""


class _NoProgram(Exception):
    """A compiler ended well, but nothing can be run; the message says why."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A program ready to run in `directory`, or, when that is None, why there is none.

    `output` is what the compiler said, at most 64 KB, without this host's paths.
    """

    directory: Path | None
    output: str
    wall_ms: int = 0
    queue_ms: int = 0
    from_cache: bool = False


def clean_output(raw: bytes, spec: LanguageSpec) -> str:
    """Return a compiler's words as text for its user, without places, cut to 64 KB."""
    text = _PLACES.sub("", raw[:COMPILE_OUTPUT_BYTES].decode("utf-8", "replace"))
    text = _OBJECT.sub(f"{Path(spec.file_name).stem}.o", text).strip()
    if spec.check:
        text = _NOISE.sub("", f"{text}\n").strip()
    for said, hint in spec.hints:
        if said in text:
            text = f"{text}\n({hint})"
    if len(raw) < COMPILE_OUTPUT_BYTES:
        return truncate_utf8(text, COMPILE_OUTPUT_BYTES, CUT)
    return truncate_utf8(text, COMPILE_OUTPUT_BYTES - len(CUT.encode())) + CUT


class Compiler:
    """The compile cache of one sandbox root, shared by all its processes."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._prebuilt = PrecompiledStore(sandbox)
        programs = sandbox.shared / "programs"
        self._directory = programs / BOOT_ID.read_text()[:8]
        self._directory.mkdir(mode=0o755, parents=True, exist_ok=True)
        for other in programs.iterdir():
            if other != self._directory:
                shutil.rmtree(other, ignore_errors=True)
        self._stored = 0

    def is_unprepared(self, installed: Installed) -> bool:
        """Tell whether this host's first compilation in the language takes much longer."""
        return self._prebuilt.is_lacking(installed)

    def compile(
        self,
        installed: Installed,
        code: bytes,
        cancelled: Callable[[], bool] | None = None,
        *,
        wall_ms: int | None = None,
    ) -> Compiled:
        """Return the program of this source; the compiler takes at most `wall_ms`, if given.

        Raises CompilerBroken, CompileCancelled, and `WaitCancelled` before there was a slot.
        """
        key = hashlib.sha256(installed.fingerprint.encode() + b"\0" + code).hexdigest()
        place = self._directory / key
        with contextlib.suppress(FileNotFoundError):
            os.utime(place)
            output = (place / "output").read_text(encoding="utf-8")
            return Compiled(place / "box", output, from_cache=True)
        limits = compile_limits(installed)
        if wall_ms is not None:
            limits = replace(limits, wall_ms=min(wall_ms, limits.wall_ms))
        return self._build(installed, code, place, limits, cancelled)

    def _build(
        self,
        installed: Installed,
        code: bytes,
        place: Path,
        limits: RunLimits,
        cancelled: Callable[[], bool] | None,
    ) -> Compiled:
        spec = installed.spec
        files = {spec.file_name: code}
        program = Program(
            fill(spec.compile, installed.tools),
            files=files | {name: text.encode() for name, text in spec.support},
            collect_kb=0 if spec.check else COLLECT_KB,
            mounts=self._mounts(installed, code, cancelled),
        )
        with self._sandbox.run(program, b"", limits, cancelled) as report:
            output = self._said(report, installed)
            directory = None
            if report.outcome is Outcome.OK:
                try:
                    made = files if spec.check else _made(report, program, spec)
                    directory = self._store(place, made, output)
                except _NoProgram as error:
                    output = f"{output}\n({error})".strip()
            return Compiled(directory, output, report.wall_ms, report.queue_ms)

    def _mounts(
        self, installed: Installed, code: bytes, cancelled: Callable[[], bool] | None
    ) -> dict[str, Path]:
        try:
            return self._prebuilt.mounts(installed, code, cancelled)
        except WaitCancelled:
            raise CompileCancelled from None

    @staticmethod
    def _said(report: Report, installed: Installed) -> str:
        if report.outcome is Outcome.CANCELLED:
            raise CompileCancelled
        if report.outcome is Outcome.INTERNAL:
            raise CompilerBroken(report.message)
        said = report.stderr + report.stdout.read(COMPILE_OUTPUT_BYTES)
        output = clean_output(said, installed.spec)
        if report.outcome not in (Outcome.OK, Outcome.NONZERO_EXIT):
            output = f"The compiler was stopped. {report.message}\n{output}".strip()
        return output

    def _store(self, place: Path, files: dict[str, bytes], output: str) -> Path:
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
            # Another worker may have stored the same program meanwhile: either will do.
            with contextlib.suppress(OSError):
                built.rename(place)
        self._stored += 1
        if self._stored % PRUNE_EVERY == 0:
            self.prune()
        return place / "box"

    def prune(self, keep: int = KEPT_PROGRAMS, untouched_s: float = UNTOUCHED_S) -> None:
        """Remove the longest unused programs beyond `keep`."""
        now = time.time()
        used = []
        for place in self._directory.iterdir():
            with contextlib.suppress(FileNotFoundError):
                used.append((place.stat().st_mtime, place))
        used.sort(reverse=True)
        for last_use, place in used[keep:]:
            if now - last_use > untouched_s:
                shutil.rmtree(place, ignore_errors=True)


def _made(report: Report, program: Program, spec: LanguageSpec) -> dict[str, bytes]:
    """Return the files of a compiler that ended well; raises _NoProgram."""
    if report.collected is None:
        raise _NoProgram(TOO_LARGE)
    given = program.files
    made = {name: data for name, data in report.collected.items() if name not in given}
    if spec.product not in made:
        raise _NoProgram(spec.no_product)
    return made


def compile_limits(installed: Installed) -> RunLimits:
    """Return what a compiler may use."""
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
