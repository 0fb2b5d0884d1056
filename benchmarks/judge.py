"""Measures the cost of judging, compared with bare starts and with other judges on this host.

    python -m benchmarks.judge [--rounds 60] [--submissions 6]

In each round all contenders run the same compiled program with the same input, one after the other,
so that other load on the host affects all of them. A run is timed from its input to its output and
outcome, after the same pause. Each contender has a process of its own; its CPU time is that of its
whole process tree. AlgoItny starts each sandbox for the run (first line), or prepares it before.
"""

import argparse
import os
import platform
import shutil
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks._contenders import AHEAD, BARE, BWRAP, COLD, RLIMITS, open_contenders
from benchmarks._serving import Contender, Order
from judge.judge import Judge, JudgeConfig
from judge.models import Judgement, JudgeRequest, TestCaseFiles

TESTS = 20
WARM_UP = 3
SOURCES = {
    "C, nothing to do": ("c", "int main(void) { return 0; }", ""),
    "C++, A + B": (
        "cpp",
        "#include <iostream>\nint main() { int a, b; std::cin >> a >> b; std::cout << a + b; }",
        "3",
    ),
    "Python, A + B": ("python", "print(sum(map(int, input().split())), end='')", "3"),
}
# About 40 ms of CPU time.
WORK = (
    "#include <iostream>\nint main() { int a, b; std::cin >> a >> b; unsigned x = a;\n"
    "for (int i = 0; i < 20000000; i++) x = x * 1664525u + 1013904223u + (x >> 16);\n"
    "std::cout << (x == 7 ? 0 : a + b); }"
)
# Measured with a static C program on hosts with two cores, all contenders interleaved.
ELSEWHERE = """
Measured on other hosts, ms for a static C program (times the bare start of that host):
  isolate 2.6 with init and cleanup 2.50 (10.5 x) and 8.59 (12.3 x); DMOJ 4.1.0 3.04 (12.7 x) and
  9.18 (13.1 x); go-judge, prefork, 3.85 (5.5 x) with resource limits alone, 13.6 (19.4 x) with
  control groups
"""


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which this share of all values is."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def compile_program(judge: Judge, work_dir: Path, code: str, language: str, name: str) -> Path:
    """Compile a program and return its new directory in the cache."""
    kept = work_dir / "sandbox" / "shared" / "programs"
    before = set(kept.rglob(name))
    judge.judge(JudgeRequest(language, code, [], 5000, 256 * 1024))
    (program,) = set(kept.rglob(name)) - before
    return program.parent


def open_judge(work_dir: Path, slots: int) -> Judge:
    """Return a judge for the measured languages."""
    languages = tuple(language for language, *_ in SOURCES.values())
    return Judge(JudgeConfig(work_dir=work_dir, slots=slots, languages=languages))


def orders(judge: Judge, work_dir: Path, scratch: Path) -> dict[str, Order]:
    """Compile the programs like submissions, and copy them for all contenders."""
    input_path = scratch / "1.in"
    input_path.write_text("1 2\n")
    by_title = {}
    for title, (language, code, expected) in SOURCES.items():
        name = "main.py" if language == "python" else "main"
        directory = scratch / f"{language}"
        shutil.copytree(compile_program(judge, work_dir, code, language, name), directory)
        command = ("/usr/bin/python3", name) if language == "python" else (f"./{name}",)
        by_title[title] = Order(str(directory), command, str(input_path), expected)
    return by_title


def print_overheads(contenders: Sequence[Contender], title: str, order: Order, rounds: int) -> None:
    """Measure one program and print a line for each contender."""
    for contender in contenders:
        contender.take(replace(order, count=WARM_UP))
    cpu = {contender.name: -contender.cpu_ms() for contender in contenders}
    took: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    runs = dict.fromkeys(cpu, 0)
    for _ in range(rounds):
        for contender in contenders:
            answer = contender.take(order)
            took[contender.name].append(answer.ms)
            runs[contender.name] += answer.runs
    print(f"\n{title:24}  p50 ms   x bare   over bare: p50   p95   least    CPU ms")
    least = min(took[BARE])
    for contender in contenders:
        name = contender.name
        cpu[name] += contender.cpu_ms()
        more = [mine - bare for mine, bare in zip(took[name], took[BARE], strict=True)]
        median = statistics.median(took[name])
        # Bubblewrap's own pid 1 is not reaped, so the CPU time below it is unknown.
        used = "" if name == BWRAP else f"{cpu[name] / runs[name]:9.2f}"
        print(
            f"{name:24} {median:7.2f} {median / statistics.median(took[BARE]):8.1f}"
            f" {statistics.median(more):16.2f} {percentile(more, 0.95):5.2f}"
            f" {min(took[name]) - least:7.2f} {used}"
        )


def ask(judge: Judge, scratch: Path) -> Judgement:
    """Judge a submission with all its tests."""
    input_path, expected = scratch / "1.in", scratch / "1.out"
    expected.write_text("3\n")
    tests = [
        TestCaseFiles(number, number == 1, input_path, expected) for number in range(1, TESTS + 1)
    ]
    judgement = judge.judge(JudgeRequest("cpp", WORK, tests, 5000, 256 * 1024))
    if judgement.passed != TESTS:
        raise RuntimeError(judgement.message)
    return judgement


def print_submissions(
    judges: Sequence[Judge], contenders: Sequence[Contender], order: Order, submissions: int
) -> None:
    """Measure whole submissions of tests that compute, in a row and in parallel."""
    scratch = Path(order.input).parent
    names = ("AlgoItny, in a row", f"AlgoItny, {os.cpu_count()} at once")
    took: dict[str, list[float]] = {name: [] for name in (*names, *(c.name for c in contenders))}
    cpu: dict[str, list[int]] = {name: [] for name in names}
    for judge in judges:
        ask(judge, scratch)
    for _ in range(submissions):
        for name, judge in zip(names, judges, strict=True):
            judgement = ask(judge, scratch)
            took[name].append(judgement.run_ms)
            cpu[name] += [result.cpu_ms for result in judgement.results]
        for contender in contenders:
            took[contender.name].append(contender.take(replace(order, count=TESTS)).ms)
    print(f"\n{f'{TESTS} tests that compute':24}  p50 ms   a second   CPU ms of a test, p50")
    for name, values in took.items():
        median = statistics.median(values)
        own = f"{statistics.median(cpu[name]):12.1f}" if name in cpu else ""
        print(f"{name:24} {median:7.1f} {1000 / median:10.2f} {own}")
    in_a_row, at_once = (took[name] for name in names)
    gains = [alone / together for alone, together in zip(in_a_row, at_once, strict=True)]
    alone_ms, together_ms = (statistics.median(cpu[name]) for name in names)
    print(
        f"at once: {statistics.median(gains):.2f} x as many submissions (best {max(gains):.2f} x),"
        f" CPU time of a test {together_ms / alone_ms:.2f} x of that alone"
    )


def main() -> None:
    """Measure and print everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--submissions", type=int, default=6)
    options = parser.parse_args()
    began = time.monotonic()
    host = f"Linux {platform.release()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {host}")
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        work_dir = scratch / "work"
        many = os.cpu_count() or 1
        in_a_row = stack.enter_context(open_judge(scratch / "one", 1))
        at_once = stack.enter_context(open_judge(work_dir, many))
        print(f"limits held by {at_once.limit_backend}")
        by_title = orders(at_once, work_dir, scratch)
        contenders = [stack.enter_context(closing(contender)) for contender in open_contenders()]
        for title, order in by_title.items():
            print_overheads(contenders, title, order, options.rounds)
        print(ELSEWHERE.rstrip())
        work = replace(by_title["C++, A + B"], directory=str(scratch / "work-program"))
        shutil.copytree(compile_program(at_once, work_dir, WORK, "cpp", "main"), work.directory)
        own = (BWRAP, COLD, AHEAD, RLIMITS)
        others = [contender for contender in contenders if contender.name not in own]
        print_submissions((in_a_row, at_once), others, work, options.submissions)
    print(f"\ntook {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
