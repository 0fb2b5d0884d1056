"""What a run's end and its output mean for the submission."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

from graphql_api.data.enums import Comparer, Verdict
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
    """A verdict, and what to say of it: to the submission's author, and to the problem's editors.

    `difference` says where the output of a WA is wrong, if its comparer can tell.
    """

    verdict: Verdict
    message: str = ""
    note: str = ""
    difference: Difference | None = None


ACCEPTED = Ruling(Verdict.AC)


def verdict_of(report: Report, limits: RunLimits, memory_errors: Sequence[bytes]) -> Verdict:
    """Return what a run's end means; AC when there is nothing against it but its output.

    A program stopped by the wall limit is slow (TLE) when it had used half its CPU time, else idle
    (ILE). A runtime that says that it ran out of memory and gives up is out of memory (MLE).
    """
    if report.outcome is Outcome.OK:
        return Verdict.AC
    if report.outcome is Outcome.WALL_LIMIT:
        return Verdict.TLE if 2 * report.cpu_ms >= limits.cpu_ms else Verdict.ILE
    verdict = _VERDICTS[report.outcome]
    if verdict is Verdict.RE and any(text in report.stderr for text in memory_errors):
        return Verdict.MLE
    return verdict


def on_end(report: Report, verdict: Verdict) -> Ruling:
    """Return the ruling on a run that ended with something against it."""
    is_told = verdict is Verdict.MLE and report.outcome is not Outcome.MEMORY
    return Ruling(verdict, "The program ran out of memory." if is_told else report.message)


def on_output(
    comparer: Comparer,
    expected: IO[bytes],
    actual: IO[bytes],
    abs_tolerance: float | None,
    rel_tolerance: float | None,
) -> Ruling:
    """Return the ruling on an output, by one of the built-in comparers."""
    found = compare(
        comparer, expected, actual, abs_tolerance=abs_tolerance, rel_tolerance=rel_tolerance
    )
    if found.equal:
        return ACCEPTED
    return Ruling(Verdict.WA, found.message, difference=found.difference)
