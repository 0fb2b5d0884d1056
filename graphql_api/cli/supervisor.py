"""Runs several programs with one shared log, and stops all of them at Ctrl-C.

A program that ends is restarted with exponential backoff.
"""

import asyncio
import contextlib
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from graphql_api.cli.local.process import kill_on_parent_death

LONGEST_PAUSE_S = 30.0
STEADY_AFTER_S = 60.0
LINE_LIMIT = 1 << 20  # bytes; longer lines of output are dropped

Write = Callable[[str, str], None]


class ProgramFailedError(RuntimeError):
    """A required program has ended. The message contains its last lines of output."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program that the supervisor runs.

    Parameters:
        name: Prefix of the program's lines in the log.
        command: The command line.
        environment: The complete environment.
        grace_s: Seconds between SIGTERM and SIGKILL.
        umask: Permission bits that new files of the program do not get. -1 means the umask of
            this process.
        is_restarted: True if the program is restarted when it ends. False if all programs are
            stopped when it ends.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    grace_s: float = 3.0
    is_restarted: bool = True
    umask: int = -1


class Child:
    """One run of a program, in its own process session. `write` receives each line of output."""

    def __init__(self, program: Program, write: Write) -> None:
        self.program = program
        self.last_lines: deque[str] = deque(maxlen=12)
        self._write = write
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int:
        """The process id, which is also the id of the process group."""
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Start the program."""
        # With asyncio's own pipe, `wait` would also wait for grandchildren that keep the pipe open.
        read_end, write_end = os.pipe()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *kill_on_parent_death(list(self.program.command)),
                env=dict(self.program.environment),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=write_end,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
                umask=self.program.umask,
            )
        finally:
            os.close(write_end)
            source = os.fdopen(read_end, "rb")
        self._reader = asyncio.create_task(self._read(source))

    async def _read(self, source: IO[bytes]) -> None:
        stream = asyncio.StreamReader(limit=LINE_LIMIT)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(stream), source
        )
        with contextlib.closing(transport):
            while True:
                try:
                    raw = await stream.readline()
                except ValueError:  # the line was too long, and asyncio has dropped it
                    raw = b"[a line over 1 MB]\n"
                if not raw:
                    return
                line = raw.decode(errors="replace").rstrip()
                self.last_lines.append(line)
                self._write(self.program.name, line)

    async def wait(self) -> int:
        """Wait until the program has ended and its output is read. Return the exit code."""
        assert self._process is not None
        assert self._reader is not None
        code = await self._process.wait()
        with contextlib.suppress(TimeoutError):  # a grandchild may keep the pipe open
            await asyncio.wait_for(self._reader, timeout=0.5)
        return code

    async def stop(self) -> None:
        """Send SIGTERM to the program. When it has ended, send SIGKILL to its process group.

        SIGKILL is sent after `grace_s` seconds at the latest.
        """
        assert self._process is not None
        if self._process.returncode is None:
            self._process.terminate()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), self.program.grace_s)
        self.kill()
        await self.wait()

    def kill(self) -> None:
        """Send SIGKILL to the program and to all processes in its process group."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)


class Supervisor:
    """Keeps programs running until the session ends.

    The session ends when `request_stop` is called, or when a program with `is_restarted=False`
    ends. The supervisor then stops all programs.
    """

    def __init__(self, write: Write) -> None:
        self._write = write
        self._children: list[Child] = []
        self._monitors: list[asyncio.Task[None]] = []
        self._stopping = asyncio.Event()
        self._failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def request_stop(self) -> None:
        """Start a graceful shutdown. The second call kills all programs immediately."""
        if self._stopping.is_set():
            for child in self._children:
                child.kill()
        self._stopping.set()

    async def run(self, start_up: Coroutine[None, None, None]) -> None:
        """Run `start_up`, wait until the session ends, and stop all programs.

        The program that was started last is stopped first.

        Raises:
            ProgramFailedError: A program with `is_restarted=False` has ended, or `start_up` has
                raised this error.
        """
        script = asyncio.create_task(start_up)
        stop = asyncio.create_task(self._stop_requested())
        ends: list[asyncio.Future[None]] = [stop, self._failure]
        try:
            await asyncio.wait([script, *ends], return_when="FIRST_COMPLETED")
            if script.done() and not stop.done():
                script.result()
                await asyncio.wait(ends, return_when="FIRST_COMPLETED")
            if self._failure.done():
                self._failure.result()
        finally:
            self._stopping.set()
            script.cancel()
            await asyncio.gather(script, stop, return_exceptions=True)
            await self._stop_all()
            self._failure.cancel()

    async def _stop_requested(self) -> None:
        await self._stopping.wait()

    async def supervise(self, program: Program) -> Child:
        """Start a program. If its `is_restarted` is True, restart it whenever it ends."""
        child = await self._start(program)
        self._monitors.append(asyncio.create_task(self._monitor(child)))
        return child

    async def run_once(self, program: Program) -> None:
        """Run a program and wait until it ends.

        Raises:
            ProgramFailedError: The exit code is not 0.
        """
        child = await self._start(program)
        code = await child.wait()
        self._children.remove(child)
        if code != 0:
            raise ProgramFailedError(_exit_report(child, code))

    async def _start(self, program: Program) -> Child:
        child = Child(program, self._write)
        await child.start()
        self._children.append(child)
        return child

    async def _monitor(self, child: Child) -> None:
        pause_s = 1.0
        while True:
            begun = time.monotonic()
            code = await child.wait()
            if self._stopping.is_set():
                return
            child.kill()
            if not child.program.is_restarted:
                if not self._failure.done():
                    self._failure.set_exception(ProgramFailedError(_exit_report(child, code)))
                return
            if time.monotonic() - begun > STEADY_AFTER_S:
                pause_s = 1.0
            name, ending = child.program.name, _describe_end(code)
            self._write("dev", f"{name} {ending}. The program is restarted in {pause_s:.0f} s.")
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
            successor = Child(child.program, self._write)
            await successor.start()
            self._children[self._children.index(child)] = successor
            child = successor

    async def _stop_all(self) -> None:
        for monitor in self._monitors:
            monitor.cancel()
        await asyncio.gather(*self._monitors, return_exceptions=True)
        for child in reversed(self._children):
            await child.stop()


def _describe_end(code: int) -> str:
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"exited with code {code}"


def _exit_report(child: Child, code: int) -> str:
    last = "\n".join(f"  {line}" for line in child.last_lines)
    return f"{child.program.name} {_describe_end(code)}. The last lines of its output:\n{last}"
