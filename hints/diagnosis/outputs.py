"""Finds the kind of mistake in a wrong output."""

from collections.abc import Sequence
from typing import NamedTuple

from graphql_api.data.enums import Comparer, DiagnosisKind, DifferenceKind
from graphql_api.data.records import Diagnosis, TestResult
from hints.diagnosis.evidence import Evidence, Finding
from hints.diagnosis.extra_text import has_extra_text
from hints.diagnosis.numbers import find_relation
from hints.diagnosis.sources import reads_elsewhere

# A kind is used if at least this share of the wrong outputs has the kind.
AGREEMENT = 0.6
# Fewest failed tests, and fewest passed tests before them, for the kind FROM_NTH_TEST.
FEWEST_OF_TAIL = 2
FEWEST_BEFORE_TAIL = 3
_GENERIC = Finding(DiagnosisKind.WRONG_ANSWER)
# Two unrelated small numbers often have such a relation.
_COINCIDENCES = frozenset(
    {
        DiagnosisKind.OFF_BY_ONE,
        DiagnosisKind.WRONG_SIGN,
        DiagnosisKind.POWER_OF_TWO_FACTOR,
        DiagnosisKind.PRECISION,
    }
)
_SIMPLE = {
    DifferenceKind.WHITE_SPACE: DiagnosisKind.WHITE_SPACE,
    DifferenceKind.LETTER_CASE: DiagnosisKind.LETTER_CASE,
}


class _Texts(NamedTuple):
    """The non-empty lines of the expected and the actual output.

    The result of a test contains only the beginning of a long output. `are_complete` is False if
    either output was shortened.
    """

    expected: list[str]
    actual: list[str]
    are_complete: bool


def diagnose_output(evidence: Evidence, wrong: Sequence[TestResult]) -> Diagnosis:
    """Return the diagnosis of an execution with wrong outputs.

    `wrong` contains the results with the verdict WA.
    """
    findings = [(test, find_in_output(evidence, test)) for test in wrong]
    kinds = _settle([finding for _, finding in findings])
    for kind in sorted(set(kinds), key=kinds.count, reverse=True):
        is_common = kinds.count(kind) >= AGREEMENT * len(kinds)
        if is_common and kind not in (_GENERIC.kind, DiagnosisKind.CHECKER_REJECTED):
            pairs = zip(findings, kinds, strict=True)
            test, finding = next(pair for pair, settled in pairs if settled is kind)
            return evidence.tell(test, Finding(kind, finding.parameters))
    test, finding = findings[0]
    if finding.kind in _COINCIDENCES:
        finding = Finding(_GENERIC.kind, finding.parameters)
    return _find_pattern(evidence) or evidence.tell(test, finding)


def _settle(findings: Sequence[Finding]) -> list[DiagnosisKind]:
    """Return the kind of each finding. Some kinds of missing lines are replaced.

    The kind MISSING_LINES is more general than MISSING_FIRST_LINE and MISSING_LAST_LINE. A long
    output gets the general kind, because the result of the test contains only its beginning. These
    rules replace kinds:

    - If a complete output has the kind MISSING_LINES, this kind replaces MISSING_FIRST_LINE and
      MISSING_LAST_LINE.
    - Otherwise, if only MISSING_FIRST_LINE or only MISSING_LAST_LINE occurs, this kind replaces
      MISSING_LINES. It also replaces EMPTY_OUTPUT, because an output is empty if its only line is
      missing.

    The rules for additional lines are the same.
    """
    kinds = [finding.kind for finding in findings]
    for general, ends in _ENDS.items():
        found = [kind for kind in ends if kind in kinds]
        if any(finding.kind is general and finding.parameters for finding in findings):
            kinds = [general if kind in ends else kind for kind in kinds]
        elif len(found) == 1:
            unknown = (general, DiagnosisKind.EMPTY_OUTPUT)
            kinds = [
                found[0] if finding.kind in unknown and not finding.parameters else kind
                for finding, kind in zip(findings, kinds, strict=True)
            ]
    return kinds


def find_in_output(evidence: Evidence, test: TestResult) -> Finding:
    """Return the kind of mistake in one wrong output."""
    is_interactive = evidence.request.comparer is Comparer.INTERACTIVE
    is_empty = not (test.output or "").strip() and not is_interactive
    if test.is_input_unread and (not is_empty or reads_elsewhere(evidence.request.code)):
        return Finding(DiagnosisKind.INPUT_NOT_READ)
    if is_empty:
        return Finding(DiagnosisKind.EMPTY_OUTPUT)
    if test.difference_kind is None:
        return Finding(DiagnosisKind.CHECKER_REJECTED)
    if test.difference_kind in _SIMPLE:
        return Finding(_SIMPLE[test.difference_kind], _words_of(test))
    return _compare(test) or Finding(DiagnosisKind.WRONG_ANSWER, _words_of(test))


def _compare(test: TestResult) -> Finding | None:
    texts = _split(test)
    if has_extra_text(texts.expected, texts.actual, are_complete=texts.are_complete):
        return Finding(DiagnosisKind.EXTRA_TEXT, _words_of(test))
    match test.difference_kind:
        case DifferenceKind.ORDER:
            same = sorted(texts.expected) == sorted(texts.actual)
            is_known = texts.are_complete and not same
            return Finding(DiagnosisKind.WORD_ORDER if is_known else DiagnosisKind.LINE_ORDER)
        case DifferenceKind.MISSING_LINES:
            return _place(texts.expected, texts.actual, texts, _MISSING)
        case DifferenceKind.EXTRA_LINES:
            return _place(texts.actual, texts.expected, texts, _EXTRA)
        case _:
            return find_relation(*_first_words(*_first_difference(test)))


_MISSING = (
    DiagnosisKind.MISSING_FIRST_LINE,
    DiagnosisKind.MISSING_LAST_LINE,
    DiagnosisKind.MISSING_LINES,
)
_EXTRA = (
    DiagnosisKind.EXTRA_FIRST_LINE,
    DiagnosisKind.EXTRA_LAST_LINE,
    DiagnosisKind.EXTRA_LINES,
)

_ENDS = {_MISSING[2]: _MISSING[:2], _EXTRA[2]: _EXTRA[:2]}


def _place(
    more: list[str], fewer: list[str], texts: _Texts, kinds: tuple[DiagnosisKind, ...]
) -> Finding:
    """Return the kind of mistake for lines that only the output `more` contains.

    `kinds` contains the kinds for the first line, for the last line and for other lines.
    """
    first, last, several = kinds
    count = {"lines": str(len(more) - len(fewer))}
    if texts.are_complete and len(more) == len(fewer) + 1:
        if more[:-1] == fewer:
            return Finding(last)
        if more[1:] == fewer:
            return Finding(first)
    return Finding(several, count if texts.are_complete else {})


def _split(test: TestResult) -> _Texts:
    texts = [test.expected or "", test.output or ""]
    lines = [[line.strip() for line in text.splitlines() if line.strip()] for text in texts]
    return _Texts(lines[0], lines[1], not any(map(_is_cut, texts)))


def _is_cut(text: str) -> bool:
    return text.endswith("…")


def _first_difference(test: TestResult) -> tuple[str, str]:
    _, _, expected, actual = test.difference or (0, 0, "", "")
    return expected, actual


def _first_words(expected: str, actual: str) -> tuple[str, str]:
    """Return the first pair of different words of two lines.

    If the lines have different numbers of words, return the whole lines.
    """
    pairs = list(zip(expected.split(), actual.split(), strict=False))
    if len(expected.split()) != len(actual.split()):
        return expected, actual
    return next((pair for pair in pairs if pair[0] != pair[1]), (expected, actual))


def _words_of(test: TestResult) -> dict[str, str]:
    expected, actual = _first_difference(test)
    return {"expected": expected, "actual": actual} if expected and actual else {}


def _find_pattern(evidence: Evidence) -> Diagnosis | None:
    """Return a diagnosis that depends only on the numbers of the failed tests.

    Return None if the failed tests show no pattern.
    """
    passed = {test.number for test in evidence.passed}
    failed = {test.number for test in evidence.finished} - passed
    samples = {test.number for test in evidence.finished if test.is_sample}
    kind = None
    if samples != passed and _is_tail(evidence, failed, passed):
        kind = DiagnosisKind.FROM_NTH_TEST
    elif samples and samples <= passed:
        kind = DiagnosisKind.HIDDEN_TESTS_ONLY
    return Diagnosis(kind=kind, test_number=min(failed)) if kind else None


def _is_tail(evidence: Evidence, failed: set[int], passed: set[int]) -> bool:
    """Return whether all failed tests come after the passed tests and have larger inputs.

    Return False if too few tests failed or passed.
    """
    if len(failed) < FEWEST_OF_TAIL or len(passed) < FEWEST_BEFORE_TAIL:
        return False
    sizes = evidence.read_sizes()
    largest = max(sizes[number] for number in passed)
    return min(failed) > max(passed) and min(sizes[number] for number in failed) > largest
