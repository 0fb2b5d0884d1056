"""What a program must never change, and what must not outlive it."""

import hashlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from tasks.sandbox.report import Outcome, Program
from tasks.sandbox.sandbox import Sandbox

pytestmark = pytest.mark.sandbox


FORGED = (
    "report reason=none ended=1 status=0 cpu_us=1 wall_us=1 rss_kb=1 watched_kb=1 base_kb=1 "
    "start_errno=0"
)


def test_the_report_can_not_be_forged(box):
    """Each way to the runner's descriptors and memory fails, and the real end is reported."""
    ran = box.python(
        f"forged = {FORGED.encode()!r}"
        """
import ctypes, glob, os, resource, signal, sys
libc = ctypes.CDLL(None, use_errno=True)
def attempt(name, action):
    try:
        print(name, "did", action())
    except OSError as error:
        pass
for fd in range(3, 64):
    attempt(f"write {fd}", lambda: os.write(fd, forged))
    attempt(f"reopen {fd}", lambda: open(f"/proc/1/fd/{fd}", "wb"))
attempt("mem", lambda: open("/proc/1/mem", "r+b"))
attempt("mem of the parent", lambda: open(f"/proc/{os.getppid()}/mem", "r+b"))
attempt("limits", lambda: resource.prlimit(1, resource.RLIMIT_CPU, (0, 0)))
attempt("priority", lambda: os.setpriority(os.PRIO_PROCESS, 1, 19))
assert libc.ptrace(16, 1, 0, 0) == -1
assert libc.process_vm_writev(1, None, 0, None, 0, 0) == -1
for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM, signal.SIGCHLD, signal.SIGXCPU):
    attempt("signal", lambda: os.kill(1, number) and 1)
print("still here")
sys.exit(7)
"""
    )
    assert ran.out.replace("signal did None\n", "") == "still here\n"
    assert (ran.outcome, ran.report.exit_code) == (Outcome.NONZERO_EXIT, 7)


def test_a_report_written_on_the_outputs_is_only_output(box):
    ran = box.python(
        f"import sys; print({FORGED!r}); print({FORGED!r}, file=sys.stderr); sys.exit(9)"
    )
    assert (ran.outcome, ran.report.exit_code) == (Outcome.NONZERO_EXIT, 9)


def test_exit_139_and_a_segmentation_fault_are_told_apart(box):
    assert box.c("int main(void) { return 139; }").report.exit_code == 139
    crashed = box.c("int main(void) { *(volatile int *)0 = 1; }")
    assert (crashed.outcome, crashed.report.signal) == (Outcome.SIGNALLED, "SIGSEGV")


def test_its_own_input_can_be_read_again_and_never_written(box, tmp_path):
    given = tmp_path / "input"
    given.write_bytes(b"12 30\n")
    given.chmod(0o666)
    ran = box.python(
        """
import os
print(open("/dev/stdin").read().strip(), os.pread(0, 2, 0))
for change in (
    lambda: os.write(0, b"x"),
    lambda: os.pwrite(os.open("/proc/self/fd/0", os.O_RDWR), b"x", 0),
    lambda: os.truncate("/proc/self/fd/0", 0),
    lambda: os.ftruncate(os.open("/proc/self/fd/0", os.O_WRONLY), 0),
):
    try:
        print("changed", change())
    except OSError:
        pass
""",
        given,
    )
    assert ran.out == "12 30 b'12'\n"
    assert given.read_bytes() == b"12 30\n"


def test_its_own_program_and_the_system_can_not_be_changed(box):
    ran = box.python(
        """
import os
for change in (
    lambda: open("/box/main.py", "w"),
    lambda: open("/box/new", "w"),
    lambda: os.chmod("/box/main.py", 0),
    lambda: os.chmod("/box", 0),
    lambda: os.unlink("/box/main.py"),
    lambda: os.rename("/box", "/tmp/box"),
    lambda: os.mkdir("/new"),
    lambda: open("/usr/bin/new", "w"),
    lambda: open("/etc/ld.so.preload", "w"),
    lambda: open("/dev/new", "w"),
    lambda: os.mknod("/tmp/disk", 0o60666, os.makedev(254, 0)),
    lambda: open("/proc/sys/kernel/hostname", "w"),
    lambda: open("/proc/sysrq-trigger", "w"),
):
    try:
        print("changed", change())
    except OSError:
        pass
print("tried")
"""
    )
    assert ran.out == "tried\n"


def test_the_compile_cache_is_what_it_was(box):
    def digest() -> list[tuple[Path, str]]:
        files = sorted(path for path in box.sandbox.shared.rglob("*") if path.is_file())
        return [(path, hashlib.sha256(path.read_bytes()).hexdigest()) for path in files]

    source = "int main(void) { return 0; }"
    box.c(source)
    before = digest()
    box.c(source)
    assert digest() == before


@pytest.mark.slow
def test_a_daemon_dies_with_its_run(box, named_processes):
    ran = box.python(
        """
import os, time
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execv("/bin/sleep", ["daemon-of-a-submission", "60"])
        os._exit(0)
time.sleep(0.2)
"""
    )
    assert ran.outcome is Outcome.OK
    assert named_processes("daemon-of-a-submission") == []


def test_children_never_waited_for_leave_no_zombie(box, descendants):
    ran = box.python("import os\nfor _ in range(30):\n    if os.fork() == 0: os._exit(0)")
    assert ran.outcome is Outcome.OK
    assert all(descendants(spawner.pid) == [] for spawner in box.sandbox._spawners.values())


CGROUPS = [Path("/sys/fs/cgroup")] if Path("/sys/fs/cgroup").is_dir() else []
WORKER = """
import sys
from pathlib import Path
from tasks.sandbox.report import Program, RunLimits
from tasks.sandbox.sandbox import Sandbox
sandbox = Sandbox(Path(sys.argv[1]), slots=1)
limits = RunLimits(cpu_ms=20_000, wall_ms=60_000, memory_kb=65536)
sandbox.run(Program(("/bin/sh", "-c", "sleep 59.25 & sleep 59.25")), b"", limits)
"""


@pytest.mark.slow
@pytest.mark.usefixtures("best_box")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_worker_takes_its_sandboxes_along(tmp_path, named_processes, number):
    worker = subprocess.Popen([sys.executable, "-c", WORKER, str(tmp_path)], cwd=Path.cwd())
    deadline = time.monotonic() + 20
    while len(named_processes("59.25")) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(named_processes("59.25")) >= 2
    worker.send_signal(number)
    worker.wait()
    deadline = time.monotonic() + 3
    left = ["59.25", str(tmp_path)]  # the sandbox's processes, and the spawner
    while any(map(named_processes, left)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert [named_processes(one) for one in left] == [[], []]
    successor = Sandbox(tmp_path, slots=1)
    successor.check()
    successor.close()
    groups = (path for top in CGROUPS for path in top.rglob(f"algoitny-{successor.identity}-*"))
    assert list(groups) == []


@pytest.mark.slow
def test_a_lost_spawner_is_an_internal_error_and_the_next_run_works(best_box):
    box = best_box
    box.command("/bin/true")
    killed = [one.pid for one in box.sandbox._spawners.values()]
    assert killed
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    outcomes = [box.command("/bin/true").outcome for _ in range(len(killed) + 1)]
    assert outcomes[-1] is Outcome.OK
    assert Outcome.INTERNAL in outcomes


def test_of_what_a_compiler_leaves_only_regular_files_are_taken(box):
    script = textwrap.dedent(
        """
        printf ready > main
        ln -s /proc/1/environ link
        ln -s main inside
        ln main hard
        mkfifo pipe
        mkdir directory; printf x > directory/deep
        printf hidden > .hidden
        """
    )
    ran = box.program(Program(("/bin/sh", "-c", script), collect_kb=64))
    assert ran.report.collected == {"main": b"ready", "hard": b"ready"}


def test_more_than_may_be_collected_is_refused_whole(box):
    script = "head -c 40000 /dev/zero > one; head -c 40000 /dev/zero > two"
    ran = box.program(Program(("/bin/sh", "-c", script), collect_kb=64))
    assert ran.outcome is Outcome.OK
    assert ran.report.collected is None
