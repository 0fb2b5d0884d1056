"""`make dev` in a new clone: first start, first session, Ctrl-C and second start.

By default the clone installs everything: virtual environment, jars, playground (90 s). With
ALGOITNY_TEST_REUSE=1, for work on the supervisor, it uses the packages of this environment and
copies of the engines' files.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import psutil
import pytest

from graphql_api.cli.local import apt
from graphql_api.cli.local.process import free_port, kill_on_parent_death
from graphql_api.config import Settings
from tests.support.paths import ROOT
from tests.support.services import skip_or_fail
from tests.support.settings import CREDENTIALS, FEW_LANGUAGES
from tests.support.system import Client
from tests.support.waiting import PATIENCE_S, wait_until

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.slow,
    pytest.mark.dynamodb,
    pytest.mark.redis,
    pytest.mark.sandbox,
    pytest.mark.timeout(900),
]

FIRST_START_S = 600
LATER_START_S = 60
STOP_S = 30
IS_REUSING = os.environ.get("ALGOITNY_TEST_REUSE") == "1"


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new clone of the last commit of this checkout."""
    lacking = [package.name for package in apt.find_missing(apt.RUN_PACKAGES)]
    if lacking:
        skip_or_fail(f"system packages are missing: {', '.join(lacking)}; run make setup")
    folder = tmp_path_factory.mktemp("clone") / "algoitny"
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", ROOT, folder], check=True)
    if IS_REUSING:
        for name in ("engines", "playground"):
            shutil.copytree(ROOT / ".data" / name, folder / ".data" / name)
    return folder


class DevSession:
    """One run of `make dev` with its output in a file."""

    def __init__(self, clone: Path, port: int) -> None:
        self.clone, self.port = clone, port
        self.url = f"http://127.0.0.1:{port}"
        self.log_path = clone.with_name(f"make-dev-{time.monotonic_ns()}.log")
        command = ["make", "dev"]
        env = {name: value for name, value in os.environ.items() if name not in CREDENTIALS}
        for name in Settings.model_fields:
            env.pop(name.upper(), None)
        for name in [name for name in env if name.startswith(("MAKE", "MFLAGS", "VIRTUAL_ENV"))]:
            del env[name]
        if IS_REUSING:
            command = [sys.executable, "-m", "graphql_api.cli.main", "dev"]
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen(
                kill_on_parent_death(command),
                cwd=clone,
                env={**env, "PORT": str(port), "JUDGE_LANGUAGES": ",".join(FEW_LANGUAGES)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def log(self) -> str:
        return self.log_path.read_text(errors="replace")

    def wait_until_ready(self, timeout_s: float) -> None:
        def ready() -> bool:
            assert self.process.poll() is None, self.log
            try:
                parts = httpx.get(f"{self.url}/readyz", timeout=5).json()
            except (httpx.HTTPError, ValueError):
                return False
            return all(parts[name]["state"] == "ok" for name in ("table", "redis", "workers"))

        try:
            wait_until("/readyz", ready, timeout_s=timeout_s)
        except AssertionError as error:
            raise AssertionError(f"not ready; it wrote:\n{self.log}") from error

    def descendants(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def supervisor(self) -> psutil.Process:
        """The process of `algoitny dev` itself."""
        return psutil.Process(int((self.clone / ".data" / "dev.lock").read_text()))

    def end(self) -> None:
        """Kill all processes, also after a failed test."""
        if self.process.poll() is None:
            family = self.descendants()
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)
            psutil.wait_procs(family, timeout=10)
        for process in psutil.process_iter(["cmdline"]):
            if any(str(self.clone) in word for word in process.info["cmdline"] or ()):
                process.kill()


@pytest.fixture
def start(clone: Path) -> Iterator["type[DevSession] | object"]:
    sessions: list[DevSession] = []

    def begin(timeout_s: float, port: int | None = None) -> DevSession:
        session = DevSession(clone, port or free_port())
        sessions.append(session)
        session.wait_until_ready(timeout_s)
        return session

    yield begin
    for session in sessions:
        session.end()


def press_ctrl_c(session: DevSession) -> None:
    """Send SIGINT to every process of the foreground group, as a terminal does at Ctrl-C."""
    family = session.descendants()
    begun = time.monotonic()
    os.killpg(session.process.pid, signal.SIGINT)
    code = session.process.wait(STOP_S + 5)
    assert time.monotonic() - begun < STOP_S
    # Make ends with SIGINT after its child has exited normally.
    assert code in (0, -signal.SIGINT)
    assert "Stopped. The data stays" in session.log
    _, alive = psutil.wait_procs(family, timeout=20)
    assert alive == []


def signed_in(session: DevSession, email: str) -> Client:
    anonymous = Client(f"{session.url}/graphql")
    try:
        return anonymous.signed_in(email)
    finally:
        anonymous.close()


def submit_and_await(client: Client) -> str:
    """Submit A+B, wait for the verdict AC and return the id of the history."""
    answer = client.ask(
        """mutation ($input: ExecuteCodeInput!) { executeCode(input: $input) {
             ... on ExecuteCodePayload { history { id } } ... on UserError { message } } }""",
        input={
            "platform": "algoitny",
            "number": "1",
            "language": "python",
            "code": "a, b = map(int, input().split())\nprint(a + b)\n",
            "isPublic": True,
        },
    )["executeCode"]
    assert "history" in answer, answer
    history_id: str = answer["history"]["id"]

    def verdict() -> str | None:
        found = client.ask("query ($id: ID!) { history(id: $id) { verdict } }", id=history_id)
        value: str | None = found["history"]["verdict"]
        return value

    assert wait_until("the verdict", verdict) == "AC"
    return history_id


def check_closed(session: DevSession) -> None:
    """Check that no other machine and no other user reaches the session, and who has secrets."""
    listening = {
        connection.laddr.ip
        for process in session.descendants()
        for connection in process.net_connections(kind="tcp")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening <= {"127.0.0.1", "::1", "::ffff:127.0.0.1"}
    assert listening
    for process in session.descendants():
        line = " ".join(process.cmdline())
        if re.search(r"uvicorn|dramatiq|ServerRunner|redis-server", line):
            assert ("SECRET_KEYS" in process.environ()) == ("uvicorn" in line), line
    data = session.clone / ".data"
    for path in (data, *data.rglob("*")):
        if not path.is_symlink() and "work" not in path.parts and "engines" not in path.parts:
            assert path.stat().st_mode & 0o077 == 0 or "playground" in path.parts, path
    assert (data / "work").stat().st_mode & 0o077 == 0
    assert "SECRET_KEYS" not in (data / "dev.env").read_text()


def test_a_newcomer_runs_make_dev_stops_it_and_goes_on_later(start, clone: Path):
    first = start(FIRST_START_S)
    client = signed_in(first, "newcomer@example.org")
    history_id = submit_and_await(client)
    page = httpx.get(f"{first.url}/graphql", headers={"accept": "text/html"})
    assert "AlgoItny playground" in page.text
    assert f"Playground  http://localhost:{first.port}/graphql" in first.log
    check_closed(first)
    press_ctrl_c(first)

    second = start(LATER_START_S)
    again = signed_in(second, "newcomer@example.org")
    found = again.ask("query ($id: ID!) { history(id: $id) { verdict code } }", id=history_id)
    assert found["history"]["verdict"] == "AC"
    assert found["history"]["code"].startswith("a, b")
    for done_once in ("Installing", "problems import", "Sample problems"):
        assert done_once not in second.log
    client.close()
    again.close()

    busy = subprocess.run(
        [sys.executable, "-m", "graphql_api.cli.main", "dev"],
        cwd=clone,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert busy.returncode == 1
    assert "is already running in this checkout" in busy.stdout

    second.supervisor().terminate()
    assert second.process.wait(STOP_S) == 0


def test_what_dies_starts_again_and_nothing_is_lost(start):
    session = start(FIRST_START_S)
    client = signed_in(session, "unlucky@example.org")
    submit_and_await(client)
    for process in session.descendants():
        with suppress(psutil.NoSuchProcess):
            line = " ".join(process.cmdline())
            if re.search(r"ServerRunner|redis-server|dramatiq tasks", line):
                process.kill()
    wait_until("three restarts", lambda: session.log.count("The program is restarted in") >= 3)
    session.wait_until_ready(60)

    def judged() -> bool:
        try:
            return bool(submit_and_await(client))
        except (AssertionError, httpx.HTTPError):
            return False

    wait_until("a judgement after the crash", judged, timeout_s=PATIENCE_S)
    client.close()
    press_ctrl_c(session)


def test_a_taken_port_is_named_with_the_way_to_another(start, clone: Path):
    session = start(FIRST_START_S)
    other = clone.with_name("other")
    (other / "graphql_api").mkdir(parents=True)
    (other / "pyproject.toml").touch()
    done = subprocess.run(
        [sys.executable, "-m", "graphql_api.cli.main", "dev", "--port", str(session.port)],
        cwd=other,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    message = rf"Port {session.port} is used by another program.*make dev PORT=\d+"
    assert re.search(message, done.stdout)
    press_ctrl_c(session)
