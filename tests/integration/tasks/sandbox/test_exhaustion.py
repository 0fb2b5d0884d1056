"""What a program must never use up."""

import pytest

from tasks.sandbox.report import Outcome, Program, RunLimits
from tests.integration.tasks.sandbox.boxes import descendants

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]

MEMORY_KB = 64 * 1024
# The group may be full, and the runner looks every few milliseconds where there is none.
OVERSHOOT_KB = {"best": 10 * 1024, "rlimits": 96 * 1024}

# Of 64 processes at most (docs/sandbox.md), each child holds 20 MB and itself.
PROCESSES = 64
CHILD_KB = 24 * 1024

ALLOCATE = {
    "malloc": "char *p = malloc(1 << 20); if (!p) return 3; memset(p, 1, 1 << 20);",
    "shared mapping": "char *p = mmap(0, 1 << 20, 3, MAP_SHARED | MAP_ANONYMOUS, -1, 0);"
    "if (p == MAP_FAILED) return 3; memset(p, 1, 1 << 20);",
    "memfd": 'static char b[1 << 20]; int fd = memfd_create("m", 0);'
    "if (fd < 0 || write(fd, b, 1 << 20) <= 0) return 3;",
    "unlinked files in /dev/shm": 'static char b[1 << 20]; int fd = open("/dev/shm/x",'
    'O_CREAT | O_RDWR, 0600); unlink("/dev/shm/x");'
    "if (fd < 0 || write(fd, b, 1 << 20) <= 0) return 3;",
    "files in /tmp": "static char b[1 << 20]; static int fd = -2;"
    'if (fd == -2) fd = open("/tmp/x", O_CREAT | O_RDWR | O_APPEND, 0600);'
    "if (fd < 0 || write(fd, b, 1 << 20) <= 0) return 3;",
    "System V segments": "int id = shmget(IPC_PRIVATE, 1 << 20, 0600); if (id < 0) return 3;"
    "char *p = shmat(id, 0, 0); memset(p, 1, 1 << 20); shmdt(p);",
    "pipes": "int fd[2]; static char b[1 << 16]; if (pipe(fd)) return 3;"
    "fcntl(fd[1], F_SETPIPE_SZ, 1 << 20); fcntl(fd[1], F_SETFL, O_NONBLOCK);"
    "while (write(fd[1], b, sizeof b) > 0);",
    "sockets": "if (fork() == 0) { static char b[1 << 12]; int s[2];"
    "while (socketpair(1, 1, 0, s) == 0) for (int k = 0; k < 2; k++) {"
    "fcntl(s[k], F_SETFL, O_NONBLOCK); while (write(s[k], b, sizeof b) > 0); }"
    "pause(); } usleep(1000);",
    "page tables": "volatile char *p = mmap(0, 1L << 32, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS |"
    " MAP_NORESERVE, -1, 0); if (p == MAP_FAILED) return 3;"
    "madvise((void *)p, 1L << 32, MADV_NOHUGEPAGE);"
    "for (long at = 0; at < 1L << 32; at += 1 << 21) (void)p[at];",
    "children": "if (fork() == 0) { char *p = malloc(20 << 20); memset(p, 1, 20 << 20); pause(); }",
}


@pytest.mark.parametrize("way", ALLOCATE)
def test_every_kind_of_memory_is_bounded(box, request, way):
    """Two gigabytes are asked for, and neither got nor left behind."""
    ran = box.c(
        "#define _GNU_SOURCE\n#include <fcntl.h>\n#include <stdlib.h>\n#include <string.h>\n"
        "#include <sys/ipc.h>\n#include <sys/mman.h>\n#include <sys/shm.h>\n"
        "#include <sys/socket.h>\n#include <unistd.h>\n"
        f"int main(void) {{ for (int i = 0; i < 2048; i++) {{ {ALLOCATE[way]} }} return 4; }}",
        memory_kb=MEMORY_KB,
        tmp_kb=MEMORY_KB,
        wall_ms=3000,
    )
    assert ran.outcome in (Outcome.MEMORY, Outcome.NONZERO_EXIT, Outcome.SIGNALLED)
    assert ran.report.exit_code != 4 or way == "children"
    if way == "sockets":
        assert ran.outcome is Outcome.MEMORY
    kind = str(request.node.callspec.params["box"] or "best")
    if kind == "rlimits" and way == "children":
        # Between two looks, which a busy host may hold up, only their number bounds them.
        assert ran.outcome is Outcome.MEMORY
        assert ran.report.peak_kb <= PROCESSES * CHILD_KB
        return
    assert ran.report.peak_kb <= MEMORY_KB + OVERSHOOT_KB[kind]


@pytest.mark.parametrize("way", ["malloc", "shared mapping", "children"])
def test_touching_too_much_memory_is_called_so_where_groups_count_it(best_box, way):
    if not best_box.has_groups:
        pytest.skip("no control groups here")
    ran = best_box.c(
        "#define _GNU_SOURCE\n#include <stdlib.h>\n#include <string.h>\n#include <sys/mman.h>\n"
        "#include <unistd.h>\n"
        f"int main(void) {{ for (int i = 0; i < 40; i++) {{ {ALLOCATE[way]} usleep(2000); }} "
        "for (int i = 0; i < 200; i++) { "
        f"{ALLOCATE['malloc']} }} return 4; }}",
        memory_kb=MEMORY_KB,
    )
    assert ran.outcome is Outcome.MEMORY


@pytest.mark.parametrize(("megabytes", "outcome"), [(40, Outcome.OK), (100, Outcome.MEMORY)])
def test_python_may_use_its_memory_and_no_more(box, megabytes, outcome):
    ran = box.python(f"x = bytearray({megabytes} << 20); print(len(x))", memory_kb=80 * 1024)
    if outcome is Outcome.MEMORY and not box.has_groups:
        assert ran.outcome in (Outcome.MEMORY, Outcome.NONZERO_EXIT)
    else:
        assert ran.outcome is outcome
    if outcome is Outcome.OK:
        assert 40_000 < ran.report.peak_kb < 60_000


def test_reading_large_files_is_no_use_of_memory(best_box):
    ran = best_box.python(
        "import glob\nfor f in glob.glob('/usr/lib/*/*.so*')[:200]: open(f, 'rb').read()",
        memory_kb=64 * 1024,
    )
    assert ran.outcome is Outcome.OK


def test_empty_files_without_end_are_bounded(box):
    ran = box.c(
        """
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
int main(void) {
    char name[32];
    for (int i = 0; i < 2000000; i++) {
        sprintf(name, "/tmp/%d", i);
        int fd = open(name, O_CREAT | O_WRONLY, 0600);
        if (fd < 0) return 3;
        close(fd);
    }
    return 4;
}
""",
        memory_kb=MEMORY_KB,
        cpu_ms=5000,
        wall_ms=10_000,
    )
    assert ran.outcome in (Outcome.MEMORY, Outcome.NONZERO_EXIT)
    assert ran.report.exit_code != 4


def test_a_fork_bomb_stays_within_its_processes(box):
    ran = box.c(
        """
#include <errno.h>
#include <stdio.h>
#include <unistd.h>
int main(void) {
    int made = 0;
    for (int i = 0; i < 1000; i++) {
        pid_t pid = fork();
        if (pid == 0) pause();
        if (pid > 0) made++;
    }
    printf("%d", made);
}
""",
        processes=32,
    )
    assert ran.outcome is Outcome.OK
    assert int(ran.out) <= 32
    assert descendants(box.spawners) == []


def test_a_fork_bomb_that_never_stops_is_ended(box):
    ran = box.c(
        "#include <unistd.h>\nint main(void) { for (;;) fork(); }", cpu_ms=500, wall_ms=3000
    )
    assert ran.outcome in (Outcome.CPU_LIMIT, Outcome.WALL_LIMIT)
    assert descendants(box.spawners) == []
    assert box.command("/bin/echo", "fine").out == "fine\n"


def test_threads_count_as_processes(box):
    ran = box.python(
        """
import threading, time
made = 0
try:
    for _ in range(500):
        threading.Thread(target=time.sleep, args=(1,), daemon=True).start()
        made += 1
except RuntimeError:
    pass
print(made)
""",
        processes=24,
        memory_kb=512 * 1024,
    )
    assert 2 < int(ran.out) <= 24  # without groups their stacks fill the address space first


def test_open_files_are_bounded(box):
    ran = box.python(
        """
made = []
try:
    while True: made.append(open("/dev/null"))
except OSError as error:
    print(len(made), error.strerror)
""",
        files=64,
    )
    assert ran.out == "61 Too many open files\n"


def test_the_disk_it_sees_is_small(box):
    ran = box.python(
        """
for place in ("/tmp/x", "/dev/shm/x"):
    size = 0
    try:
        with open(place, "wb", 0) as file:
            while size < 1 << 30: size += file.write(bytes(1 << 20))
    except OSError as error:
        print(place, size >> 20, error.strerror)
""",
        tmp_kb=8 * 1024,
        memory_kb=256 * 1024,
    )
    assert ran.out.split("\n")[:2] == [
        "/tmp/x 8 No space left on device",
        "/dev/shm/x 8 No space left on device",
    ]


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_an_output_flood_is_cut_and_ended(box, stream):
    ran = box.python(
        f"import sys\nwhile True: sys.{stream}.buffer.write(b'x' * 65536)", output_kb=1024
    )
    assert ran.outcome is Outcome.OUTPUT
    ran.report.stdout.close()
    assert len(ran.report.stderr) <= 64 * 1024


def test_output_up_to_the_limit_arrives_whole(best_box):
    limits = RunLimits(cpu_ms=2000, wall_ms=6000, memory_kb=64 * 1024, output_kb=4096)
    program = Program(("/bin/sh", "-c", "head -c 4194304 /dev/zero"))
    with best_box.sandbox.run(program, b"", limits) as report:
        assert report.outcome is Outcome.OK
        assert report.stdout.read() == bytes(4 << 20)


SPIN = "for (volatile long i = 0;; i++);"


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
def test_cpu_time_of_the_whole_tree_counts(box, body):
    ran = box.c(
        "#include <signal.h>\n#include <unistd.h>\n"
        f"int main(void) {{ {body.replace('SPIN', SPIN)} }}",
        cpu_ms=300,
        wall_ms=5000,
    )
    assert ran.outcome is Outcome.CPU_LIMIT
    assert 300 <= ran.report.cpu_ms < 500
    assert ran.report.wall_ms < 3000


def test_cpu_time_in_children_that_nobody_reaps_counts_even_when_they_are_gone(best_box):
    if not best_box.has_groups:
        pytest.skip("no control groups here")
    ran = best_box.c(
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
        wall_ms=10_000,
    )
    assert ran.outcome is Outcome.CPU_LIMIT


def test_sleeping_is_ended_by_wall_time_alone(box):
    ran = box.command("/bin/sleep", "60", wall_ms=500)
    assert (ran.outcome, ran.report.cpu_ms < 50) == (Outcome.WALL_LIMIT, True)
    assert 500 <= ran.report.wall_ms < 1500


def test_a_stopped_program_is_ended_by_wall_time(box):
    ran = box.command("/bin/sh", "-c", "kill -STOP $$", wall_ms=500)
    assert ran.outcome is Outcome.WALL_LIMIT


def test_there_are_no_terminals_to_use_up(box):
    """A host has few, and what is written to them is counted by no control group."""
    ran = box.python(
        """
import os
for path in ("/dev/ptmx", "/dev/pts/ptmx"):
    try:
        print(os.open(path, os.O_RDWR))
    except OSError as error:
        print(type(error).__name__)
"""
    )
    assert ran.out == "FileNotFoundError\n" * 2


def test_page_tables_are_memory_where_the_address_space_is_not_bounded(box):
    """So it is for languages whose runtimes reserve much; each table here holds no page of ours."""
    source = f"""
#define _GNU_SOURCE
#include <sys/mman.h>
int main(void) {{ for (int i = 0; i < 64; i++) {{ {ALLOCATE["page tables"]} }} return 4; }}
"""
    compiled = box.compiler.compile(box.languages.installed["c"], source.encode())
    ran = box.program(Program(("./main",), compiled.directory), memory_kb=MEMORY_KB)
    assert ran.outcome is Outcome.MEMORY
