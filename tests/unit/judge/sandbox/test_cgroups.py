"""Choosing and using control groups, with directories that look like those of the kernel."""

import os
import shutil
from pathlib import Path

import pytest

from judge.sandbox.cgroups import (
    CGROUP_PARENT_LEAF,
    GROUP_OVERHEAD_KB,
    Cgroup1Slot,
    Cgroup2Slot,
    GroupUsage,
    LimitBackend,
    NoGroup,
    choose_limits,
)

REFAULTS = "workingset_refault_file"
CHECK = f"algoitny-x-check-{os.getpid()}"


def write(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.fixture
def proc(tmp_path: Path):
    """Write a /proc/self with these groups."""

    def make(cgroup: str, mounts: list[tuple[str, str, str, str]]) -> Path:
        directory = tmp_path / "proc"
        write(directory / "cgroup", cgroup)
        lines = [
            f"30 20 0:25 {root} {mount} rw,nosuid - {kind} {kind} {options}\n"
            for root, mount, kind, options in mounts
        ]
        write(directory / "mountinfo", "".join(lines))
        return directory

    return make


def cgroup1_files(group: Path) -> None:
    write(group / "memory.limit_in_bytes", "9223372036854771712")
    write(group / "memory.max_usage_in_bytes", "0")
    write(group / "memory.usage_in_bytes", "4096")
    write(group / "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n")
    write(group / "memory.stat", f"cache 10485760\nrss 0\nshmem 2097152\n{REFAULTS} 5\n")


class TestCgroup1:
    @pytest.fixture
    def slot(self, tmp_path):
        cgroup1_files(tmp_path / "memory")
        write(tmp_path / "cpuacct" / "cpuacct.usage", "0")
        slot = Cgroup1Slot(tmp_path / "memory", tmp_path / "pids", tmp_path / "cpuacct")
        yield slot
        slot.close()

    def test_a_run_sets_its_limits_and_forgets_the_last_peak(self, slot, tmp_path):
        write(tmp_path / "memory" / "memory.max_usage_in_bytes", "999")
        slot.begin(65_536, 64)
        limit = (tmp_path / "memory" / "memory.limit_in_bytes").read_text()
        assert int(limit) == (65_536 + GROUP_OVERHEAD_KB) * 1024
        assert (tmp_path / "memory" / "memory.max_usage_in_bytes").read_text() == "0"
        assert (tmp_path / "pids" / "pids.max").read_text() == "80"

    def test_swap_is_limited_with_memory_where_the_kernel_accounts_it(self, slot, tmp_path):
        swap = write(tmp_path / "memory" / "memory.memsw.limit_in_bytes", "-1")
        slot.begin(65_536, 64)
        assert int(swap.read_text()) == (65_536 + GROUP_OVERHEAD_KB) * 1024

    def test_only_what_happened_in_the_run_counts(self, slot, tmp_path):
        slot.begin(65_536, 64)
        memory = tmp_path / "memory"
        write(memory / "memory.max_usage_in_bytes", str(50 << 20))
        write(memory / "memory.oom_control", "oom_kill_disable 0\noom_kill 3\n")
        write(memory / "memory.stat", f"cache 13631488\nshmem 2097152\n{REFAULTS} 7\n")
        assert slot.end() == GroupUsage(50 << 10, 65_536 + GROUP_OVERHEAD_KB, 3 << 10, 1, 2)

    def test_the_spawner_joins_all_groups(self, slot, tmp_path):
        slot.adopt(4711)
        for name in ("memory", "pids", "cpuacct"):
            assert (tmp_path / name / "cgroup.procs").read_text() == "4711"

    def test_a_failcnt_is_never_read(self, slot, tmp_path):
        write(tmp_path / "memory" / "memory.failcnt", "1000")
        slot.begin(65_536, 64)
        assert slot.end().oom_kills == 0
        assert not slot.end().reached_limit


CGROUP2_FILES = {
    "cpu.stat": "usage_usec 0\n",
    "memory.current": "0",
    "memory.peak": str(10 << 20),
    "memory.events": "low 0\nhigh 0\nmax 7\noom 1\noom_kill 1\n",
    "memory.stat": f"anon 0\nfile 3145728\nshmem 1048576\n{REFAULTS} 9\n",
}


class TestCgroup2:
    @pytest.fixture
    def slot(self, tmp_path):
        write(tmp_path / "slot" / "cgroup.subtree_control")
        slot = Cgroup2Slot(tmp_path / "slot")
        yield slot
        slot.close()

    def begin(self, slot, tmp_path: Path, monkeypatch) -> Path:
        """Like the kernel, create the files of a new group with its directory."""
        original = Path.mkdir

        def mkdir(path, *args, **kwargs):
            original(path, *args, **kwargs)
            for name, text in CGROUP2_FILES.items():
                (path / name).write_text(text)

        monkeypatch.setattr(Path, "mkdir", mkdir)
        handles = slot.begin(65_536, 64)
        monkeypatch.undo()
        assert None not in (handles.cpu, handles.memory, handles.group)
        (run,) = (path for path in (tmp_path / "slot").iterdir() if path.is_dir())
        return run

    def test_each_run_has_a_group_of_its_own(self, slot, tmp_path, monkeypatch):
        run = self.begin(slot, tmp_path, monkeypatch)
        limit_kb = 65_536 + GROUP_OVERHEAD_KB
        assert int((run / "memory.max").read_text()) == limit_kb * 1024
        assert (run / "memory.swap.max").read_text() == "0"
        assert (run / "pids.max").read_text() == "80"
        assert slot.end() == GroupUsage(10 << 10, limit_kb, 2 << 10, 1, 9)
        assert (run / "cgroup.kill").read_text() == "1"

    def test_without_a_peak_the_group_was_full_when_it_ran_out_of_memory(
        self, slot, tmp_path, monkeypatch
    ):
        for oom, is_out_of_memory in ((1, True), (0, False)):
            run = self.begin(slot, tmp_path, monkeypatch)
            (run / "memory.peak").unlink()
            (run / "memory.events").write_text(f"oom {oom}\noom_kill 1\n")
            usage = slot.end()
            assert (usage.is_out_of_memory, usage.killed_by_host_oom) == (is_out_of_memory, not oom)
            shutil.rmtree(run)

    @pytest.mark.usefixtures("slot")
    def test_the_controllers_are_handed_down(self, tmp_path):
        assert (tmp_path / "slot" / "cgroup.subtree_control").read_text() == "+memory +pids"


class TestChoosing:
    def test_delegated_v2_is_best(self, tmp_path, proc):
        base = tmp_path / "v2" / "user.slice"
        write(base / "cgroup.controllers", "cpu memory pids")
        write(base / "cgroup.subtree_control", "memory pids")
        write(base / CHECK / "cgroup.subtree_control")
        where = proc("0::/user.slice\n", [("/", str(tmp_path / "v2"), "cgroup2", "rw")])
        held, make = choose_limits("x", proc=where)
        assert held is LimitBackend.CGROUP2
        assert isinstance(make(0), Cgroup2Slot)

    def test_a_v2_group_with_processes_sends_them_to_a_leaf_first(self, tmp_path, proc):
        base = tmp_path / "v2"
        write(base / "cgroup.controllers", "memory pids")
        write(base / "cgroup.subtree_control", "")
        write(base / "cgroup.procs", "17\n")
        write(base / CHECK / "cgroup.subtree_control")
        held, _ = choose_limits("x", proc=proc("0::/\n", [("/", str(base), "cgroup2", "rw")]))
        assert held is LimitBackend.CGROUP2
        assert (base / CGROUP_PARENT_LEAF / "cgroup.procs").read_text() == "17"
        assert (base / "cgroup.subtree_control").read_text() == "+memory +pids"

    def test_a_v2_mount_without_memory_is_passed_over(self, tmp_path, proc):
        write(tmp_path / "v2" / "cgroup.controllers", "hugetlb")
        write(tmp_path / "v2" / "cgroup.subtree_control", "hugetlb")
        for name in ("memory", "pids"):
            (tmp_path / name / "mine").mkdir(parents=True)
        cgroup1_files(tmp_path / "memory" / "mine" / CHECK)
        where = proc(
            "4:memory:/mine\n3:pids:/mine\n0::/\n",
            [
                ("/", str(tmp_path / "v2"), "cgroup2", "rw"),
                ("/", str(tmp_path / "memory"), "cgroup", "rw,memory"),
                ("/", str(tmp_path / "pids"), "cgroup", "rw,pids"),
            ],
        )
        assert choose_limits("x", proc=where)[0] is LimitBackend.CGROUP1
        assert (tmp_path / "pids" / "mine" / CHECK).is_dir()

    def test_nothing_writable_means_resource_limits(self, tmp_path, proc):
        where = proc("4:memory:/\n", [("/", str(tmp_path / "none"), "cgroup", "rw,memory")])
        held, make = choose_limits("x", proc=where)
        assert held is LimitBackend.RLIMITS
        assert isinstance(make(3), NoGroup)

    def test_a_kind_can_be_forced(self, tmp_path, proc):
        assert choose_limits("x", LimitBackend.RLIMITS)[0] is LimitBackend.RLIMITS
        where = proc("0::/\n", [("/", str(tmp_path / "none"), "cgroup2", "rw")])
        with pytest.raises(OSError, match="cgroup2"):
            choose_limits("x", LimitBackend.CGROUP2, proc=where)
