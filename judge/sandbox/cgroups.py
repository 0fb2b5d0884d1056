"""What holds the memory and the processes of a sandbox: control groups where there are any.

In this order: cgroup v2 delegated with memory and pids, cgroup v1 memory and pids, and else only
resource limits with the runner's watch over the tree's memory. The choice is made at start-up and
stands in every report (`limit_backend`).
"""

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

CGROUP_PARENT_LEAF = "algoitny-workers"
# What bwrap, the runner and the kernel's own tables need in the group besides the program.
GROUP_OVERHEAD_KB = 8 * 1024
GROUP_OVERHEAD_PROCESSES = 16
# One page batch a core may be charged and not used.
PEAK_SLACK_KB = 1024
# Who had to read more pages of files again, because others needed their room, has no room to work
# in: a runtime's own files are fewer, a program without memory left reads some 200,000 a second.
CROWDED_PAGES = 32 * 1024
FILE_BYTES = 16 * 1024
REFAULTS = "workingset_refault_file"


class LimitBackend(StrEnum):
    """What enforces memory and process limits."""

    CGROUP2 = "cgroup2"
    CGROUP1 = "cgroup1"
    RLIMITS = "rlimits"


@dataclass(frozen=True, slots=True)
class GroupUsage:
    """What a group saw during one run; all 0 where there is no group.

    `peak_kb` is all that was charged, `cache_kb` how much more page cache of real files there is
    than before: that the program read a library first is no memory of its own. `refaults` are
    pages of files that had made room and were read again.
    """

    peak_kb: int = 0
    limit_kb: int = 0
    cache_kb: int = 0
    oom_kills: int = 0
    refaults: int = 0

    @property
    def reached_limit(self) -> bool:
        """True when the group was full at some moment."""
        return 0 < self.limit_kb <= self.peak_kb + PEAK_SLACK_KB

    @property
    def is_out_of_memory(self) -> bool:
        """True when something was ended because the group was full."""
        return self.oom_kills > 0 and self.reached_limit

    @property
    def is_thrashing(self) -> bool:
        """True when the program's own files did not fit beside its memory any more.

        As long as the kernel finds pages of files to drop, it kills nobody: whoever lacks memory
        then reads its runtime again and again until its time is over.
        """
        return self.reached_limit and self.refaults > CROWDED_PAGES

    @property
    def killed_by_host_oom(self) -> bool:
        """True when something was ended although the group was not full: for others' memory."""
        return self.oom_kills > 0 and not self.reached_limit


@dataclass(frozen=True, slots=True)
class GroupHandles:
    """Descriptors for the runner (read only) and the spawner; None where there is no such thing."""

    cpu: int | None = None
    memory: int | None = None
    group: int | None = None


class SlotGroup(Protocol):
    """The control groups of one slot, used by one run at a time."""

    held: LimitBackend

    def adopt(self, pid: int) -> None:
        """Put the slot's spawner, once, where its children shall be counted."""

    def begin(self, memory_kb: int, processes: int) -> GroupHandles:
        """Set the limits of the next run and forget the peak of the last."""

    def end(self) -> GroupUsage:
        """Return what the run used, and end what is left of it."""

    def close(self) -> None:
        """Remove the groups if nothing lives in them."""


class NoGroup:
    """Resource limits alone."""

    held = LimitBackend.RLIMITS

    def adopt(self, pid: int) -> None:
        """Nothing to join."""

    def begin(self, memory_kb: int, processes: int) -> GroupHandles:
        """The runner alone holds the limits."""
        del memory_kb, processes
        return GroupHandles()

    def end(self) -> GroupUsage:
        """Nothing was measured outside of the runner."""
        return GroupUsage()

    def close(self) -> None:
        """Nothing to remove."""


def _counter(text: str, key: str) -> int:
    """Return the number in the line that begins with `key`, 0 where there is none."""
    for line in text.splitlines():
        name, _, value = line.partition(" ")
        if name == key:
            return int(value)
    return 0


def _cache(stat: str, name: str) -> tuple[int, int]:
    """Return the page cache of real files in KB, and the pages that were read again.

    `stat` is a `memory.stat`, which calls all page cache `name`.
    """
    kb = (_counter(stat, name) - _counter(stat, "shmem")) // 1024
    return kb, _counter(stat, REFAULTS)


class _Files:
    """The files of one group; those that are read are opened once."""

    def __init__(self, group: Path) -> None:
        self._group = group
        self._handles: dict[str, int] = {}

    def handle(self, name: str) -> int:
        """Return a descriptor of a file, for reading."""
        if name not in self._handles:
            self._handles[name] = _open_read(self._group / name)
        return self._handles[name]

    def has(self, name: str) -> bool:
        """Tell whether there is such a file."""
        return (self._group / name).exists()

    def read(self, name: str) -> str:
        """Return what a file says now."""
        return os.pread(self.handle(name), FILE_BYTES, 0).decode()

    def write(self, name: str, text: str) -> None:
        """Write to a file."""
        (self._group / name).write_text(text)

    def close(self) -> None:
        """Close them all."""
        for handle in self._handles.values():
            os.close(handle)
        self._handles.clear()


class Cgroup1Slot:
    """cgroup v1: the spawner lives in the groups, and peaks are reset between runs."""

    held = LimitBackend.CGROUP1

    def __init__(self, memory: Path, pids: Path, cpuacct: Path | None) -> None:
        self._groups = [memory, pids, *([cpuacct] if cpuacct else [])]
        for group in self._groups:
            group.mkdir(exist_ok=True)
        with contextlib.suppress(OSError):
            (memory / "memory.swappiness").write_text("0")
        self._memory = _Files(memory)
        self._pids = _Files(pids)
        self._cpu = _open_read(cpuacct / "cpuacct.usage") if cpuacct else None
        self._limit_kb = self._kills = self._cache_kb = self._refaults = 0

    def adopt(self, pid: int) -> None:
        """Move the spawner in; it costs a kernel grace period, so it is done once."""
        for group in self._groups:
            (group / "cgroup.procs").write_text(str(pid))

    def begin(self, memory_kb: int, processes: int) -> GroupHandles:
        """Set the limits, which other worker processes may have set for their own runs."""
        self._limit_kb = memory_kb + GROUP_OVERHEAD_KB
        self._set_memory(self._limit_kb * 1024)
        self._pids.write("pids.max", str(processes + GROUP_OVERHEAD_PROCESSES))
        self._memory.write("memory.max_usage_in_bytes", "0")
        self._kills = self._count_kills()
        self._cache_kb, self._refaults = _cache(self._memory.read("memory.stat"), "cache")
        return GroupHandles(cpu=self._cpu, memory=self._memory.handle("memory.usage_in_bytes"))

    def _set_memory(self, limit: int) -> None:
        if int(self._memory.read("memory.limit_in_bytes")) == limit:
            return
        has_swap = self._memory.has("memory.memsw.limit_in_bytes")
        if has_swap:
            self._memory.write("memory.memsw.limit_in_bytes", "-1")
        self._memory.write("memory.limit_in_bytes", str(limit))
        if has_swap:
            self._memory.write("memory.memsw.limit_in_bytes", str(limit))

    def _count_kills(self) -> int:
        return _counter(self._memory.read("memory.oom_control"), "oom_kill")

    def end(self) -> GroupUsage:
        """Read the peak and the kills of this run."""
        peak = int(self._memory.read("memory.max_usage_in_bytes")) // 1024
        cache, refaults = _cache(self._memory.read("memory.stat"), "cache")
        cache, refaults = max(0, cache - self._cache_kb), refaults - self._refaults
        kills = self._count_kills() - self._kills
        return GroupUsage(peak, self._limit_kb, cache, kills, refaults)

    def close(self) -> None:
        """Close the files; groups in which another worker's spawner lives stay."""
        self._memory.close()
        self._pids.close()
        if self._cpu is not None:
            os.close(self._cpu)
        for group in self._groups:
            with contextlib.suppress(OSError):
                group.rmdir()


class Cgroup2Slot:
    """cgroup v2: one group for each run, which the spawner's child is born in."""

    held = LimitBackend.CGROUP2

    def __init__(self, parent: Path) -> None:
        self._parent = parent
        parent.mkdir(exist_ok=True)
        (parent / "cgroup.subtree_control").write_text("+memory +pids")
        self._count = 0
        self._run: Path | None = None
        self._handles = GroupHandles()
        self._limit_kb = 0

    def adopt(self, pid: int) -> None:
        """The spawner may stay where it is: its children start in the run's group."""

    def begin(self, memory_kb: int, processes: int) -> GroupHandles:
        """Make the run's group."""
        self._count += 1
        self._limit_kb = memory_kb + GROUP_OVERHEAD_KB
        run = self._run = self._parent / f"run-{os.getpid()}-{self._count}"
        run.mkdir()
        (run / "memory.max").write_text(str(self._limit_kb * 1024))
        with contextlib.suppress(OSError):  # there is no such file without swap
            (run / "memory.swap.max").write_text("0")
        (run / "pids.max").write_text(str(processes + GROUP_OVERHEAD_PROCESSES))
        self._handles = GroupHandles(
            cpu=_open_read(run / "cpu.stat"),
            memory=_open_read(run / "memory.current"),
            group=os.open(run, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC),
        )
        return self._handles

    def end(self) -> GroupUsage:
        """Read the peak and the kills, end whatever is left, and remove the group."""
        run = self._run
        if run is None:
            return GroupUsage()
        events = (run / "memory.events").read_text()
        peak_file = run / "memory.peak"  # since Linux 5.19
        if peak_file.exists():
            peak = int(peak_file.read_text()) // 1024
        else:
            peak = self._limit_kb if _counter(events, "oom") else 0
        cache, refaults = _cache((run / "memory.stat").read_text(), "file")
        kills = _counter(events, "oom_kill")
        usage = GroupUsage(peak, self._limit_kb, max(0, cache), kills, refaults)
        _close(self._handles)
        self._handles, self._run = GroupHandles(), None
        with contextlib.suppress(OSError):
            (run / "cgroup.kill").write_text("1")
        with contextlib.suppress(OSError):
            run.rmdir()
        return usage

    def close(self) -> None:
        """Remove the run's group and the slot's."""
        self.end()
        with contextlib.suppress(OSError):
            self._parent.rmdir()


def _open_read(path: Path) -> int:
    return os.open(path, os.O_RDONLY | os.O_CLOEXEC)


def _close(handles: GroupHandles) -> None:
    for handle in (handles.cpu, handles.memory, handles.group):
        if handle is not None:
            os.close(handle)


@dataclass(frozen=True, slots=True)
class _Hierarchy:
    """One mounted control group hierarchy and this process's group in it."""

    mount: Path
    own: Path
    is_v2: bool
    options: frozenset[str]


def _hierarchies(proc: Path) -> list[_Hierarchy]:
    paths = {
        frozenset(controllers.split(",")): path
        for _, controllers, path in (
            line.split(":", 2) for line in (proc / "cgroup").read_text().splitlines()
        )
    }
    found = []
    for line in (proc / "mountinfo").read_text().splitlines():
        left, _, right = line.partition(" - ")
        root, mount = left.split()[3:5]
        kind, _, super_options = right.split(" ", 2)
        options = frozenset(super_options.split(","))
        for controllers, path in paths.items():
            is_v2 = kind == "cgroup2" and controllers == {""}
            if is_v2 or (kind == "cgroup" and controllers <= options):
                inner = path.removeprefix(root if root != "/" else "").lstrip("/")
                own = Path(mount) / inner
                found.append(
                    _Hierarchy(
                        Path(mount), own if own.is_dir() else Path(mount), is_v2, controllers
                    )
                )
    return found


def _cgroup2_base(hierarchy: _Hierarchy) -> Path | None:
    """Return a group whose children get memory and pids; make it so where we may."""
    base = hierarchy.own
    if base.name == CGROUP_PARENT_LEAF:
        base = base.parent
    if not {"memory", "pids"} <= set((base / "cgroup.controllers").read_text().split()):
        return None
    control = base / "cgroup.subtree_control"
    if {"memory", "pids"} <= set(control.read_text().split()):
        return base
    # A group with processes gives its children no controllers: they move to a leaf first.
    leaf = base / CGROUP_PARENT_LEAF
    leaf.mkdir(exist_ok=True)
    for pid in (base / "cgroup.procs").read_text().split():
        with contextlib.suppress(ProcessLookupError):
            (leaf / "cgroup.procs").write_text(pid)
    control.write_text("+memory +pids")
    return base


def _try_cgroup2(identity: str, found: list[_Hierarchy]) -> Callable[[int], SlotGroup] | None:
    for hierarchy in found:
        if hierarchy.is_v2:
            base = _cgroup2_base(hierarchy)
            if base is not None:
                Cgroup2Slot(base / f"algoitny-{identity}-check-{os.getpid()}").close()
                return lambda slot: Cgroup2Slot(base / f"algoitny-{identity}-{slot}")
    return None


def _try_cgroup1(identity: str, found: list[_Hierarchy]) -> Callable[[int], SlotGroup] | None:
    own = {
        name: hierarchy.own
        for hierarchy in found
        if not hierarchy.is_v2
        for name in hierarchy.options
    }
    if not {"memory", "pids"} <= own.keys():
        return None

    def make(slot: object) -> SlotGroup:
        name = f"algoitny-{identity}-{slot}"
        cpuacct = own.get("cpuacct")
        return Cgroup1Slot(
            own["memory"] / name, own["pids"] / name, cpuacct / name if cpuacct else None
        )

    check = make(f"check-{os.getpid()}")  # workers that start together try at the same time
    check.begin(64 * 1024, 1)
    check.close()
    return make


def choose_limits(
    identity: str, forced: LimitBackend | None = None, proc: Path = Path("/proc/self")
) -> tuple[LimitBackend, Callable[[int], SlotGroup]]:
    """Return what this host offers, and the maker of each slot's group.

    `identity` keeps the groups of different work directories apart. `forced` takes that kind or,
    if the host does not offer it, raises OSError.
    """
    tries = ((LimitBackend.CGROUP2, _try_cgroup2), (LimitBackend.CGROUP1, _try_cgroup1))
    found = _hierarchies(proc) if forced is not LimitBackend.RLIMITS else []
    for held, attempt in tries:
        if forced in (None, held):
            with contextlib.suppress(OSError):
                make = attempt(identity, found)
                if make is not None:
                    return held, make
    if forced in (None, LimitBackend.RLIMITS):
        return LimitBackend.RLIMITS, lambda _slot: NoGroup()
    raise OSError(f"this host offers no {forced} with memory and pids to this user")
