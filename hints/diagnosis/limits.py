"""Finds the mistake of a program that was stopped at a limit of time, memory or output."""

from collections.abc import Sequence

from graphql_api.data.enums import Comparer, DiagnosisKind, Verdict
from graphql_api.data.records import Diagnosis, TestResult
from hints.diagnosis.evidence import Evidence, Finding
from hints.diagnosis.growth import Point, estimate_growth

# Growth with an exponent up to this number counts as linear.
LINEAR = 1.2
# Growth with an exponent from this number on counts as worse than linear.
WORSE = 1.3
# Differences below this time, or below this share of the smallest time, are measuring errors.
NOISE_MS = 4
NOISE_SHARE = 0.5
_STOPPED = frozenset({Verdict.TLE, Verdict.MLE})


def diagnose_time(evidence: Evidence, slow: Sequence[TestResult]) -> Diagnosis:
    """Return the diagnosis of an execution that exceeded the time limit.

    `slow` contains the results with the verdict TLE.
    """
    if _reaches_only_limits(evidence):
        return evidence.tell(slow[0], Finding(DiagnosisKind.NEVER_ENDS))
    sizes = evidence.read_sizes()
    points = [
        Point(sizes[test.number], test.cpu_ms, test.verdict is Verdict.TLE)
        for test in evidence.finished
        if test.verdict in (Verdict.AC, Verdict.WA, Verdict.TLE)
    ]
    noise = max(NOISE_MS, NOISE_SHARE * min((point.cost for point in points), default=0))
    growth = estimate_growth(points, noise)
    kind = DiagnosisKind.TIME_LIMIT
    if growth and growth.at_most <= LINEAR:
        kind = DiagnosisKind.SLOW_LINEAR
    elif growth and growth.at_least >= WORSE:
        kind = DiagnosisKind.SLOW_GROWTH
    return evidence.tell(slow[0], Finding(kind))


def diagnose_idle(evidence: Evidence, idle: Sequence[TestResult]) -> Diagnosis:
    """Return the diagnosis of an execution that waited without using the CPU.

    `idle` contains the results with the verdict ILE.
    """
    is_interactive = evidence.request.comparer is Comparer.INTERACTIVE
    kind = DiagnosisKind.MISSING_FLUSH if is_interactive else DiagnosisKind.IDLE
    return evidence.tell(idle[0], Finding(kind))


def diagnose_memory(evidence: Evidence, large: Sequence[TestResult]) -> Diagnosis:
    """Return the diagnosis of an execution that exceeded the memory limit.

    `large` contains the results with the verdict MLE. If all tests were stopped at a limit, the
    memory probably does not depend on the size of the input.
    """
    if _reaches_only_limits(evidence):
        return evidence.tell(large[0], Finding(DiagnosisKind.MEMORY_AT_ONCE))
    return evidence.tell(large[0], Finding(DiagnosisKind.MEMORY_GROWING))


def diagnose_size(evidence: Evidence, long: Sequence[TestResult]) -> Diagnosis:
    """Return the diagnosis of an execution that wrote too much output.

    `long` contains the results with the verdict OLE.
    """
    return evidence.tell(long[0], Finding(DiagnosisKind.OUTPUT_LIMIT))


def _reaches_only_limits(evidence: Evidence) -> bool:
    """Return whether all tests that ran were stopped at a limit of time or memory.

    Return False if fewer than two tests ran.
    """
    finished = evidence.finished
    return len(finished) > 1 and all(test.verdict in _STOPPED for test in finished)
