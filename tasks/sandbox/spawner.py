"""The worker's side of a slot's spawner: start it, have it start sandboxes, end it."""

import os
import select
import socket
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tasks.sandbox.errors import SandboxUnavailable
from tasks.sandbox.limits import SlotGroup
from tasks.sandbox.native import NativePrograms

RUNNER_INSIDE = "/run/runner"
MOUNT_TARGET = Path("/mnt")
START_TIMEOUT_S = 10.0
# Far above what systems hand out; used where this user namespace has such ids at all.
FIRST_SLOT_UID = 0x70000000
NOBODY = 65534


@dataclass(frozen=True, slots=True)
class Identity:
    """The user a sandbox runs as; `uid` None: the worker's own, which is not root."""

    uid: int | None


def slot_identity(slot: int, uid_map: Path = Path("/proc/self/uid_map")) -> Identity:
    """Return an unprivileged user for the slot: its own when the worker is root."""
    if os.geteuid() != 0:
        return Identity(None)
    for line in uid_map.read_text().splitlines():
        first, _, count = (int(word) for word in line.split())
        if first <= FIRST_SLOT_UID + slot < first + count:
            return Identity(FIRST_SLOT_UID + slot)
    return Identity(NOBODY)


class SpawnerLost(Exception):
    """The spawner is gone; the next run starts a new one."""


class Spawner:
    """One running spawner process; used by the thread that holds its slot.

    `root` becomes reachable for the sandbox's user at `root_seen` (the same path when this host
    lets us mount nothing, which is enough where the user may enter the directories above).
    """

    def __init__(
        self,
        *,
        programs: NativePrograms,
        bwrap: Path,
        root: Path,
        identity: Identity,
        group: SlotGroup,
        lock: int,
    ) -> None:
        self.group = group
        drops = identity.uid is not None
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        uid = str(identity.uid) if drops else "-1"
        arguments = [str(programs.spawner), uid, uid, str(bwrap), RUNNER_INSIDE]
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                [*arguments, str(root) if drops else "", str(MOUNT_TARGET)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={},
                cwd="/",
                pass_fds=(lock,),
            )
        self._socket = ours
        mount_error = self._expect("ready", START_TIMEOUT_S)
        self.root_seen = MOUNT_TARGET if mount_error == 0 else root
        group.adopt(self._process.pid)

    @property
    def pid(self) -> int:
        """The process, for the host's process table."""
        return int(self._process.pid)

    def fileno(self) -> int:
        """Readable when the sandbox has ended."""
        return self._socket.fileno()

    def launch(self, descriptors: Sequence[int], group: int | None) -> None:
        """Start bwrap with these as its 0, 1, 2, …; in `group` if the run has one of its own."""
        sent = [*descriptors] if group is None else [*descriptors, group]
        try:
            socket.send_fds(self._socket, [b"R" if group is None else b"C"], sent)
        except OSError as error:
            raise SpawnerLost(str(error)) from error

    def kill(self) -> None:
        """End the running sandbox at once; `wait` still has to be called."""
        try:
            self._socket.send(b"K")
        except OSError as error:
            raise SpawnerLost(str(error)) from error

    def wait(self, timeout_s: float = START_TIMEOUT_S) -> int:
        """Return bwrap's wait status. Raises SpawnerLost, also when it could not be started."""
        return self._expect("done", timeout_s)

    def _expect(self, word: str, timeout_s: float) -> int:
        if not select.select([self._socket], [], [], timeout_s)[0]:
            raise SpawnerLost(f"no {word} in {timeout_s} s")
        said = self._socket.recv(64).decode().split()
        if len(said) != 2 or said[0] != word:  # noqa: PLR2004 - a word and a number
            raise SpawnerLost(" ".join(said) or "it ended")
        return int(said[1])

    def close(self) -> None:
        """End the process and whatever it runs, and remove the slot's groups."""
        self._socket.close()
        try:
            self._process.wait(START_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self.group.close()


def find_bwrap(candidates: Sequence[str] = ("/usr/bin/bwrap", "/usr/local/bin/bwrap")) -> Path:
    """Return bubblewrap's place. Raises SandboxUnavailable naming the package."""
    for candidate in candidates:
        if os.access(candidate, os.X_OK):
            return Path(candidate)
    raise SandboxUnavailable(
        "bubblewrap is not installed: apt-get install -y bubblewrap gcc libc6-dev g++"
    )
