"""The file systems of a sandbox: the base rootfs of a spawner, and the run rootfs of each run.

Each spawner runs in its own base rootfs, which bubblewrap builds. The base rootfs contains the
system's programs. Its directory `/sandbox` contains the read-only files of the run rootfs, which is
the root directory of a run. Each run adds its own mounts (`native/rootfs.c`): a new `/proc`, an
empty `/tmp` and its program.

The host's directories `/home`, `/root` and `/var` and the source code of this project are not
visible to a program. `/etc` contains only the files that dynamic loaders and runtimes need.
Writable directories are small and in memory.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

BOX = "/box"
FEEDBACK = "/feedback"
MOUNTS = "/opt"
MOUNT_POINTS_KB = 64
SYSTEM_DIRECTORIES = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
ETC_NEEDED = ("ld.so.cache", "alternatives", "localtime")
ETC_PATTERNS = ("fpc*.cfg", "java-*", "mono", "nim", "nodejs")
DEVICES = ("null", "full", "random", "urandom")
# Only a control group counts the memory of a shared mapping of this device.
DEVICES_WITH_GROUPS = ("zero",)
SHM_KB = 16 * 1024
ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/tmp",  # noqa: S108 - the sandbox's own
    "LANG": "C.UTF-8",
}

# Paths in the base rootfs: the root of a run, the directories that a run can mount, the C program.
RUN_ROOT = "/sandbox"
SHARED = Path("/shared")
RUNNER = "/run/runner"


def base_rootfs_arguments(
    *, shared: Path, runner: Path, without_groups: bool, host: Path = Path("/")
) -> tuple[str, ...]:
    """Return bubblewrap's arguments for a base rootfs.

    `shared` is mounted at `SHARED`, and the C program `runner` at `RUNNER`. The whole `/proc` of
    the host is mounted too. Otherwise the kernel does not allow an unprivileged user to mount a new
    `/proc` for each run.
    """
    return (
        *("--unshare-net", "--unshare-ipc", "--unshare-uts"),
        *("--bind", "/proc", "/proc"),
        *("--ro-bind", str(shared), str(SHARED)),
        *("--dir", "/run", "--ro-bind", str(runner), RUNNER),
        *_run_root(host, DEVICES if without_groups else DEVICES + DEVICES_WITH_GROUPS),
        *("--remount-ro", "/"),
    )


def _run_root(host: Path, devices: Sequence[str]) -> Iterator[str]:
    for directory in ("", "/proc", "/tmp", BOX, FEEDBACK, MOUNTS, "/etc", "/dev", "/dev/shm"):  # noqa: S108 - inside the sandbox
        yield from ("--dir", f"{RUN_ROOT}{directory}")
    yield from _system(host)
    etc = host / "etc"
    paths = [etc / name for name in ETC_NEEDED]
    for pattern in ETC_PATTERNS:
        paths += sorted(etc.glob(pattern))
    for path in paths:
        if path.exists():
            yield from ("--ro-bind", str(path), f"{RUN_ROOT}/etc/{path.name}")
    for name in devices:
        yield from ("--dev-bind", f"/dev/{name}", f"{RUN_ROOT}/dev/{name}")
    yield from ("--symlink", "/proc/self/fd", f"{RUN_ROOT}/dev/fd")
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        yield from ("--symlink", f"/proc/self/fd/{number}", f"{RUN_ROOT}/dev/{name}")


def _system(host: Path) -> Iterator[str]:
    yield from ("--ro-bind", str(host / "usr"), f"{RUN_ROOT}/usr")
    for name in SYSTEM_DIRECTORIES:
        path = host / name
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()), f"{RUN_ROOT}/{name}")
        elif path.is_dir():
            yield from ("--ro-bind", str(path), f"{RUN_ROOT}/{name}")


def run_rootfs_options(
    *,
    directory: Path | None,
    file_descriptors: dict[str, int],
    mounts: dict[str, Path],
    tmp_kb: int,
    has_feedback: bool = False,
) -> list[str]:
    """Return the mounts that one run adds, as options for `config.c`.

    `directory` is mounted at `/box`. If `directory` is None, `/box` is writable, and the files in
    `file_descriptors` (name to descriptor) are copied into `/box`. The keys of `mounts` are paths
    below `/opt` in the run's file system. `directory` and the values of `mounts` are paths in the
    file system of the spawner, the process that starts the run.
    """
    sizes_kb = {"/tmp": tmp_kb, "/dev/shm": min(SHM_KB, tmp_kb)}  # noqa: S108 - inside the sandbox
    if has_feedback:
        sizes_kb[FEEDBACK] = tmp_kb
    if mounts:
        sizes_kb[MOUNTS] = MOUNT_POINTS_KB
    if directory is None:
        sizes_kb[BOX] = tmp_kb
    else:
        mounts = {BOX: directory, **mounts}
    return [
        *(f"tmpfs={path}={size_kb}" for path, size_kb in sizes_kb.items()),
        *(f"bind={path}={source}" for path, source in mounts.items()),
        *(f"file={name}={descriptor}" for name, descriptor in file_descriptors.items()),
    ]
