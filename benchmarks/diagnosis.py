"""Measures the diagnosis of failed executions: how often it is right, and what it costs.

    python -m benchmarks.diagnosis [--slots 2]

All labelled programs (tests/diagnosis/programs) are judged and diagnosed once. The output is the
confusion table, and the CPU time of all diagnoses as a share of the time of all judging.
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
    """Print the time of the diagnoses and its share of the time of judging."""
    diagnosis_ms = sum(one.diagnosis_ms for one in diagnosed)
    judging_ms = sum(_judging_ms(one.judgement) for one in diagnosed)
    times = sorted(one.diagnosis_ms for one in diagnosed)
    print(
        f"diagnosis {diagnosis_ms:.0f} ms, judging {judging_ms / 1000:.1f} s, "
        f"ratio {diagnosis_ms / judging_ms:.3%}; "
        f"one diagnosis: median {statistics.median(times):.2f} ms, largest {times[-1]:.2f} ms"
    )
    worst = max(diagnosed, key=_ratio)
    print(f"largest ratio of one program: {_ratio(worst):.2%} ({worst.program.name})")


def _judging_ms(judgement: Judgement) -> int:
    """Return the time of judging without the wait for a slot."""
    return judgement.compile_ms + judgement.run_ms


def _ratio(one: DiagnosedProgram) -> float:
    return one.diagnosis_ms / max(_judging_ms(one.judgement), 1)


if __name__ == "__main__":
    main()
