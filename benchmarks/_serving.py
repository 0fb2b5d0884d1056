"""How `benchmarks.judge` speaks with the process of one contender; standard library only.

A line of JSON in: what to run, and how often in a row. A line out: how long it took.
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
    """A program in `directory`, run there `count` times in a row with a file as its input."""

    directory: str
    command: tuple[str, ...]
    input: str
    expected: str
    count: int = 1


@dataclass(frozen=True)
class Took:
    """What an order took. `runs` is more than was asked for where some were not timed."""

    ms: float
    runs: int


Runner = Callable[[Order], str]
# Before each order that is timed: a worker, too, has just waited for a program to end. It is also
# enough to start a sandbox ahead.
PAUSE_S = 0.02


def timed(run: Runner) -> Callable[[Order], Took]:
    """Return what runs an order after a pause and times it; `run` returns a program's output."""

    def take(order: Order) -> Took:
        time.sleep(PAUSE_S)
        began = time.perf_counter()
        outputs = [run(order) for _ in range(order.count)]
        took = (time.perf_counter() - began) * 1000
        for output in outputs:
            check(order, output)
        return Took(took, order.count)

    return take


def check(order: Order, output: str) -> None:
    """Raise RuntimeError unless the program did what it was to do."""
    if output != order.expected:
        raise RuntimeError(f"{order.command} wrote {output!r}")


def serve(take: Callable[[Order], Took]) -> None:
    """Take orders from standard input until its end."""
    print("ready", flush=True)
    for line in sys.stdin:
        said = json.loads(line)
        order = Order(**said | {"command": tuple(said["command"])})
        print(json.dumps(asdict(take(order))), flush=True)


class Contender:
    """The process of one contender, as the benchmark sees it."""

    def __init__(self, name: str, command: Sequence[str]) -> None:
        self.name = name
        self._process = subprocess.Popen(  # the benchmark's own programs
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        if self._answer() != "ready\n":
            raise RuntimeError(f"{name} does not start")

    def take(self, order: Order) -> Took:
        """Have it run an order. Raises RuntimeError when it is gone."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(f"{json.dumps(asdict(order))}\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise RuntimeError(f"{self.name} is gone") from None
        answer = self._answer()
        if not answer:
            raise RuntimeError(f"{self.name} is gone")
        return Took(**json.loads(answer))

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def cpu_ms(self) -> float:
        """CPU time so far, with all that it started."""
        return sum(_cpu_ms(pid) for pid in (self._process.pid, *descendants(self._process.pid)))

    def close(self) -> None:
        """End it; what it started ends with it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def descendants(pid: int) -> list[int]:
    """All living descendants of a process."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        words = _stat(int(entry.parent.name))
        if words:
            parents.setdefault(int(words[1]), []).append(int(entry.parent.name))
    found, wanted = [], [pid]
    while wanted:
        children = parents.get(wanted.pop(), [])
        found += children
        wanted += children
    return found


def _stat(pid: int) -> list[str]:
    """The words of a process's `stat` after its name; none when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _cpu_ms(pid: int) -> float:
    """Own CPU time and that of the children it has waited for."""
    return sum(map(int, _stat(pid)[11:15])) * 1000 / os.sysconf("SC_CLK_TCK")
