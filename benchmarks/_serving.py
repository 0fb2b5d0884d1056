"""The protocol between `benchmarks.judge` and the process of a contender; standard library only.

Each order is a line of JSON: a program and how often to run it in a row. The answer is a line of
JSON with the time that the runs took.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Order:
    """A command to run `count` times in a row in `directory`, with `input` as its input file."""

    directory: str
    command: tuple[str, ...]
    input: str
    expected: str
    count: int = 1


@dataclass(frozen=True)
class OrderTime:
    """The time of an order (milliseconds) and its number of runs, which counts untimed runs too."""

    ms: float
    runs: int


Runner = Callable[[Order], str]
# Pause before each timed order, because a worker has also just waited for a program to end. It is
# long enough to start a sandbox in advance.
PAUSE_S = 0.02


def add_timing(run: Runner) -> Callable[[Order], OrderTime]:
    """Return a function that runs an order with `run` after a pause and measures the time."""

    def take(order: Order) -> OrderTime:
        time.sleep(PAUSE_S)
        began = time.perf_counter()
        outputs = [run(order) for _ in range(order.count)]
        took = (time.perf_counter() - began) * 1000
        for output in outputs:
            check(order, output)
        return OrderTime(took, order.count)

    return take


def check(order: Order, output: str) -> None:
    """Raise RuntimeError unless the program wrote the expected output."""
    if output != order.expected:
        raise RuntimeError(f"{order.command} wrote {output!r}")


def serve(take: Callable[[Order], OrderTime]) -> None:
    """Take orders from standard input until its end."""
    print("ready", flush=True)
    for line in sys.stdin:
        fields = json.loads(line)
        order = Order(**fields | {"command": tuple(fields["command"])})
        print(json.dumps(asdict(take(order))), flush=True)


class Contender:
    """The benchmark's side of a contender's process."""

    def __init__(self, name: str, command: Sequence[str]) -> None:
        self.name = name
        self._process = subprocess.Popen(  # the benchmark's own programs
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        if self._answer() != "ready\n":
            raise RuntimeError(f"{name} does not start")

    def take(self, order: Order) -> OrderTime:
        """Send an order and return its time.

        Raises:
            RuntimeError: the process has ended.
        """
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(f"{json.dumps(asdict(order))}\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise RuntimeError(f"{self.name} is gone") from None
        answer = self._answer()
        if not answer:
            raise RuntimeError(f"{self.name} is gone")
        return OrderTime(**json.loads(answer))

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def cpu_ms(self) -> float:
        """Return the CPU time of the process and its descendants (milliseconds)."""
        return sum(_cpu_ms(pid) for pid in (self._process.pid, *descendants(self._process.pid)))

    def close(self) -> None:
        """End the process and with it everything that it started."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def descendants(pid: int) -> list[int]:
    """Return the ids of all running descendants of a process."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        words = _stat(int(entry.parent.name))
        if words:
            parents.setdefault(int(words[1]), []).append(int(entry.parent.name))
    family, unvisited = [], [pid]
    while unvisited:
        children = parents.get(unvisited.pop(), [])
        family += children
        unvisited += children
    return family


def _stat(pid: int) -> list[str]:
    """Return the fields of a process's `stat` after its name; an empty list if it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _cpu_ms(pid: int) -> float:
    """Return the CPU time of a process and of the children that it has waited for."""
    return sum(map(int, _stat(pid)[11:15])) * 1000 / os.sysconf("SC_CLK_TCK")
