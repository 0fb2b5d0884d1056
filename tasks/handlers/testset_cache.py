"""A cache of test sets on the worker's disk.

Each version of a set is read from the table once and then used from disk. The folder
`{root}/{problem}/{version}/` contains the files `00001.in`, `00001.out` and so on, a manifest with
the size of each file, and the checker of the problem, if the problem has a checker. The folder gets
its final name only when it is complete. Each use compares the sizes of the files with the manifest.

All worker processes of a host share the cache. A process that reads a set holds a shared lock on
the set's manifest. A process that removes a set holds an exclusive lock.
"""

import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import orjson

from graphql_api.data.problems import checkers
from graphql_api.data.records import Checker, Problem, TestCase
from judge.models import TestCaseFiles

MANIFEST = "manifest.json"
CHECKER = "checker.json"
_INCOMING, _OUTGOING = "incoming-", "outgoing-"

KEEP_UNUSED_S = 7 * 86_400
KEEP_BYTES = 4 * 1024**3


@dataclass(frozen=True, slots=True)
class _StoredSet:
    folder: Path
    used_at: float
    size: int


@dataclass(frozen=True, slots=True)
class OpenedSet:
    """The files of a problem's test set.

    `checker` is None if the problem has no checker or the current checker is not on disk.
    """

    tests: tuple[TestCaseFiles, ...]
    checker: Checker | None


class DamagedSet(Exception):
    """A test set on the disk is incomplete or damaged, or it was removed during its use."""


class TestSetCache:
    """A cache of test sets in the folder `root`."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)

    def knows(self, platform: str, number: str) -> bool:
        """Return whether a version of the problem's test set may be on disk."""
        return (self._root / _digest(platform, number)).is_dir()

    @contextmanager
    def opened(self, problem: Problem) -> Iterator[OpenedSet | None]:
        """Yield the files of a problem's current set, or None if the complete set is not on disk.

        During the block, the set is locked against removal.
        """
        with ExitStack() as locks:
            yield self._open(problem, locks)

    def _open(self, problem: Problem, locks: ExitStack) -> OpenedSet | None:
        folder = self._folder(problem)
        try:
            manifest = locks.enter_context((folder / MANIFEST).open("rb"))
        except FileNotFoundError:
            self._set_aside(folder)
            return None
        fcntl.flock(manifest, fcntl.LOCK_SH)
        try:
            files = _list_files(folder, orjson.loads(manifest.read()), problem.test_count)
        except (DamagedSet, ValueError):
            locks.close()
            self._remove(folder)
            return None
        os.utime(folder)
        return OpenedSet(files, _read_checker(folder, problem))

    def keep(self, problem: Problem, cases: Sequence[TestCase]) -> None:
        """Write a problem's current test set to disk, unless it is already on disk."""
        folder = self._folder(problem)
        folder.parent.mkdir(mode=0o700, exist_ok=True)
        incoming = Path(mkdtemp(prefix=_INCOMING, dir=self._root))
        try:
            _write(incoming, cases)
            incoming.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
        finally:
            shutil.rmtree(incoming, ignore_errors=True)

    def keep_checker(self, problem: Problem, checker: Checker) -> None:
        """Write a problem's checker into the folder of its current set. The set must be on disk."""
        folder = self._folder(problem)
        incoming = Path(mkdtemp(prefix=_INCOMING, dir=self._root))
        try:
            (incoming / CHECKER).write_bytes(orjson.dumps(checker.to_item()))
            (incoming / CHECKER).rename(folder / CHECKER)
        finally:
            shutil.rmtree(incoming, ignore_errors=True)

    def prune(self, *, unused_s: float = KEEP_UNUSED_S, most_bytes: int = KEEP_BYTES) -> int:
        """Remove sets and return the number of removed sets.

        Remove the sets that were not used for `unused_s` seconds. If the other sets are larger than
        `most_bytes` together, also remove the least recently used sets. Keep each set that a
        process is reading.
        """
        self._sweep_strays(unused_s)
        stored_sets = sorted(self._list_sets(), key=lambda stored: stored.used_at, reverse=True)
        oldest, total, removed = time.time() - unused_s, 0, 0
        for stored in stored_sets:
            total += stored.size
            is_excess = stored.used_at < oldest or total > most_bytes
            if is_excess and self._remove(stored.folder):
                removed += 1
                total -= stored.size
        return removed

    def _list_sets(self) -> Iterator[_StoredSet]:
        for folder in (
            entry for problem in _list_entries(self._root) for entry in _list_entries(problem)
        ):
            try:
                size = sum(file.stat().st_size for file in folder.iterdir())
                yield _StoredSet(folder, folder.stat().st_mtime, size)
            except (FileNotFoundError, NotADirectoryError):
                continue

    def _sweep_strays(self, unused_s: float) -> None:
        """Remove old temporary folders that killed processes have left."""
        oldest = time.time() - min(unused_s, 3600)
        for prefix in (_INCOMING, _OUTGOING):
            for stray in self._root.glob(f"{prefix}*"):
                with suppress(FileNotFoundError):  # another process removed it
                    if stray.stat().st_mtime < oldest:
                        shutil.rmtree(stray, ignore_errors=True)

    def _remove(self, folder: Path) -> bool:
        """Remove a set, unless a process is reading the set. Return whether it was removed."""
        try:
            with (folder / MANIFEST).open("rb") as manifest:
                fcntl.flock(manifest, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return self._set_aside(folder)
        except OSError:
            return False

    def _set_aside(self, folder: Path) -> bool:
        outgoing = self._root / f"{_OUTGOING}{time.time_ns()}-{os.getpid()}"
        try:
            folder.rename(outgoing)
        except FileNotFoundError:
            return False
        shutil.rmtree(outgoing, ignore_errors=True)
        with suppress(OSError):  # the folder contains other versions
            folder.parent.rmdir()
        return True

    def _folder(self, problem: Problem) -> Path:
        # If a problem is deleted and a new problem gets the same name, the versions start at 1
        # again. The pid in the folder's name distinguishes the two problems. Problems without a pid
        # are distinguished by their creation time.
        version = f"{problem.test_version or 0:05d}-{problem.created_at}-{problem.pid}"
        return self._root / _digest(problem.platform, problem.number) / version


def _read_checker(folder: Path, problem: Problem) -> Checker | None:
    try:
        checker = checkers.load((folder / CHECKER).read_bytes())
    except (FileNotFoundError, ValueError, KeyError, AttributeError):
        return None
    return checker if checkers.digest_of(checker) == problem.checker_hash else None


def _list_entries(folder: Path) -> list[Path]:
    """Return the entries of a folder, or an empty list if the path is missing or not a folder."""
    try:
        return list(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _digest(platform: str, number: str) -> str:
    """Return the name of a problem's folder.

    The name is a hash, because the name of a platform may contain `/` and dots.
    """
    return hashlib.sha256(f"{platform}#{number}".encode()).hexdigest()[:32]


def _write(folder: Path, cases: Sequence[TestCase]) -> None:
    entries = []
    for case in cases:
        (folder / f"{case.number:05d}.in").write_bytes(case.input)
        (folder / f"{case.number:05d}.out").write_bytes(case.output)
        entries.append([case.number, case.is_sample, len(case.input), len(case.output)])
    (folder / MANIFEST).write_bytes(orjson.dumps(entries))


def _list_files(folder: Path, entries: list[Any], count: int) -> tuple[TestCaseFiles, ...]:
    if len(entries) != count:
        raise DamagedSet
    return tuple(_file_pair(folder, *entry) for entry in entries)


def _file_pair(
    folder: Path,
    number: int,
    is_sample: bool,  # noqa: FBT001 - unpacked from the manifest
    input_size: int,
    output_size: int,
) -> TestCaseFiles:
    pair = (folder / f"{number:05d}.in", folder / f"{number:05d}.out")
    for path, size in zip(pair, (input_size, output_size), strict=True):
        try:
            actual_size = path.stat().st_size
        except FileNotFoundError:
            raise DamagedSet from None
        if actual_size != size:
            raise DamagedSet
    return TestCaseFiles(number, is_sample, *pair)
