"""The file descriptors of one run, opened and closed together."""

import fcntl
import os
import socket
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Self

IN_MEMORY_BYTES = 256 * 1024
SEALS = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL


def seal(source: bytes | Path) -> int:
    """Return a read-only descriptor of a sealed copy in memory, which cannot be changed.

    A descriptor of the original file could be reopened for writing through `/proc/self/fd`.
    """
    writable = os.memfd_create("input", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        if isinstance(source, Path):
            _copy(source, writable)
        else:
            _write(source, writable)
        os.fchmod(writable, 0o444)
        fcntl.fcntl(writable, fcntl.F_ADD_SEALS, SEALS)
        return os.open(f"/proc/self/fd/{writable}", os.O_RDONLY | os.O_CLOEXEC)
    finally:
        os.close(writable)


def _copy(source: Path, target: int) -> None:
    file = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
    try:
        while os.sendfile(target, file, None, 1 << 30):
            pass
    finally:
        os.close(file)


def _write(data: bytes, target: int) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(target, left) :]


class Descriptors:
    """The worker's and the sandbox's descriptors of one run.

    The worker's are closed when the run ends, the sandbox's (`theirs`) as soon as the sandbox has
    received them. In the sandbox they are numbered in the order in which they were added.
    """

    def __init__(self) -> None:
        self.theirs: list[int] = []
        self._borrowed: set[int] = set()
        self._ours = ExitStack()
        self._on_failure = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error: object, *_: object) -> None:
        self.close_theirs()
        self._ours.close()
        if error is not None:
            self._on_failure.close()

    def scratch_file(self, directory: Path) -> IO[bytes]:
        """Return a temporary file, in memory up to 256 KB, that is closed here after an error."""
        file = tempfile.SpooledTemporaryFile(  # noqa: SIM115 - the caller closes it
            IN_MEMORY_BYTES, dir=str(directory)
        )
        return self._on_failure.enter_context(file)

    def own(self, descriptor: int) -> int:
        """Close a descriptor of the worker when the run ends; return it."""
        self._ours.callback(os.close, descriptor)
        return descriptor

    def give(self, descriptor: int) -> int:
        """Pass a descriptor to the sandbox and return its number there."""
        self.theirs.append(descriptor)
        return len(self.theirs) - 1

    def lend(self, descriptor: int) -> int:
        """Pass a descriptor that also stays open here; return its number in the sandbox."""
        self._borrowed.add(descriptor)
        return self.give(descriptor)

    def pipe(self) -> int:
        """Pass the writing end of a new pipe to the sandbox and return the reading end.

        Any user may open it for writing, because programs open it by the name `/dev/stdout`.
        """
        ours, theirs = os.pipe2(os.O_CLOEXEC)
        os.fchmod(theirs, 0o222)
        self.give(theirs)
        return self.own(ours)

    def socket(self) -> socket.socket:
        """Pass one end of a new socket pair to the sandbox and return the other end."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._ours.enter_context(ours)
        self.give(theirs.detach())
        return ours

    def close_theirs(self) -> None:
        """Close the sandbox's descriptors here, so that its streams end with the sandbox."""
        for descriptor in self.theirs:
            if descriptor not in self._borrowed:
                os.close(descriptor)
        self.theirs.clear()
        self._borrowed.clear()
