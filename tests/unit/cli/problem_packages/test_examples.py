"""The example packages under examples/problems."""

from pathlib import Path

import pytest

from graphql_api.cli.problem_packages.reader import (
    find_packages,
    read_package,
)
from graphql_api.data.enums import Comparer, Verdict
from tests.support.paths import ROOT

EXAMPLES = ROOT / "examples" / "problems"
MOST_COMMITTED_BYTES = 1_000_000


@pytest.mark.parametrize("path", find_packages(EXAMPLES), ids=lambda path: path.name)
def test_every_example_is_complete(path: Path) -> None:
    package = read_package(path)

    assert package.solution is not None
    assert package.notes == ()
    assert package.constraints
    assert 1 <= sum(test.is_sample for test in package.tests) < len(package.tests)
    assert all(submission.language for submission in package.submissions)
    assert {"python", "c", "cpp"} <= {submission.language for submission in package.submissions}
    verdicts = {
        verdict for submission in package.submissions for verdict in submission.expected_verdicts
    }
    assert {Verdict.AC, Verdict.WA, Verdict.RE} <= verdicts


def test_the_examples_are_twelve_in_both_formats_and_all_verdicts() -> None:
    packages = [read_package(path) for path in find_packages(EXAMPLES)]
    formats = {("2023-07" in (package.path / "problem.yaml").read_text()) for package in packages}

    assert [package.number for package in packages] == [str(number) for number in range(1, 13)]
    assert formats == {True, False}
    assert {
        submission.name.split("/")[0] for package in packages for submission in package.submissions
    } >= {
        "accepted",
        "wrong_answer",
        "time_limit_exceeded",
        "run_time_error",
        "compile_error",
        "memory_limit_exceeded",
        "output_limit_exceeded",
    }
    assert {package.comparison.comparer for package in packages} >= {
        Comparer.TOKENS,
        Comparer.TOKENS_IGNORE_CASE,
        Comparer.EXACT,
        Comparer.FLOAT,
        Comparer.CHECKER,
        Comparer.INTERACTIVE,
    }


def test_no_committed_file_is_large() -> None:
    large = [
        path
        for path in EXAMPLES.rglob("*")
        if path.is_file() and path.stat().st_size >= MOST_COMMITTED_BYTES
    ]

    assert large == []


def test_korean_titles_are_read() -> None:
    assert read_package(EXAMPLES / "004-moonlit-stones").title == "달빛 징검다리"
    sign = EXAMPLES / "006-shop-sign"
    assert read_package(sign).title == "Shop Sign"
    assert read_package(sign, locale="ko").title == "가게 간판"
    assert "간판장이" in read_package(sign, locale="ko").statement
    assert read_package(sign, locale="fr").title == "Shop Sign"


def test_constants_are_replaced_in_the_statement() -> None:
    assert "\\le 400$" in str(read_package(EXAMPLES / "010-night-market").constraints)
