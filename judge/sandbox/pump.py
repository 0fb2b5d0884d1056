"""Taking what a sandbox writes while it runs, bounded, and its report."""

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
# How long the runner may stay silent after its own deadlines have passed.
SILENCE_S = 5.0


@dataclass(slots=True)
class Captured:
    """One stream: the first `keep` bytes are kept; more than `limit` ends the run."""

    keep: int
    limit: int
    file: IO[bytes]
    size: int = 0

    def add(self, block: bytes) -> None:
        """Keep what still fits."""
        room = self.keep - self.size
        if room > 0:
            self.file.write(block[:room])
        self.size += len(block)

    @property
    def overflowed(self) -> bool:
        """True when more came than may."""
        return self.size > self.limit


def nothing() -> Captured:
    """Return a stream from which nothing comes."""
    return Captured(0, 0, io.BytesIO())


@dataclass(slots=True)
class Pump:
    """The reading ends of one run."""

    spawner: Spawner
    report: socket.socket
    streams: dict[int, Captured] = field(default_factory=dict)
    facts: bytes = b""
    was_cancelled: bool = False
    was_killed: bool = False
    _stopped: bool = False

    def add_stream(self, descriptor: int, keep: int, limit: int, file: IO[bytes]) -> Captured:
        """Capture what comes from `descriptor` in `file`."""
        os.set_blocking(descriptor, False)
        captured = Captured(keep, limit, file)
        self.streams[descriptor] = captured
        return captured

    def run(self, timeout_s: float, cancelled: Callable[[], bool] | None) -> None:
        """Return when all but pid 1 has ended and everything that was written was read."""
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
        """Read one block; False at the end, or when there is nothing now."""
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
