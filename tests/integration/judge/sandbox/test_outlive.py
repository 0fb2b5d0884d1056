"""Attacks that try to outlive a run or a worker."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from judge.sandbox.report import Outcome
from judge.sandbox.sandbox import Sandbox
from tests.support.sandbox.attacks import Attacks, LayeredAttacks
from tests.support.sandbox.host import HostSnapshot, remove_segments
from tests.support.sandbox.sandboxes import control_groups, descendants, processes_named
from tests.support.sandbox.sources import LANGUAGES
from tests.support.sandbox.weakened import (
    DIES_WITH_SPAWNER,
    IPC,
    IPC_OF_THE_HOUSE,
    KILLS_ALL,
    PROCESSES,
    RUNNER_LISTENS,
    SPAWNER_LISTENS,
    SPAWNER_REAPS,
    SYSTEM_CALLS,
    weakened_package,
)
from tests.support.tiers import by_tier
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]
ATTACKS = Attacks()
PR_SET_CHILD_SUBREAPER = 36
SEGMENT = 0x0E71FE
DAEMON = """
import os, sys, time
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for number in range(3):
                os.close(number)
            os.execv("/bin/sleep", [MARKER, "30"])
        os._exit(0)
    os.wait()
time.sleep(0.1)
"""


def end_all(pids: list[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@ATTACKS.stopped_by(PROCESSES)
def daemons(sandbox, host):
    ran = sandbox.script(DAEMON.replace("MARKER", repr(host.marker)))
    assert ran.report.exit_code == 0, ran
    left = processes_named(host.marker)
    end_all(left)
    return bool(left)


@ATTACKS.stopped_by(PROCESSES, SPAWNER_REAPS)
def a_zombie_for_the_first_process_of_the_host(sandbox, host):
    """Make this process the reaper of orphans, like a worker that is pid 1 of a container."""
    del host
    # The spawner is a child, too.
    sandbox.command("/bin/true")
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
    before = set(children_states())

    def left() -> dict[int, str]:
        return {pid: state for pid, state in children_states().items() if pid not in before}

    try:
        sandbox.script("import os, time\nif os.fork() == 0: time.sleep(0.3)")
        wait_until("the end of all that it left", lambda: set(left().values()) <= {"Z"})
        zombies = list(left())
        for pid in zombies:
            os.waitpid(pid, 0)
    finally:
        libc.prctl(PR_SET_CHILD_SUBREAPER, 0)
    return bool(zombies)


def children_states() -> dict[int, str]:
    """The state (`S`, `Z`, …) of each child of this process."""
    found = {}
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            words = (entry / "stat").read_text().rpartition(")")[2].split()
            if int(words[1]) == os.getpid():
                found[int(entry.name)] = words[0]
    return found


@ATTACKS.stopped_by(IPC, IPC_OF_THE_HOUSE, without_groups=(SYSTEM_CALLS,))
def a_system_v_segment(sandbox, host):
    del host
    sandbox.script(f"import ctypes; print(ctypes.CDLL(None).shmget({SEGMENT}, 1 << 20, 0o1666))")
    return remove_segments(SEGMENT)


class TestAttacks(LayeredAttacks):
    """Runs each attack of this module."""


def test_a_daemon_that_the_runner_forgets_dies_with_its_namespace(best_sandbox, weaken, host):
    with weaken([KILLS_ALL], best_sandbox) as sandbox:
        assert not daemons(sandbox, host)


DOUBLE_FORK = {
    "c": r"""
#include <unistd.h>
int main(void) {
    if (fork() == 0) {
        setsid();
        if (fork() == 0) { close(0); close(1); close(2); execl("/bin/sleep", "MARKER", "30", 0); }
        _exit(0);
    }
    usleep(200000);
}
""",
    "python": DAEMON.replace("MARKER", "'MARKER'"),
    "javascript": """
require('child_process').spawn('/bin/sleep', ['30'],
    {argv0: 'MARKER', detached: true, stdio: 'ignore'}).unref();
setTimeout(() => {}, 200);
""",
    "java": """
public class Main {
    public static void main(String[] given) throws Exception {
        String daemon = ": MARKER; sleep 30; :";
        new ProcessBuilder("/bin/sh", "-c", daemon).start();
        new ProcessBuilder("/usr/bin/setsid", "-f", "/bin/sh", "-c", daemon).start();
        Thread.sleep(200);
    }
}
""",
}
DOUBLE_FORK["cpp"] = DOUBLE_FORK["c"].replace("(void)", "()")


@pytest.mark.parametrize("how", ["run", "run_as_compiler"])
@pytest.mark.parametrize("language", by_tier(LANGUAGES, ["c", "python"]))
def test_a_daemon_in_any_language_dies_with_its_run(best_sandbox, host, language, how):
    best_sandbox.need(language)
    snapshot = HostSnapshot(best_sandbox)
    code = DOUBLE_FORK[language].replace("MARKER", host.marker)
    ran = getattr(best_sandbox, how)(language, code)
    assert ran.outcome is Outcome.OK, ran
    assert processes_named(host.marker) == []
    snapshot.assert_untouched()


def test_children_never_waited_for_leave_no_zombie(sandbox):
    ran = sandbox.script("import os\nfor _ in range(30):\n    if os.fork() == 0: os._exit(0)")
    assert ran.outcome is Outcome.OK
    assert descendants(sandbox.spawners) == []


WORKER = """
import sys
import time
from pathlib import Path
from PACKAGE.report import Program, RunLimits
from PACKAGE.sandbox import Sandbox
sandbox = Sandbox(Path(sys.argv[1]), slots=1)
limits = RunLimits(cpu_ms=20_000, wall_ms=60_000, memory_kb=65536)
sandbox.run(Program(("/bin/sh", "-c", "sleep 59; : " + sys.argv[2])), b"", limits)
"""
GUARDS = (SPAWNER_LISTENS, DIES_WITH_SPAWNER, RUNNER_LISTENS)


@contextlib.contextmanager
def killed_worker(root: Path, marker: str, package: str, path: Path, number: int):
    """Run a sandbox in a child process, kill that, and yield the processes that it started."""
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER.replace("PACKAGE", package), str(root), marker],
        cwd=path,
        env={**os.environ, "PYTHONPATH": f"{path}:{Path.cwd()}"},
    )
    started: list[int] = []

    def began() -> bool:
        started[:] = descendants([worker.pid])
        return bool(set(started) & set(processes_named(marker)))

    try:
        wait_until("a run of the worker", began)
        worker.send_signal(number)
        worker.wait()
        yield started
    finally:
        worker.kill()
        worker.wait()
        end_all(list({*started, *processes_named(marker)}))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_worker_takes_its_sandboxes_along(builds, tmp_path, host, number):
    package = weakened_package(tmp_path, [], builds)
    root = tmp_path / "root"
    with killed_worker(root, host.marker, package, tmp_path, number):
        gone = [host.marker, str(root)]  # the sandbox's processes, and the spawner
        wait_until("the end of all", lambda: not any(map(processes_named, gone)))
    successor = Sandbox(root, slots=1)
    successor.check()
    successor.close()
    assert control_groups(successor) == []


@pytest.mark.parametrize("kept", [*GUARDS, None], ids=str)
def test_each_guard_alone_ends_the_sandboxes_of_a_killed_worker(builds, tmp_path, host, kept):
    cut = [one for one in GUARDS if one is not kept]
    package = weakened_package(tmp_path, cut, builds)
    root = tmp_path / "root"
    with killed_worker(root, host.marker, package, tmp_path, signal.SIGKILL):
        if kept is None:
            wait_until("the end of the spawner", lambda: not processes_named(str(root)))
            assert processes_named(host.marker)
        else:
            wait_until("the end of all", lambda: not processes_named(host.marker))


def test_a_spawner_that_was_lost_while_it_was_idle_is_replaced(best_sandbox):
    best_sandbox.command("/bin/true")
    killed = best_sandbox.spawners
    assert killed
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    outcomes = {best_sandbox.command("/bin/true").outcome for _ in range(len(killed) + 1)}
    assert outcomes == {Outcome.OK}
