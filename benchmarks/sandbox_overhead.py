"""What the sandbox adds to one run: a static C program that does nothing, bare and inside.

    python benchmarks/sandbox_overhead.py [--runs 50] [--pause-ms 0]

The two are interleaved. A pause between runs shows what a host sees that is not warmed up by a
tight loop.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tasks.sandbox.compiling import Compiler
from tasks.sandbox.detection import detect_languages
from tasks.sandbox.limits import LimitsHeld
from tasks.sandbox.report import Outcome, Program, RunLimits
from tasks.sandbox.sandbox import Sandbox

LIMITS = RunLimits(cpu_ms=1000, wall_ms=3000, memory_kb=256 * 1024)
SOURCE = b"int main(void) { return 0; }"


def bare(path: Path) -> None:
    """Start the program and wait for it."""
    pid = os.posix_spawn(path, [str(path)], {})
    os.waitpid(pid, 0)


def timed(action: Callable[[], None], pause_s: float) -> float:
    """Milliseconds that the action took."""
    time.sleep(pause_s)
    began = time.perf_counter()
    action()
    return (time.perf_counter() - began) * 1000


def measure(forced: LimitsHeld | None, runs: int, pause_s: float) -> None:
    """Print one line for one kind of limits."""
    with tempfile.TemporaryDirectory() as scratch:
        sandbox = Sandbox(Path(scratch), forced=forced)
        compiler = Compiler(sandbox)
        installed = detect_languages(sandbox, compiler).installed["c"]
        directory = compiler.compile(installed, SOURCE).directory
        assert directory is not None
        program = Program(("./main",), directory)

        def inside() -> None:
            with sandbox.run(program, b"", LIMITS) as report:
                assert report.outcome is Outcome.OK, report

        pairs = [
            (timed(lambda: bare(directory / "main"), pause_s), timed(inside, pause_s))
            for _ in range(runs + 5)
        ][5:]
        print(f"{sandbox.limits_held:8}", *map(summary, zip(*pairs, strict=True)))
        sandbox.close()


def summary(values: tuple[float, ...]) -> str:
    """The least, the median and the 95th percentile."""
    ordered = sorted(values)
    p95 = ordered[int(len(ordered) * 0.95)]
    return f"least {ordered[0]:5.2f}  p50 {statistics.median(ordered):6.2f} p95 {p95:6.2f} ms  "


def main() -> None:
    """Measure the best limits of this host, and resource limits alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--pause-ms", type=float, default=0)
    options = parser.parse_args()
    print("limits   bare                                in the sandbox")
    for forced in (None, LimitsHeld.RLIMITS):
        measure(forced, options.runs, options.pause_ms / 1000)


if __name__ == "__main__":
    main()
