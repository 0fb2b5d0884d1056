"""The contenders of `benchmarks.judge`. Each contender runs in its own process.

    python -m benchmarks._contenders NAME

Other judges take part if they are installed. `isolate` and `go-judge` must be on the PATH. DMOJ is
started with the Python of the `dmoj` on the PATH, or with this Python if it can import DMOJ.
"""

import http.client
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from benchmarks._serving import (
    PAUSE_S,
    Contender,
    Order,
    OrderTime,
    Runner,
    add_timing,
    check,
    serve,
)
from graphql_api.cli.local.process import free_port
from judge.sandbox.cgroups import LimitBackend
from judge.sandbox.report import Outcome, Program, Report, RunLimits
from judge.sandbox.sandbox import Sandbox, open_sandbox

ROOT = Path(__file__).parents[1]
LIMITS = RunLimits(cpu_ms=5000, wall_ms=15_000, memory_kb=256 * 1024)
BARE, BWRAP = "bare", "bubblewrap alone"
COLD, AHEAD, RLIMITS = "AlgoItny", "AlgoItny, started ahead", "AlgoItny, rlimits alone"
PEERS = ("isolate", "go-judge")


# bubblewrap creates new namespaces and a file system, but has no limits and no measurements.
BWRAP_COMMAND = (
    "/usr/bin/bwrap --unshare-all --die-with-parent --ro-bind / / --proc /proc --dev /dev"
)


def bare(order: Order) -> str:
    """Start the program without a sandbox and return its output."""
    reading, writing = os.pipe2(os.O_CLOEXEC)
    actions = (
        (os.POSIX_SPAWN_OPEN, 0, order.input, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_DUP2, writing, 1),
    )
    os.chdir(order.directory)
    pid = os.posix_spawn(order.command[0], order.command, {}, file_actions=actions)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        output = pipe.read()
    os.waitpid(pid, 0)
    return output


def bwrap(order: Order) -> str:
    """Start the program in new namespaces with bubblewrap and return its output."""
    where = ("--bind", order.directory, "/mnt", "--chdir", "/mnt", *order.command)
    return bare(replace(order, command=(*BWRAP_COMMAND.split(), *where)))


@contextmanager
def _sandbox(forced: LimitBackend | None) -> Iterator[Sandbox]:
    # All contenders read the compiled programs from the same directory.
    with tempfile.TemporaryDirectory() as scratch:
        sandbox = open_sandbox(Path(scratch), 1, forced)
        try:
            yield sandbox
        finally:
            sandbox.close()


class Programs:
    """Copies of the programs in the sandbox's shared directory, which holds compiled programs."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._shared = sandbox.shared
        self._programs: dict[str, Program] = {}

    def of(self, order: Order) -> Program:
        """Return the program of an order."""
        if order.directory not in self._programs:
            place = self._shared / f"benchmark-{len(self._programs)}"
            shutil.copytree(order.directory, place)
            self._programs[order.directory] = Program(order.command, place)
        return self._programs[order.directory]


def _output(report: Report) -> str:
    with report:
        if report.outcome is not Outcome.OK:
            raise RuntimeError(f"AlgoItny: {report.outcome} {report.message}")
        return report.stdout.read().decode()


def cold(forced: LimitBackend | None = None) -> None:
    """Run each program in a sandbox that is started for this run."""
    with _sandbox(forced) as sandbox:
        programs = Programs(sandbox)
        serve(
            add_timing(
                lambda order: _output(sandbox.run(programs.of(order), Path(order.input), LIMITS))
            )
        )


def ahead() -> None:
    """Run each program in a sandbox that was prepared during the previous run.

    The first run is not timed.
    """
    with _sandbox(None) as sandbox:
        programs = Programs(sandbox)

        def take(order: Order) -> OrderTime:
            program, stdin = programs.of(order), Path(order.input)
            with sandbox.open_session() as session:
                outputs = [_output(session.run(program, stdin, LIMITS, then=stdin))]
                time.sleep(PAUSE_S)
                began = time.perf_counter()
                outputs += [
                    _output(session.run(program, stdin, LIMITS, then=stdin if left else None))
                    for left in reversed(range(order.count))
                ]
                took = (time.perf_counter() - began) * 1000
            for output in outputs:
                check(order, output)
            return OrderTime(took, len(outputs))

        serve(take)


def isolate(order: Order) -> str:
    """Create a box of isolate, run the program in the box, and remove the box."""
    command = ["/usr/bin/env", "isolate", "--box-id=0"]
    box = subprocess.run([*command, "--init"], check=True, capture_output=True, text=True)
    try:
        inside = Path(box.stdout.strip()) / "box"
        shutil.copytree(order.directory, inside, dirs_exist_ok=True)
        limits = ["--time=5", "--wall-time=15", "--mem=262144", "--processes=64"]
        with Path(order.input).open("rb") as given:
            ran = subprocess.run(
                [*command, "--run", *limits, "--", *order.command],
                check=True,
                capture_output=True,
                stdin=given,
            )
        return ran.stdout.decode()
    finally:
        subprocess.run([*command, "--cleanup"], check=True, capture_output=True)


@contextmanager
def go_judge() -> Iterator[Runner]:
    """Start the server of go-judge.

    Each run is one request, which also copies the program's files.
    """
    port = free_port()
    command = ["/usr/bin/env", "go-judge", "-http-addr", f"127.0.0.1:{port}", "-silent"]
    server = subprocess.Popen(command)
    try:
        time.sleep(1)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)

        def run(order: Order) -> str:
            copied = {path.name: {"src": str(path)} for path in Path(order.directory).iterdir()}
            collected = [{"name": name, "max": 32 << 20} for name in ("stdout", "stderr")]
            command = {
                "args": order.command,
                "files": [{"src": order.input}, *collected],
                "cpuLimit": 5 * 10**9,
                "clockLimit": 15 * 10**9,
                "memoryLimit": 256 << 20,
                "procLimit": 64,
                "copyIn": copied,
            }
            body = json.dumps({"cmd": [command]})
            connection.request("POST", "/run", body, {"Content-Type": "application/json"})
            (result,) = json.loads(connection.getresponse().read())
            if result["status"] != "Accepted":
                raise RuntimeError(f"go-judge: {result}")
            return str(result["files"]["stdout"])

        yield run
    finally:
        server.terminate()
        server.wait()


def serve_go_judge() -> None:
    """Run each program by a request to the server of go-judge."""
    with go_judge() as run:
        serve(add_timing(run))


SERVERS: dict[str, Callable[[], None]] = {
    BARE: lambda: serve(add_timing(bare)),
    BWRAP: lambda: serve(add_timing(bwrap)),
    COLD: cold,
    AHEAD: ahead,
    RLIMITS: lambda: cold(LimitBackend.RLIMITS),
    "isolate": lambda: serve(add_timing(isolate)),
    "go-judge": serve_go_judge,
}


def _dmoj_python() -> str | None:
    """Return the path of a Python that can import DMOJ, or None if there is none."""
    script = shutil.which("dmoj")
    if script is not None:
        first = Path(script).read_bytes().partition(b"\n")[0]
        return os.fsdecode(first.removeprefix(b"#!").strip())
    return sys.executable if importlib.util.find_spec("dmoj") else None


def open_contenders() -> Iterator[Contender]:
    """Start each contender that is installed, and print the names of the missing contenders."""
    for name in SERVERS:
        if name not in PEERS or shutil.which(name):
            yield Contender(name, [sys.executable, "-m", "benchmarks._contenders", name])
        else:
            print(f"{name} is not on the PATH")
    python = _dmoj_python()
    if python is None:
        print("DMOJ is not there (pip install dmoj, in an environment of its own)")
        return
    command = ["env", f"PYTHONPATH={ROOT}", python, "-m", "benchmarks._dmoj"]
    yield Contender("DMOJ", command)


if __name__ == "__main__":
    SERVERS[sys.argv[1]]()
