"""The worker's side of a slot's spawner: start it, have it start sandboxes, end it."""

import os
import select
import socket
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from judge.sandbox.errors import SandboxUnavailable
from judge.sandbox.cgroups import LimitBackend, SlotGroup
from judge.sandbox.rootfs import RUNNER

START_TIMEOUT_S = 10.0
# Far above what systems hand out; used where this user namespace has such ids at all.
FIRST_PLACE_UID = 0x70000000
NOBODY = 65534


@dataclass(frozen=True, slots=True)
class Identity:
    """The user a sandbox runs as; `uid` None: the worker's own, which is not root."""

    uid: int | None


def place_identity(place: int, uid_map: Path = Path("/proc/self/uid_map")) -> Identity:
    """Return an unprivileged user for a place of a slot: its own when the worker is root."""
    if os.geteuid() != 0:
        return Identity(None)
    for line in uid_map.read_text().splitlines():
        first, _, count = (int(word) for word in line.split())
        if first <= FIRST_PLACE_UID + place < first + count:
            return Identity(FIRST_PLACE_UID + place)
    return Identity(NOBODY)


class SpawnerLost(Exception):
    """The spawner is gone; the next run starts a new one."""


class Spawner:
    """One running spawner process; used by the thread that holds its slot.

    `house` are bubblewrap's arguments of what it lives in. `lock` stays open while it lives.
    """

    def __init__(
        self,
        *,
        bwrap: Path,
        house: Sequence[str],
        identity: Identity,
        group: SlotGroup,
        lock: int,
    ) -> None:
        self.group = group
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        uid = -1 if identity.uid is None else identity.uid
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                [str(bwrap), *house, RUNNER],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env={},
                cwd="/",
                pass_fds=(lock,),
            )
        self._socket = ours
        self._is_busy = False
        try:
            # Who is to be born in a group must be born of a user who may write to it.
            is_late = group.held is LimitBackend.CGROUP2
            self._socket.send(f"{uid} {uid} {is_late:d}".encode())
            self._pid = self._expect("ready", START_TIMEOUT_S)
        except (SpawnerLost, OSError) as error:
            raise SpawnerLost(f"{error}: {self.close()}") from error
        group.adopt(self._pid)

    @property
    def pid(self) -> int:
        """The process, for the host's process table."""
        return self._pid

    def fileno(self) -> int:
        """Readable when the sandbox has ended."""
        return self._socket.fileno()

    def launch(self, words: bytes, descriptors: Sequence[int], group: int | None) -> None:
        """Start a sandbox with these as its 0, 1, 2, …; in `group` if the run has one."""
        sent = [*descriptors] if group is None else [*descriptors, group]
        try:
            socket.send_fds(self._socket, [b"R" if group is None else b"C", words], sent)
        except OSError as error:
            raise SpawnerLost(str(error)) from error
        self._is_busy = True

    def kill(self) -> None:
        """End the running sandbox at once; `wait` still has to be called."""
        try:
            self._socket.send(b"K")
        except OSError as error:
            raise SpawnerLost(str(error)) from error

    def wait(self, timeout_s: float = START_TIMEOUT_S) -> int:
        """Return pid 1's wait status. Raises SpawnerLost, also when it could not be started."""
        self._is_busy = False
        return self._expect("done", timeout_s)

    def settle(self) -> None:
        """Wait for the end of a sandbox of which nobody waited for it. Raises SpawnerLost."""
        if self._is_busy:
            self.wait()

    def _expect(self, word: str, timeout_s: float) -> int:
        if not select.select([self._socket], [], [], timeout_s)[0]:
            raise SpawnerLost(f"no {word} in {timeout_s} s")
        try:
            said = self._socket.recv(64).decode().split()
        except OSError as error:
            raise SpawnerLost(str(error)) from error
        if said[:1] == ["fail"]:
            raise SpawnerLost(f"no new namespaces: {os.strerror(int(said[1]))}")
        if len(said) != 2 or said[0] != word:  # noqa: PLR2004 - a word and a number
            raise SpawnerLost(" ".join(said) or "it ended")
        return int(said[1])

    def close(self) -> str:
        """End the process and whatever it runs, and remove its groups; returns its complaints."""
        self._socket.close()
        try:
            _, said = self._process.communicate(timeout=START_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            _, said = self._process.communicate()
        self.group.close()
        return str(said.decode("utf-8", "replace")).strip()


def find_bwrap(candidates: Sequence[str] = ("/usr/bin/bwrap", "/usr/local/bin/bwrap")) -> Path:
    """Return bubblewrap's place. Raises SandboxUnavailable naming the package."""
    for candidate in candidates:
        if os.access(candidate, os.X_OK):
            return Path(candidate)
    raise SandboxUnavailable(
        "bubblewrap is not installed: apt-get install -y bubblewrap gcc libc6-dev g++"
    )
