"""Programs that run beside ours: started, awaited, stopped, their last words kept."""

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

HOST = "127.0.0.1"


class EngineUnavailable(RuntimeError):
    """An engine cannot be brought up; the message says what is missing and what brings it."""


def free_port() -> int:
    """Return a TCP port of the loopback address that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


def is_listening(port: int, host: str = HOST) -> bool:
    """Tell whether something accepts TCP connections on `port`."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((host, port)) == 0


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the lock file `path`: of processes that prepare at once, one works, the others wait."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def kill_on_parent_death(command: list[str]) -> list[str]:
    """Return `command` so that the kernel ends it when this process is killed.

    The kernel watches the thread that started the child, so only the main thread may ask for it.
    """
    setpriv = shutil.which("setpriv")
    if setpriv is None or threading.current_thread() is not threading.main_thread():
        return command
    return [setpriv, "--pdeathsig", "TERM", *command]


def run_tool(
    command: Sequence[str | Path],
    *,
    timeout_s: float,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> tuple[int, str]:
    """Run a tool without input; return its exit code (124: out of time) and its last lines."""
    try:
        done = subprocess.run(  # noqa: S603 - command lines of ours
            command,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return 124, f"{command[0]} did not end within {timeout_s:.0f} s"
    return done.returncode, "\n".join(done.stdout.strip().splitlines()[-8:])


def tail(path: Path, lines: int = 15) -> str:
    """Return the last `lines` lines of a log file, or an empty string when there is none."""
    try:
        text = path.read_text(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


class EngineProcess:
    """One engine as a child process, in a session of its own so that Ctrl-C does not reach it.

    `start` returns when `is_ready` holds; `stop` sends SIGTERM and, after the grace, SIGKILL.
    """

    def __init__(self, name: str, log_path: Path) -> None:
        self.name = name
        self.log_path = log_path
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id; 0 before the start."""
        return self._process.pid if self._process else 0

    @property
    def is_running(self) -> bool:
        """True between a start and the end of the process."""
        return self._process is not None and self._process.poll() is None

    def command(self) -> list[str]:
        """Return the command line; the engines fill this in."""
        raise NotImplementedError

    def is_ready(self) -> bool:
        """Tell whether the engine answers; the engines fill this in."""
        raise NotImplementedError

    def start(self, timeout_s: float = 30.0) -> Self:
        """Start the engine and wait until it answers.

        Raises:
            EngineUnavailable: it ended or did not answer within `timeout_s`; names its last lines.
        """
        command = kill_on_parent_death(self.command())
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        with self.log_path.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own command line
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self._await(self.is_ready, timeout_s)
        except BaseException:
            self.kill()
            raise
        return self

    def _await(self, ready: Callable[[], bool], timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        while not ready():
            if not self.is_running:
                raise EngineUnavailable(
                    f"{self.name} ended at once. Its log:\n{tail(self.log_path)}"
                )
            if time.monotonic() > deadline:
                raise EngineUnavailable(
                    f"{self.name} did not answer within {timeout_s:.0f} s. Its log:\n"
                    f"{tail(self.log_path)}"
                )
            time.sleep(0.02)

    def stop(self, grace_s: float = 5.0) -> None:
        """End the engine in order; after `grace_s` seconds, by force."""
        process = self._process
        if process is None:
            return
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(grace_s)
            except subprocess.TimeoutExpired:
                self.kill()
        self._process = None

    def kill(self) -> None:
        """End the engine with SIGKILL, as a crash would; does nothing when it has ended."""
        if self._process is None:
            return
        if self._process.poll() is None:
            os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
