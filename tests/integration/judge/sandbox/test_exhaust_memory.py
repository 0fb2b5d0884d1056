"""Attacks that try to use up memory of any kind."""

import platform
import subprocess
from pathlib import Path

import pytest

from judge.sandbox.report import Outcome, Program
from tests.support.sandbox.attacks import Attacks, LayeredAttacksOnLimits
from tests.support.sandbox.weakened import (
    ADDRESS_SPACE,
    LOOKS,
    MEMORY_OF_THE_GROUP,
    NO_ZERO_DEVICE,
    SIZE_OF_TMP,
    SYSTEM_CALLS,
)

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]
ATTACKS = Attacks()
MEMORY_KB = 64 * 1024
# An attack allocates three times the limit, which a weakened group allows.
WANTED_MB = 192
DONE = "\nimport time; time.sleep(0.2); print('got it')"
# Children that all hold memory at the same time; none of them was killed.
AT_ONCE = """
import os, select, time
reads, writes = os.pipe()
for _ in range({children}):
    if os.fork() == 0:
        {hold}
        os.write(writes, b"x")
        time.sleep(20)
held = 0
while held < {children}:
    assert os.waitpid(-1, os.WNOHANG) == (0, 0)
    if select.select([reads], [], [], 0.05)[0]:
        held += len(os.read(reads, 1))
assert os.waitpid(-1, os.WNOHANG) == (0, 0)
"""


def gets(sandbox, code: str, **limits) -> bool:
    """Return whether a program ended normally with all memory that it had requested."""
    held = {
        "memory_kb": MEMORY_KB,
        "address_space_kb": 2 * MEMORY_KB,
        "cpu_ms": 8000,
        "wall_ms": 30_000,
    }
    return "got it" in sandbox.script(code + DONE, **(held | limits)).out


@ATTACKS.stopped_by(with_groups=(MEMORY_OF_THE_GROUP,), without_groups=(ADDRESS_SPACE, LOOKS))
def anonymous_memory(sandbox, host):
    del host
    return gets(sandbox, f"kept = b'x' * ({WANTED_MB} << 20)")


@ATTACKS.stopped_by(
    with_groups=(MEMORY_OF_THE_GROUP,), without_groups=(SYSTEM_CALLS, ADDRESS_SPACE, LOOKS)
)
def shared_memory(sandbox, host):
    del host
    code = f"""
import mmap
kept = mmap.mmap(-1, {WANTED_MB} << 20)
for at in range(0, len(kept), 4096):
    kept[at] = 1
"""
    return gets(sandbox, code)


# Pages of a shared mapping stay in memory after the process unmaps them.
PUT_ASIDE = """
import mmap, os
kept = []
for _ in range({pieces}):
    piece = {mapping}
    for at in range(0, len(piece), 4096):
        piece[at] = 1
    piece.madvise(mmap.MADV_DONTNEED)
    kept.append(piece)
assert all(piece[4096] for piece in kept)
"""


@ATTACKS.stopped_by(with_groups=(MEMORY_OF_THE_GROUP,), without_groups=(SYSTEM_CALLS,))
def shared_memory_put_aside(sandbox, host):
    del host
    code = PUT_ASIDE.format(pieces=WANTED_MB // 16, mapping="mmap.mmap(-1, 16 << 20)")
    return gets(sandbox, code, address_space_kb=None)


@ATTACKS.stopped_by(with_groups=(MEMORY_OF_THE_GROUP,), without_groups=(NO_ZERO_DEVICE,))
def zero_device_put_aside(sandbox, host):
    del host
    mapping = "mmap.mmap(os.open('/dev/zero', os.O_RDWR), 16 << 20)"
    code = PUT_ASIDE.format(pieces=WANTED_MB // 16, mapping=mapping)
    return gets(sandbox, code, address_space_kb=None)


@ATTACKS.stopped_by(with_groups=(MEMORY_OF_THE_GROUP,), without_groups=(LOOKS,))
def memory_of_children(sandbox, host):
    """Each child stays below the limit of one process."""
    del host
    return gets(sandbox, AT_ONCE.format(children=WANTED_MB // 16, hold="kept = b'x' * (16 << 20)"))


@ATTACKS.stopped_by(with_groups=(MEMORY_OF_THE_GROUP,), without_groups=(SYSTEM_CALLS,))
def memory_files(sandbox, host):
    del host
    code = f"""
import os
for _ in range({WANTED_MB} // 16):
    os.write(os.memfd_create("kept"), bytes(16 << 20))
"""
    return gets(sandbox, code)


@ATTACKS.stopped_by(with_groups=(MEMORY_OF_THE_GROUP,), without_groups=(SYSTEM_CALLS,))
def system_v_segments(sandbox, host):
    del host
    code = f"""
import ctypes
libc = ctypes.CDLL(None)
libc.shmat.restype = ctypes.c_void_p
for _ in range({WANTED_MB} // 16):
    number = libc.shmget(0, 16 << 20, 0o600)
    assert number >= 0
    place = ctypes.c_void_p(libc.shmat(number, None, 0))
    ctypes.memset(place, 1, 16 << 20)
    libc.shmdt(place)
"""
    return gets(sandbox, code)


@ATTACKS.stopped_by(SIZE_OF_TMP, with_groups=(MEMORY_OF_THE_GROUP,), without_groups=(LOOKS,))
def files_in_tmp(sandbox, host):
    del host
    code = f"""
for number in range({WANTED_MB} // 16):
    open(f"/tmp/{{number}}", "wb").write(bytes(16 << 20))
"""
    return gets(sandbox, code, tmp_kb=MEMORY_KB)


@ATTACKS.stopped_by(with_groups=(MEMORY_OF_THE_GROUP,), without_groups=(LOOKS,))
def empty_files(sandbox, host):
    """Each empty file takes one kilobyte for its inode and name."""
    del host
    code = f"""
import os
for number in range({WANTED_MB // 2} * 1024):
    os.close(os.open(f"/tmp/{{number}}", os.O_CREAT | os.O_WRONLY))
"""
    return gets(sandbox, code, memory_kb=MEMORY_KB // 2)


@ATTACKS.stopped_by(with_groups=(MEMORY_OF_THE_GROUP,), without_groups=(LOOKS,))
def sockets(sandbox, host):
    """Sockets hold data that was written but not read."""
    del host
    hold = """
        import socket
        kept = [socket.socketpair() for _ in range(60)]
        for end in [end for pair in kept for end in pair]:
            end.setblocking(False)
            try:
                while True: end.send(bytes(4096))
            except BlockingIOError: pass
"""
    return gets(sandbox, AT_ONCE.format(children=9, hold=hold))


@ATTACKS.stopped_by(with_groups=(MEMORY_OF_THE_GROUP,), without_groups=(LOOKS,))
def page_tables(sandbox, host):
    """Each address that is read needs a page table; all of them map one page of zeros."""
    del host
    code = f"""
import mmap
flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000
kept = mmap.mmap(-1, {WANTED_MB} << 29, flags, mmap.PROT_READ)
kept.madvise(mmap.MADV_NOHUGEPAGE)
for at in range(0, len(kept), 1 << 21):
    kept[at]
"""
    return gets(sandbox, code, address_space_kb=None)


@ATTACKS.stopped_by(with_groups=(MEMORY_OF_THE_GROUP,))
def pipes(sandbox, host):
    del host
    if not sandbox.has_groups:
        pytest.skip("without groups the kernel's fs.pipe-user-pages-soft, 64 MB, bounds them")
    code = """
import fcntl, os
held = 0
for _ in range(60):
    reads, writes = os.pipe2(os.O_NONBLOCK)
    fcntl.fcntl(writes, fcntl.F_SETPIPE_SZ, 1 << 20)
    try:
        while True: held += os.write(writes, bytes(1 << 16))
    except BlockingIOError: pass
assert held >= 48 << 20
"""
    return gets(sandbox, code, memory_kb=MEMORY_KB // 2)


class TestAttacks(LayeredAttacksOnLimits):
    """Runs each attack of this module."""


# A group may be full; without groups the runner measures every few milliseconds.
OVERSHOOT_KB = {True: 10 * 1024, False: 96 * 1024}
HEAD = """
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
"""
WITHOUT_END = {
    "malloc": "char *p = malloc(1 << 20); if (!p) return 3; memset(p, 1, 1 << 20);",
    "shared mapping": "char *p = mmap(0, 1 << 20, 3, MAP_SHARED | MAP_ANONYMOUS, -1, 0);"
    "if (p == MAP_FAILED) return 3; memset(p, 1, 1 << 20);",
    "unlinked files": 'static char b[1 << 20]; int fd = open("/dev/shm/x",'
    'O_CREAT | O_RDWR, 0600); unlink("/dev/shm/x");'
    "if (fd < 0 || write(fd, b, 1 << 20) <= 0) return 3;",
    "growing file": "static char b[1 << 20]; static int fd = -2;"
    'if (fd == -2) fd = open("/tmp/x", O_CREAT | O_RDWR | O_APPEND, 0600);'
    "if (fd < 0 || write(fd, b, 1 << 20) <= 0) return 3;",
    "stack": "char *p = alloca(1 << 20); memset(p, 1, 1 << 20);",
    "growing block": "static char *p; p = realloc(p, (i + 1L) << 20); if (!p) return 3;"
    "memset(p + ((long)i << 20), 1, 1 << 20);",
    "locked memory": "char *p = mmap(0, 1 << 20, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED,"
    "-1, 0); if (p == MAP_FAILED) return 3;",
}


@pytest.mark.parametrize("way", WITHOUT_END)
def test_two_gigabytes_are_not_got(sandbox, way):
    ran = sandbox.c(
        f"{HEAD}int main(void) {{ for (int i = 0; i < 2048; i++) {{ {WITHOUT_END[way]} }}"
        " return 4; }",
        memory_kb=MEMORY_KB,
        tmp_kb=MEMORY_KB,
        wall_ms=20_000,
    )
    assert ran.outcome in (Outcome.MEMORY, Outcome.NONZERO_EXIT, Outcome.SIGNALLED)
    assert ran.report.exit_code != 4
    assert ran.report.peak_kb <= MEMORY_KB + OVERSHOOT_KB[sandbox.has_groups]


@pytest.mark.parametrize("way", ["malloc", "shared mapping", "growing block"])
def test_touching_too_much_memory_is_called_so(sandbox, way):
    """The memory is less than the address space, which is larger than the limit."""
    ran = sandbox.c(
        f"{HEAD}int main(void) {{ for (int i = 0; i < 90; i++) {{ {WITHOUT_END[way]} }}"
        " sleep(9); return 4; }",
        memory_kb=MEMORY_KB,
    )
    # Without groups shared mappings are refused, so the program fails at once.
    refused = way == "shared mapping" and not sandbox.has_groups
    assert ran.outcome is (Outcome.NONZERO_EXIT if refused else Outcome.MEMORY)


# Smaller than any helper process, and with a lower OOM score than before.
UNSEEN = """
static long call(long number, long a, long b, long c)
{
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c)
                     : "rcx", "r11", "memory");
    return result;
}
static char block[4096];
static void fill(const char *path)
{
    long file = call(2, (long)path, 0102, 0600);
    while (call(1, file, (long)block, sizeof block) > 0)
        ;
}
void _start(void)
{
    call(1, call(2, (long)"/proc/self/oom_score_adj", 1, 0), (long)"0", 1);
    fill("/tmp/x");
    fill("/dev/shm/x");
    call(231, 0, 0, 0);
}
"""


@pytest.mark.skipif(platform.machine() != "x86_64", reason="it makes system calls of x86-64")
def test_any_process_killed_for_the_program_s_memory_gives_a_memory_outcome(best_sandbox, tmp_path):
    place = best_sandbox.inner.shared / "unseen"
    place.mkdir()
    (tmp_path / "unseen.c").write_text(UNSEEN)
    options = ("-O2", "-static", "-nostdlib", "-o", str(place / "main"))
    subprocess.run(["gcc", *options, str(tmp_path / "unseen.c")], check=True)
    for _ in range(3):
        ran = best_sandbox.program(Program(("./main",), place), memory_kb=32 * 1024)
        assert ran.outcome is Outcome.MEMORY, ran
        assert all(list(Path(f"/proc/{pid}/fd").iterdir()) for pid in best_sandbox.spawners)
    assert best_sandbox.command("/bin/true").outcome is Outcome.OK


def test_reading_large_files_is_no_use_of_memory(best_sandbox):
    ran = best_sandbox.script(
        """
import glob
for path in glob.glob("/usr/lib/*/*.so*")[:200]:
    with open(path, "rb", 0) as file:
        while file.read(1 << 20): pass
""",
        memory_kb=MEMORY_KB,
    )
    assert ran.outcome is Outcome.OK


def test_the_disk_it_sees_is_small(sandbox):
    ran = sandbox.script(
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


def test_what_a_compiler_writes_is_bounded_too(sandbox):
    script = "head -c 100000000 /dev/full > big; head -c 100000000 /dev/full > /tmp/big; ls -s"
    program = Program(("/bin/sh", "-c", script), collect_kb=64)
    ran = sandbox.program(program, tmp_kb=4 * 1024)
    assert ran.out.split()[:2] == ["total", "4096"]
    assert ran.report.collected is None
