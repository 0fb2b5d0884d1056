"""Additional text in an output."""

import pytest

from hints.diagnosis.extra_text import has_extra_text


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ("7", "Enter a and b: 7"),
        ("7", "The answer is 7."),
        ("7", "10 - 3 = 7"),
        ("-5", "a - b = -5"),
        ("5.50", "$5.50"),
        ("5.50", "5.50 EUR"),
        ("6", "6n"),
        ("Ada", "1. Ada"),
        ("Yes", "Yes!"),
        ("4", "Case #1: 4"),
        ("1 2 3", "[1, 2, 3]"),
        ("1 4", "(1, 4)"),
        ("a 3", "a: 3"),
    ],
)
def test_text_around_the_expected_line_is_found(expected: str, actual: str) -> None:
    assert has_extra_text([expected], [actual], are_complete=True)


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ("7", "7"),
        ("5", "-5"),
        ("5", "15"),
        ("5", "5.5"),
        ("5", "5 6"),
        ("5", "x: 5 y: 6"),
        ("5", "seven"),
        ("1282.45", "1,282.45"),
        ("12", "12.0"),
        ("Ada", "Adam"),
        ("1 2", "2 1"),
    ],
)
def test_another_value_is_not_additional_text(expected: str, actual: str) -> None:
    assert not has_extra_text([expected], [actual], are_complete=True)


def test_all_lines_need_the_expected_text_and_their_number_must_be_right() -> None:
    expected = ["3", "2", "1"]
    assert has_extra_text(expected, ["3...", "2...", "1..."], are_complete=True)
    assert has_extra_text(expected, ["n = 3", "2", "1"], are_complete=True)
    assert not has_extra_text(expected, ["3...", "2...", "0..."], are_complete=True)
    assert not has_extra_text(expected, ["3...", "2..."], are_complete=True)


def test_the_last_line_and_word_of_a_cut_output_do_not_count() -> None:
    assert has_extra_text(["3", "2", "1"], ["3...", "2.."], are_complete=False)
    assert has_extra_text(["Ada", "Joon", "Mina"], ["['Ada', 'Joon', 'Mi"], are_complete=False)
    assert not has_extra_text(["3", "2", "1"], ["3..."], are_complete=False)
    assert not has_extra_text(["Ada", "Joon"], ["['Adam', 'Jo"], are_complete=False)
