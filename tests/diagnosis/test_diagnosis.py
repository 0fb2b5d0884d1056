"""The diagnosis names the kind of mistake in the labelled programs.

    pytest -s tests/diagnosis    prints the confusion table

The programs run in the real judge. The author of a program may see only the samples.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache

import pytest

from graphql_api.data.enums import Locale
from hints.diagnosis.explanation import explain
from judge.judge import Judge
from judge.models import TestCaseFiles
from tests.diagnosis.conftest import SLOTS
from tests.diagnosis.labelled import (
    LANGUAGES,
    DiagnosedProgram,
    LabelledProgram,
    describe_confusion,
    diagnose_all,
    list_programs,
)
from tests.support.services import skip_or_fail

SHARE_RIGHT = 0.95
# All programs together need about three minutes on two cores without other load.
TIMEOUT_S = 3600
# Shorter words occur in explanations by chance.
MARKED_LENGTH = 4
# One program of each of the most common kinds.
FIRST_TIER = (
    "average/PRECISION-float_division_rounded.py",
    "between/OFF_BY_ONE-forgets_an_end.py",
    "countdown/MISSING_LAST_LINE-stops_before_one.py",
    "difference/WRONG_SIGN-swapped.py",
    "difference/OVERFLOW_32-int_is_too_small.c",
    "difference/COMPILE_UNKNOWN_NAME-std_forgotten.cpp",
    "factorials/RECURSION_DEPTH-no_base_case.js",
    "guess/MISSING_FLUSH-buffered_print.py",
    "ledger/KEY_ERROR-get_without_default.py",
    "ledger/NULL_ERROR-get_of_an_unknown_name.java",
    "leap_year/LETTER_CASE-all_capitals.py",
    "names/COMPILE_SYNTAX-missing_colon.py",
    "total/READ_PAST_END-one_line_per_number.py",
    "transpose/NULL_ERROR-row_not_created.js",
    "transpose/INDEX_ERROR-swapped_dimensions.py",
)

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]
Tests = Mapping[str, Sequence[TestCaseFiles]]


def test_a_common_mistake_is_named(judge, tests):
    programs = [program for program in list_programs() if program.name in FIRST_TIER]
    assert len(programs) == len(FIRST_TIER)
    diagnosed = _diagnose(judge, tests, programs)
    assert all(one.is_right for one in diagnosed), describe_confusion(diagnosed)
    for one in diagnosed:
        _check_secrecy(one)


@pytest.mark.thorough
@pytest.mark.timeout(TIMEOUT_S)
def test_nearly_all_mistakes_are_named_and_no_hidden_data(judge, tests):
    diagnosed = _diagnose(judge, tests, list_programs())
    table = describe_confusion(diagnosed)
    print(table)  # noqa: T201 - shown with `-s`
    for one in diagnosed:
        _check_secrecy(one)
    assert sum(one.is_right for one in diagnosed) >= SHARE_RIGHT * len(diagnosed), table


def test_the_set_has_many_kinds_and_five_languages():
    programs = list_programs()
    assert len(programs) >= 200
    assert len({program.expected for program in programs}) >= 25
    by_language = Counter(program.language for program in programs)
    assert by_language.keys() == set(LANGUAGES.values())
    assert min(by_language.values()) >= 20


def _diagnose(
    judge: Judge, tests: Tests, programs: Sequence[LabelledProgram]
) -> list[DiagnosedProgram]:
    missing = {program.language for program in programs} - judge.languages.keys()
    if missing:
        skip_or_fail(f"The host has no {', '.join(sorted(missing))}.")
    return diagnose_all(judge, programs, tests, SLOTS)


def _check_secrecy(one: DiagnosedProgram) -> None:
    """Assert that a diagnosis contains nothing of a hidden test."""
    if one.diagnosis is None:
        return
    samples = {test.number for test in one.request.tests if test.is_sample}
    if one.diagnosis.test_number not in {None, *samples}:
        assert one.diagnosis.parameters is None, one.program.name
    marked = _mark_words(tuple(one.request.tests))
    for locale in Locale:
        text = " ".join(explain(one.diagnosis, locale))
        assert [word for word in marked if word in text] == [], one.program.name


@cache
def _mark_words(tests: tuple[TestCaseFiles, ...]) -> frozenset[str]:
    """Return the words of the hidden tests' expected outputs that occur in no visible test."""
    files = {is_sample: set[str]() for is_sample in (True, False)}
    for test in tests:
        files[test.is_sample].update(test.expected_path.read_text().split())
    return frozenset(word for word in files[False] - files[True] if len(word) >= MARKED_LENGTH)
