"""What the inside of a sandbox looks like, as bubblewrap's arguments.

A spawner lives in a house that bubblewrap builds once: the system's programs, and below `/sandbox`
and `/devices` the read-only tree that every run gets. A run adds what is its own: an empty `/tmp`,
its program, its processes. Of the host there is nothing of `/home`, `/root`, `/var` or the
checkout, and of `/etc` only what loaders need. What can be written is small and in memory.
"""

from collections.abc import Iterator
from pathlib import Path

BOX = "/box"
FEEDBACK = "/feedback"
MOUNTS = "/opt"
MOUNT_POINTS_BYTES = 64 * 1024
INSIDE_ID = "1000"
SYSTEM_DIRECTORIES = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
ETC_NEEDED = ("ld.so.cache", "alternatives", "localtime")
ETC_PATTERNS = ("fpc*.cfg", "java-*", "mono", "nim", "nodejs")
DEVICES = ("null", "zero", "full", "random", "urandom")
SHM_KB = 16 * 1024
ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/tmp",  # noqa: S108 - the sandbox's own
    "LANG": "C.UTF-8",
}

# The house: what a run gets, what is bound for it by name, and the two programs of ours.
ROOM = "/sandbox"
ROOM_DEVICES = "/devices"
SHARED = Path("/shared")
SPAWNER = "/run/spawner"
RUNNER = "/run/runner"


def house_arguments(
    *, shared: Path, spawner: Path, runner: Path, host: Path = Path("/")
) -> tuple[str, ...]:
    """Return the arguments of the house of a spawner, in which `shared` is at `SHARED`.

    The host's whole `/proc` is there, as the kernel lets an unprivileged user mount a new one only
    where it sees one without masks.
    """
    return (
        *("--unshare-net", "--unshare-ipc", "--unshare-uts"),
        *_system(host, ""),
        *("--bind", "/proc", "/proc", "--dir", "/tmp"),  # noqa: S108 - inside
        *("--ro-bind", str(shared), str(SHARED)),
        *("--dir", "/run", "--ro-bind", str(spawner), SPAWNER),
        *_room(host, runner),
        *_devices(),
        *("--remount-ro", "/"),
    )


def _room(host: Path, runner: Path) -> Iterator[str]:
    for place in ("", "/proc", "/dev", "/tmp", BOX, FEEDBACK, MOUNTS, "/run", "/etc"):  # noqa: S108 - inside
        yield from ("--dir", f"{ROOM}{place}")
    yield from _system(host, ROOM)
    etc = host / "etc"
    wanted = [etc / name for name in ETC_NEEDED]
    for pattern in ETC_PATTERNS:
        wanted += sorted(etc.glob(pattern))
    for path in wanted:
        if path.exists():
            yield from ("--ro-bind", str(path), f"{ROOM}/etc/{path.name}")
    yield from ("--ro-bind", str(runner), f"{ROOM}{RUNNER}")


def _system(host: Path, below: str) -> Iterator[str]:
    yield from ("--ro-bind", str(host / "usr"), f"{below}/usr")
    for name in SYSTEM_DIRECTORIES:
        path = host / name
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()), f"{below}/{name}")
        elif path.is_dir():
            yield from ("--ro-bind", str(path), f"{below}/{name}")


def _devices() -> Iterator[str]:
    yield from ("--dir", ROOM_DEVICES, "--dir", f"{ROOM_DEVICES}/shm")
    for name in DEVICES:
        yield from ("--dev-bind", f"/dev/{name}", f"{ROOM_DEVICES}/{name}")
    yield from ("--symlink", "/proc/self/fd", f"{ROOM_DEVICES}/fd")
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        yield from ("--symlink", f"/proc/self/fd/{number}", f"{ROOM_DEVICES}/{name}")


def static_arguments() -> tuple[str, ...]:
    """Return the arguments that are the same for every run in a house."""
    return (
        *("--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-net"),
        *("--unshare-uts", "--unshare-cgroup-try"),
        *("--uid", INSIDE_ID, "--gid", INSIDE_ID, "--hostname", "sandbox"),
        *("--die-with-parent", "--new-session", "--as-pid-1", "--cap-drop", "ALL"),
        *("--ro-bind", ROOM, "/", "--dev-bind", ROOM_DEVICES, "/dev", "--proc", "/proc"),
    )


def run_arguments(
    *,
    directory: Path | None,
    file_descriptors: dict[str, int],
    mounts: dict[str, Path],
    tmp_kb: int,
    has_feedback: bool = False,
) -> Iterator[str]:
    """Yield the arguments of one run, the read-only lock last; `directory` is one of the house.

    `file_descriptors` names the files to copy into `/box` where there is no `directory`; `mounts`
    are more directories of the house by the places below `/opt` where they are seen.
    """
    places = [("/tmp", tmp_kb), ("/dev/shm", min(SHM_KB, tmp_kb))]  # noqa: S108 - inside
    places += [(FEEDBACK, tmp_kb)] if has_feedback else []
    for place, size_kb in places:
        yield from ("--size", str(size_kb * 1024), "--tmpfs", place)
    if directory is not None:
        yield from ("--ro-bind", str(directory), BOX)
    else:
        yield from ("--size", str(tmp_kb * 1024), "--tmpfs", BOX)
        for name, descriptor in file_descriptors.items():
            yield from ("--file", str(descriptor), f"{BOX}/{name}")
    if mounts:
        yield from ("--size", str(MOUNT_POINTS_BYTES), "--tmpfs", MOUNTS)
        for place, path in mounts.items():
            yield from ("--ro-bind", str(path), place)
        yield from ("--remount-ro", MOUNTS)
    yield from ("--remount-ro", "/dev", "--remount-ro", "/", "--chdir", BOX)


def writable_places(directory: Path | None, *, has_feedback: bool = False) -> tuple[str, ...]:
    """The tmpfs mounts whose contents count as memory."""
    own = () if directory else (BOX,)
    return ("/tmp", "/dev/shm", *own, *((FEEDBACK,) if has_feedback else ()))  # noqa: S108 - inside
