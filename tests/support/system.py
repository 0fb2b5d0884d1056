"""The whole system: real processes, and a client over HTTP."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from graphql_api.cli.local.process import HOST, free_port, kill_on_parent_death
from graphql_api.http.protocol import SERVER_OPTIONS
from tests.support.paths import ROOT
from tests.support.waiting import PATIENCE_S, wait_until


class Program:
    """One process in its own process group; its output goes to a file.

    It gets SIGTERM if the test run is killed.
    """

    def __init__(self, name: str, command: list[str], env: Mapping[str, str], log: Path) -> None:
        self.name, self.log_path = name, log
        self._command, self._env = command, dict(env)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                kill_on_parent_death([sys.executable, *self._command]),
                cwd=ROOT,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def log(self) -> str:
        return self.log_path.read_text(errors="replace")

    def kill(self) -> None:
        """Kill the whole process group at once, like a loss of power."""
        self._end(signal.SIGKILL, 10)

    def stop(self, timeout_s: float = PATIENCE_S) -> int:
        """Send SIGTERM and return the exit code."""
        return self._end(signal.SIGTERM, timeout_s)

    def _end(self, number: signal.Signals, timeout_s: float) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        if process.poll() is None:
            if number is signal.SIGKILL:
                os.killpg(process.pid, number)
            else:
                process.send_signal(number)
        try:
            return process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)
            raise

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


class Api(Program):
    """uvicorn with the API on a free port, and the options of the documented command."""

    def __init__(
        self, env: Mapping[str, str], folder: Path, options: Sequence[str] = SERVER_OPTIONS
    ) -> None:
        self.port = free_port()
        self.url = f"http://{HOST}:{self.port}/graphql"
        command = ["-m", "uvicorn", "graphql_api.app:app", *options]
        command += ["--host", HOST, "--port", str(self.port)]
        super().__init__("api", command, env, folder / "api.log")

    def wait_until_alive(self) -> Self:
        """Wait for the first answer, which needs no workers."""
        health = self.url.replace("/graphql", "/healthz")

        def alive() -> bool:
            assert self.is_running, self.log()
            try:
                return httpx.get(health, timeout=2).status_code == httpx.codes.OK
            except httpx.HTTPError:
                return False

        wait_until("the API's start", alive)
        return self


class Worker(Program):
    """`dramatiq tasks` with one process."""

    def __init__(self, env: Mapping[str, str], folder: Path, *, threads: int = 4) -> None:
        command = ["-m", "dramatiq", "tasks", "--processes", "1", "--threads", str(threads)]
        super().__init__("worker", command, env, folder / "worker.log")


class Client:
    """A GraphQL client, signed in as one user or not at all."""

    def __init__(self, url: str, token: str | None = None) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.url, self.token = url, token
        self._http = httpx.Client(headers=headers, timeout=PATIENCE_S)

    def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        """Return `data`, or fail at errors."""
        answer = self._http.post(self.url, json={"query": document, "variables": variables})
        body: dict[str, Any] = answer.json()
        assert not body.get("errors"), body
        data: dict[str, Any] = body["data"]
        return data

    def signed_in(self, email: str) -> "Client":
        """Return a client of the user with this address, created if new."""
        found = self.ask(SIGN_IN, email=email)["signInForDevelopment"]
        return Client(self.url, found["accessToken"])

    def submit(self, number: str, language: str | None, code: str, **more: Any) -> dict[str, Any]:
        """Submit to a problem of the examples and return the result of the mutation."""
        given = {"platform": "algoitny", "number": number, "language": language, "code": code}
        result: dict[str, Any] = self.ask(EXECUTE, input={**given, **more})["executeCode"]
        return result

    def finished(self, history_id: str, *, timeout_s: float = PATIENCE_S) -> dict[str, Any]:
        """Wait until a history is judged and return it."""

        def judged() -> dict[str, Any] | None:
            history: dict[str, Any] = self.ask(HISTORY, id=history_id)["history"]
            return history if history["status"] not in {"PENDING", "RUNNING"} else None

        return wait_until(f"the end of {history_id}", judged, timeout_s=timeout_s)

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


SIGN_IN = """
mutation ($email: String!) {
  signInForDevelopment(input: {email: $email}) {
    ... on SignInPayload { accessToken expiresAt viewer { id email role } }
    ... on UserError { code message }
  }
}
"""
EXECUTE = """
mutation ($input: ExecuteCodeInput!) {
  executeCode(input: $input) {
    __typename
    ... on ExecuteCodePayload { history { id status } usage { executions { used limit } } message }
    ... on UserError { code message path }
  }
}
"""
HISTORY = """
query ($id: ID!) {
  history(id: $id) {
    id status verdict passedCount failedCount totalCount cpuMs peakKb compileOutput
    testResults { number verdict cpuMs wallMs peakKb exitCode signal output error expected }
  }
}
"""
