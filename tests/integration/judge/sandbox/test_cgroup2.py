"""Starting a sandbox in a control group of its own, on the host's real cgroup v2 mount.

The mount need not have the memory and pids controllers, which `Cgroup2Slot` needs. These tests show
that the sandbox starts in the group, and that its CPU time is read from the group.
"""

import contextlib
import os
from pathlib import Path

import pytest

from judge.sandbox.cgroups import GroupHandles, GroupUsage, LimitBackend
from judge.sandbox.report import Outcome, Program

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]


def cgroup2_mount() -> Path | None:
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        left, _, right = line.partition(" - ")
        if right.startswith("cgroup2 "):
            return Path(left.split()[4])
    return None


class BornInGroup:
    """A slot that starts each run in a v2 group without limits."""

    limit_backend = LimitBackend.CGROUP2

    def __init__(self, group: Path) -> None:
        self.group = group
        self.handles = GroupHandles()

    def adopt(self, pid: int) -> None:
        """Do nothing: the spawner stays outside of the groups."""

    def begin(self, memory_kb: int, processes: int) -> GroupHandles:
        del memory_kb, processes
        self.group.mkdir()
        self.handles = GroupHandles(
            cpu=os.open(self.group / "cpu.stat", os.O_RDONLY),
            group=os.open(self.group, os.O_RDONLY | os.O_DIRECTORY),
        )
        return self.handles

    def end(self) -> GroupUsage:
        assert self.handles.cpu is not None
        assert self.handles.group is not None
        os.close(self.handles.cpu)
        os.close(self.handles.group)
        assert (self.group / "cgroup.procs").read_text() == "", "somebody outlived the run"
        self.group.rmdir()
        return GroupUsage()

    def close(self) -> None:
        """Do nothing: `end` removes the group."""


@pytest.fixture
def grouped(best_sandbox):
    mount = cgroup2_mount()
    if mount is None or not os.access(mount, os.W_OK) or os.geteuid() != 0:
        pytest.skip("no cgroup v2 mount that this user may write to")
    group = mount / f"algoitny-test-{os.getpid()}"
    sandbox = best_sandbox.inner
    make_group = sandbox._make_group
    best_sandbox.drop_spawners()
    sandbox._make_group = lambda _slot: BornInGroup(group)
    yield best_sandbox, group
    sandbox._make_group = make_group
    best_sandbox.drop_spawners()
    with contextlib.suppress(OSError):
        group.rmdir()


def test_the_whole_sandbox_is_born_in_the_run_s_group(grouped):
    sandbox, group = grouped
    seen: set[str] = set()

    def born() -> bool:
        with contextlib.suppress(OSError):
            seen.update((group / "cgroup.procs").read_text().split())
        return len(seen) >= 3  # bwrap, the runner and the program

    ran = sandbox.program(Program(("/bin/sleep", "5")), cancelled=born)
    assert ran.outcome is Outcome.CANCELLED
    assert not group.exists()


def test_cpu_time_is_the_group_s(grouped):
    sandbox, _ = grouped
    ran = sandbox.c(
        "#include <signal.h>\n#include <time.h>\n#include <sys/wait.h>\n#include <unistd.h>\n"
        "int main(void) { signal(SIGCHLD, SIG_IGN); if (fork() == 0) {"
        " while (clock() < CLOCKS_PER_SEC / 5); _exit(0); } wait(0); }"
    )
    assert ran.outcome is Outcome.OK
    assert ran.report.cpu_ms >= 200
