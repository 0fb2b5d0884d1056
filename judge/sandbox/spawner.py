"""Starts a spawner process and sends it commands. native/spawner.c receives the commands."""

import os
import select
import socket
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from judge.sandbox.cgroups import LimitBackend, SlotGroup
from judge.sandbox.errors import SandboxUnavailable
from judge.sandbox.rootfs import RUNNER

START_TIMEOUT_S = 10.0
# Far above the user ids that systems assign. Some user namespaces do not contain such high ids.
FIRST_BUFFER_UID = 0x70000000
NOBODY = 65534


@dataclass(frozen=True, slots=True)
class Identity:
    """The user that runs the programs in a sandbox.

    `uid` is None if the worker does not run as root. The programs then run as the same user as the
    worker.
    """

    uid: int | None


def buffer_identity(buffer: int, uid_map: Path = Path("/proc/self/uid_map")) -> Identity:
    """Return the unprivileged user of the buffer with the number `buffer`.

    A buffer is a spawner process that starts one sandbox at a time. If the worker is root, each
    buffer has its own user id. If the worker's user namespace does not contain this id, the user is
    `nobody`.
    """
    if os.geteuid() != 0:
        return Identity(None)
    for line in uid_map.read_text().splitlines():
        first, _, count = (int(word) for word in line.split())
        if first <= FIRST_BUFFER_UID + buffer < first + count:
            return Identity(FIRST_BUFFER_UID + buffer)
    return Identity(NOBODY)


class SpawnerLost(Exception):
    """The spawner process has ended. The next run starts a new spawner."""


class Spawner:
    """A running spawner process of one slot. Only the thread that holds the slot may use it.

    `base_rootfs` contains bubblewrap's arguments for the root directory of the process. `lock` is
    the file descriptor that keeps the slot locked. The process inherits the descriptor, so the slot
    stays locked until the process ends.
    """

    def __init__(
        self,
        *,
        bwrap: Path,
        base_rootfs: Sequence[str],
        identity: Identity,
        group: SlotGroup,
        lock: int,
    ) -> None:
        self.group = group
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        uid = -1 if identity.uid is None else identity.uid
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - a program of this package
                [str(bwrap), *base_rootfs, RUNNER],
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
            # With cgroup v2 the spawner must keep its privileges, because only a user with write
            # permission on a group can start a process in this group.
            drops_late = group.limit_backend is LimitBackend.CGROUP2
            self._socket.send(f"{uid} {uid} {drops_late:d}".encode())
            self._pid = self._expect("ready", START_TIMEOUT_S)
        except (SpawnerLost, OSError) as error:
            raise SpawnerLost(f"{error}: {self.close()}") from error
        group.adopt(self._pid)

    @property
    def pid(self) -> int:
        """The process id on the host."""
        return self._pid

    def fileno(self) -> int:
        """Return the descriptor of the socket. It becomes readable when the sandbox has ended."""
        return self._socket.fileno()

    def launch(self, message: bytes, descriptors: Sequence[int], group: int | None) -> None:
        """Start a sandbox with these descriptors as its descriptors 0, 1, 2 and so on.

        `group` is the descriptor of the control group for the sandbox (None: the spawner's group).

        Raises:
            SpawnerLost: the spawner has ended.
        """
        sent = [*descriptors] if group is None else [*descriptors, group]
        try:
            socket.send_fds(self._socket, [b"R" if group is None else b"C", message], sent)
        except OSError as error:
            raise SpawnerLost(str(error)) from error
        self._is_busy = True

    def kill(self) -> None:
        """Kill the running sandbox. The caller must call `wait` afterwards.

        Raises:
            SpawnerLost: the spawner has ended.
        """
        try:
            self._socket.send(b"K")
        except OSError as error:
            raise SpawnerLost(str(error)) from error

    def wait(self, timeout_s: float = START_TIMEOUT_S) -> int:
        """Wait until the sandbox has ended. Return the wait status of its pid 1.

        Raises:
            SpawnerLost: the spawner has ended, or could not start the sandbox.
        """
        self._is_busy = False
        return self._expect("done", timeout_s)

    def wait_until_idle(self) -> None:
        """Wait until no sandbox of this spawner is running.

        Raises:
            SpawnerLost: the spawner has ended.
        """
        if self._is_busy:
            self.wait()

    def _expect(self, word: str, timeout_s: float) -> int:
        if not select.select([self._socket], [], [], timeout_s)[0]:
            raise SpawnerLost(f"The spawner did not send the word {word!r} within {timeout_s} s.")
        try:
            answer = self._socket.recv(64).decode().split()
        except OSError as error:
            raise SpawnerLost(str(error)) from error
        if answer[:1] == ["fail"]:
            raise SpawnerLost(
                f"The spawner could not create namespaces: {os.strerror(int(answer[1]))}."
            )
        if len(answer) != 2 or answer[0] != word:  # noqa: PLR2004 - a word and a number
            raise SpawnerLost(" ".join(answer) or "The spawner ended without an answer.")
        return int(answer[1])

    def close(self) -> str:
        """End the spawner and its sandbox, and remove the control groups.

        Return the standard error of the spawner.
        """
        self._socket.close()
        try:
            _, error = self._process.communicate(timeout=START_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            _, error = self._process.communicate()
        self.group.close()
        return str(error.decode("utf-8", "replace")).strip()


def find_bwrap(candidates: Sequence[str] = ("/usr/bin/bwrap", "/usr/local/bin/bwrap")) -> Path:
    """Return the path of bubblewrap.

    Raises:
        SandboxUnavailable: bubblewrap is not installed. The message contains the name of the
            package.
    """
    for candidate in candidates:
        if os.access(candidate, os.X_OK):
            return Path(candidate)
    raise SandboxUnavailable(
        "bubblewrap is not installed. Install it: apt-get install -y bubblewrap gcc libc6-dev g++"
    )
