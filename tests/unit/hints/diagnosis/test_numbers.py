"""The relation of a wrong number to the expected number."""

import pytest

from graphql_api.data.enums import DiagnosisKind
from hints.diagnosis.numbers import find_relation

K = DiagnosisKind


@pytest.mark.parametrize(
    ("expected", "actual", "kind"),
    [
        ("7", "8", K.OFF_BY_ONE),
        ("0", "-1", K.OFF_BY_ONE),
        ("7", "-7", K.WRONG_SIGN),
        ("12", "24", K.POWER_OF_TWO_FACTOR),
        ("24", "3", K.POWER_OF_TWO_FACTOR),
        ("4000000000", "-294967296", K.OVERFLOW_32),
        ("8589934592", "0", K.OVERFLOW_32),
        ("4294967301", "5", K.OVERFLOW_32),
        ("9223372036854775808", "-9223372036854775808", K.OVERFLOW_64),
        ("18446744073709551617", "1", K.OVERFLOW_64),
        ("3", "3.0", K.NUMBER_FORMAT),
        ("1000000", "1e+06", K.NUMBER_FORMAT),
        ("1234567", "1.23457e+06", K.NUMBER_FORMAT),
        ("0.50", "0.5", K.NUMBER_FORMAT),
        ("3.14159", "3.14", K.PRECISION),
        ("2.5", "2", K.PRECISION),
        ("2.66667", "3", K.PRECISION),
        ("0.333333", "0.333334", K.PRECISION),
    ],
)
def test_the_relation_of_two_numbers_is_found(
    expected: str, actual: str, kind: DiagnosisKind
) -> None:
    finding = find_relation(expected, actual)
    assert finding is not None
    assert (finding.kind, finding.parameters) == (kind, {"expected": expected, "actual": actual})


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ("7", "19"),
        ("0", "8"),
        ("3", "-6"),
        ("7", "seven"),
        ("", "7"),
        ("3.5", "9.1"),
        ("nan", "inf"),
        ("7", "9" * 200),
        ("1e999999999", "1"),
        ("5", "5e-400"),
    ],
)
def test_unrelated_words_have_no_relation(expected: str, actual: str) -> None:
    assert find_relation(expected, actual) is None
