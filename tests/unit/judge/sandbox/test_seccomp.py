"""The seccomp filter, run by a small interpreter of its BPF instructions."""

import errno
import struct

import pytest

from judge.sandbox.errors import SandboxUnavailable
from judge.sandbox.seccomp import DENIED, DENIED_WITHOUT_GROUPS, MACHINES, build_filter

ALLOW, KILL = 0x7FFF0000, 0x80000000
EPERM, ENOSYS = 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS
ALLOWED = {
    "x86_64": {"read": 0, "write": 1, "mmap": 9, "execve": 59, "fork": 57, "openat": 257},
    "aarch64": {"read": 63, "write": 64, "mmap": 222, "execve": 221, "openat": 56},
}


@pytest.fixture(params=sorted(MACHINES))
def name(request) -> str:
    return str(request.param)


def decide(program: bytes, arch: int, number: int, arguments: tuple[int, ...] = ()) -> int:
    """Return the filter's action for a system call, by the rules of seccomp(2)."""
    given = [*arguments, 0, 0, 0, 0, 0, 0][:6]
    data = struct.pack("=IIQ6Q", number, arch, 0, *given)
    lines = list(struct.iter_unpack("=HBBI", program))
    accumulator, at = 0, 0
    while True:
        code, then, other, value = lines[at]
        at += 1
        if code == 0x20:
            (accumulator,) = struct.unpack_from("=I", data, value)
        elif code == 0x54:
            accumulator &= value
        elif code == 0x06:
            return int(value)
        else:
            holds = {
                0x15: accumulator == value,
                0x25: accumulator > value,
                0x45: bool(accumulator & value),
            }[code]
            at += then if holds else other


def test_everyday_calls_are_allowed(name):
    program = build_filter(without_groups=True, machine_name=name)
    for number in ALLOWED[name].values():
        assert decide(program, MACHINES[name].audit_arch, number) == ALLOW


def test_every_listed_call_is_refused(name):
    machine = MACHINES[name]
    program = build_filter(without_groups=False, machine_name=name)
    for call, numbers in DENIED.items():
        number = numbers[machine.column]
        if number is not None:
            assert decide(program, machine.audit_arch, number) == EPERM, call


def test_uncounted_memory_is_refused_only_without_groups(name):
    machine = MACHINES[name]
    with_groups = build_filter(without_groups=False, machine_name=name)
    without = build_filter(without_groups=True, machine_name=name)
    for call, numbers in DENIED_WITHOUT_GROUPS.items():
        number = numbers[machine.column]
        assert number is not None
        assert decide(with_groups, machine.audit_arch, number) == ALLOW, call
        assert decide(without, machine.audit_arch, number) == EPERM, call


def test_another_architecture_ends_the_process(name):
    program = build_filter(without_groups=False, machine_name=name)
    for arch in (0x40000003, 0xC000003E ^ 1, 0x40000028):
        assert decide(program, arch, 0) == KILL


@pytest.mark.parametrize("number", [471, 1000, 0x40000000, 0x40000029, 0xFFFFFFFF])
def test_unknown_and_x32_calls_do_not_exist(name, number):
    program = build_filter(without_groups=False, machine_name=name)
    assert decide(program, MACHINES[name].audit_arch, number) == ENOSYS


@pytest.mark.parametrize(
    "bit", [0x20000, 0x2000000, 0x4000000, 0x8000000, 1 << 28, 1 << 29, 1 << 30]
)
def test_clone_makes_processes_and_threads_and_no_namespaces(name, bit):
    machine = MACHINES[name]
    program = build_filter(without_groups=False, machine_name=name)
    assert decide(program, machine.audit_arch, machine.clone, (0x003D0F00,)) == ALLOW
    assert decide(program, machine.audit_arch, machine.clone, (17,)) == ALLOW
    assert decide(program, machine.audit_arch, machine.clone, (bit | 17,)) == EPERM
    assert decide(program, machine.audit_arch, machine.clone3, (0,)) == ENOSYS


@pytest.mark.parametrize(
    ("call", "arguments", "answer"),
    [
        ("prlimit64", (0, 7), ALLOW),
        ("prlimit64", (1, 7), EPERM),
        ("prlimit64", (0, 4), EPERM),
        ("setrlimit", (7,), ALLOW),
        ("setrlimit", (4,), EPERM),
        ("ioctl", (0, 0x5401), ALLOW),
        ("ioctl", (0, 0x5412), EPERM),
        ("ioctl", (0, 0x541C), EPERM),
        ("sched_setscheduler", (0, 0), ALLOW),
        ("sched_setscheduler", (0, 1), EPERM),
        ("sched_setscheduler", (0, 5), EPERM),
        ("socketpair", (1, 1), ALLOW),
        ("socketpair", (30, 1), EPERM),
        ("mmap", (0, 1 << 21, 3, 0x22), ALLOW),
        ("mmap", (0, 1 << 21, 3, 0x40022), EPERM),
        ("memfd_create", (0, 3), ALLOW),
        ("memfd_create", (0, 4), EPERM),
        ("shmget", (0, 1 << 21, 0o1600), ALLOW),
        ("shmget", (0, 1 << 21, 0o5600), EPERM),
    ],
)
def test_arguments_decide(name, call, arguments, answer):
    machine = MACHINES[name]
    program = build_filter(without_groups=False, machine_name=name)
    assert decide(program, machine.audit_arch, getattr(machine, call), arguments) == answer


def test_the_filter_is_within_the_kernel_s_and_the_jumps_limits(name):
    program = build_filter(without_groups=True, machine_name=name)
    assert len(program) % 8 == 0
    assert len(program) // 8 < 256


def test_another_machine_is_refused_by_name():
    with pytest.raises(SandboxUnavailable, match="riscv64"):
        build_filter(without_groups=False, machine_name="riscv64")


def test_without_groups_nothing_shared_is_mapped_but_files(name):
    machine = MACHINES[name]
    for without_groups in (True, False):
        program = build_filter(without_groups=without_groups, machine_name=name)
        for flags, is_refused in ((0x21, True), (0x23, True), (0x22, False), (0x01, False)):
            said = decide(program, machine.audit_arch, machine.mmap, (0, 4096, 3, flags))
            assert said == (EPERM if is_refused and without_groups else ALLOW)
