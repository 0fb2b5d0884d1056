"""Runs the programs of `benchmarks.judge` like tests in DMOJ. Start it with the Python of DMOJ."""

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from dmoj.executors.base_executor import BaseExecutor  # type: ignore[import-not-found]

from benchmarks._serving import Order, add_timing, serve

LIMITS = {"time": 5, "memory": 256 * 1024, "wall_time": 15}


class CompiledProgram(BaseExecutor):  # type: ignore[misc]
    """A DMOJ executor for a program that is already compiled."""

    ext = "given"

    def __init__(self, directory: str, command: tuple[str, ...]) -> None:
        super().__init__("given", b"")
        self._command = command
        # The executor removes this directory at the end, as if it had compiled the program there.
        self._dir = tempfile.mkdtemp()
        shutil.copytree(directory, self._dir, dirs_exist_ok=True)

    def get_executable(self) -> str:
        """Return the path of the program."""
        return str(Path(self._dir, self._command[0]))

    def get_cmdline(self, **_: Any) -> list[str]:
        """Return the command line of the program."""
        return list(self._command)


_executors: dict[tuple[str, tuple[str, ...]], CompiledProgram] = {}


def run(order: Order) -> str:
    """Run a program once, as DMOJ's grader does."""
    key = order.directory, order.command
    if key not in _executors:
        _executors[key] = CompiledProgram(*key)
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    process = _executors[key].launch(**LIMITS, **pipes)
    stdin = Path(order.input).read_bytes()
    output, error = process.communicate(stdin, outlimit=32 << 20, errlimit=1 << 20)
    if process.wait() != 0:
        raise RuntimeError(f"DMOJ: {process.returncode} {error!r} {process.protection_fault}")
    return str(output.decode())


if __name__ == "__main__":
    serve(add_timing(run))
