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
    """Copy an input into memory, make the copy unchangeable, and return a read-only descriptor.

    Without the copy, the program could open the original file for writing by its name in
    `/proc/self/fd`.
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
    """The file descriptors of one run, some for the worker and some for the sandbox.

    The worker's descriptors are closed when the run ends. `theirs` contains the descriptors for the
    sandbox. The worker closes its copies of these descriptors as soon as the sandbox has received
    them. The sandbox numbers its descriptors from 0, in the order in which they were added.
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
        """Return a temporary file, which stays in memory up to 256 KB.

        The caller closes the file. But if the `with` block of this `Descriptors` object raises an
        exception, the file is closed at the end of the block.
        """
        file = tempfile.SpooledTemporaryFile(  # noqa: SIM115 - the caller closes it
            IN_MEMORY_BYTES, dir=str(directory)
        )
        return self._on_failure.enter_context(file)

    def own(self, descriptor: int) -> int:
        """Register a descriptor of the worker, to be closed when the run ends. Return it."""
        self._ours.callback(os.close, descriptor)
        return descriptor

    def give(self, descriptor: int) -> int:
        """Pass a descriptor to the sandbox. Return its number in the sandbox."""
        self.theirs.append(descriptor)
        return len(self.theirs) - 1

    def lend(self, descriptor: int) -> int:
        """Pass a descriptor to the sandbox, and keep it open in the worker too.

        Return its number in the sandbox.
        """
        self._borrowed.add(descriptor)
        return self.give(descriptor)

    def pipe(self) -> int:
        """Create a pipe, pass its writing end to the sandbox, and return its reading end.

        Some programs open the writing end again, by the name `/dev/stdout`. So the file mode of
        this end allows every user to open it for writing.
        """
        ours, theirs = os.pipe2(os.O_CLOEXEC)
        os.fchmod(theirs, 0o222)
        self.give(theirs)
        return self.own(ours)

    def socket(self) -> socket.socket:
        """Create a pair of sockets, pass one socket to the sandbox, and return the other socket."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._ours.enter_context(ours)
        self.give(theirs.detach())
        return ours

    def close_theirs(self) -> None:
        """Close the worker's copies of the sandbox's descriptors, except those passed by `lend`.

        Afterwards, only the sandbox has the writing ends of its output pipes. So when the sandbox
        has ended, the worker reads end-of-file from each of these pipes.
        """
        for descriptor in self.theirs:
            if descriptor not in self._borrowed:
                os.close(descriptor)
        self.theirs.clear()
        self._borrowed.clear()
