"""Reads the output of a running sandbox, up to a limit, and then the report of the runner."""

import contextlib
import io
import os
import select
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO

from judge.sandbox.spawner import Spawner

BLOCK = 65536
CANCEL_POLL_S = 0.1
# If the runner sends no report within this time after the wall limit, it is killed.
SILENCE_S = 5.0


@dataclass(slots=True)
class Captured:
    """One captured output stream.

    `file` stores the first `keep` bytes. If the program writes more than `limit` bytes, the run is
    stopped. `size` is the number of bytes that the program has written.
    """

    keep: int
    limit: int
    file: IO[bytes]
    size: int = 0

    def add(self, block: bytes) -> None:
        """Store the part of a block that fits into the first `keep` bytes."""
        free = self.keep - self.size
        if free > 0:
            self.file.write(block[:free])
        self.size += len(block)

    @property
    def overflowed(self) -> bool:
        """True if the program wrote more than `limit` bytes."""
        return self.size > self.limit


def empty_stream() -> Captured:
    """Return an empty stream, for a run whose output is not captured."""
    return Captured(0, 0, io.BytesIO())


@dataclass(slots=True)
class Pump:
    """Reads the output pipes and the report socket of a run."""

    spawner: Spawner
    report: socket.socket
    streams: dict[int, Captured] = field(default_factory=dict)
    facts: bytes = b""
    was_cancelled: bool = False
    was_killed: bool = False
    _stopped: bool = False

    def add_stream(self, descriptor: int, keep: int, limit: int, file: IO[bytes]) -> Captured:
        """Add a stream whose output is read from `descriptor` and stored in `file`."""
        os.set_blocking(descriptor, False)
        captured = Captured(keep, limit, file)
        self.streams[descriptor] = captured
        return captured

    def run(self, timeout_s: float, cancelled: Callable[[], bool] | None) -> None:
        """Read the outputs until the runner has sent its report or the sandbox has ended.

        The runner (pid 1 of the sandbox) sends the report after it has killed all other processes.
        If no report has arrived `SILENCE_S` seconds after the time-out `timeout_s`, the sandbox is
        killed. If `cancelled()` returns True, the program is stopped.
        """
        deadline = time.monotonic() + timeout_s + SILENCE_S
        poll = select.poll()
        for descriptor in (*self.streams, self.report.fileno(), self.spawner.fileno()):
            poll.register(descriptor, select.POLLIN)
        ended = False
        while not (ended or self.facts):
            left = deadline - time.monotonic()
            if left <= 0 and not self.was_killed:
                self.was_killed = True
                self.spawner.kill()
            pause = CANCEL_POLL_S if cancelled is not None else max(left, CANCEL_POLL_S)
            for descriptor, _ in poll.poll(min(pause, 60.0) * 1000):
                ended |= self._serve(descriptor, poll)
            if cancelled is not None and not self.was_cancelled and cancelled():
                self.was_cancelled = True
                self._stop()
        if ended:
            self.spawner.wait()
        for descriptor, captured in self.streams.items():
            while self._read(descriptor, captured):
                pass
        self._receive()

    def _serve(self, descriptor: int, poll: select.poll) -> bool:
        if descriptor == self.spawner.fileno():
            return True
        if descriptor == self.report.fileno():
            self._receive()
            poll.unregister(descriptor)
            return False
        captured = self.streams[descriptor]
        if not self._read(descriptor, captured):
            poll.unregister(descriptor)
        if captured.overflowed:
            self._stop()
        return False

    @staticmethod
    def _read(descriptor: int, captured: Captured) -> bool:
        """Read one block. Return False at the end of the stream, or if no data is available."""
        try:
            block = os.read(descriptor, BLOCK)
        except BlockingIOError:
            return False
        captured.add(block)
        return bool(block)

    def _receive(self) -> None:
        if not self.facts:
            with contextlib.suppress(OSError):
                self.facts = self.report.recv(1024, socket.MSG_DONTWAIT)

    def _stop(self) -> None:
        if not self._stopped:
            self._stopped = True
            try:
                self.report.send(b"stop", socket.MSG_DONTWAIT)
            except OSError:
                self.spawner.kill()
