"""System calls that the sandbox refuses, tested with the real kernel."""

import errno
import platform

import pytest

from judge.sandbox.report import Outcome
from judge.sandbox.seccomp import DENIED, DENIED_WITHOUT_GROUPS, MACHINES

pytestmark = pytest.mark.sandbox

MACHINE = MACHINES[platform.machine()]

CALLER = """
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void) {
    long number, a, b;
    while (scanf("%ld %ld %ld", &number, &a, &b) == 3) {
        errno = 0;
        long result = syscall(number, a, b, 0, 0, 0, 0);
        printf("%d\\n", result < 0 ? errno : 0);
    }
}
"""


def answers(sandbox, calls) -> list[int]:
    """Return the errnos of (number, first argument, second argument) calls in the sandbox."""
    lines = "".join(f"{number} {first} {second}\n" for number, first, second in calls)
    ran = sandbox.c(CALLER, lines.encode())
    assert ran.outcome is Outcome.OK, ran
    return [int(line) for line in ran.out.split()]


def test_every_call_of_the_list_is_refused(sandbox):
    numbers = {
        name: both[MACHINE.column]
        for name, both in DENIED.items()
        if both[MACHINE.column] is not None
    }
    got = answers(sandbox, [(number, 0, 0) for number in numbers.values()])
    assert dict(zip(numbers, got, strict=True)) == dict.fromkeys(numbers, errno.EPERM)


def test_memory_that_only_groups_count_is_refused_exactly_where_there_are_none(sandbox):
    numbers = [both[MACHINE.column] for both in DENIED_WITHOUT_GROUPS.values()]
    got = answers(sandbox, [(number, 0, 0) for number in numbers])
    assert all((error == errno.EPERM) is (not sandbox.has_groups) for error in got)


CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWNET = 0x10000000, 0x00020000, 0x40000000


@pytest.mark.parametrize("flag", [CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWNET])
def test_no_namespace_can_be_made(sandbox, flag):
    assert answers(sandbox, [(MACHINE.clone, flag | 17, 0)]) == [errno.EPERM]


def test_clone3_and_calls_of_the_future_do_not_exist(sandbox):
    assert answers(sandbox, [(MACHINE.clone3, 0, 0), (600, 0, 0)]) == [errno.ENOSYS] * 2


def test_terminal_input_can_not_be_faked(sandbox):
    calls = [(MACHINE.ioctl, 0, 0x5412), (MACHINE.ioctl, 0, 0x541C)]
    assert answers(sandbox, calls) == [errno.EPERM] * 2


def test_only_unix_socket_pairs_are_made(sandbox):
    families = [1, 2, 16, 30, 40]
    got = answers(sandbox, [(MACHINE.socketpair, family, 1) for family in families])
    assert got[0] != errno.EPERM
    assert got[1:] == [errno.EPERM] * 4


def test_no_crash_can_start_the_host_s_core_dump_handler(sandbox):
    ran = sandbox.python(
        """
import resource
print(resource.getrlimit(resource.RLIMIT_NOFILE))
with open("/proc/self/limits") as limits:
    print([line.split()[4:6] for line in limits if "core" in line])
for value in (0, 1):
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (value, value))
        print("changed")
    except ValueError:  # this is Python's word for EPERM
        print("refused")
"""
    )
    assert ran.out == "(128, 128)\n[['1', '1']]\nrefused\nrefused\n", ran.err


def test_limits_can_be_read_and_lowered_for_itself_only(sandbox):
    assert answers(sandbox, [(MACHINE.prlimit64, 0, 0), (MACHINE.prlimit64, 1, 0)]) == [
        0,
        errno.EPERM,
    ]


@pytest.mark.skipif(platform.machine() != "x86_64", reason="x86-64 has these two ways")
def test_calls_of_the_32_bit_kinds_are_no_way_around(sandbox):
    old = sandbox.c(
        """
int main(void) {
    long result = 359; /* socketcall's successor by number: socket */
    __asm__ volatile("int $0x80" : "+a"(result) : "b"(2L), "c"(1L), "d"(0L) : "memory");
    return result >= 0 ? 42 : 1;
}
"""
    )
    assert (old.outcome, old.report.signal) == (Outcome.SIGNALLED, "SIGSYS")
    assert answers(sandbox, [(0x40000000 | 41, 1, 1)]) == [errno.ENOSYS]


def test_threads_and_processes_still_work(sandbox):
    ran = sandbox.python(
        """
import subprocess, threading
threads = [threading.Thread(target=lambda: None) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(subprocess.run(["/bin/echo", "child"], capture_output=True, text=True).stdout)
"""
    )
    assert ran.out == "child\n\n"
