"""The descriptors that one run needs, made and closed together."""

import fcntl
import os
import socket
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Self

IN_MEMORY_BYTES = 256 * 1024
SEALS = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL


def sealed(source: bytes | Path) -> int:
    """Return a read-only descriptor of a copy that nobody can change any more.

    A descriptor of the file itself could be opened again for writing through `/proc/self/fd`.
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
    """Our ends, closed at the end, and the sandbox's, closed as soon as it has them.

    The sandbox's are numbered in the order in which they were added.
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
        """Return a file, in memory while small, that is closed here only after an error."""
        file = tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES, dir=str(directory))  # noqa: SIM115 - as said
        return self._on_failure.enter_context(file)

    def own(self, descriptor: int) -> int:
        """Keep a descriptor, to be closed at the end; returns it."""
        self._ours.callback(os.close, descriptor)
        return descriptor

    def give(self, descriptor: int) -> int:
        """Hand a descriptor over; returns its number in the sandbox."""
        self.theirs.append(descriptor)
        return len(self.theirs) - 1

    def lend(self, descriptor: int) -> int:
        """The same for one that stays open here."""
        self._borrowed.add(descriptor)
        return self.give(descriptor)

    def pipe(self) -> int:
        """Hand over the writing end of a new pipe; returns our reading end.

        Any user may open it for writing: programs do so by the name `/dev/stdout`.
        """
        ours, theirs = os.pipe2(os.O_CLOEXEC)
        os.fchmod(theirs, 0o222)
        self.give(theirs)
        return self.own(ours)

    def socket(self) -> socket.socket:
        """Hand over one end of a new socket; returns the other."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._ours.enter_context(ours)
        self.give(theirs.detach())
        return ours

    def close_theirs(self) -> None:
        """Close what the sandbox has now, so that its end closes the streams."""
        for descriptor in self.theirs:
            if descriptor not in self._borrowed:
                os.close(descriptor)
        self.theirs.clear()
        self._borrowed.clear()
