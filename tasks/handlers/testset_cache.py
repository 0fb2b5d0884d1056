"""Test sets on the worker's disk, by version: fetched once, then judged from files.

`{root}/{problem}/{version}/` holds `00001.in`, `00001.out`, … and a manifest with every size;
background_task them lies the problem's checker, if it has one. A set appears whole, by a rename, and every
use checks it against its manifest. All worker processes of a host share the folder: who reads a set
holds a shared lock on its manifest, who removes one required it alone.
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
class _Kept:
    folder: Path
    used_at: float
    size: int


@dataclass(frozen=True, slots=True)
class OpenedSet:
    """What is here of a problem; `checker` is None where it has none, or another than is here."""

    tests: tuple[TestCaseFiles, ...]
    checker: Checker | None


class DamagedSet(Exception):
    """A set on disk differs from its manifest, or went away meanwhile."""


class TestSetCache:
    """The test sets below one folder."""

    __test__ = False

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)

    def knows(self, platform: str, number: str) -> bool:
        """Return whether a set of the problem, of any version, may be here."""
        return (self._root / _digest(platform, number)).is_dir()

    @contextmanager
    def opened(self, problem: Problem) -> Iterator[OpenedSet | None]:
        """Give the files of a problem's current set; None when they are not here, whole.

        While the block runs nobody removes them.
        """
        with ExitStack() as held:
            yield self._open(problem, held)

    def _open(self, problem: Problem, held: ExitStack) -> OpenedSet | None:
        folder = self._folder(problem)
        try:
            manifest = held.enter_context((folder / MANIFEST).open("rb"))
        except FileNotFoundError:
            self._set_aside(folder)
            return None
        fcntl.flock(manifest, fcntl.LOCK_SH)
        try:
            files = _checked(folder, orjson.loads(manifest.read()), problem.test_count)
        except (DamagedSet, ValueError):
            held.close()
            self._remove(folder)
            return None
        os.utime(folder)
        return OpenedSet(files, _checker_in(folder, problem))

    def keep(self, problem: Problem, cases: Sequence[TestCase]) -> None:
        """Write a set that was just read; one that is here already stays."""
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
        """Write a problem's checker background_task its current set, which is here."""
        folder = self._folder(problem)
        incoming = Path(mkdtemp(prefix=_INCOMING, dir=self._root))
        try:
            (incoming / CHECKER).write_bytes(orjson.dumps(checker.to_item()))
            (incoming / CHECKER).rename(folder / CHECKER)
        finally:
            shutil.rmtree(incoming, ignore_errors=True)

    def prune(self, *, unused_s: float = KEEP_UNUSED_S, most_bytes: int = KEEP_BYTES) -> int:
        """Remove what was unused for long, then what was used longest ago while there is too much.

        Sets in use stay. Returns how many went.
        """
        self._sweep_strays(unused_s)
        kept = sorted(self._kept(), key=lambda one: one.used_at, reverse=True)
        oldest, total, gone = time.time() - unused_s, 0, 0
        for one in kept:
            total += one.size
            if (one.used_at < oldest or total > most_bytes) and self._remove(one.folder):
                gone += 1
                total -= one.size
        return gone

    def _kept(self) -> Iterator[_Kept]:
        for folder in (one for problem in _entries(self._root) for one in _entries(problem)):
            try:
                size = sum(file.stat().st_size for file in folder.iterdir())
                yield _Kept(folder, folder.stat().st_mtime, size)
            except (FileNotFoundError, NotADirectoryError):
                continue

    def _sweep_strays(self, unused_s: float) -> None:
        """Remove what a killed process left half-written or half-removed."""
        oldest = time.time() - min(unused_s, 3600)
        for prefix in (_INCOMING, _OUTGOING):
            for stray in self._root.glob(f"{prefix}*"):
                with suppress(FileNotFoundError):  # another process sweeps, too
                    if stray.stat().st_mtime < oldest:
                        shutil.rmtree(stray, ignore_errors=True)

    def _remove(self, folder: Path) -> bool:
        """Remove a set that nobody reads; its place is free at once."""
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
        with suppress(OSError):  # others' sets are there, or one has just come
            folder.parent.rmdir()
        return True

    def _folder(self, problem: Problem) -> Path:
        # Versions start anew when a problem is deleted and created again: its birth tells them
        # apart.
        version = f"{problem.test_version or 0:05d}-{problem.created_at}"
        return self._root / _digest(problem.platform, problem.number) / version


def _checker_in(folder: Path, problem: Problem) -> Checker | None:
    try:
        checker = checkers.load((folder / CHECKER).read_bytes())
    except (FileNotFoundError, ValueError, KeyError, AttributeError):
        return None
    return checker if checkers.digest_of(checker) == problem.checker_hash else None


def _entries(folder: Path) -> list[Path]:
    """Return what is in a folder: nothing where it is none, or is gone meanwhile."""
    try:
        return list(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _digest(platform: str, number: str) -> str:
    """Return a folder's name: platforms and numbers may hold `/` and dots."""
    return hashlib.sha256(f"{platform}#{number}".encode()).hexdigest()[:32]


def _write(folder: Path, cases: Sequence[TestCase]) -> None:
    entries = []
    for case in cases:
        (folder / f"{case.number:05d}.in").write_bytes(case.input)
        (folder / f"{case.number:05d}.out").write_bytes(case.output)
        entries.append([case.number, case.is_sample, len(case.input), len(case.output)])
    (folder / MANIFEST).write_bytes(orjson.dumps(entries))


def _checked(folder: Path, entries: list[Any], count: int) -> tuple[TestCaseFiles, ...]:
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
            found = path.stat().st_size
        except FileNotFoundError:
            raise DamagedSet from None
        if found != size:
            raise DamagedSet
    return TestCaseFiles(number, is_sample, *pair)
