"""Problems that skip the tests after the first failure."""

import threading
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from graphql_api.data.enums import Verdict
from judge.judge import Judge
from judge.models import Judgement, TestCaseFiles
from tests.support.judging import OBEYS, ask, open_judge, orders

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]

AC, WA, RE, SKIPPED = Verdict.AC, Verdict.WA, Verdict.RE, Verdict.SKIPPED


@pytest.fixture(scope="module")
def judge(tmp_path_factory) -> Iterator[Judge]:
    judge = open_judge(tmp_path_factory.mktemp("judge"))
    yield judge
    judge.close()


@pytest.fixture
def tests(tmp_path):
    return partial(orders, tmp_path)


def stopping(judge: Judge, tests: list[TestCaseFiles], **more: Any) -> Judgement:
    return ask(judge, "python", OBEYS, tests, stop_on_first_failure=True, **more)


def test_tests_after_the_first_that_fails_are_skipped(judge, tests):
    got = stopping(judge, tests("0 1", "0 1", "0 2", "0 1", "0 3"))
    assert [one.verdict for one in got.results] == [AC, AC, WA, SKIPPED, SKIPPED]
    assert [one.number for one in got.results] == [1, 2, 3, 4, 5]
    assert (got.verdict, got.passed, got.failed) == (WA, 2, 1)


def test_without_it_all_are_run(judge, tests):
    got = ask(judge, "python", OBEYS, tests("0 2", "0 1"))
    assert [one.verdict for one in got.results] == [WA, AC]


def test_a_program_that_is_right_passes_all(judge, tests):
    got = stopping(judge, tests(*["0 1"] * 7))
    assert (got.verdict, got.passed) == (AC, 7)


def test_what_ran_beside_a_slow_failure_does_not_count(judge, tests):
    """The second test fails after the third and fourth have their results."""
    told: list[int] = []
    given = tests("0 1", "0.5 2", "0 1", "0 3", "0 1")
    got = stopping(judge, given, on_result=lambda one: told.append(one.number))
    assert [one.verdict for one in got.results] == [AC, WA, SKIPPED, SKIPPED, SKIPPED]
    assert told == [1, 2]


def test_what_runs_beside_a_failure_is_ended(judge, tests):
    """A judge that waited for the second test would be cancelled first."""
    given = tests("0 2", "60 1", "60 1")
    cancelled = threading.Event()
    threading.Timer(20, cancelled.set).start()
    got = stopping(judge, given, time_limit_ms=30_000, cancelled=cancelled.is_set)
    assert [one.verdict for one in got.results] == [WA, SKIPPED, SKIPPED]


def test_results_are_reported_in_the_order_of_the_tests(judge, tests):
    told: list[int] = []
    given = tests("0.4 1", "0 1", "0.2 1", "0 1")
    stopping(judge, given, on_result=lambda one: told.append(one.number))
    assert told == [1, 2, 3, 4]
