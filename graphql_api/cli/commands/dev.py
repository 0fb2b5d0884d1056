"""`algoitny dev`: run databases, API and worker on this machine, with one log and sample data."""

import asyncio
import fcntl
import hashlib
import http
import http.client
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TextIO

import typer
from rich.console import Console
from rich.markup import escape

from graphql_api.cli import environment
from graphql_api.cli.commands.setup import (
    DYNAMODB_STEP,
    PLAYGROUND_STEP,
    Step,
    run_steps,
    system_packages_step,
)
from graphql_api.cli.local import apt
from graphql_api.cli.local.dynamodb_local import DynamoDBLocal
from graphql_api.cli.local.paths import (
    data_dir,
    open_private,
    project_root,
    restrict_data_dir,
)
from graphql_api.cli.local.process import HOST, PRIVATE_UMASK, EngineProcess, free_port
from graphql_api.cli.local.redis_server import RedisServer
from graphql_api.cli.supervisor import Program, ProgramFailedError, Supervisor, Write
from graphql_api.config import Settings
from graphql_api.http.protocol import SERVER_OPTIONS
from graphql_api.private_folders import make_private_folder

DEFAULT_PORT = 8000
READY_TIMEOUT_S = 60.0
COLOURS = {"api": "36", "worker": "35", "setup": "32", "dev": "1"}
# The output of the local databases goes only to their log files. The supervisor reports when they
# end and restart.
QUIET = frozenset({"dynamodb", "redis"})

console = Console(highlight=False)


def dev(
    port: Annotated[
        int, typer.Option(envvar="PORT", min=1, max=65535, help="Port of the API.")
    ] = DEFAULT_PORT,
) -> None:
    """Run databases, API, worker and playground on this machine until Ctrl-C.

    The data is kept under `.data/`. A local DynamoDB is started unless AWS_ENDPOINT_URL_DYNAMODB
    (or LOCALSTACK_URL) is set. A local Redis is started unless REDIS_URL is set.
    """
    os.chdir(project_root())
    restrict_data_dir()
    settings = environment.settings_of_checkout()
    with _session_lock(), _log_file() as log:
        _check_port(port)
        session = _plan(settings, port)
        console.print("Preparing (steps that were done before take only a moment)")
        if not run_steps(session.steps):
            raise typer.Exit(1)
        raise typer.Exit(asyncio.run(_run(session, log)))


@dataclass(frozen=True, slots=True)
class Session:
    """One run of `algoitny dev`.

    `dynamodb` and `redis` are the local servers. A server is None if the settings contain the
    address of another server.
    """

    port: int
    dynamodb: DynamoDBLocal | None
    redis: RedisServer | None
    variables: dict[str, str]
    secrets: dict[str, str]

    @property
    def steps(self) -> tuple[Step, ...]:
        """The installation steps that are needed before the programs start."""
        redis = (apt.REDIS_PACKAGE,) if self.redis else ()
        dynamodb = (DYNAMODB_STEP,) if self.dynamodb else ()
        packages = system_packages_step((*apt.SANDBOX_PACKAGES, *redis))
        return (packages, *dynamodb, PLAYGROUND_STEP)

    @property
    def child_environment(self) -> dict[str, str]:
        """The environment of the programs that this command starts, without the API's secrets."""
        output = {"PYTHONUNBUFFERED": "1", "LOG_FORMAT": os.environ.get("LOG_FORMAT", "console")}
        merged = {**os.environ, **output, **self.variables}
        return {name: value for name, value in merged.items() if name not in self.secrets}

    @property
    def api_environment(self) -> dict[str, str]:
        """The environment of the API. Only the API gets the secrets that sign access tokens."""
        return {**self.child_environment, **self.secrets}

    @property
    def url(self) -> str:
        """The base URL of the API."""
        return f"http://localhost:{self.port}"


def _plan(settings: Settings, port: int) -> Session:
    dynamodb = redis = None
    if settings.dynamodb_endpoint is None:
        dynamodb = DynamoDBLocal(data_dir("dynamodb"))
    if "redis_url" not in settings.model_fields_set:
        redis = RedisServer(data_dir("redis"))
    variables = environment.session_variables(
        dynamodb_endpoint=dynamodb.endpoint if dynamodb else None,
        redis_url=redis.url if redis else None,
        api_url=f"http://{HOST}:{port}/graphql",
    )
    return Session(port, dynamodb, redis, variables, environment.api_secrets(settings))


async def _run(session: Session, log: TextIO) -> int:
    """Run the session until it ends. Return the exit code of the command."""
    supervisor = Supervisor(_writer(log))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, supervisor.request_stop)
    environment.write_session(session.variables)
    try:
        await supervisor.run(_start_up(supervisor, session))
    except ProgramFailedError as error:
        console.print(f"\n[red]Stopped:[/] {error}", soft_wrap=True)
        return 1
    finally:
        environment.end_session()
    console.print("\nStopped. The data stays in .data/, and the next `make dev` uses it again.")
    return 0


async def _start_up(supervisor: Supervisor, session: Session) -> None:
    started = time.monotonic()
    engines = [engine for engine in (session.dynamodb, session.redis) if engine is not None]
    names = {DynamoDBLocal: "dynamodb", RedisServer: "redis"}
    for engine in engines:
        command = await asyncio.to_thread(engine.command)
        program = Program(
            names[type(engine)], command, session.child_environment, umask=PRIVATE_UMASK
        )
        await supervisor.supervise(program)
    for engine in engines:
        await _wait_until_ready(engine)
    await supervisor.run_once(_command(session, "table", "init", "--rebuild-indexes"))
    await _import_examples(supervisor, session)
    await supervisor.supervise(_worker(session))
    await supervisor.supervise(_api(session))
    state = await _wait_until_serving(session.port)
    _greet(session, state, time.monotonic() - started)


async def _wait_until_ready(engine: EngineProcess) -> None:
    """Wait until a local database answers requests.

    Raises:
        ProgramFailedError: The database does not answer within 30 s.
    """
    deadline = time.monotonic() + 30
    while not await asyncio.to_thread(engine.is_ready):
        if time.monotonic() > deadline:
            raise ProgramFailedError(
                f"{engine.name} did not answer within 30 s. Read its output in .data/log/dev.log."
            )
        await asyncio.sleep(0.05)


async def _import_examples(supervisor: Supervisor, session: Session) -> None:
    """Import the sample problems, unless the database already contains their current version."""
    folder = project_root() / "examples" / "problems"
    stamp, current_hash = _examples_stamp(session), _folder_hash(folder)
    if stamp.is_file() and stamp.read_text() == current_hash:
        return
    await supervisor.run_once(_command(session, "problems", "import", str(folder)))
    _write_private(stamp, current_hash)


def _write_private(path: Path, text: str) -> None:
    with open(path, "w", encoding="utf-8", opener=open_private) as file:
        file.write(text)


def _examples_stamp(session: Session) -> Path:
    if session.dynamodb is not None and session.dynamodb.data_dir is not None:
        return session.dynamodb.data_dir / "examples.sha256"
    endpoint = str(environment.settings_of_checkout().dynamodb_endpoint)
    return data_dir(f"examples-{hashlib.sha256(endpoint.encode()).hexdigest()[:12]}.sha256")


def _folder_hash(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(folder)} {path.stat().st_size}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _command(session: Session, *arguments: str) -> Program:
    command = [sys.executable, "-m", "graphql_api.cli.main", *arguments]
    return Program("setup", command, session.child_environment)


def _worker(session: Session) -> Program:
    threads = str(2 * (os.cpu_count() or 1))
    command = [sys.executable, "-m", "dramatiq", "tasks", "--processes", "1", "--threads", threads]
    return Program("worker", command, session.child_environment, grace_s=3.5)


def _api(session: Session) -> Program:
    command = [sys.executable, "-m", "uvicorn", "graphql_api.app:app"]
    command += [*SERVER_OPTIONS, "--host", HOST, "--port", str(session.port)]
    # This overrides the same option in SERVER_OPTIONS. The programs of a session stop together, so
    # a longer wait for running requests has no use.
    command.append("--timeout-graceful-shutdown=1")
    return Program("api", command, session.api_environment, grace_s=2.5, is_restarted=False)


async def _wait_until_serving(port: int) -> tuple[int, str]:
    """Wait at most 60 s until /readyz reports that the API, the databases and the workers work.

    Return the status and the body of the last answer of /readyz. If the API did not answer, return
    the status 0 and the text of the error.
    """
    deadline = time.monotonic() + READY_TIMEOUT_S
    while True:
        status, text = await asyncio.to_thread(_readyz, port)
        if _is_complete(status, text) or time.monotonic() > deadline:
            return status, text
        await asyncio.sleep(0.3)


def _is_complete(status: int, text: str) -> bool:
    """Return whether /readyz reports that the table, Redis and the workers are available."""
    if status != http.HTTPStatus.OK:
        return False
    parts = json.loads(text)
    return all(parts[name]["state"] == "ok" for name in ("table", "redis", "workers"))


def _readyz(port: int) -> tuple[int, str]:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        response = connection.getresponse()
        return response.status, response.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return 0, str(error)
    finally:
        connection.close()


def _greet(session: Session, state: tuple[int, str], elapsed_s: float) -> None:
    status, text = state
    console.print()
    if _is_complete(status, text):
        console.print(f"[bold green]AlgoItny is ready[/] after {elapsed_s:.1f} s")
    else:
        console.print(
            f"[bold yellow]AlgoItny is running but not ready.[/] /readyz answers "
            f"{status}: {escape(text)}"
        )
    lines = (
        ("Playground", f"{session.url}/graphql"),
        ("Sign in", "second tab of the playground (signInForDevelopment)"),
        ("Submit", ".venv/bin/algoitny submit FILE --problem algoitny/1 --watch"),
        ("Health", f"{session.url}/healthz and /readyz"),
        ("Data", str(data_dir())),
        ("Log", str(data_dir("log", "dev.log"))),
        ("Stop", "Ctrl-C"),
    )
    for name, value in lines:
        console.print(f"  {name:<11} {value}", soft_wrap=True)
    console.print()


def _check_port(port: int) -> None:
    """Check that the port for the API is free.

    Raises:
        typer.Exit: Another program uses the port.
    """
    if not _is_free(port):
        console.print(
            f"Port {port} is used by another program. Choose another port: make dev "
            f"PORT={free_port()}"
        )
        raise typer.Exit(1)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


@contextmanager
def _session_lock() -> Iterator[None]:
    """Lock this checkout's data folder, so that two sessions never use the same database file."""
    path = data_dir("dev.lock")
    make_private_folder(path.parent)
    with open(path, "a+", opener=open_private) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            console.print(
                f"`algoitny dev` is already running in this checkout (process {lock.read()}). "
                "Stop that process first with Ctrl-C in its terminal."
            )
            raise typer.Exit(1) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


@contextmanager
def _log_file() -> Iterator[TextIO]:
    """Open the log of this session. The log of the previous session becomes `dev.log.1`."""
    path = data_dir("log", "dev.log")
    make_private_folder(path.parent)
    if path.exists():
        path.replace(path.with_name("dev.log.1"))
    with open(path, "w", encoding="utf-8", opener=open_private) as log:
        yield log


def _writer(log: TextIO) -> Write:
    """Return a function that writes a line of a program's output to the terminal and the log.

    Lines of the local databases are written only to the log.
    """
    is_terminal = sys.stdout.isatty()

    def write(name: str, line: str) -> None:
        label = f"{name:<8} |"
        coloured = f"\033[{COLOURS.get(name, '0')}m{label}\033[0m" if is_terminal else label
        if name not in QUIET:
            with suppress(OSError):  # the terminal may be closed
                print(f"{coloured} {line}", flush=True)  # noqa: T201 - the programs' output
        log.write(f"{time.strftime('%H:%M:%S')} {label} {line}\n")
        log.flush()

    return write
