"""What the inside of a sandbox looks like, as bubblewrap's arguments.

A read-only root with the system's programs and libraries, nothing of `/home`, `/root`, `/var` or
the checkout, and of `/etc` only what loaders need. What can be written is small and in memory.
"""

from collections.abc import Iterator
from pathlib import Path

BOX = "/box"
INSIDE_ID = "1000"
SYSTEM_DIRECTORIES = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
ETC_NEEDED = ("ld.so.cache", "alternatives", "localtime")
ETC_PATTERNS = ("fpc*.cfg", "java-*", "mono", "nim", "nodejs")
SHM_KB = 16 * 1024
ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/tmp",  # noqa: S108 - the sandbox's own
    "LANG": "C.UTF-8",
}


def _isolation() -> Iterator[str]:
    yield from ("--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-net")
    yield from ("--unshare-uts", "--unshare-cgroup-try")
    yield from ("--uid", INSIDE_ID, "--gid", INSIDE_ID, "--hostname", "sandbox")
    yield from ("--die-with-parent", "--new-session", "--as-pid-1", "--cap-drop", "ALL")


def _system(host: Path) -> Iterator[str]:
    yield from ("--ro-bind", str(host / "usr"), "/usr")
    for name in SYSTEM_DIRECTORIES:
        path = host / name
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()), f"/{name}")
        elif path.is_dir():
            yield from ("--ro-bind", str(path), f"/{name}")
    etc = host / "etc"
    wanted = [etc / name for name in ETC_NEEDED]
    for pattern in ETC_PATTERNS:
        wanted += sorted(etc.glob(pattern))
    for path in wanted:
        if path.exists():
            yield from ("--ro-bind", str(path), f"/etc/{path.name}")


def static_arguments(host: Path = Path("/")) -> tuple[str, ...]:
    """Return the arguments that are the same for every run on this host."""
    # Terminals are few on a host, and no control group counts their buffers: there are none.
    no_terminals = ("--size", "4096", "--tmpfs", "/dev/pts", "--remount-ro", "/dev/pts")
    return (*_isolation(), *_system(host), "--proc", "/proc", "--dev", "/dev", *no_terminals)


def run_arguments(
    *,
    runner: Path,
    runner_inside: str,
    directory: Path | None,
    file_descriptors: dict[str, int],
    mounts: dict[str, Path],
    tmp_kb: int,
) -> Iterator[str]:
    """Yield the arguments of one run, the read-only lock of the root last.

    `file_descriptors` names the files to copy into `/box` where there is no `directory`; `mounts`
    are directories of the host by the place where they are seen.
    """
    for place, size_kb in (("/tmp", tmp_kb), ("/dev/shm", min(SHM_KB, tmp_kb))):  # noqa: S108 - inside
        yield from ("--size", str(size_kb * 1024), "--tmpfs", place)
    yield from ("--ro-bind", str(runner), runner_inside)
    if directory is not None:
        yield from ("--ro-bind", str(directory), BOX)
    else:
        yield from ("--size", str(tmp_kb * 1024), "--tmpfs", BOX)
        for name, descriptor in file_descriptors.items():
            yield from ("--file", str(descriptor), f"{BOX}/{name}")
    for place, path in mounts.items():
        yield from ("--ro-bind", str(path), place)
    yield from ("--remount-ro", "/dev", "--remount-ro", "/", "--chdir", BOX)


def writable_places(directory: Path | None) -> tuple[str, ...]:
    """The tmpfs mounts whose contents count as memory."""
    return ("/tmp", "/dev/shm", *(() if directory else (BOX,)))  # noqa: S108 - inside
