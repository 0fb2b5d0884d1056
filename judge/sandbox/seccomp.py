"""The seccomp filter: a BPF program that denies system calls to the programs in the sandbox.

The filter denies calls that give access to memory that is not counted, to other processes, to
rarely used parts of the kernel or to new namespaces. A denied call fails with EPERM. `clone3` fails
with ENOSYS, so C libraries use `clone` instead. A filter can check the flags of `clone`, but not
the flags of `clone3`. The filter is built without a library, for x86-64 and aarch64.
"""

import errno
import platform
import struct
from dataclasses import dataclass, field

from judge.sandbox.errors import SandboxUnavailable

# Numbers of system calls on x86-64 (asm/unistd_64.h) and on aarch64 (asm-generic/unistd.h). None
# means that the architecture does not have the call.
DENIED: dict[str, tuple[int | None, int | None]] = {
    "_sysctl": (156, None),
    "acct": (163, 89),
    "add_key": (248, 217),
    "adjtimex": (159, 171),
    "bpf": (321, 280),
    "chroot": (161, 51),
    "clock_adjtime": (305, 266),
    "clock_settime": (227, 112),
    "delete_module": (176, 106),
    "fanotify_init": (300, 262),
    "finit_module": (313, 273),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "fspick": (433, 433),
    "init_module": (175, 105),
    "io_setup": (206, 0),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "ioperm": (173, None),
    "iopl": (172, None),
    "kcmp": (312, 272),
    "kexec_file_load": (320, 294),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "landlock_add_rule": (445, 445),
    "landlock_create_ruleset": (444, 444),
    "landlock_restrict_self": (446, 446),
    "lookup_dcookie": (212, 18),
    "memfd_secret": (447, 447),
    "migrate_pages": (256, 238),
    "modify_ldt": (154, None),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "move_pages": (279, 239),
    "mq_open": (240, 180),
    "name_to_handle_at": (303, 264),
    "nfsservctl": (180, 42),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "open_tree_attr": (467, 467),
    "perf_event_open": (298, 241),
    "personality": (135, 92),
    "pidfd_getfd": (438, 438),
    "pivot_root": (155, 41),
    "process_madvise": (440, 440),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "reboot": (169, 142),
    "request_key": (249, 218),
    "sched_setattr": (314, 274),
    "sched_setparam": (142, 118),
    "setdomainname": (171, 162),
    "sethostname": (170, 161),
    "setns": (308, 268),
    "setpriority": (141, 140),
    "settimeofday": (164, 170),
    "socket": (41, 198),
    "swapoff": (168, 225),
    "swapon": (167, 224),
    "syslog": (103, 116),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "uselib": (134, None),
    "userfaultfd": (323, 282),
    "ustat": (136, None),
    "vhangup": (153, 58),
}
# Calls that create or enlarge memory that only a control group counts. Neither RLIMIT_AS nor the
# resident size of a process includes this memory.
DENIED_WITHOUT_GROUPS: dict[str, tuple[int | None, int | None]] = {
    "memfd_create": (319, 279),
    "msgget": (68, 186),
    "semget": (64, 190),
    "setsockopt": (54, 208),
    "shmget": (29, 194),
}
LAST_KNOWN = 470

CLONE_NEW_ANY = 0x7E020000  # NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
TIOCSTI, TIOCLINUX = 0x5412, 0x541C
AF_UNIX = 1
SCHED_OTHER = 0
RLIMIT_CORE = 4
# Huge pages come from a pool of the host. The memory control group does not count them.
MAP_HUGETLB, MFD_HUGETLB, SHM_HUGETLB = 0x40000, 0x4, 0x800
# Pages of a shared anonymous mapping can stay in memory after they are unmapped. Only a control
# group counts them.
MAP_SHARED_ANONYMOUS = 0x21

_LOAD, _EQUAL, _GREATER, _SET, _AND, _RETURN = 0x20, 0x15, 0x25, 0x45, 0x54, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER_AT, _ARCH_AT, _ARGUMENTS_AT = 0, 4, 16


@dataclass(frozen=True, slots=True)
class Machine:
    """The values of one architecture.

    `column` is the index of the architecture in the tables of call numbers. `audit_arch` is the
    kernel's id of the architecture. The other fields are numbers of system calls.
    """

    column: int
    audit_arch: int
    clone: int
    clone3: int
    prlimit64: int
    setrlimit: int
    ioctl: int
    socketpair: int
    mmap: int
    memfd_create: int
    shmget: int
    sched_setscheduler: int


MACHINES = {
    "x86_64": Machine(
        0,
        0xC000003E,
        clone=56,
        clone3=435,
        prlimit64=302,
        setrlimit=160,
        ioctl=16,
        socketpair=53,
        mmap=9,
        memfd_create=319,
        shmget=29,
        sched_setscheduler=144,
    ),
    "aarch64": Machine(
        1,
        0xC00000B7,
        clone=220,
        clone3=435,
        prlimit64=261,
        setrlimit=164,
        ioctl=29,
        socketpair=199,
        mmap=222,
        memfd_create=279,
        shmget=194,
        sched_setscheduler=119,
    ),
}


@dataclass(slots=True)
class _Assembler:
    """A builder of BPF programs. `assemble` replaces the labels of jumps by distances."""

    lines: list[tuple[int, str | None, str | None, int]] = field(default_factory=list)
    labels: dict[str, int] = field(default_factory=dict)

    def load(self, offset: int) -> None:
        self.lines.append((_LOAD, None, None, offset))

    def jump(self, code: int, value: int, then: str | None, other: str | None = None) -> None:
        self.lines.append((code, then, other, value))

    def mask(self, bits: int) -> None:
        self.lines.append((_AND, None, None, bits))

    def label(self, name: str) -> None:
        self.labels[name] = len(self.lines)

    def end(self, label: str, value: int) -> None:
        self.label(label)
        self.lines.append((_RETURN, None, None, value))

    def assemble(self) -> bytes:
        return b"".join(
            struct.pack("HBBI", code, self._far(at, then), self._far(at, other), value)
            for at, (code, then, other, value) in enumerate(self.lines)
        )

    def _far(self, at: int, label: str | None) -> int:
        return 0 if label is None else self.labels[label] - at - 1


def _argument(index: int) -> int:
    """Return the offset of a system call's argument in the data that the filter reads.

    The lower 32 bits of the argument are at this offset, because both supported architectures are
    little-endian.
    """
    return _ARGUMENTS_AT + 8 * index


def _match_numbers(code: _Assembler, machine: Machine, *, without_groups: bool) -> None:
    tables = {**DENIED, **(DENIED_WITHOUT_GROUPS if without_groups else {})}
    code.load(_NUMBER_AT)
    code.jump(_GREATER, LAST_KNOWN, "missing")  # calls missing in the tables, and x32 calls
    for numbers in tables.values():
        number = numbers[machine.column]
        if number is not None:
            code.jump(_EQUAL, number, "refused")
    code.jump(_EQUAL, machine.clone3, "missing")
    code.jump(_EQUAL, machine.clone, "clone")
    code.jump(_EQUAL, machine.prlimit64, "prlimit64")
    code.jump(_EQUAL, machine.setrlimit, "setrlimit")
    code.jump(_EQUAL, machine.ioctl, "ioctl")
    code.jump(_EQUAL, machine.sched_setscheduler, "sched_setscheduler")
    code.jump(_EQUAL, machine.socketpair, "socketpair")
    code.jump(_EQUAL, machine.mmap, "mmap")
    code.jump(_EQUAL, machine.memfd_create, "memfd_create")
    code.jump(_EQUAL, machine.shmget, "shmget", "allowed")


def _match_arguments(code: _Assembler, *, without_groups: bool) -> None:
    code.label("clone")
    code.load(_argument(0))
    code.jump(_SET, CLONE_NEW_ANY, "refused", "allowed")
    code.label("prlimit64")  # with the pid of the runner, this call could kill the runner
    code.load(_argument(0))
    code.jump(_EQUAL, 0, None, "refused")
    code.load(_argument(1))
    code.jump(_EQUAL, RLIMIT_CORE, "refused", "allowed")
    code.label("setrlimit")  # a value of 0 would start the host's core dump handler; 1 does not
    code.load(_argument(0))
    code.jump(_EQUAL, RLIMIT_CORE, "refused", "allowed")
    code.label("ioctl")
    code.load(_argument(1))
    code.jump(_EQUAL, TIOCSTI, "refused")
    code.jump(_EQUAL, TIOCLINUX, "refused", "allowed")
    code.label("sched_setscheduler")  # Mono prints a warning on standard output if this call fails
    code.load(_argument(1))
    code.jump(_EQUAL, SCHED_OTHER, "allowed", "refused")
    code.label("socketpair")
    code.load(_argument(0))
    code.jump(_EQUAL, AF_UNIX, "allowed", "refused")
    code.label("mmap")
    code.load(_argument(3))
    code.jump(_SET, MAP_HUGETLB, "refused", None if without_groups else "allowed")
    if without_groups:
        code.mask(MAP_SHARED_ANONYMOUS)
        code.jump(_EQUAL, MAP_SHARED_ANONYMOUS, "refused", "allowed")
    for name, index, huge in (
        ("memfd_create", 1, MFD_HUGETLB),
        ("shmget", 2, SHM_HUGETLB),
    ):
        code.label(name)
        code.load(_argument(index))
        code.jump(_SET, huge, "refused", "allowed")


def build_filter(*, without_groups: bool, machine_name: str | None = None) -> bytes:
    """Return the seccomp filter as a BPF program, with 8 bytes per instruction.

    `machine_name` is the name of an architecture (default: the architecture of this host).
    `without_groups` is True if the host has no control groups. The filter then also denies calls
    that create or enlarge shared memory or memory of the kernel. Only a control group could count
    this memory.

    Raises:
        SandboxUnavailable: the architecture is not in the tables.
    """
    name = machine_name or platform.machine()
    machine = MACHINES.get(name)
    if machine is None:
        raise SandboxUnavailable(
            f"The sandbox does not support the processor architecture {name}. Run the workers on "
            "x86_64 or aarch64."
        )
    code = _Assembler()
    code.load(_ARCH_AT)
    code.jump(_EQUAL, machine.audit_arch, None, "killed")
    _match_numbers(code, machine, without_groups=without_groups)
    _match_arguments(code, without_groups=without_groups)
    code.end("allowed", _ALLOW)
    code.end("refused", _ERRNO | errno.EPERM)
    code.end("missing", _ERRNO | errno.ENOSYS)
    code.end("killed", _KILL)
    return code.assemble()
