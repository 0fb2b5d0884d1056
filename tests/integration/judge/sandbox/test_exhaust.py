"""Attacks that try to use up processes, files, output, time and scarce resources of the host."""

import os

import pytest

from judge.sandbox.report import Outcome, Program, RunLimits
from tests.support.sandbox.attacks import Attacks, LayeredAttacksOnLimits
from tests.support.sandbox.sandboxes import descendants
from tests.support.sandbox.weakened import (
    CPU_OF_A_PROCESS,
    CPU_OF_THE_TREE,
    NO_TERMINALS,
    NUMBER_OF_FILES,
    NUMBER_OF_PROCESSES,
    OUTPUT_ENDS,
    OUTPUT_KEPT,
    PROCESSES_OF_THE_GROUP,
    SYSTEM_CALLS,
    WALL_CLOCK,
)
from tests.support.tiers import by_tier

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]
ATTACKS = Attacks()


@ATTACKS.stopped_by(NUMBER_OF_PROCESSES, with_groups=(PROCESSES_OF_THE_GROUP,))
def processes(sandbox, host):
    del host
    code = """
import os, time
made = 0
try:
    while made < 150:
        if os.fork() == 0: time.sleep(20)
        made += 1
except OSError: pass
print(made)
"""
    return int(sandbox.script(code, processes=32, memory_kb=512 * 1024).out) > 64


@ATTACKS.stopped_by(NUMBER_OF_PROCESSES, with_groups=(PROCESSES_OF_THE_GROUP,))
def threads(sandbox, host):
    del host
    code = """
import threading, time
threading.stack_size(1 << 16)
made = 0
try:
    while made < 150:
        threading.Thread(target=time.sleep, args=(20,), daemon=True).start()
        made += 1
except RuntimeError: pass
print(made, flush=True)
import os; os._exit(0)
"""
    return int(sandbox.script(code, processes=32, memory_kb=512 * 1024).out) > 64


@ATTACKS.stopped_by(NUMBER_OF_FILES)
def descriptors(sandbox, host):
    del host
    code = """
made = []
try:
    while len(made) < 400: made.append(open("/dev/null"))
except OSError: pass
print(len(made))
"""
    return int(sandbox.script(code).out) > 128


@ATTACKS.stopped_by(NO_TERMINALS)
def terminals_of_the_host(sandbox, host):
    """A host has some thousand terminals, and no control group counts the data in them."""
    del host
    return sandbox.script("import os; print(os.open('/dev/ptmx', os.O_RDWR))").report.exit_code == 0


@ATTACKS.stopped_by(SYSTEM_CALLS)
def aio_contexts_of_the_host(sandbox, host):
    """A host has `fs.aio-max-nr` of them in total."""
    del host
    code = """
import ctypes, platform
context = ctypes.c_ulong(0)
number = 206 if platform.machine() == "x86_64" else 0
print(ctypes.CDLL(None).syscall(number, 1, ctypes.byref(context)))
"""
    return sandbox.script(code).out == "0\n"


@ATTACKS.stopped_by(SYSTEM_CALLS)
def huge_pages_of_the_host(sandbox, host):
    """A host gives its huge pages to any process, and no control group counts them."""
    del host
    code = """
import errno, mmap
try:
    mmap.mmap(-1, 2 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x40000)
    print("got")
except OSError as error:
    print(errno.errorcode[error.errno])
"""
    return sandbox.script(code).out in ("got\n", "ENOMEM\n")  # this host may have none


@ATTACKS.stopped_by(OUTPUT_ENDS, OUTPUT_KEPT)
def output(sandbox, host):
    del host
    program = Program(("/bin/sh", "-c", "head -c 100000000 /dev/full"))
    limits = RunLimits(cpu_ms=8000, wall_ms=30_000, memory_kb=64 * 1024, output_kb=1024)
    with sandbox.inner.run(program, b"", limits) as report:
        return report.stdout.seek(0, os.SEEK_END) == 100_000_000


SPIN = "import time\nwhile time.process_time() < {}: pass\n"


@ATTACKS.stopped_by(CPU_OF_THE_TREE)
def cpu_time_of_a_child_that_nobody_waits_for(sandbox, host):
    del host
    code = f"""
import os, signal
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
child = os.fork()
if child == 0:
    {SPIN.format(1).replace(chr(10), chr(10) + "    ")}
    os._exit(0)
try: os.waitpid(child, 0)
except ChildProcessError: pass
print("done")
"""
    return sandbox.script(code, cpu_ms=300, wall_ms=30_000).out == "done\n"


@ATTACKS.stopped_by(CPU_OF_THE_TREE, CPU_OF_A_PROCESS)
def cpu_time_of_itself(sandbox, host):
    del host
    code = f"{SPIN.format(2.3)}\nprint('done')"
    return sandbox.script(code, cpu_ms=300, wall_ms=30_000).out == "done\n"


@ATTACKS.stopped_by(WALL_CLOCK)
def wall_time(sandbox, host):
    del host
    return sandbox.command("/bin/sleep", "1", wall_ms=300).outcome == Outcome.OK


# Each compiler process is short on any host, so that only their sum exceeds the limit.
COMPILES = """
import os, subprocess
while os.times().children_user + os.times().children_system < 1:
    gcc = ["gcc", "-x", "c", "-o", "/tmp/main", "-"]
    subprocess.run(gcc, input=b"int main(void) {}", check=True)
print("made")
"""


@ATTACKS.stopped_by(CPU_OF_THE_TREE)
def cpu_time_of_a_compiler(sandbox, host):
    del host
    limits = {"cpu_ms": 300, "wall_ms": 60_000, "memory_kb": 1 << 20}
    return sandbox.script(COMPILES, b"", **limits).out == "made\n"


class TestAttacks(LayeredAttacksOnLimits):
    """Runs each attack of this module."""


def test_a_fork_bomb_that_never_stops_is_ended(sandbox):
    ran = sandbox.c(
        "#include <unistd.h>\nint main(void) { for (;;) fork(); }", cpu_ms=500, wall_ms=5000
    )
    assert ran.outcome in (Outcome.CPU_LIMIT, Outcome.WALL_LIMIT)
    assert descendants(sandbox.spawners) == []
    assert sandbox.command("/bin/echo", "fine").out == "fine\n"


FORK_BOMBS = {
    "python": "import os\nwhile True: os.fork()",
    "javascript": "for (;;) require('child_process').spawn(process.argv[0], [__filename]);",
    "java": """
public class Main {
    public static void main(String[] given) {
        while (true) new Thread(() -> { while (true); }).start();
    }
}
""",
}


@pytest.mark.parametrize("language", by_tier(FORK_BOMBS, ["python"]))
def test_a_fork_bomb_in_any_language_is_ended(best_sandbox, language):
    best_sandbox.need(language)
    ran = best_sandbox.run(
        language, FORK_BOMBS[language], memory_kb=512 * 1024, cpu_ms=1500, wall_ms=10_000
    )
    assert ran.outcome is not Outcome.OK
    assert ran.outcome is not Outcome.INTERNAL
    assert descendants(best_sandbox.spawners) == []
    assert best_sandbox.command("/bin/echo", "fine").out == "fine\n"


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_an_output_flood_is_cut_and_ended(sandbox, stream):
    ran = sandbox.script(
        f"import sys\nwhile True: sys.{stream}.buffer.write(b'x' * 65536)", output_kb=1024
    )
    assert ran.outcome is Outcome.OUTPUT
    assert len(ran.report.stderr) <= 64 * 1024


def test_output_up_to_the_limit_arrives_whole(best_sandbox):
    limits = RunLimits(cpu_ms=10_000, wall_ms=30_000, memory_kb=64 * 1024, output_kb=4096)
    program = Program(("/bin/sh", "-c", "head -c 4194304 /dev/full"))
    with best_sandbox.inner.run(program, b"", limits) as report:
        assert report.outcome is Outcome.OK
        assert report.stdout.read() == bytes(4 << 20)


@pytest.mark.parametrize(
    "body",
    [
        "SPIN",
        "if (fork() == 0) { SPIN } pause();",
        "if (fork() == 0) { if (fork() == 0) { setsid(); SPIN } _exit(0); } pause();",
        "signal(SIGCHLD, SIG_IGN); if (fork() == 0) { SPIN } pause();",
        "signal(SIGXCPU, SIG_IGN); signal(SIGTERM, SIG_IGN); SPIN",
    ],
    ids=["itself", "child", "orphan", "child never reaped", "signals ignored"],
)
def test_cpu_time_of_the_whole_tree_counts(sandbox, body):
    spin = "for (volatile long i = 0;; i++);"
    ran = sandbox.c(
        "#include <signal.h>\n#include <unistd.h>\n"
        f"int main(void) {{ {body.replace('SPIN', spin)} }}",
        cpu_ms=300,
        wall_ms=20_000,
    )
    assert ran.outcome is Outcome.CPU_LIMIT
    assert ran.report.cpu_ms >= 300


def test_cpu_time_of_ended_children_without_a_reaper_counts(best_sandbox):
    if not best_sandbox.has_groups:
        pytest.skip("no control groups here")
    ran = best_sandbox.c(
        """
#include <signal.h>
#include <time.h>
#include <unistd.h>
int main(void) {
    signal(SIGCHLD, SIG_IGN);
    for (int i = 0; i < 100; i++) {
        if (fork() == 0) {
            clock_t end = clock() + CLOCKS_PER_SEC / 50;
            while (clock() < end);
            _exit(0);
        }
        usleep(21000);
    }
}
""",
        cpu_ms=500,
        wall_ms=20_000,
    )
    assert ran.outcome is Outcome.CPU_LIMIT


def test_sleeping_is_ended_by_wall_time_alone(sandbox):
    ran = sandbox.command("/bin/sleep", "60", wall_ms=500)
    assert ran.outcome is Outcome.WALL_LIMIT
    assert ran.report.wall_ms >= 500
    assert ran.report.cpu_ms < ran.report.wall_ms


def test_a_stopped_program_is_ended_by_wall_time(sandbox):
    ran = sandbox.command("/bin/sh", "-c", "kill -STOP $$", wall_ms=500)
    assert ran.outcome is Outcome.WALL_LIMIT
