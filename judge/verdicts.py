"""Decides the verdict from the end of a run (exit code, signal, limit) and its output."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

from graphql_api.data.enums import Comparer, DifferenceKind, Verdict
from judge.comparison.comparers import compare
from judge.comparison.differences import Difference
from judge.sandbox.report import Outcome, Report, RunLimits

_VERDICTS = {
    Outcome.CPU_LIMIT: Verdict.TLE,
    Outcome.MEMORY: Verdict.MLE,
    Outcome.OUTPUT: Verdict.OLE,
    Outcome.NONZERO_EXIT: Verdict.RE,
    Outcome.SIGNALLED: Verdict.RE,
    Outcome.INTERNAL: Verdict.IE,
}


@dataclass(frozen=True, slots=True)
class Ruling:
    """A verdict and its explanation.

    `message` is for the author of the submission. `note` is for the editors of the problem.
    `difference` and `difference_kind` describe the first difference that a comparer found. Both are
    None unless a comparer rejected the output.
    """

    verdict: Verdict
    message: str = ""
    note: str = ""
    difference: Difference | None = None
    difference_kind: DifferenceKind | None = None


ACCEPTED = Ruling(Verdict.AC)


def decide_verdict(report: Report, limits: RunLimits, memory_errors: Sequence[bytes]) -> Verdict:
    """Return the verdict that follows from the way in which a run ended.

    AC means that the program exited with code 0, so its output must be checked.

    A program that was stopped at the wall limit gets TLE in two cases: the program has used at
    least half of its CPU time limit, or the program was running or waiting for a CPU for at least
    half of the wall time. In any other case, the program was idle and gets ILE.

    A program that failed gets MLE if its standard error contains one of `memory_errors`. These are
    the texts that the program's runtime writes when it is out of memory.
    """
    if report.outcome is Outcome.OK:
        return Verdict.AC
    if report.outcome is Outcome.WALL_LIMIT:
        active_ms = report.cpu_ms + report.waited_ms
        is_active = 2 * report.cpu_ms >= limits.cpu_ms or 2 * active_ms >= report.wall_ms
        return Verdict.TLE if is_active else Verdict.ILE
    verdict = _VERDICTS[report.outcome]
    if verdict is Verdict.RE and any(text in report.stderr for text in memory_errors):
        return Verdict.MLE
    return verdict


def rule_on_end(report: Report, verdict: Verdict) -> Ruling:
    """Return the ruling for a run whose verdict is not AC. Its output is not checked."""
    is_from_runtime = verdict is Verdict.MLE and report.outcome is not Outcome.MEMORY
    return Ruling(verdict, "The program ran out of memory." if is_from_runtime else report.message)


def judge_output(
    comparer: Comparer,
    expected: IO[bytes],
    actual: IO[bytes],
    abs_tolerance: float | None,
    rel_tolerance: float | None,
) -> Ruling:
    """Compare an output with a built-in comparer and return the ruling."""
    comparison = compare(
        comparer, expected, actual, abs_tolerance=abs_tolerance, rel_tolerance=rel_tolerance
    )
    if comparison.equal:
        return ACCEPTED
    return Ruling(
        Verdict.WA,
        comparison.message,
        difference=comparison.difference,
        difference_kind=comparison.kind,
    )
