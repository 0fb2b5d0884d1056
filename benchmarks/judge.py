"""What judging costs, beside starting the programs bare and beside every other judge found here.

    python -m benchmarks.judge [--rounds 60] [--submissions 6]

All contenders run the same compiled programs with the same input, one after the other in each
round, so that whatever else the host does meets all of them. A run is timed from its input to its
output and outcome, after the same pause. Each has a process of its own; CPU time is that of the
whole tree below it. AlgoItny starts each sandbox when it is asked for (the first line), or before.
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
# Of hosts with two cores, all contenders of a host interleaved, a static C program.
ELSEWHERE = """
Measured on other hosts, ms for a static C program (times the bare start of that host):
  isolate 2.6 with init and cleanup 2.50 (10.5 x) and 8.59 (12.3 x); DMOJ 4.1.0 3.04 (12.7 x) and
  9.18 (13.1 x); go-judge, prefork, 3.85 (5.5 x) with resource limits alone, 13.6 (19.4 x) with
  control groups
"""


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which that share of all lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def compiled(judge: Judge, work_dir: Path, code: str, language: str, name: str) -> Path:
    """The directory of a compiled program, found by what compiling it adds to the cache."""
    kept = work_dir / "sandbox" / "shared" / "programs"
    before = set(kept.rglob(name))
    judge.judge(JudgeRequest(language, code, [], 5000, 256 * 1024))
    (made,) = set(kept.rglob(name)) - before
    return made.parent


def open_judge(work_dir: Path, slots: int) -> Judge:
    """A judge of the languages that are measured."""
    languages = tuple(language for language, *_ in SOURCES.values())
    return Judge(JudgeConfig(work_dir=work_dir, slots=slots, languages=languages))


def orders(judge: Judge, work_dir: Path, scratch: Path) -> dict[str, Order]:
    """Compile the programs as submissions are, and lay them out for everybody."""
    given = scratch / "1.in"
    given.write_text("1 2\n")
    found = {}
    for title, (language, code, expected) in SOURCES.items():
        name = "main.py" if language == "python" else "main"
        place = scratch / f"{language}"
        shutil.copytree(compiled(judge, work_dir, code, language, name), place)
        command = ("/usr/bin/python3", name) if language == "python" else (f"./{name}",)
        found[title] = Order(str(place), command, str(given), expected)
    return found


def print_overheads(contenders: Sequence[Contender], title: str, order: Order, rounds: int) -> None:
    """Measure one program and print a line for each contender."""
    for one in contenders:
        one.take(replace(order, count=WARM_UP))
    cpu = {one.name: -one.cpu_ms() for one in contenders}
    took: dict[str, list[float]] = {one.name: [] for one in contenders}
    runs = dict.fromkeys(cpu, 0)
    for _ in range(rounds):
        for one in contenders:
            answer = one.take(order)
            took[one.name].append(answer.ms)
            runs[one.name] += answer.runs
    print(f"\n{title:24}  p50 ms   x bare   over bare: p50   p95   least    CPU ms")
    least = min(took[BARE])
    for one in contenders:
        cpu[one.name] += one.cpu_ms()
        more = [mine - bare for mine, bare in zip(took[one.name], took[BARE], strict=True)]
        median = statistics.median(took[one.name])
        # Nobody waits for bubblewrap's own pid 1, so that nobody learns what ran below it.
        used = "" if one.name == BWRAP else f"{cpu[one.name] / runs[one.name]:9.2f}"
        print(
            f"{one.name:24} {median:7.2f} {median / statistics.median(took[BARE]):8.1f}"
            f" {statistics.median(more):16.2f} {percentile(more, 0.95):5.2f}"
            f" {min(took[one.name]) - least:7.2f} {used}"
        )


def ask(judge: Judge, scratch: Path) -> Judgement:
    """Judge a submission with all its tests."""
    given, expected = scratch / "1.in", scratch / "1.out"
    expected.write_text("3\n")
    tests = [TestCaseFiles(number, number == 1, given, expected) for number in range(1, TESTS + 1)]
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
    for one in judges:
        ask(one, scratch)
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
        found = orders(at_once, work_dir, scratch)
        contenders = [stack.enter_context(closing(one)) for one in open_contenders()]
        for title, order in found.items():
            print_overheads(contenders, title, order, options.rounds)
        print(ELSEWHERE.rstrip())
        work = replace(found["C++, A + B"], directory=str(scratch / "work-program"))
        shutil.copytree(compiled(at_once, work_dir, WORK, "cpp", "main"), work.directory)
        others = [one for one in contenders if one.name not in (BWRAP, COLD, AHEAD, RLIMITS)]
        print_submissions((in_a_row, at_once), others, work, options.submissions)
    print(f"\ntook {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
