"""A soak test of the sandbox: after many runs that end in different ways, nothing may be left.

    python -m benchmarks.soak [--runs 1000] [--limits rlimits]

The input of a static C program chooses how a run ends: normally, by one of the limits, by a signal,
with child processes and daemons still running, or cancelled. Some runs have a prepared sandbox, and
some are pairs. The test counts processes, descriptors, files, control groups, mounts and memory:
after the first runs, at the end, and after closing the sandbox. The exit code is 1 if anything is
left or memory grew.
"""

import argparse
import gc
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from benchmarks._serving import descendants
from judge.sandbox.cgroups import LimitBackend
from judge.sandbox.report import Outcome, Program, RunLimits
from judge.sandbox.sandbox import Sandbox, SlotSession, open_sandbox
from judge.sandbox.slots import WaitCancelled
from judge.toolchains.compiler import Compiler
from judge.toolchains.detection import detect_languages

SLOTS = 2
WARM_UP = 200
RUNS_PER_SESSION = 20
# The allowed growth of memory. A leak in each of a thousand runs would be larger.
MEMORY_SLACK_KB = 4096
CANCEL_AFTER_S = 0.02
# Fields of `State` that must be 0 after the sandbox is closed.
ENDS = ("helpers", "groups")
LIMITS = RunLimits(
    cpu_ms=2000, wall_ms=2000, memory_kb=16 * 1024, output_kb=64, address_space_kb=32 * 1024
)
SOURCE = rb"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static void end(const char *how)
{
    if (!strcmp(how, "spin"))
        for (volatile int i = 0;; i++)
            ;
    if (!strcmp(how, "wait"))
        sleep(1000);
    if (!strcmp(how, "grow"))
        for (char *block; (block = malloc(1 << 16));)
            memset(block, 1, 1 << 16);
    if (!strcmp(how, "write"))
        for (;;)
            puts("again and again and again and again and again");
    if (!strcmp(how, "crash"))
        abort();
    if (!strcmp(how, "fail"))
        exit(7);
    if (!strcmp(how, "children"))
        for (int i = 0; i < 10; i++)
            if (!fork()) {
                setsid();
                if (fork())
                    _exit(i);
                sleep(1000);
            }
    if (!strcmp(how, "files"))
        for (int i = 0; i < 20; i++) {
            char name[32];
            sprintf(name, "/tmp/%d", i);
            fputs("left behind", fopen(name, "w"));
        }
}
int main(int count, char **words)
{
    char how[32] = "";
    (void)words;
    if (count == 1)
        scanf("%31s", how);
    end(how);
    puts("done");
}
"""
# The kinds of runs that a limit ends, with their limits.
SHORT = {"wait": {"wall_ms": 50}, "spin": {"cpu_ms": 20}}
# The kinds of runs, each with its weight in the random choice and its possible outcomes.
GROWN = {Outcome.MEMORY, Outcome.OK, Outcome.SIGNALLED}
KINDS: dict[str, tuple[int, set[Outcome]]] = {
    "well": (50, {Outcome.OK}),
    "children": (10, {Outcome.OK}),
    "files": (5, {Outcome.OK}),
    "fail": (5, {Outcome.NONZERO_EXIT}),
    "crash": (5, {Outcome.SIGNALLED}),
    "grow": (8, GROWN),
    "write": (5, {Outcome.OUTPUT, Outcome.CPU_LIMIT}),
    "spin": (5, {Outcome.CPU_LIMIT}),
    "wait": (2, {Outcome.WALL_LIMIT}),
    "cancel": (3, {Outcome.CANCELLED}),
    "pair": (2, {Outcome.OK, Outcome.SIGNALLED}),
}


@dataclass(frozen=True)
class State:
    """The resources of this process and of its child processes. Memory is in KB."""

    descriptors: int
    threads: int
    memory_kb: int
    helpers: int
    helpers_descriptors: int
    helpers_memory_kb: int
    helpers_mounts: int
    mounts: int
    groups: int
    files: int


def measure(sandbox: Sandbox, scratch: Path) -> State:
    """Return the current resources."""
    gc.collect()
    helpers = descendants(os.getpid())
    return State(
        descriptors=_count(Path("/proc/self/fd")),
        threads=threading.active_count(),
        memory_kb=_memory_kb(os.getpid()),
        helpers=len(helpers),
        helpers_descriptors=sum(_count(Path(f"/proc/{pid}/fd")) for pid in helpers),
        helpers_memory_kb=sum(map(_memory_kb, helpers)),
        helpers_mounts=sum(_lines(Path(f"/proc/{pid}/mountinfo")) for pid in helpers),
        mounts=_lines(Path("/proc/self/mountinfo")),
        groups=len(list(_groups(sandbox))),
        files=sum(1 for _ in scratch.rglob("*")),
    )


def _count(directory: Path) -> int:
    try:
        return len(list(directory.iterdir()))
    except OSError:
        return 0


def _lines(path: Path) -> int:
    try:
        return len(path.read_text().splitlines())
    except OSError:
        return 0


def _memory_kb(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    return 0


def _groups(sandbox: Sandbox) -> Iterator[Path]:
    for place, _, _ in os.walk("/sys/fs/cgroup"):
        if Path(place).name.startswith(f"algoitny-{sandbox.identity}-"):
            yield Path(place)


Endings = Counter[tuple[str, Outcome]]


class Soak:
    """Runs of all kinds in one sandbox.

    `endings` counts the outcomes of the runs. `wrong` lists the unexpected outcomes.
    """

    def __init__(self, sandbox: Sandbox, program: Program) -> None:
        self._sandbox, self._program = sandbox, program
        self._speaker = replace(program, command=(*program.command, "speaks first"))
        self.endings: Endings = Counter()
        self.wrong: list[str] = []

    def run(self, runs: int, seed: int) -> None:
        """Make runs, in one thread per slot."""
        choose = random.Random(seed)  # noqa: S311 - nothing secret
        kinds = choose.choices(list(KINDS), [weight for weight, _ in KINDS.values()], k=runs)
        batches = [kinds[at : at + RUNS_PER_SESSION] for at in range(0, runs, RUNS_PER_SESSION)]
        with ThreadPoolExecutor(SLOTS) as pool:
            for endings in pool.map(self._batch, batches):
                self.endings += endings

    def _batch(self, kinds: list[str]) -> Endings:
        endings: Endings = Counter()
        with self._sandbox.open_session() as session:
            for kind in kinds:
                if kind != "cancel":
                    self._note(endings, kind, *self._run_in_session(session, kind))
        for _ in range(kinds.count("cancel")):
            self._note(endings, "cancel", *self._cancel_run())
        return endings

    def _note(self, endings: Endings, kind: str, outcome: Outcome, message: str) -> None:
        endings[kind, outcome] += 1
        if outcome not in KINDS[kind][1]:
            self.wrong.append(f"{kind}: {outcome} {message}")

    def _run_in_session(self, session: SlotSession, kind: str) -> tuple[Outcome, str]:
        if kind == "pair":
            mine, other = session.run_pair((self._speaker, self._program), (LIMITS, LIMITS))
            with mine, other:
                return mine.outcome, mine.message
        limits = replace(LIMITS, **SHORT.get(kind, {}))
        # If the prepared sandbox has other limits, or if no further run needs it, it is discarded.
        with session.run(self._program, f"{kind}\n".encode(), limits, then=b"0\n") as report:
            return report.outcome, report.message

    def _cancel_run(self) -> tuple[Outcome, str]:
        at = time.monotonic() + CANCEL_AFTER_S
        try:
            with self._sandbox.run(
                self._program, b"wait\n", LIMITS, lambda: time.monotonic() > at
            ) as report:
                return report.outcome, report.message
        except WaitCancelled:
            return Outcome.CANCELLED, "before it had a slot"


@contextmanager
def open_program(scratch: Path, forced: LimitBackend | None) -> Iterator[tuple[Sandbox, Program]]:
    """Open a sandbox, and compile the test program like a submission."""
    sandbox = open_sandbox(scratch, SLOTS, forced)
    try:
        compiler = Compiler(sandbox)
        installed = detect_languages(sandbox, compiler, ("c",)).installed["c"]
        compiled = compiler.compile(installed, SOURCE)
        if compiled.directory is None:
            raise RuntimeError(compiled.output)
        yield sandbox, Program(("./main",), compiled.directory)
    finally:
        sandbox.close()


@dataclass(frozen=True)
class SoakResult:
    """The outcomes, and the resources before the runs, after the runs and after closing."""

    before: State
    after: State
    closed: State
    endings: Endings
    wrong: list[str]

    def left_behind(self) -> list[str]:
        """Return a sentence for each resource that grew or that is left after closing."""
        first, then = asdict(self.before), asdict(self.after)
        grown = [
            f"{name}: {first[name]} before, {then[name]} after"
            for name in first
            if then[name] > first[name] + (MEMORY_SLACK_KB if name.endswith("_kb") else 0)
        ]
        left = {name: value for name, value in asdict(self.closed).items() if name in ENDS}
        return grown + [f"{name}: {value} after closing" for name, value in left.items() if value]


def soak(runs: int, forced: LimitBackend | None = None) -> SoakResult:
    """Make the runs and measure the resources.

    Raises:
        SandboxUnavailable: the sandbox does not work on this host.
    """
    with tempfile.TemporaryDirectory() as directory:
        scratch = Path(directory)
        with open_program(scratch, forced) as (sandbox, program):
            print(f"limits held by {sandbox.limit_backend}", flush=True)
            soaked = Soak(sandbox, program)
            soaked.run(WARM_UP, seed=1)
            before = measure(sandbox, scratch)
            soaked.run(runs, seed=2)
            after = measure(sandbox, scratch)
        closed = measure(sandbox, scratch)
    return SoakResult(before, after, closed, soaked.endings, soaked.wrong)


def main() -> None:
    """Make the runs and print the result. The exit code is 1 if anything is left or memory grew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--limits", type=LimitBackend, choices=list(LimitBackend))
    options = parser.parse_args()
    began = time.monotonic()
    soaked = soak(options.runs, options.limits)
    took = time.monotonic() - began
    print(f"{options.runs} runs after {WARM_UP} to warm up, in {took:.0f} s")
    for (kind, outcome), count in sorted(soaked.endings.items()):
        print(f"  {kind:9} {outcome:13} {count:6}")
    print(f"{'':22} before   after  closed")
    before, after, closed = map(asdict, (soaked.before, soaked.after, soaked.closed))
    for name in before:
        print(f"  {name:20} {before[name]:6} {after[name]:7} {closed[name]:7}")
    wrong = [*soaked.left_behind(), *soaked.wrong]
    print("\n".join(wrong) or "nothing is left")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
