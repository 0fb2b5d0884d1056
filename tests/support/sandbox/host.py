"""Targets of attacks on the host, prepared so that tests detect an access."""

import contextlib
import ctypes
import fcntl
import hashlib
import os
import secrets
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from tests.support.sandbox.sandboxes import (
    SandboxFixture,
    control_groups,
    descendants,
    processes_named,
)
from tests.support.waiting import wait_until

T = TypeVar("T")
LIBC = ctypes.CDLL(None, use_errno=True)
GROUP = 4242
METADATA = "169.254.169.254"
CLONE_NEWNET = 0x40000000
SIOCSIFADDR, SIOCSIFFLAGS, IFF_UP = 0x8916, 0x8914, 1


class HostFixture:
    """A public directory on the host with a secret marker."""

    def __init__(self) -> None:
        self.marker = f"marker-{secrets.token_hex(8)}"
        self.place = Path(tempfile.mkdtemp(prefix="host-", dir="/var/tmp"))
        self.place.chmod(0o755)
        self.closing = ExitStack()
        self.closing.callback(shutil.rmtree, self.place)
        self.public = self._file("public", 0o644)
        self.private = self._file("private", 0o600)
        self.of_a_group = self._file("group", 0o640)
        if os.geteuid() == 0:
            os.chown(self.of_a_group, 0, GROUP)

    def _file(self, name: str, mode: int) -> Path:
        path = self.place / name
        path.write_text(self.marker)
        path.chmod(mode)
        return path

    @contextmanager
    def process(self) -> Iterator[int]:
        """Run a process of the host with the marker as its name."""
        with subprocess.Popen([self.marker, "60"], executable="/bin/sleep") as process:
            try:
                yield process.pid
            finally:
                process.kill()

    @contextmanager
    def listener(self, address: tuple[str, int] | str) -> Iterator["Listener"]:
        """Run a server that sends the marker to each client."""
        family = socket.AF_INET if isinstance(address, tuple) else socket.AF_UNIX
        with socket.socket(family) as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind(address)
            if isinstance(address, str) and not address.startswith("\0"):
                Path(address).chmod(0o777)
            server.listen()
            listener = Listener(server, self.marker)
            try:
                yield listener
            finally:
                listener.stop()

    @contextmanager
    def group_of_the_worker(self) -> Iterator[None]:
        """Add this process to the group that may read `of_a_group`."""
        groups = os.getgroups()
        os.setgroups([*groups, GROUP])
        try:
            yield
        finally:
            os.setgroups(groups)

    def victim(self, sandbox: SandboxFixture) -> int:
        """Return the pid, on the host, of the run with the marker in its command line."""
        found = wait_until(
            "a run with the marker",
            lambda: set(processes_named(self.marker)) & set(descendants(sandbox.spawners)),
        )
        return max(found)


class Listener:
    """Counts the connections to a server."""

    def __init__(self, server: socket.socket, marker: str) -> None:
        self.server, self.marker, self.heard = server, marker, 0
        self._stopped = False
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self.server.getsockname()[1])

    def _serve(self) -> None:
        self.server.settimeout(0.05)
        while not self._stopped:
            with contextlib.suppress(TimeoutError):
                connection, _ = self.server.accept()
                self.heard += 1
                with connection:
                    connection.sendall(self.marker.encode())

    def stop(self) -> None:
        self._stopped = True
        self._thread.join()


def in_thread(prepare: Callable[[], None], act: Callable[[], T]) -> T:
    """Return the result of `act` in a thread changed by `prepare`; skip if that is not allowed."""
    result: list[T] = []
    refused: list[OSError] = []

    def run():
        try:
            prepare()
        except OSError as error:
            refused.append(error)
            return
        result.append(act())

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if refused:
        pytest.skip(f"this user may not do that here: {refused[0]}")
    return result[0]


def enter_network_with_metadata() -> None:
    """Move this thread to a new network namespace that has the metadata address."""
    if LIBC.unshare(CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "a network of its own")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        up = struct.pack("16sH14x", b"lo", IFF_UP)
        fcntl.ioctl(control, SIOCSIFFLAGS, up)
        address = struct.pack("16sHH4s8x", b"lo:1", socket.AF_INET, 0, socket.inet_aton(METADATA))
        fcntl.ioctl(control, SIOCSIFADDR, address)


def remove_segments(key: int) -> bool:
    """Remove the host's System V segment with that key; return False if none exists."""
    number = LIBC.shmget(key, 0, 0)
    if number < 0:
        return False
    LIBC.shmctl(number, 0, None)
    return True


class HostSnapshot:
    """The state of the host that an attack must not change."""

    def __init__(self, sandbox: SandboxFixture) -> None:
        self._sandbox = sandbox
        self.before = self._look()

    def _look(self) -> dict[str, object]:
        root = self._sandbox.inner.root
        kept = [path for path in root.rglob("*") if "programs" not in path.parts]
        mounts = Path("/proc/self/mountinfo").read_text().splitlines()
        return {
            "files": {path: _digest(path) for path in kept if path.is_file()},
            "mounts": [line for line in mounts if str(root) in line],
        }

    def assert_untouched(self) -> None:
        """Fail if a process, a file, a mount or a member of a control group was left."""
        assert descendants(self._sandbox.spawners) == []
        after = self._look()
        for what, seen in self.before.items():
            assert after[what] == seen, what
        assert not self._sandbox.has_groups or _members(self._sandbox) <= set(
            self._sandbox.spawners
        )


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _members(sandbox: SandboxFixture) -> set[int]:
    """Return all processes in the control groups of this sandbox."""
    found: set[int] = set()
    for group in control_groups(sandbox.inner):
        with contextlib.suppress(OSError):
            found.update(map(int, (group / "cgroup.procs").read_text().split()))
    return found
