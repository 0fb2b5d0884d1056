"""Control groups. They limit and measure the memory and the processes of a sandbox.

At start-up, the sandbox chooses the first of these back ends that the host offers:

1. cgroup v2, if a group with the controllers memory and pids is delegated to the worker's user.
2. cgroup v1, if the worker's user may create groups with the controllers memory and pids.
3. Only resource limits (rlimits). The runner then measures the memory of the process tree.

Every report contains the name of the back end (`limit_backend`).
"""

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

CGROUP_PARENT_LEAF = "algoitny-workers"
# Memory and processes of bwrap and the runner, and memory of kernel tables. The control group
# counts them in addition to the program.
GROUP_OVERHEAD_KB = 8 * 1024
GROUP_OVERHEAD_PROCESSES = 16
# The kernel charges pages in batches, so the measured peak of a full group may be slightly below
# its limit.
PEAK_SLACK_KB = 1024
# A program with more page-cache refaults than this number is thrashing. The files of a runtime have
# fewer pages. A program without free memory has about 200,000 refaults per second.
THRASHING_REFAULTS = 32 * 1024
FILE_BYTES = 16 * 1024
REFAULTS = "workingset_refault_file"


class LimitBackend(StrEnum):
    """The mechanism that enforces memory and process limits."""

    CGROUP2 = "cgroup2"
    CGROUP1 = "cgroup1"
    RLIMITS = "rlimits"


@dataclass(frozen=True, slots=True)
class GroupUsage:
    """The counters of a control group for one run. All counters are 0 if there is no group.

    - `peak_kb` is the peak of all memory that the kernel charged to the group.
    - `limit_kb` is the memory limit of the group.
    - `cache_kb` is the growth of the page cache. It is not memory of the program.
    - `oom_kills` is the number of processes that the kernel killed for lack of memory.
    - `refaults` is the number of file pages that were dropped from the page cache and read again.
    """

    peak_kb: int = 0
    limit_kb: int = 0
    cache_kb: int = 0
    oom_kills: int = 0
    refaults: int = 0

    @property
    def reached_limit(self) -> bool:
        """True if the group's memory reached its limit at some moment of the run."""
        return 0 < self.limit_kb <= self.peak_kb + PEAK_SLACK_KB

    @property
    def is_out_of_memory(self) -> bool:
        """True if the kernel killed a process because the group was full.

        Any killed process in the group counts. The kernel kills the largest process, and the
        program can influence which process is the largest.
        """
        return self.oom_kills > 0 and self.reached_limit

    @property
    def is_thrashing(self) -> bool:
        """True if the program's memory left no space for the pages of its own files.

        The kernel drops pages of files from memory before it kills a process. The program then
        reads the files of its runtime again and again, until it reaches its time limit.
        """
        return self.reached_limit and self.refaults > THRASHING_REFAULTS

    @property
    def killed_by_host_oom(self) -> bool:
        """True if the kernel killed a process because the host was out of memory.

        The control group of the run was not full, so the program is not the cause.
        """
        return self.oom_kills > 0 and not self.reached_limit


@dataclass(frozen=True, slots=True)
class GroupHandles:
    """File descriptors of the control group of a run.

    `cpu` and `memory` are files with the counters of the group, for the runner. `group` is the
    directory of the group, in which the spawner starts the sandbox. Without
    control groups, all descriptors are None. With cgroup v1, `group` is None, and `cpu` is None if
    the host does not count the CPU time of groups.
    """

    cpu: int | None = None
    memory: int | None = None
    group: int | None = None


class SlotGroup(Protocol):
    """The control groups of one slot. Only one run uses them at a time."""

    limit_backend: LimitBackend

    def adopt(self, pid: int) -> None:
        """Move a new spawner into the groups, so that the groups also count its child processes."""

    def begin(self, memory_kb: int, processes: int) -> GroupHandles:
        """Set the limits of the next run and reset the peak memory."""

    def end(self) -> GroupUsage:
        """Return the counters of the run, and remove the group if `begin` has created one."""

    def close(self) -> None:
        """Remove the groups if they contain no process."""


class NoGroup:
    """The back end without control groups, which uses only resource limits."""

    limit_backend = LimitBackend.RLIMITS

    def adopt(self, pid: int) -> None:
        """Do nothing, because this back end has no group."""

    def begin(self, memory_kb: int, processes: int) -> GroupHandles:
        """Do nothing, because the runner enforces the limits."""
        del memory_kb, processes
        return GroupHandles()

    def end(self) -> GroupUsage:
        """Return counters of 0. Without control groups, the runner measures the memory itself."""
        return GroupUsage()

    def close(self) -> None:
        """Do nothing, because this back end has no group."""


def _read_counter(text: str, key: str) -> int:
    """Return the number in the line that begins with `key`, or 0 if the line is missing."""
    for line in text.splitlines():
        name, _, value = line.partition(" ")
        if name == key:
            return int(value)
    return 0


def _read_cache(stat: str, name: str) -> tuple[int, int]:
    """Return the page cache in KB, without tmpfs, and the number of pages that were read again.

    `stat` is the text of the file `memory.stat`. `name` is the name of the counter for the whole
    page cache, including tmpfs.
    """
    kb = (_read_counter(stat, name) - _read_counter(stat, "shmem")) // 1024
    return kb, _read_counter(stat, REFAULTS)


class _GroupFiles:
    """The files of one control group. A file stays open after the first read."""

    def __init__(self, group: Path) -> None:
        self._group = group
        self._handles: dict[str, int] = {}

    def handle(self, name: str) -> int:
        """Return a descriptor for reading a file."""
        if name not in self._handles:
            self._handles[name] = _open_read(self._group / name)
        return self._handles[name]

    def has(self, name: str) -> bool:
        """Return whether a file exists."""
        return (self._group / name).exists()

    def read(self, name: str) -> str:
        """Return the current content of a file."""
        return os.pread(self.handle(name), FILE_BYTES, 0).decode()

    def write(self, name: str, text: str) -> None:
        """Write text to a file."""
        (self._group / name).write_text(text)

    def close(self) -> None:
        """Close all files."""
        for handle in self._handles.values():
            os.close(handle)
        self._handles.clear()


class Cgroup1Slot:
    """The groups of a slot with cgroup v1.

    The spawner stays in the groups. The peak memory is reset before each run.
    """

    limit_backend = LimitBackend.CGROUP1

    def __init__(self, memory: Path, pids: Path, cpuacct: Path | None) -> None:
        self._groups = [memory, pids, *([cpuacct] if cpuacct else [])]
        for group in self._groups:
            group.mkdir(exist_ok=True)
        with contextlib.suppress(OSError):
            (memory / "memory.swappiness").write_text("0")
        self._memory = _GroupFiles(memory)
        self._pids = _GroupFiles(pids)
        self._cpu = _open_read(cpuacct / "cpuacct.usage") if cpuacct else None
        self._limit_kb = self._kills = self._cache_kb = self._refaults = 0

    def adopt(self, pid: int) -> None:
        """Move the spawner into the control groups of the slot.

        A move is slow, because the kernel waits for one RCU grace period. So only the spawner is
        moved, once. The processes of its runs start in the same groups.
        """
        for group in self._groups:
            (group / "cgroup.procs").write_text(str(pid))

    def begin(self, memory_kb: int, processes: int) -> GroupHandles:
        """Set the limits of the next run and reset the counters.

        The limits are set for every run, because another worker process may have used the slot.
        """
        self._limit_kb = memory_kb + GROUP_OVERHEAD_KB
        self._set_memory(self._limit_kb * 1024)
        self._pids.write("pids.max", str(processes + GROUP_OVERHEAD_PROCESSES))
        self._memory.write("memory.max_usage_in_bytes", "0")
        self._kills = self._count_kills()
        self._cache_kb, self._refaults = _read_cache(self._memory.read("memory.stat"), "cache")
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
        return _read_counter(self._memory.read("memory.oom_control"), "oom_kill")

    def end(self) -> GroupUsage:
        """Return the counters of the run."""
        peak = int(self._memory.read("memory.max_usage_in_bytes")) // 1024
        cache, refaults = _read_cache(self._memory.read("memory.stat"), "cache")
        cache, refaults = max(0, cache - self._cache_kb), refaults - self._refaults
        kills = self._count_kills() - self._kills
        return GroupUsage(peak, self._limit_kb, cache, kills, refaults)

    def close(self) -> None:
        """Close the files. Remove the groups unless another worker's spawner is in them."""
        self._memory.close()
        self._pids.close()
        if self._cpu is not None:
            os.close(self._cpu)
        for group in self._groups:
            with contextlib.suppress(OSError):
                group.rmdir()


class Cgroup2Slot:
    """The control groups of a slot with cgroup v2.

    Each run gets a new group, in which the sandbox is started.
    """

    limit_backend = LimitBackend.CGROUP2

    def __init__(self, parent: Path) -> None:
        self._parent = parent
        parent.mkdir(exist_ok=True)
        (parent / "cgroup.subtree_control").write_text("+memory +pids")
        self._count = 0
        self._run: Path | None = None
        self._handles = GroupHandles()
        self._limit_kb = 0

    def adopt(self, pid: int) -> None:
        """Do nothing, because the spawner starts each sandbox directly in the group of the run."""

    def begin(self, memory_kb: int, processes: int) -> GroupHandles:
        """Create the group of the run."""
        self._count += 1
        self._limit_kb = memory_kb + GROUP_OVERHEAD_KB
        run = self._run = self._parent / f"run-{os.getpid()}-{self._count}"
        run.mkdir()
        (run / "memory.max").write_text(str(self._limit_kb * 1024))
        with contextlib.suppress(OSError):  # a kernel without swap does not have this file
            (run / "memory.swap.max").write_text("0")
        (run / "pids.max").write_text(str(processes + GROUP_OVERHEAD_PROCESSES))
        self._handles = GroupHandles(
            cpu=_open_read(run / "cpu.stat"),
            memory=_open_read(run / "memory.current"),
            group=os.open(run, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC),
        )
        return self._handles

    def end(self) -> GroupUsage:
        """Return the counters of the run, kill its remaining processes and remove its group."""
        run = self._run
        if run is None:
            return GroupUsage()
        events = (run / "memory.events").read_text()
        peak_file = run / "memory.peak"  # since Linux 5.19
        if peak_file.exists():
            peak = int(peak_file.read_text()) // 1024
        else:
            peak = self._limit_kb if _read_counter(events, "oom") else 0
        cache, refaults = _read_cache((run / "memory.stat").read_text(), "file")
        kills = _read_counter(events, "oom_kill")
        usage = GroupUsage(peak, self._limit_kb, max(0, cache), kills, refaults)
        _close(self._handles)
        self._handles, self._run = GroupHandles(), None
        with contextlib.suppress(OSError):
            (run / "cgroup.kill").write_text("1")
        with contextlib.suppress(OSError):
            run.rmdir()
        return usage

    def close(self) -> None:
        """Remove the group of the run and the group of the slot."""
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
    """A mounted hierarchy of control groups.

    `own` is the directory of the group that contains this process. `options` contains the names of
    the controllers, such as `memory`. For cgroup v2, it contains only an empty text.
    """

    mount: Path
    own: Path
    is_v2: bool
    options: frozenset[str]


def _find_hierarchies(proc: Path) -> list[_Hierarchy]:
    paths = {
        frozenset(controllers.split(",")): path
        for _, controllers, path in (
            line.split(":", 2) for line in (proc / "cgroup").read_text().splitlines()
        )
    }
    hierarchies = []
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
                hierarchies.append(
                    _Hierarchy(
                        Path(mount), own if own.is_dir() else Path(mount), is_v2, controllers
                    )
                )
    return hierarchies


def _cgroup2_base(hierarchy: _Hierarchy) -> Path | None:
    """Return a group whose child groups can use the controllers memory and pids.

    If necessary, enable the controllers for the child groups. Return None if the host does not
    offer these controllers.
    """
    base = hierarchy.own
    if base.name == CGROUP_PARENT_LEAF:
        base = base.parent
    if not {"memory", "pids"} <= set((base / "cgroup.controllers").read_text().split()):
        return None
    control = base / "cgroup.subtree_control"
    if {"memory", "pids"} <= set(control.read_text().split()):
        return base
    # A group that contains processes cannot enable controllers for its children. So the processes
    # of this group are moved to a child group.
    leaf = base / CGROUP_PARENT_LEAF
    leaf.mkdir(exist_ok=True)
    for pid in (base / "cgroup.procs").read_text().split():
        with contextlib.suppress(ProcessLookupError):
            (leaf / "cgroup.procs").write_text(pid)
    control.write_text("+memory +pids")
    return base


def _try_cgroup2(identity: str, hierarchies: list[_Hierarchy]) -> Callable[[int], SlotGroup] | None:
    for hierarchy in hierarchies:
        if hierarchy.is_v2:
            base = _cgroup2_base(hierarchy)
            if base is not None:
                Cgroup2Slot(base / f"algoitny-{identity}-check-{os.getpid()}").close()
                return lambda slot: Cgroup2Slot(base / f"algoitny-{identity}-{slot}")
    return None


def _try_cgroup1(identity: str, hierarchies: list[_Hierarchy]) -> Callable[[int], SlotGroup] | None:
    own = {
        name: hierarchy.own
        for hierarchy in hierarchies
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

    check = make(
        f"check-{os.getpid()}"
    )  # a unique name, because several workers may start at the same time
    check.begin(64 * 1024, 1)
    check.close()
    return make


def choose_limits(
    identity: str, forced: LimitBackend | None = None, proc: Path = Path("/proc/self")
) -> tuple[LimitBackend, Callable[[int], SlotGroup]]:
    """Choose the back end that enforces the memory limits on this host.

    Return the back end, and a function that creates the control group with a given number.
    `identity` is part of the names of the control groups, and is different for each work directory.
    `forced` selects a back end (default: the best back end of the host).

    Raises:
        OSError: the host does not offer the `forced` back end.
    """
    tries = ((LimitBackend.CGROUP2, _try_cgroup2), (LimitBackend.CGROUP1, _try_cgroup1))
    hierarchies = _find_hierarchies(proc) if forced is not LimitBackend.RLIMITS else []
    for backend, attempt in tries:
        if forced in (None, backend):
            with contextlib.suppress(OSError):
                make = attempt(identity, hierarchies)
                if make is not None:
                    return backend, make
    if forced in (None, LimitBackend.RLIMITS):
        return LimitBackend.RLIMITS, lambda _slot: NoGroup()
    raise OSError(
        f"The limit back end {forced} cannot be used, because this user has no control group with "
        "the controllers `memory` and `pids`. Delegate such a control group to this user, or do "
        "not force this back end."
    )
