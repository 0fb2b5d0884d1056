"""Precompiled headers and standard libraries.

The files are built once for each toolchain and then mounted for its compilers. A build runs in
the sandbox. It uses the toolchain's own files, and never the files of a submission. The directory
of a build gets its final name only when all files are complete and flushed to disk. Afterwards the
directory is never changed, and stays valid after a reboot.
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

from judge.languages.spec import Precompiled
from judge.sandbox.report import Outcome, Program, RunLimits
from judge.sandbox.sandbox import Sandbox
from judge.sandbox.slots import NO_OWNER, WaitCancelled
from judge.toolchains.installed import Installed, fill, read_state

POLL_S = 0.05
RETRY_S = 600.0
UNUSED_S = 30 * 24 * 3600.0
PROCESSES = 128


class PrecompiledStore:
    """The precompiled files of one sandbox root. All processes with this root share them."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._directory = sandbox.shared / "precompiled"
        self._directory.mkdir(mode=0o755, parents=True, exist_ok=True)
        self._failed_at: dict[Path, float] = {}
        self._remove_unused()

    def needs_build(self, installed: Installed) -> bool:
        """Return whether files must be built before the language can be used.

        Two kinds of files are ignored: files that only some programs need, and files that are
        copied from the host instead of being built.
        """
        precompiled = installed.spec.precompiled
        if precompiled is None or precompiled.used_by or precompiled.copy_of:
            return False
        return not (self._directory / _key(installed, precompiled)).is_dir()

    def mounts(
        self,
        installed: Installed,
        code: bytes,
        cancelled: Callable[[], bool] | None = None,
        owner: str = NO_OWNER,
    ) -> dict[str, Path]:
        """Return the directories that must be mounted for the compilation of a source.

        The keys of the result are the paths in the sandbox, the values the paths on the host.

        A missing directory is built first. The result is empty in these cases: the source needs no
        precompiled files, the build fails, or another worker is building files that are optional.

        Raises:
            WaitCancelled: `cancelled()` returned True.
        """
        precompiled = installed.spec.precompiled
        if precompiled is None or precompiled.used_by not in code:
            return {}
        directory = self._directory / _key(installed, precompiled)
        if not directory.is_dir():
            self._build(installed, precompiled, directory, cancelled, owner)
        try:
            os.utime(directory)
        except FileNotFoundError:
            return {}
        return {precompiled.path: directory}

    def _build(
        self,
        installed: Installed,
        precompiled: Precompiled,
        directory: Path,
        cancelled: Callable[[], bool] | None,
        owner: str,
    ) -> None:
        if time.monotonic() - self._failed_at.get(directory, -RETRY_S) < RETRY_S:
            return
        lock = directory.with_name(f".{directory.name}.lock")
        with _hold_lock(lock, cancelled, waits=not precompiled.used_by) as is_held:
            if not is_held or directory.is_dir():
                return
            files = self._build_files(installed, precompiled, cancelled, owner)
            if files:
                self._store(directory, files)
            else:
                self._failed_at[directory] = time.monotonic()

    def _build_files(
        self,
        installed: Installed,
        precompiled: Precompiled,
        cancelled: Callable[[], bool] | None,
        owner: str,
    ) -> dict[str, bytes] | None:
        if precompiled.copy_of:
            source = Path(precompiled.copy_of)
            return {path.name: path.read_bytes() for path in source.glob("*") if path.is_file()}
        command = fill(precompiled.command, installed.tools)
        program = Program(command, collect_kb=precompiled.size_kb)
        with self._sandbox.run(
            program, b"", _limits(precompiled), cancelled, owner=owner
        ) as report:
            if report.outcome is Outcome.CANCELLED:
                raise WaitCancelled
            return report.collected if report.outcome is Outcome.OK else None

    def _store(self, directory: Path, files: dict[str, bytes]) -> None:
        with tempfile.TemporaryDirectory(dir=self._directory, prefix=".new-") as scratch:
            built = Path(scratch) / "built"
            built.mkdir()
            for name, data in files.items():
                _write_through(built / name, data)
            built.chmod(0o755)
            _sync(built)
            built.rename(directory)
        _sync(self._directory)

    def _remove_unused(self) -> None:
        for path in self._directory.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if path.is_dir() and time.time() - path.stat().st_mtime > UNUSED_S:
                    shutil.rmtree(path, ignore_errors=True)


def _key(installed: Installed, precompiled: Precompiled) -> str:
    parts = (installed.toolchain.version, read_state(installed.tools), precompiled)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def _limits(precompiled: Precompiled) -> RunLimits:
    return RunLimits(
        cpu_ms=precompiled.cpu_ms,
        wall_ms=3 * precompiled.cpu_ms,
        memory_kb=precompiled.memory_kb,
        processes=PROCESSES,
        tmp_kb=precompiled.size_kb,
    )


@contextlib.contextmanager
def _hold_lock(lock: Path, cancelled: Callable[[], bool] | None, *, waits: bool) -> Iterator[bool]:
    """Hold a lock on a file during the block. Yield True.

    If another process holds the lock and `waits` is False, do not wait for the lock, and yield
    False. If a process is killed, the kernel releases its lock.

    Raises:
        WaitCancelled: `cancelled()` returned True.
    """
    with lock.open("ab") as file:
        while not (is_held := _try_lock(file)) and waits:
            if cancelled is not None and cancelled():
                raise WaitCancelled
            time.sleep(POLL_S)
        yield is_held


def _try_lock(file: IO[bytes]) -> bool:
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
