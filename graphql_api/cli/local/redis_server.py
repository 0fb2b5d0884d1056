"""Redis for development and tests: Debian's `redis-server` on a port of this machine."""

import contextlib
import shutil
import socket
import tempfile
from pathlib import Path

from graphql_api.cli.local import apt
from graphql_api.cli.local.paths import data_dir
from graphql_api.cli.local.process import HOST, EngineProcess, free_port
from graphql_api.private_folders import make_private_folder

REDIS_PORT = 6379  # the default port of Redis clients


def prepare_redis() -> Path:
    """Return the path of `redis-server`. If it is missing, install it with apt, which needs root.

    Raises:
        EngineUnavailable: `redis-server` is missing, and this user cannot install it.
    """
    apt.ensure_installed((apt.REDIS_PACKAGE,))
    return Path(shutil.which("redis-server") or "/usr/bin/redis-server")


class RedisServer(EngineProcess):
    """Redis on a port of this machine: `with RedisServer() as engine: engine.url`.

    Parameters:
        data_dir: Folder for the append-only file, created if missing. None keeps the data in
            memory.
        port: TCP port. 0 means any free port.
        log_path: File for the output (default `.data/log/redis-PORT.log`).
    """

    def __init__(
        self, data_dir: Path | None = None, port: int = 0, *, log_path: Path | None = None
    ) -> None:
        self.data_dir = data_dir
        self.port = port or free_port()
        super().__init__("Redis", log_path or _log_path(self.port))

    @property
    def url(self) -> str:
        """The URL of the server, for `REDIS_URL`."""
        return f"redis://{HOST}:{self.port}/0"

    def command(self) -> list[str]:
        """Return the command line.

        Redis accepts only local connections and evicts no keys. If `data_dir` is set, every write
        is stored in the append-only file.

        Raises:
            EngineUnavailable: `redis-server` is missing and cannot be installed.
        """
        command = [str(prepare_redis()), "--port", str(self.port), "--bind", HOST]
        command += ["--maxmemory-policy", "noeviction", "--save", "", "--daemonize", "no"]
        command += ["--loglevel", "warning"]
        if self.data_dir is None:
            return [*command, "--appendonly", "no", "--dir", tempfile.gettempdir()]
        make_private_folder(self.data_dir)
        return [*command, "--appendonly", "yes", "--dir", str(self.data_dir.resolve())]

    def is_ready(self) -> bool:
        """Return whether the server answers PING.

        The result is False while the server is still loading its data file.
        """
        return answers_ping(HOST, self.port)


def answers_ping(host: str, port: int, timeout_s: float = 1.0) -> bool:
    """Return whether a Redis server answers at `host` and `port`, even if it needs a password."""
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout_s) as link:
        link.sendall(b"PING\r\n")
        return link.recv(64).startswith((b"+PONG", b"-NOAUTH"))
    return False


def _log_path(port: int) -> Path:
    return data_dir("log", f"redis-{port}.log")
