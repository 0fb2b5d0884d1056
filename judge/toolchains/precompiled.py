"""What is made once of a toolchain and then read by each compile: headers, a standard library.

Made in the sandbox of the toolchain's own files, never of a submission's. It appears whole or not
at all, is never written again, and outlives the boot: its files are on disk before its name is.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from judge.languages import Precompiled
from judge.sandbox.report import Outcome, Program, RunLimits
from judge.sandbox.sandbox import Sandbox
from judge.sandbox.slots import WaitCancelled
from judge.toolchains.installed import Installed, fill, state_of

POLL_S = 0.05
RETRY_S = 600.0
UNUSED_S = 30 * 24 * 3600.0
PROCESSES = 128


class PrecompiledStore:
    """The precompiled files of one sandbox root, shared by all its processes."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._directory = sandbox.shared / "precompiled"
        self._directory.mkdir(mode=0o755, parents=True, exist_ok=True)
        self._failed_at: dict[Path, float] = {}
        self._forget_unused()

    def is_lacking(self, installed: Installed) -> bool:
        """Tell whether the language's first program has to wait until something is made."""
        precompiled = installed.spec.precompiled
        if precompiled is None or precompiled.used_by or precompiled.copy_of:
            return False
        return not (self._directory / _key(installed, precompiled)).is_dir()

    def mounts(
        self, installed: Installed, code: bytes, cancelled: Callable[[], bool] | None = None
    ) -> dict[str, Path]:
        """Return what the compiler of this source is to see, by place; made now if need be.

        Empty where there is nothing to see, where it cannot be made, and where somebody else is
        making what compilers can do without. Raises `WaitCancelled`.
        """
        precompiled = installed.spec.precompiled
        if precompiled is None or precompiled.used_by not in code:
            return {}
        place = self._directory / _key(installed, precompiled)
        if not place.is_dir():
            self._make(installed, precompiled, place, cancelled)
        try:
            os.utime(place)
        except FileNotFoundError:
            return {}
        return {precompiled.place: place}

    def _make(
        self,
        installed: Installed,
        precompiled: Precompiled,
        place: Path,
        cancelled: Callable[[], bool] | None,
    ) -> None:
        if time.monotonic() - self._failed_at.get(place, -RETRY_S) < RETRY_S:
            return
        lock = place.with_name(f".{place.name}.lock")
        with _alone(lock, cancelled, waits=not precompiled.used_by) as is_ours:
            if not is_ours or place.is_dir():
                return
            files = self._files(installed, precompiled, cancelled)
            if files:
                self._store(place, files)
            else:
                self._failed_at[place] = time.monotonic()

    def _files(
        self,
        installed: Installed,
        precompiled: Precompiled,
        cancelled: Callable[[], bool] | None,
    ) -> dict[str, bytes] | None:
        if precompiled.copy_of:
            given = Path(precompiled.copy_of)
            return {one.name: one.read_bytes() for one in given.glob("*") if one.is_file()}
        command = fill(precompiled.command, installed.tools)
        program = Program(command, collect_kb=precompiled.size_kb)
        with self._sandbox.run(program, b"", _limits(precompiled), cancelled) as report:
            if report.outcome is Outcome.CANCELLED:
                raise WaitCancelled
            return report.collected if report.outcome is Outcome.OK else None

    def _store(self, place: Path, files: dict[str, bytes]) -> None:
        with tempfile.TemporaryDirectory(dir=self._directory, prefix=".new-") as scratch:
            made = Path(scratch) / "made"
            made.mkdir()
            for name, data in files.items():
                _write_through(made / name, data)
            made.chmod(0o755)
            _sync(made)
            made.rename(place)
        _sync(self._directory)

    def _forget_unused(self) -> None:
        for place in self._directory.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if place.is_dir() and time.time() - place.stat().st_mtime > UNUSED_S:
                    shutil.rmtree(place, ignore_errors=True)


def _key(installed: Installed, precompiled: Precompiled) -> str:
    made_of = (installed.toolchain.version, state_of(installed.tools), precompiled)
    return hashlib.sha256(repr(made_of).encode()).hexdigest()[:32]


def _limits(precompiled: Precompiled) -> RunLimits:
    return RunLimits(
        cpu_ms=precompiled.cpu_ms,
        wall_ms=3 * precompiled.cpu_ms,
        memory_kb=precompiled.memory_kb,
        processes=PROCESSES,
        tmp_kb=precompiled.size_kb,
    )


@contextlib.contextmanager
def _alone(lock: Path, cancelled: Callable[[], bool] | None, *, waits: bool) -> Iterator[bool]:
    """Hold the lock file, which a killed process lets go of, or yield False where nobody waits.

    Raises `WaitCancelled`.
    """
    with lock.open("ab") as file:
        while not (is_ours := _locked(file)) and waits:
            if cancelled is not None and cancelled():
                raise WaitCancelled
            time.sleep(POLL_S)
        yield is_ours


def _locked(file: IO[bytes]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _write_through(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    path.chmod(0o444)


def _sync(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
