"""Child processes: local databases, and tools that build or install something."""

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

from graphql_api.cli.local.paths import open_private
from graphql_api.private_folders import make_private_folder

HOST = "127.0.0.1"
# Only the owner may read the files that a database creates.
PRIVATE_UMASK = 0o077


class EngineUnavailable(RuntimeError):
    """A local database or tool cannot be used. The message says how to install it."""


class EngineExposed(EngineUnavailable):
    """Other machines can reach a local database. The message names the addresses."""


def free_port() -> int:
    """Return a TCP port of this machine that is free at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


def is_listening(port: int, host: str = HOST) -> bool:
    """Return whether a server accepts TCP connections on `port`."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((host, port)) == 0


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on the file `path` during the block.

    Other processes wait for the lock.
    """
    make_private_folder(path.parent)
    with open(path, "a", opener=open_private) as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def kill_on_parent_death(command: list[str]) -> list[str]:
    """Return a command line that runs `command` and ends it when this process dies.

    The kernel sends SIGTERM to the command when the thread that started the command ends.
    Therefore this works only in the main thread. In another thread, or if the program setpriv is
    not installed, `command` is returned unchanged.
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
    """Run a tool without input. Return its exit code and the last 8 lines of its output.

    If the tool runs longer than `timeout_s`, it is killed and the exit code is 124.
    """
    try:
        done = subprocess.run(  # noqa: S603 - our own command line
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
        return 124, f"The command {command[0]} did not end within {timeout_s:.0f} s."
    return done.returncode, "\n".join(done.stdout.strip().splitlines()[-8:])


def tail(path: Path, lines: int = 15) -> str:
    """Return the last `lines` lines of a log file, or an empty string if the file is missing."""
    try:
        text = path.read_text(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


class EngineProcess:
    """A local database that runs as a child process.

    The child has its own process session, so Ctrl-C does not reach it. `start` waits until
    `is_ready` returns True. `stop` sends SIGTERM and, after a grace period, SIGKILL.
    """

    def __init__(self, name: str, log_path: Path) -> None:
        self.name = name
        self.log_path = log_path
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id, or 0 if the engine was not started."""
        return self._process.pid if self._process else 0

    @property
    def is_running(self) -> bool:
        """True while the process exists."""
        return self._process is not None and self._process.poll() is None

    def command(self) -> list[str]:
        """Return the command line. Each subclass overrides this method."""
        raise NotImplementedError

    def is_ready(self) -> bool:
        """Return whether the engine answers. Each subclass overrides this method."""
        raise NotImplementedError

    def start(self, timeout_s: float = 30.0) -> Self:
        """Start the engine and wait until it answers.

        Raises:
            EngineUnavailable: The engine ended, or did not answer within `timeout_s`. The message
                contains the end of its log.
        """
        command = kill_on_parent_death(self.command())
        make_private_folder(self.log_path.parent)
        with open(self.log_path, "wb", opener=open_private) as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own command line
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                umask=PRIVATE_UMASK,
            )
        try:
            self._wait_until(self.is_ready, timeout_s)
        except BaseException:
            self.kill()
            raise
        return self

    def _wait_until(self, ready: Callable[[], bool], timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        while not ready():
            if not self.is_running:
                raise EngineUnavailable(
                    f"{self.name} ended while it was starting. The last lines of its "
                    f"log:\n{tail(self.log_path)}"
                )
            if time.monotonic() > deadline:
                raise EngineUnavailable(
                    f"{self.name} did not answer within {timeout_s:.0f} s. The last lines of its "
                    f"log:\n{tail(self.log_path)}"
                )
            time.sleep(0.02)

    def stop(self, grace_s: float = 5.0) -> None:
        """Send SIGTERM to the engine. If it still runs after `grace_s` seconds, send SIGKILL."""
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
        """End the engine with SIGKILL, like a crash. Do nothing if the engine has ended."""
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
