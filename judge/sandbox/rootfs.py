"""What the inside of a sandbox looks like: the house by bubblewrap, and what each run adds.

Spawners live in a house that bubblewrap builds once for each: the system's programs, and below
`/sandbox` the read-only tree that becomes the root of every run. A run adds what is its own
(`room.c`): its processes, an empty `/tmp`, its program. Of the host there is nothing of `/home`,
`/root`, `/var` or the checkout, and of `/etc` only what loaders need. What can be written is small
and in memory.
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
# Mapped and shared it is memory that only a control group counts.
DEVICES_WITH_GROUPS = ("zero",)
SHM_KB = 16 * 1024
ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/tmp",  # noqa: S108 - the sandbox's own
    "LANG": "C.UTF-8",
}

# The house: what becomes the root of a run, what can be bound there by name, and our program.
ROOM = "/sandbox"
SHARED = Path("/shared")
RUNNER = "/run/runner"


def house_arguments(
    *, shared: Path, runner: Path, without_groups: bool, host: Path = Path("/")
) -> tuple[str, ...]:
    """Return the arguments of a spawner's house, in which `shared` is at `SHARED`.

    The host's whole `/proc` is there, as the kernel lets an unprivileged user mount a new one only
    where it sees one without masks.
    """
    return (
        *("--unshare-net", "--unshare-ipc", "--unshare-uts"),
        *("--bind", "/proc", "/proc"),
        *("--ro-bind", str(shared), str(SHARED)),
        *("--dir", "/run", "--ro-bind", str(runner), RUNNER),
        *_room(host, DEVICES if without_groups else DEVICES + DEVICES_WITH_GROUPS),
        *("--remount-ro", "/"),
    )


def _room(host: Path, devices: Sequence[str]) -> Iterator[str]:
    for place in ("", "/proc", "/tmp", BOX, FEEDBACK, MOUNTS, "/etc", "/dev", "/dev/shm"):  # noqa: S108 - inside
        yield from ("--dir", f"{ROOM}{place}")
    yield from _system(host)
    etc = host / "etc"
    wanted = [etc / name for name in ETC_NEEDED]
    for pattern in ETC_PATTERNS:
        wanted += sorted(etc.glob(pattern))
    for path in wanted:
        if path.exists():
            yield from ("--ro-bind", str(path), f"{ROOM}/etc/{path.name}")
    for name in devices:
        yield from ("--dev-bind", f"/dev/{name}", f"{ROOM}/dev/{name}")
    yield from ("--symlink", "/proc/self/fd", f"{ROOM}/dev/fd")
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        yield from ("--symlink", f"/proc/self/fd/{number}", f"{ROOM}/dev/{name}")


def _system(host: Path) -> Iterator[str]:
    yield from ("--ro-bind", str(host / "usr"), f"{ROOM}/usr")
    for name in SYSTEM_DIRECTORIES:
        path = host / name
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()), f"{ROOM}/{name}")
        elif path.is_dir():
            yield from ("--ro-bind", str(path), f"{ROOM}/{name}")


def room_words(
    *,
    directory: Path | None,
    file_descriptors: dict[str, int],
    mounts: dict[str, Path],
    tmp_kb: int,
    has_feedback: bool = False,
) -> list[str]:
    """Return what the room of one run adds, in the words of `config.c`; paths are the house's.

    `file_descriptors` names the files to copy into a writable `/box` where there is no `directory`;
    `mounts` are more directories by the places below `/opt` where they are seen.
    """
    sizes_kb = {"/tmp": tmp_kb, "/dev/shm": min(SHM_KB, tmp_kb)}  # noqa: S108 - inside
    if has_feedback:
        sizes_kb[FEEDBACK] = tmp_kb
    if mounts:
        sizes_kb[MOUNTS] = MOUNT_POINTS_KB
    if directory is None:
        sizes_kb[BOX] = tmp_kb
    else:
        mounts = {BOX: directory, **mounts}
    return [
        *(f"tmpfs={place}={size_kb}" for place, size_kb in sizes_kb.items()),
        *(f"bind={place}={source}" for place, source in mounts.items()),
        *(f"file={name}={descriptor}" for name, descriptor in file_descriptors.items()),
    ]
