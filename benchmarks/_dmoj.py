"""Runs orders of `benchmarks.judge` as DMOJ's judge runs a test; started in DMOJ's own Python."""

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from dmoj.executors.base_executor import BaseExecutor  # type: ignore[import-not-found]

from benchmarks._serving import Order, add_timing, serve

LIMITS = {"time": 5, "memory": 256 * 1024, "wall_time": 15}


class Given(BaseExecutor):  # type: ignore[misc]
    """An executor of programs that are there already."""

    ext = "given"

    def __init__(self, directory: str, command: tuple[str, ...]) -> None:
        super().__init__("given", b"")
        self._command = command
        # Made, owned and removed by the executor, as if it had compiled the program there.
        self._dir = tempfile.mkdtemp()
        shutil.copytree(directory, self._dir, dirs_exist_ok=True)

    def get_executable(self) -> str:
        """The program's place."""
        return str(Path(self._dir, self._command[0]))

    def get_cmdline(self, **_: Any) -> list[str]:
        """The program's words."""
        return list(self._command)


_executors: dict[tuple[str, tuple[str, ...]], Given] = {}


def run(order: Order) -> str:
    """Run once, as its grader does."""
    key = order.directory, order.command
    if key not in _executors:
        _executors[key] = Given(*key)
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    process = _executors[key].launch(**LIMITS, **pipes)
    given = Path(order.input).read_bytes()
    output, error = process.communicate(given, outlimit=32 << 20, errlimit=1 << 20)
    if process.wait() != 0:
        raise RuntimeError(f"DMOJ: {process.returncode} {error!r} {process.protection_fault}")
    return str(output.decode())


if __name__ == "__main__":
    serve(add_timing(run))
