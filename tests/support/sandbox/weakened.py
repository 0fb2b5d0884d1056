"""Sandboxes without some of their protections, to show that these protections stop an attack.

A weakened sandbox is built from a copy of `judge/sandbox` in which pieces of text are replaced. So
the product needs no switch for it, and a test fails when a protection has moved. This is the one
place that knows where the protections are.

The host stays safe: limits of a group are raised and not removed, each attack bounds the resources
that it uses, and without a process namespace the runner kills only its child.
"""

import contextlib
import importlib
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from judge.sandbox.cgroups import LimitBackend
from judge.sandbox.sandbox import Sandbox

SOURCES = Path(sys.modules[Sandbox.__module__].__file__ or "").parent


@dataclass(frozen=True)
class Cut:
    """A replacement of every `old` in one file, which must contain it."""

    file: str
    old: str
    new: str = ""


@dataclass(frozen=True)
class Layer:
    """One protection with its place in the sources; only a root worker has those `of_root`."""

    name: str
    cuts: tuple[Cut, ...]
    of_root: bool = False

    def __str__(self) -> str:
        return self.name


def layer(name: str, *cuts: Cut, of_root: bool = False) -> Layer:
    return Layer(name, cuts, of_root)


SYSTEM_CALLS = layer(
    "system call filter",
    Cut(
        "seccomp.py", "code.load(_ARCH_AT)\n", 'code.end("all", _ALLOW)\n    code.load(_ARCH_AT)\n'
    ),
)
NETWORK = layer("network namespace", Cut("native/spawner.c", "CLONE_NEWNET | "))
NETWORK_OF_THE_HOUSE = layer(
    "network namespace of the base rootfs", Cut("rootfs.py", '*("--unshare-net", ', "*(")
)
IPC = layer("IPC namespace", Cut("native/spawner.c", "CLONE_NEWIPC | "))
IPC_OF_THE_HOUSE = layer(
    "IPC namespace of the base rootfs",
    Cut("rootfs.py", '"--unshare-ipc", "--unshare-uts"', '"--unshare-uts"'),
)
PROCESSES = layer(
    "process namespace",
    Cut("native/spawner.c", "CLONE_NEWPID | "),
    Cut("native/spawner.c", "while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)\n        ;"),
    Cut(
        "native/rootfs.c",
        'mount("proc", in_rootfs("/proc"), "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL)',
        'mount("/proc", in_rootfs("/proc"), NULL, MS_BIND | MS_REC, NULL)',
    ),
    Cut("native/runner.c", "kill(-1, SIGKILL);\n    reap(0);", "kill(main_pid, SIGKILL);"),
    Cut("native/usage.c", "if (isdigit(entry->d_name[0])", "if (0"),
)
SPAWNER_REAPS = layer(
    "spawner waits for all", Cut("native/spawner.c", "prctl(PR_SET_CHILD_SUBREAPER, 1);")
)
OWN_ROOT = layer(
    "root of its own",
    Cut(
        "rootfs.py",
        "    yield from _system(host)\n",
        '    yield from _system(host)\n    yield from ("--ro-bind", "/", f"{RUN_ROOT}/host")\n',
    ),
)
OWN_TMP = layer(
    "empty /tmp",
    Cut(
        "rootfs.py",
        '*("--bind", "/proc", "/proc"),',
        '*("--bind", "/proc", "/proc", "--bind", "/tmp", "/tmp"),',
    ),
    Cut(
        "native/rootfs.c",
        "    add_mounts();",
        '    add_mounts();\n    mount("/tmp", in_rootfs("/tmp"), NULL, MS_BIND | MS_REC, NULL);',
    ),
    Cut("native/usage.c", "if (!statfs(", "if (0 && !statfs("),  # /tmp is the host's
)
OWN_USER = layer(
    "unprivileged user",
    Cut("native/spawner.c", "uid >= 0 && (setgroups", "0 && (setgroups"),
    Cut("native/spawner.c", "geteuid() == 0 || getegid() == 0", "0"),
    of_root=True,
)
NO_GROUPS = layer(
    "no supplementary groups", Cut("native/spawner.c", "setgroups(0, NULL)", "0"), of_root=True
)
USER_OF_THE_PLACE = layer(
    "user of its own",
    Cut("spawner.py", "Identity(FIRST_BUFFER_UID + buffer)", "Identity(FIRST_BUFFER_UID)"),
    of_root=True,
)
EMPTY_ENVIRONMENT = layer(
    "empty environment", Cut("spawner.py", "env={}", 'env={"SECRET": "learned"}')
)
NOT_DUMPABLE = layer(
    "runner not dumpable", Cut("native/rootfs.c", 'check(prctl(PR_SET_DUMPABLE, 0), "dumpable");')
)
SPAWNER_CLOSES = layer(
    "spawner closes descriptors",
    Cut("native/spawner.c", "if (syscall(SYS_close_range, count, ~0U, 0))", "if (0)"),
)
RUNNER_CLOSES = layer(
    "runner closes descriptors",
    Cut("native/runner.c", "last = REPORT_FD + input_count - 1;", "last = 2 * HIGH_FD;"),
    Cut("native/runner.c", "syscall(SYS_close_range, last + 1, ~0U, 0);"),
)
KILLS_ALL = layer("runner kills all", Cut("native/runner.c", "kill(-1, SIGKILL);\n    reap(0);"))
READ_ONLY_BOX = layer(
    "read-only /box",
    Cut(
        "native/rootfs.c",
        "mount(NULL, in_rootfs(bind->at), NULL, MS_REMOUNT | MS_BIND | READ_ONLY, NULL)",
        "0",
    ),
)
READ_ONLY_SHARED = layer(
    "read-only programs in the base rootfs",
    Cut("rootfs.py", '"--ro-bind", str(shared)', '"--bind", str(shared)'),
)
READ_ONLY_SYSTEM = layer(
    "read-only system in the base rootfs",
    Cut("rootfs.py", '"--ro-bind", str(host / "usr")', '"--bind", str(host / "usr")'),
)
SEALED_INPUT = layer(
    "sealed input",
    Cut(
        "descriptors.py",
        "    writable = os.memfd_create(",
        "    if isinstance(source, Path):\n"
        "        return os.open(source, os.O_RDONLY | os.O_CLOEXEC)\n"
        "    writable = os.memfd_create(",
    ),
)
LINKS_NOT_FOLLOWED = layer("links are not followed", Cut("native/runner.c", "O_NOFOLLOW", "0"))
REGULAR_FILES_ONLY = layer(
    "only regular files", Cut("native/runner.c", "|| !S_ISREG(info.st_mode)")
)
SPAWNER_LISTENS = layer(
    "spawner kills when the worker is gone",
    Cut(
        "native/spawner.c",
        "kill(pid, SIGKILL);\n        if (letter == 0) {\n            waitpid(pid, &status, 0);",
        "if (letter == 0) {",
    ),
)
DIES_WITH_SPAWNER = layer(
    "runner dies with the spawner",
    Cut("native/spawner.c", "prctl(PR_SET_PDEATHSIG, SIGKILL);\n    setsid();", "setsid();"),
)
RUNNER_LISTENS = layer(
    "runner ends when nobody listens",
    Cut("native/runner.c", "if (watched[1].revents && !result.main_ended)", "if (0)"),
)
READ_ONLY_HOUSE = layer(
    "read-only base rootfs", Cut("rootfs.py", '*("--remount-ro", "/"),\n    )', ")")
)
# These cuts raise limits, so that an attack gets more than allowed, but not everything.
MEMORY_OF_THE_GROUP = layer(
    "memory of the control group",
    Cut("cgroups.py", "memory_kb + GROUP_OVERHEAD_KB", "4 * memory_kb + GROUP_OVERHEAD_KB"),
)
PROCESSES_OF_THE_GROUP = layer(
    "processes of the control group",
    Cut("cgroups.py", "processes + GROUP_OVERHEAD_PROCESSES", "processes + 200"),
)
ADDRESS_SPACE = layer(
    "RLIMIT_AS", Cut("native/runner.c", "config.address_kb * 1024", "8 * config.address_kb * 1024")
)
LOOKS = layer(
    "runner's looks at memory",
    Cut("native/runner.c", "} else if (config.memory_kb) {", "} else if (0) {"),
)
SIZE_OF_TMP = layer("size of /tmp", Cut("rootfs.py", '"/tmp": tmp_kb', '"/tmp": 4 * tmp_kb'))
NUMBER_OF_PROCESSES = layer(
    "RLIMIT_NPROC", Cut("native/runner.c", "config.processes + 1)", "config.processes + 200)")
)
NUMBER_OF_FILES = layer(
    "RLIMIT_NOFILE",
    Cut(
        "native/runner.c",
        "limit(RLIMIT_NOFILE, config.files)",
        "limit(RLIMIT_NOFILE, 4 * config.files)",
    ),
)
NO_TERMINALS = layer(
    "no terminals",
    Cut(
        "rootfs.py",
        "    for name in devices:",
        '    yield from ("--dir", f"{RUN_ROOT}/dev/pts")\n'
        '    yield from ("--symlink", "pts/ptmx", f"{RUN_ROOT}/dev/ptmx")\n'
        "    for name in devices:",
    ),
    Cut(
        "native/rootfs.c",
        "    add_mounts();",
        "    add_mounts();\n"
        '    mount("devpts", in_rootfs("/dev/pts"), "devpts", 0, "ptmxmode=0666");',
    ),
)
NO_ZERO_DEVICE = layer(
    "no zero device", Cut("rootfs.py", "DEVICES if without_groups else DEVICES", "DEVICES")
)
CPU_OF_THE_TREE = layer(
    "CPU time of the tree", Cut("native/runner.c", "if (result.cpu_us > config.cpu_us)", "if (0)")
)
CPU_OF_A_PROCESS = layer(
    "RLIMIT_CPU",
    Cut(
        "native/runner.c", "limit(RLIMIT_CPU, config.cpu_us / 1000000 + 2)", "limit(RLIMIT_CPU, 30)"
    ),
)
WALL_CLOCK = layer("wall time", Cut("native/runner.c", "if (is_wall_exceeded())", "if (0)"))
OUTPUT_ENDS = layer(
    "end at too much output", Cut("pump.py", "return self.size > self.limit", "return False")
)
OUTPUT_KEPT = layer(
    "no more output kept", Cut("pump.py", "free = self.keep - self.size", "free = 1 << 30")
)


# The build of a weakened sandbox is used for a few runs: optimizing it would take longer.
FAST_BUILD = Cut("native/build.py", '"-O2"', '"-O0"')


def _apply_cuts(files: dict[str, str], cuts: Sequence[Cut]) -> None:
    for cut in cuts:
        assert cut.old in files[cut.file], f"{cut.file} has no {cut.old!r}"
        files[cut.file] = files[cut.file].replace(cut.old, cut.new)


def weakened_package(directory: Path, layers: Sequence[Layer], builds: Path) -> str:
    """Write a package without these layers into `directory`, and return its name.

    A sandbox with `directory / "root"` for its root uses the programs in `builds` again.
    """
    name = f"weakened_{uuid4().hex[:8]}"
    paths = [path for kind in ("*.py", "*.c", "*.h") for path in SOURCES.rglob(kind)]
    files = {str(path.relative_to(SOURCES)): path.read_text() for path in paths}
    cuts = [cut for layer in layers for cut in layer.cuts]
    if any(cut.file.endswith(".c") for cut in cuts):
        cuts.append(FAST_BUILD)
    _apply_cuts(files, cuts)
    for file, text in files.items():
        path = directory / name / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("judge.sandbox", name))
    _link_missing(builds, directory / "root" / "shared" / "bin")
    return name


def _link_missing(source: Path, target: Path) -> None:
    """Link the programs of one directory into another one of the same file system."""
    target.mkdir(parents=True, exist_ok=True)
    for path in source.glob("runner-*"):
        with contextlib.suppress(FileExistsError):
            os.link(path, target / path.name)


@contextmanager
def weakened_sandbox(
    directory: Path, layers: Sequence[Layer], builds: Path, forced: LimitBackend | None = None
) -> Iterator[Sandbox]:
    """Yield a sandbox without these layers, with `directory / "root"` for its root.

    Its program is taken from `builds`, or built and kept there for the next one.
    """
    name = weakened_package(directory, layers, builds)
    sys.path.insert(0, str(directory))
    try:
        module = importlib.import_module(f"{name}.sandbox")
        sandbox: Sandbox = module.Sandbox(directory / "root", 2, forced)
        try:
            yield sandbox
        finally:
            sandbox.close()
            _link_missing(directory / "root" / "shared" / "bin", builds)
    finally:
        sys.path.remove(str(directory))
        for module_name in [key for key in sys.modules if key.split(".")[0] == name]:
            del sys.modules[module_name]
