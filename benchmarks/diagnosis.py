"""Measures the accuracy and the cost of the diagnosis of failed executions.

    python -m benchmarks.diagnosis [--slots 2]

All labelled programs (tests/diagnosis/programs) are judged and diagnosed once. The output is the
confusion table, and the CPU time of the diagnoses as a share of the CPU time of the judged programs
alone. The judge's own work and the compilers are not counted, so the real share is smaller. The
largest ratio of one program is the share of the time of its judging, without the wait for a slot.
"""

import argparse
import statistics
import tempfile
from pathlib import Path

from judge.judge import Judge, JudgeConfig
from judge.models import Judgement
from tests.diagnosis.labelled import (
    LANGUAGES,
    DiagnosedProgram,
    describe_confusion,
    diagnose_all,
    list_programs,
    write_all_tests,
)


def main() -> None:
    """Judge and diagnose all labelled programs, and print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--slots", type=int, default=2)
    slots = parser.parse_args().slots
    programs = list_programs()
    with tempfile.TemporaryDirectory() as folder:
        (problems := Path(folder, "problems")).mkdir()
        config = JudgeConfig(
            work_dir=Path(folder, "judge"), slots=slots, languages=tuple(set(LANGUAGES.values()))
        )
        with Judge(config) as judge:
            tests = write_all_tests(programs, problems)
            diagnosed = diagnose_all(judge, programs, tests, slots)
    print(describe_confusion(diagnosed))
    print_costs(diagnosed)


def print_costs(diagnosed: list[DiagnosedProgram]) -> None:
    """Print the CPU time of the diagnoses and its share of the CPU time of the programs."""
    diagnosis_ms = sum(one.diagnosis_ms for one in diagnosed)
    program_ms = sum(_program_ms(one.judgement) for one in diagnosed)
    times = sorted(one.diagnosis_ms for one in diagnosed)
    print(
        f"diagnosis {diagnosis_ms:.0f} ms, programs {program_ms / 1000:.1f} s, "
        f"ratio {diagnosis_ms / program_ms:.3%}; "
        f"one diagnosis: median {statistics.median(times):.2f} ms, largest {times[-1]:.2f} ms"
    )
    worst = max(diagnosed, key=_ratio)
    print(f"largest ratio of one program: {_ratio(worst):.2%} ({worst.program.name})")


def _program_ms(judgement: Judgement) -> int:
    """Return the CPU time of a program in all tests. It is 0 if the program does not compile."""
    return sum(test.cpu_ms for test in judgement.results)


def _ratio(one: DiagnosedProgram) -> float:
    judgement = one.judgement
    return one.diagnosis_ms / max(judgement.compile_ms + judgement.run_ms, 1)


if __name__ == "__main__":
    main()
