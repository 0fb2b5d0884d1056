"""Attacks that try to change the host, other runs or the own verdict."""

import hashlib
import os
import shutil
import textwrap
from pathlib import Path

import pytest

from judge.sandbox.report import Outcome, Program
from tests.support.sandbox.attacks import Attacks, LayeredAttacks
from tests.support.sandbox.sandboxes import processes_named
from tests.support.sandbox.sources import LANGUAGES
from tests.support.sandbox.weakened import (
    LINKS_NOT_FOLLOWED,
    NOT_DUMPABLE,
    OWN_TMP,
    OWN_USER,
    PROCESSES,
    READ_ONLY_BOX,
    READ_ONLY_HOUSE,
    READ_ONLY_SHARED,
    READ_ONLY_SYSTEM,
    REGULAR_FILES_ONLY,
    RUNNER_CLOSES,
    SEALED_INPUT,
    SPAWNER_CLOSES,
    SYSTEM_CALLS,
    USER_OF_THE_PLACE,
)
from tests.support.tiers import by_tier
from tests.support.waiting import wait_until

pytestmark = pytest.mark.sandbox
ATTACKS = Attacks()
FORGED = (
    "report reason=none ended=1 status=0 cpu_us=1 wall_us=1 waited_us=0 rss_kb=1 "
    "watched_kb=1 base_kb=1 start_errno=0"
)
YAMA = Path("/proc/sys/kernel/yama/ptrace_scope")


def need_ptrace() -> None:
    if YAMA.exists() and YAMA.read_text().strip() != "0":
        pytest.skip("this kernel lets nobody trace but their parents (yama/ptrace_scope)")


@ATTACKS.stopped_by(READ_ONLY_BOX, READ_ONLY_SHARED, OWN_USER)
def its_program_and_so_the_compile_cache(sandbox, host):
    directory = sandbox.inner.shared / host.marker
    directory.mkdir()
    (directory / "main").write_text("program")
    (directory / "main").chmod(0o555)
    change = """
import os
for change in (
    lambda: os.chmod("/box", 0o777),
    lambda: os.chmod("/box/main", 0o777),
    lambda: open("/box/main", "w").write("changed"),
    lambda: os.unlink("/box/main"),
    lambda: open("/box/new", "w"),
):
    try:
        change()
    except OSError:
        pass
"""
    sandbox.program(Program(("/usr/bin/python3", "-c", change), directory))
    found = {path.name: path.read_text() for path in directory.iterdir()}
    shutil.rmtree(directory)
    return found != {"main": "program"}


@ATTACKS.stopped_by(SEALED_INPUT)
def its_input_on_the_host(sandbox, host):
    host.public.chmod(0o666)
    sandbox.script(
        """
import os
os.write(os.open("/proc/self/fd/0", os.O_RDWR), b"changed")
""",
        host.public,
    )
    return host.public.read_text() != host.marker


@ATTACKS.stopped_by(READ_ONLY_SYSTEM, OWN_USER)
def a_program_of_the_system(sandbox, host):
    del host
    if os.geteuid() != 0:
        pytest.skip("a user that is not root may change nothing there anyway")
    return sandbox.script("import os; print(os.access('/usr/bin', os.W_OK))").out == "True\n"


@ATTACKS.stopped_by(READ_ONLY_HOUSE, OWN_USER)
def the_root_of_the_next_run(sandbox, host):
    sandbox.script(f"open('/{host.marker}', 'w')")
    return host.marker in sandbox.script("import os; print(os.listdir('/'))").out


@ATTACKS.stopped_by(OWN_TMP)
def a_file_of_a_run_at_the_same_time(sandbox, host):
    kept = f"/tmp/{host.marker}"
    # The name of the second shell is in no command line before the file exists.
    script = f"umask 0; echo kept > {kept}; exec /bin/sh -c 'sleep 20; true' {host.marker}'-'wrote"
    with sandbox.meanwhile("/bin/sh", "-c", script):
        wait_until("the other run's file", lambda: processes_named(f"{host.marker}-wrote"))
        ran = sandbox.script(
            f"""
try:
    print(open({kept!r}, "r+").write("changed"))
except OSError:
    pass
"""
        )
    Path(kept).unlink(missing_ok=True)
    return "7" in ran.out


@ATTACKS.stopped_by(PROCESSES, USER_OF_THE_PLACE)
def the_end_of_a_run_at_the_same_time(sandbox, host):
    with sandbox.meanwhile("/bin/sh", "-c", "sleep 20; true", host.marker) as other:
        pid = host.victim(sandbox)
        ran = sandbox.script(f"import os; print(os.kill({pid}, 15))")
    return ran.out == "None\n" and other[0].report.signal == "SIGTERM"


@ATTACKS.stopped_by(RUNNER_CLOSES)
def the_report_through_an_inherited_descriptor(sandbox, host):
    del host
    ran = sandbox.script(
        f"""
import os, sys
for number in range(3, 64):
    try:
        os.write(number, {FORGED.encode()!r})
    except OSError:
        pass
sys.exit(7)
"""
    )
    return ran.report.exit_code != 7


@ATTACKS.stopped_by(NOT_DUMPABLE, SYSTEM_CALLS)
def the_report_through_a_descriptor_of_process_1(sandbox, host):
    del host
    need_ptrace()
    ran = sandbox.script(
        f"""
import ctypes, os, sys
PIDFD_OPEN, PIDFD_GETFD = 434, 438
libc = ctypes.CDLL(None)
stolen = libc.syscall(PIDFD_GETFD, libc.syscall(PIDFD_OPEN, 1, 0), 3, 0)
if stolen >= 0:
    os.write(stolen, {FORGED.encode()!r})
sys.exit(7)
"""
    )
    return ran.report.exit_code != 7


@ATTACKS.stopped_by(NOT_DUMPABLE)
def the_memory_of_process_1(sandbox, host):
    del host
    ran = sandbox.script(
        """
import os
for line in open("/proc/1/maps"):
    words = line.split()
    if words[1].startswith("rw"):
        first = int(words[0].split("-")[0], 16)
        memory = os.open("/proc/1/mem", os.O_RDWR)
        print("wrote", os.pwrite(memory, os.pread(memory, 8, first), first))
        break
"""
    )
    return "wrote 8" in ran.out


@ATTACKS.stopped_by(NOT_DUMPABLE, SYSTEM_CALLS)
def the_course_of_process_1(sandbox, host):
    del host
    need_ptrace()
    seize = "import ctypes; print(ctypes.CDLL(None).ptrace(0x4206, 1, 0, 0))"
    return sandbox.script(seize).out == "0\n"


@ATTACKS.stopped_by(SYSTEM_CALLS)
def the_limits_of_process_1(sandbox, host):
    del host
    change = "import resource as r; print(r.prlimit(1, r.RLIMIT_NOFILE, (64, 64)))"
    return sandbox.script(change).report.exit_code == 0


@ATTACKS.stopped_by(SYSTEM_CALLS)
def the_priority_of_process_1(sandbox, host):
    del host
    change = "import os; print(os.setpriority(os.PRIO_PROCESS, 1, 19))"
    return sandbox.script(change).report.exit_code == 0


@ATTACKS.stopped_by(PROCESSES)
def the_verdict_by_killing_the_runner(sandbox, host):
    del host
    ran = sandbox.script("import os, sys; os.kill(os.getppid(), 9); sys.exit(7)")
    return ran.report.exit_code != 7


@ATTACKS.stopped_by(SPAWNER_CLOSES, RUNNER_CLOSES)
def the_lock_of_the_slot(sandbox, host):
    del host
    ran = sandbox.script(
        """
import fcntl, os
for number in map(int, os.listdir("/proc/self/fd")):
    try:
        if os.readlink(f"/proc/self/fd/{number}").endswith(".lock"):
            fcntl.flock(number, fcntl.LOCK_UN)
            print("unlocked")
    except OSError:
        pass
"""
    )
    return "unlocked" in ran.out


@ATTACKS.stopped_by(LINKS_NOT_FOLLOWED)
def what_is_collected_through_a_link(sandbox, host):
    del host
    program = Program(("/bin/sh", "-c", "ln -s /usr/bin/env main"), collect_kb=1024)
    return "main" in (sandbox.program(program).report.collected or {})


@ATTACKS.stopped_by(REGULAR_FILES_ONLY)
def what_is_collected_through_a_pipe(sandbox, host):
    del host
    program = Program(("/bin/sh", "-c", "mkfifo main"), collect_kb=1024)
    return "main" in (sandbox.program(program).report.collected or {})


@pytest.mark.slow
class TestAttacks(LayeredAttacks):
    """Runs each attack of this module."""


WRITE = {
    "c": r"""
#include <stdio.h>
#include <string.h>
int main(void) {
    char path[999];
    while (fgets(path, sizeof path, stdin)) {
        path[strcspn(path, "\n")] = 0;
        FILE *file = fopen(path, "a");
        if (file && fputs("changed", file) >= 0 && fclose(file) == 0) puts(path);
    }
}
""",
    "python": """
import sys
for path in sys.stdin.read().split():
    try:
        with open(path, "a") as file: file.write("changed")
        print(path)
    except OSError:
        pass
""",
    "javascript": """
const fs = require('fs');
for (const path of fs.readFileSync(0, 'utf8').trim().split('\\n'))
    try { fs.appendFileSync(path, 'changed'); console.log(path); } catch (error) {}
""",
    "java": """
import java.io.*;
import java.util.*;
public class Main {
    public static void main(String[] given) {
        for (Scanner lines = new Scanner(System.in); lines.hasNextLine(); ) {
            String path = lines.nextLine();
            try (FileWriter file = new FileWriter(path, true)) { file.write("changed"); }
            catch (IOException error) { continue; }
            System.out.println(path);
        }
    }
}
""",
}
WRITE["cpp"] = WRITE["c"].replace("(void)", "()")
READ_ONLY = (
    *("/new", "/usr/bin/new", "/usr/lib/new", "/etc/ld.so.preload", "/etc/alternatives/new"),
    *("/dev/new", "/run/runner", "/run/new", "/proc/sys/kernel/hostname", "/proc/1/mem"),
    *("/proc/sysrq-trigger", "/proc/1/oom_score_adj", "/proc/1/comm", "/proc/self/fd/0"),
)


@pytest.mark.slow
@pytest.mark.parametrize("language", by_tier(LANGUAGES, ["c", "python"]))
def test_no_language_writes_where_it_must_not(best_sandbox, host, language):
    best_sandbox.need(language)
    host.public.chmod(0o666)
    paths = [*READ_ONLY, "/box/main", "/box/main.py", "/box/new", str(host.public)]
    stdin = "\n".join(["/tmp/own", *paths]).encode()
    assert best_sandbox.run(language, WRITE[language], stdin).out == "/tmp/own\n"
    stdin = "\n".join(["/tmp/own", "/box/own", *READ_ONLY, str(host.public)]).encode()
    ran = best_sandbox.run_as_compiler(language, WRITE[language], stdin)
    assert ran.out == "/tmp/own\n/box/own\n"
    assert host.public.read_text() == host.marker


def test_a_report_written_on_the_outputs_is_only_output(sandbox):
    ran = sandbox.script(
        f"import sys; print({FORGED!r}); print({FORGED!r}, file=sys.stderr); sys.exit(9)"
    )
    assert (ran.outcome, ran.report.exit_code) == (Outcome.NONZERO_EXIT, 9)


def test_signals_to_process_1_do_nothing(sandbox):
    ran = sandbox.script(
        """
import os, signal, sys
for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM, signal.SIGCHLD, signal.SIGXCPU):
    os.kill(1, number)
sys.exit(7)
"""
    )
    assert (ran.outcome, ran.report.exit_code) == (Outcome.NONZERO_EXIT, 7)


def test_its_own_input_can_be_read_again_and_never_written(sandbox, tmp_path):
    given = tmp_path / "input"
    given.write_bytes(b"12 30\n")
    given.chmod(0o666)
    ran = sandbox.script(
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


def test_its_own_program_and_the_system_can_not_be_changed(sandbox):
    ran = sandbox.python(
        """
import os
for change in (
    lambda: os.chmod("/box/main.py", 0),
    lambda: os.chmod("/box", 0),
    lambda: os.unlink("/box/main.py"),
    lambda: os.rename("/box", "/tmp/box"),
    lambda: os.link("/box/main.py", "/tmp/main.py"),
    lambda: os.mkdir("/new"),
    lambda: os.mknod("/tmp/disk", 0o60666, os.makedev(254, 0)),
    lambda: os.chroot("/tmp"),
    lambda: os.chown("/tmp", 0, 0),
):
    try:
        print("changed", change())
    except OSError:
        pass
print("tried")
"""
    )
    assert ran.out == "tried\n"


def test_the_compile_cache_is_what_it_was(sandbox):
    def digest() -> list[tuple[Path, str]]:
        files = sorted(path for path in sandbox.inner.shared.rglob("*") if path.is_file())
        return [(path, hashlib.sha256(path.read_bytes()).hexdigest()) for path in files]

    source = "int main(void) { return 0; }"
    sandbox.c(source)
    before = digest()
    sandbox.c(source)
    assert digest() == before


def test_no_file_gives_another_user_s_rights(sandbox):
    """Set-user-id programs of the host run as the user who started them."""
    ran = sandbox.script(
        """
import glob, os, stat, subprocess
print(open("/proc/self/status").read().split("NoNewPrivs:")[1].split()[0])
for path in glob.glob("/usr/bin/*"):
    if os.stat(path).st_mode & (stat.S_ISUID | stat.S_ISGID):
        print(bool(os.statvfs(path).f_flag & os.ST_NOSUID))
"""
    )
    first, *others = ran.out.split()
    assert first == "1"
    assert set(others) <= {"True"}


def test_of_what_a_compiler_leaves_only_regular_files_are_taken(sandbox):
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
    ran = sandbox.program(Program(("/bin/sh", "-c", script), collect_kb=64))
    assert ran.report.collected == {"main": b"ready", "hard": b"ready"}


def test_more_than_may_be_collected_is_refused_whole(sandbox):
    script = "head -c 40000 /dev/full > one; head -c 40000 /dev/full > two"
    ran = sandbox.program(Program(("/bin/sh", "-c", script), collect_kb=64))
    assert ran.outcome is Outcome.OK
    assert ran.report.collected is None
