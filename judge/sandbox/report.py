"""What a run may use, and what is said of it afterwards."""

import re
import signal
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import IO, Self

from judge.sandbox.cgroups import GroupUsage, LimitBackend
from judge.sandbox.rootfs import BOX


class Outcome(StrEnum):
    """How a run ended; whether its output is right is not the sandbox's business."""

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
    """What one run may use.

    `memory_kb` holds for the whole tree with the files in its `/tmp`, `/dev/shm` and `/box`.
    `address_space_kb` is set only where no control group holds memory; None: not at all.
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


@dataclass(frozen=True, slots=True)
class Program:
    """What to run, by absolute path or relative to `/box`, where it starts.

    `directory` is bound there read-only. Without one, `/box` is an empty writable tmpfs holding
    `files`. `inputs` are the program's descriptors 3, 4, …, which it opens as `/proc/self/fd/3`:
    files that nobody can change. With `collect_kb` the regular files of `collect_from` come back:
    of `/box` after an exit with status 0, of `/feedback`, writable only then, after any exit.
    `mounts` are more directories to see read-only, by place below `/opt`, of `Sandbox.shared`.
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
        """The file of `directory` that the command starts, on the host; None if it is no such."""
        first = Path(self.command[0])
        return None if self.directory is None or first.is_absolute() else self.directory / first


@dataclass(slots=True)
class Report:
    """One run. `stdout` is positioned at its start; close the report when done with it.

    `signal` is a name (`SIGSEGV`); `exit_code` is None when a signal ended the program or it was
    stopped. `stderr` is cut at `RunLimits.error_kb`. `peak_kb` is the tree's, as near as
    `limit_backend` can tell. `queue_ms` was spent waiting for a slot. `is_first` is False of the one
    of a pair that went on after the other's end.
    """

    outcome: Outcome
    stdout: IO[bytes]
    stderr: bytes
    limit_backend: LimitBackend
    cpu_ms: int = 0
    wall_ms: int = 0
    peak_kb: int = 0
    exit_code: int | None = None
    signal: str | None = None
    message: str = ""
    queue_ms: int = 0
    collected: dict[str, bytes] | None = None
    is_first: bool = True

    def close(self) -> None:
        """Forget the output."""
        self.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


_FACTS = re.compile(
    rb"report reason=(none|cpu|wall|memory|stop|start) ended=([01]) status=(\d+) cpu_us=(\d+) "
    rb"wall_us=(\d+) rss_kb=(\d+) watched_kb=(\d+) base_kb=(\d+) start_errno=(\d+)"
)


@dataclass(frozen=True, slots=True)
class Facts:
    """The runner's report as it wrote it."""

    reason: str
    ended: bool
    status: int
    cpu_us: int
    wall_us: int
    rss_kb: int
    watched_kb: int
    base_kb: int
    start_errno: int

    @classmethod
    def parse(cls, line: bytes) -> Self | None:
        """Return the facts; None unless the line is exactly a report."""
        match = _FACTS.fullmatch(line)
        if match is None:
            return None
        reason, ended, *numbers = match.groups()
        return cls(reason.decode(), ended == b"1", *map(int, numbers))

    @property
    def signal(self) -> int:
        """The signal that ended the program, else 0."""
        return self.status & 0x7F if self.ended else 0

    @property
    def exit_code(self) -> int | None:
        """The exit status; None when there is none."""
        return self.status >> 8 if self.ended and not self.signal else None

    def held_kb(self, usage: GroupUsage) -> int:
        """The most memory that the program had at once, without page cache and our own share.

        What was resident holds files that it maps, too; it counts where there is nothing better.
        """
        if usage.peak_kb:
            return max(self.watched_kb, usage.peak_kb - usage.cache_kb - self.base_kb)
        return max(self.rss_kb, self.watched_kb)


def signal_name(number: int) -> str | None:
    """Return `SIGSEGV` for 11; `SIG40` for one without a name; None for 0."""
    if number == 0:
        return None
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"SIG{number}"
