"""The description of a program to run, the limits of a run, and the report of a run."""

import re
import signal
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import IO, Self

from judge.sandbox.cgroups import GroupUsage, LimitBackend
from judge.sandbox.rootfs import BOX

# Default of the hard wall limit, as a multiple of the wall limit.
HARD_WALL_FACTOR = 5


class Outcome(StrEnum):
    """The way in which a run ended. The sandbox does not check whether the output is correct."""

    OK = "OK"
    CPU_LIMIT = "CPU_LIMIT"
    WALL_LIMIT = "WALL_LIMIT"
    MEMORY = "MEMORY"
    OUTPUT = "OUTPUT"
    NONZERO_EXIT = "NONZERO_EXIT"
    SIGNALLED = "SIGNALLED"
    CANCELLED = "CANCELLED"
    INTERNAL = "INTERNAL"


@dataclass(frozen=True, slots=True)
class RunLimits:
    """The limits of one run.

    - `cpu_ms` is the CPU time of the whole process tree.
    - `wall_ms` is the wall time, without the time that the program waits for a CPU.
    - `hard_wall_ms` is the wall time after which the program is stopped in any case (None:
      `HARD_WALL_FACTOR` times `wall_ms`).
    - `memory_kb` is the memory of the whole process tree, including the files in `/tmp`, `/dev/shm`
      and `/box`.
    - `address_space_kb` is RLIMIT_AS, only on hosts without control groups (None: not set).
    - `output_kb` is the size of each output stream. A program that writes more is stopped.
    - `error_kb` is the part of the standard error that the report contains.
    - `processes` is the number of processes and threads, and `files` the number of open files.
    - `tmp_kb` is the size of each writable directory.
    """

    cpu_ms: int
    wall_ms: int
    memory_kb: int
    output_kb: int = 32 * 1024
    error_kb: int = 64
    processes: int = 64
    files: int = 128
    tmp_kb: int = 64 * 1024
    address_space_kb: int | None = None
    hard_wall_ms: int | None = None

    @property
    def longest_wall_ms(self) -> int:
        """The wall time after which the run is stopped in any case: `hard_wall_ms` or its default.

        The default is longer than `wall_ms`, because `wall_ms` does not include the time that the
        program waits for a CPU.
        """
        return HARD_WALL_FACTOR * self.wall_ms if self.hard_wall_ms is None else self.hard_wall_ms


@dataclass(frozen=True, slots=True)
class Program:
    """A command and the files that it needs.

    - `command` starts in the directory `/box`. Its first word is the path of the program, either
      absolute or relative to `/box`.
    - `directory` is mounted read-only at `/box`. If `directory` is None, `/box` is a writable tmpfs
      that contains `files` (name, content).
    - `inputs` are read-only files. The program opens these files as `/proc/self/fd/3`,
      `/proc/self/fd/4` and so on.
    - `mounts` maps paths below `/opt` to directories in `Sandbox.shared`. These directories are
      mounted read-only.

    If `collect_kb` is above 0, the report contains the regular files of the directory
    `collect_from`, up to this total size. Files of `/box` are collected only after exit code 0.
    Files of `/feedback` are collected after any exit. `/feedback` is writable only if
    `collect_from` is `/feedback`.
    """

    command: tuple[str, ...]
    directory: Path | None = None
    files: dict[str, bytes] = field(default_factory=dict)
    inputs: tuple[bytes | Path, ...] = ()
    collect_kb: int = 0
    collect_from: str = BOX
    mounts: dict[str, Path] = field(default_factory=dict)

    @property
    def product(self) -> Path | None:
        """The host path of the file that the command starts.

        None if this file is not in `directory`.
        """
        first = Path(self.command[0])
        return None if self.directory is None or first.is_absolute() else self.directory / first


@dataclass(slots=True)
class Report:
    """The result of one run. Close the report after use.

    - `stdout` is an open file, to be read from its beginning. `stderr` is truncated to
      `RunLimits.error_kb`.
    - `peak_kb` is the peak memory of the process tree. Its precision depends on `limit_backend`.
    - `waited_ms` is the time spent waiting for a CPU. It is 0 if the wall limit was not reached.
    - `exit_code` is None if the program did not exit by itself.
    - `signal` is the name of the signal that ended the program, such as `SIGSEGV`, or None.
    - `is_input_unread` is True if the standard input was a file with content and the program read
      nothing of it.
    - `collected` contains the collected files by name. It is None if the files are incomplete.
    - `is_first` is False if the program was run in a pair and ended after the other program.
    """

    outcome: Outcome
    stdout: IO[bytes]
    stderr: bytes
    limit_backend: LimitBackend
    cpu_ms: int = 0
    wall_ms: int = 0
    waited_ms: int = 0
    peak_kb: int = 0
    exit_code: int | None = None
    signal: str | None = None
    message: str = ""
    is_input_unread: bool = False
    collected: dict[str, bytes] | None = None
    is_first: bool = True

    def close(self) -> None:
        """Close the captured output."""
        self.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


_FACTS = re.compile(
    rb"report reason=(none|cpu|wall|memory|stop|start) ended=([01]) status=(\d+) cpu_us=(\d+) "
    rb"wall_us=(\d+) waited_us=(\d+) rss_kb=(\d+) watched_kb=(\d+) base_kb=(\d+) start_errno=(\d+)"
)


@dataclass(frozen=True, slots=True)
class Facts:
    """The parsed report of the runner.

    - `reason` is the reason why the runner stopped the program, or `none`.
    - `ended` is True if the program ended by itself. `status` is then its wait status.
    - `rss_kb` is the largest resident size of a process.
    - `watched_kb` is the peak memory of the process tree, measured only without control groups.
    - `base_kb` is the memory of the control group before the program started.
    - `start_errno` is the error number if the program could not be started, or 0.
    """

    reason: str
    ended: bool
    status: int
    cpu_us: int
    wall_us: int
    waited_us: int
    rss_kb: int
    watched_kb: int
    base_kb: int
    start_errno: int

    @classmethod
    def parse(cls, line: bytes) -> Self | None:
        """Return the parsed report, or None if the line does not match the format exactly."""
        match = _FACTS.fullmatch(line)
        if match is None:
            return None
        reason, ended, *numbers = match.groups()
        return cls(reason.decode(), ended == b"1", *map(int, numbers))

    @property
    def signal(self) -> int:
        """The number of the signal that ended the program, or 0 if no signal did."""
        return self.status & 0x7F if self.ended else 0

    @property
    def exit_code(self) -> int | None:
        """The exit code, or None if the program did not exit by itself."""
        return self.status >> 8 if self.ended and not self.signal else None

    def peak_memory_kb(self, usage: GroupUsage) -> int:
        """Return the peak memory of the program.

        The page cache and the memory of the runner are not included. Without a control group,
        return the resident size, which includes mapped files.
        """
        if usage.peak_kb:
            return max(self.watched_kb, usage.peak_kb - usage.cache_kb - self.base_kb)
        return max(self.rss_kb, self.watched_kb)


def signal_name(number: int) -> str | None:
    """Return the name of a signal, such as `SIGSEGV`, or None for the number 0.

    For a signal without a name, return `SIG` and the number, such as `SIG40`.
    """
    if number == 0:
        return None
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"SIG{number}"
