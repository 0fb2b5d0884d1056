"""Latency from executeCode to COMPLETED on an idle system, and the time of each phase.

    python -m benchmarks.latency [RUNS]

Starts its own engines, worker and API. It submits a one-test A + B, one at a time, each time with
code that was not compiled before. `other` is all the time except compiling and running.
"""

import asyncio
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import orjson

from graphql_api.cli.local.dynamodb_local import DynamoDBLocal
from graphql_api.cli.local.process import HOST, free_port
from graphql_api.cli.local.redis_server import RedisServer
from graphql_api.config import Settings
from graphql_api.data.dynamo.table import open_table
from graphql_api.data.enums import ProblemState
from graphql_api.data.problems.inputs import NewProblem
from graphql_api.data.problems.testsets import NewTest
from graphql_api.data.stores import open_stores
from graphql_api.http.protocol import SERVER_OPTIONS

RUNS = 50
WARM_UP = 10
# Longer than any back-off of an idle consumer.
PAUSE_S = 0.25
TIMEOUT_S = 180.0
PHASES = ("api", "queue", "claim", "fetch", "slot", "compile", "run", "store")
CODES = {
    "C++": (
        "cpp",
        (
            "#include <iostream>\n"
            "int main() {{ long a, b; std::cin >> a >> b; std::cout << a + b; }} // {salt}\n"
        ),
    ),
    "Python": ("python", "print(sum(map(int, input().split())))  # {salt}\n"),
}
SIGN_IN = """mutation { signInForDevelopment(input: {email: "admin@example.org"}) {
  ... on SignInPayload { accessToken } ... on UserError { message } } }"""
EXECUTE = """mutation ($input: ExecuteCodeInput!) { executeCode(input: $input) {
  ... on ExecuteCodePayload { history { id } usage { executions { used } } }
  ... on UserError { message } } }"""


class Worker:
    """A worker process and the log in which it writes the end of each execution."""

    def __init__(self, log: Path) -> None:
        self._log, self._read = log, 0

    def next_execution(self) -> dict[str, Any]:
        """Wait for the next `executed` line."""
        ends_at = time.monotonic() + TIMEOUT_S
        while time.monotonic() < ends_at:
            text = self._log.read_bytes()[self._read :]
            head, separator, _ = text.partition(b"\n")
            if not separator:
                time.sleep(0.002)
                continue
            self._read += len(head) + 1
            line = orjson.loads(head) if head.startswith(b"{") else {}
            if line.get("event") == "executed":
                return dict(line)
        sys.exit(f"no execution ended within {TIMEOUT_S} s:\n{self._log.read_text()[-3000:]}")

    def wait_until_ready(self) -> None:
        """Wait until the worker takes messages."""
        _wait("the worker", lambda: b"ready for action" in self._log.read_bytes())


def _wait(what: str, check: Any) -> None:
    ends_at = time.monotonic() + TIMEOUT_S
    while not check():
        if time.monotonic() > ends_at:
            sys.exit(f"{what} did not start within {TIMEOUT_S} s")
        time.sleep(0.05)


@contextmanager
def running(command: list[str], env: dict[str, str], log: Path) -> Iterator[None]:
    """Run a program of the product until the block ends."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *command], env=env, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


async def prepare(settings: Settings) -> None:
    """Create the table and the problem."""
    for _ in open_table(settings).provision():
        pass
    async with open_stores(settings) as stores:
        await stores.problems.create(NewProblem(platform="algoitny", number="1", title="A + B"))
        await stores.tests.replace("algoitny", "1", [NewTest(input=b"1 2\n", output=b"3\n")])
        await stores.problems.set_state("algoitny", "1", ProblemState.COMPLETED)


def measure(client: httpx.Client, worker: Worker, runs: int, name: str) -> list[dict[str, float]]:
    """Return the milliseconds of each phase, one dictionary for each run."""
    language, template = CODES[name]
    times_of_runs = []
    for number in range(WARM_UP + runs):
        time.sleep(PAUSE_S)
        code = template.format(salt=f"{os.getpid()} {number}")
        submission = {"platform": "algoitny", "number": "1", "language": language, "code": code}
        began, started = time.time(), time.perf_counter()
        answer = client.post(
            "/graphql", json={"query": EXECUTE, "variables": {"input": submission}}
        ).json()
        api_ms = (time.perf_counter() - started) * 1000
        if "history" not in (answer.get("data") or {}).get("executeCode", {}):
            sys.exit(f"executeCode answered {answer}")
        line = worker.next_execution()
        if line["verdict"] != "AC":
            sys.exit(f"the verdict was {line['verdict']}")
        total = (datetime.fromisoformat(line["timestamp"]).timestamp() - began) * 1000
        times = {phase: float(line.get(f"{phase}_ms", 0)) for phase in PHASES} | {"api": api_ms}
        times |= {"total": total, "other": total - times["compile"] - times["run"]}
        times_of_runs.append(times)
    return times_of_runs[WARM_UP:]


def report(name: str, times_of_runs: list[dict[str, float]]) -> None:
    """Print p50 and p95 of each phase."""
    print(
        f"{name}, {len(times_of_runs)} runs, ms{'':14}"
        + "".join(f"{p:>9}" for p in times_of_runs[0])
    )
    for label, share in (("p50", 0.5), ("p95", 0.95)):
        values = (
            _quantile([run[phase] for run in times_of_runs], share) for phase in times_of_runs[0]
        )
        print(f"{name + ' ' + label:30}" + "".join(f"{value:9.1f}" for value in values))


def _quantile(values: list[float], share: float) -> float:
    if len(values) == 1:
        return values[0]
    return statistics.quantiles(values, n=100, method="inclusive")[round(share * 100) - 1]


def main() -> None:
    """Start the system, measure both languages and print the results."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="latency-")))
        database = stack.enter_context(DynamoDBLocal(folder / "dynamodb"))
        queue = stack.enter_context(RedisServer(folder / "redis"))
        env = {
            **os.environ,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_ENDPOINT_URL_DYNAMODB": database.endpoint,
            "TABLE_NAME": "latency",
            "REDIS_URL": queue.url,
            "WORK_DIR": str(folder / "work"),
            "JUDGE_LANGUAGES": ",".join(language for language, _ in CODES.values()),
            "LOG_FORMAT": "json",
            "ENVIRONMENT": "development",
            "SECRET_KEYS": secrets.token_urlsafe(32),
            # The administrators' plan has no limit.
            "ADMIN_EMAILS": "admin@example.org",
        }
        os.environ.update(env)
        asyncio.run(prepare(Settings()))
        log, port = folder / "worker.log", free_port()
        tasks = ["-m", "dramatiq", "tasks", "--processes", "1", "--threads", "4"]
        stack.enter_context(running(tasks, env, log))
        serve = ["-m", "uvicorn", "graphql_api.app:app", "--host", HOST, "--port", str(port)]
        serve += SERVER_OPTIONS
        stack.enter_context(running(serve, env, folder / "api.log"))
        worker = Worker(log)
        worker.wait_until_ready()
        client = stack.enter_context(httpx.Client(base_url=f"http://{HOST}:{port}"))
        _wait("the API", lambda: _answers(client))
        data = client.post("/graphql", json={"query": SIGN_IN}).json()["data"]
        token = data["signInForDevelopment"]["accessToken"]
        client.headers["Authorization"] = f"Bearer {token}"
        for name in CODES:
            report(name, measure(client, worker, runs, name))


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/healthz").is_success
    except httpx.HTTPError:
        return False


if __name__ == "__main__":
    main()
