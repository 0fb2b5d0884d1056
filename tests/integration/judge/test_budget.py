"""Submissions that exceed their time budget, in the real sandbox."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from graphql_api.data.enums import Verdict
from judge.judge import Judge
from judge.models import Judgement
from tests.support.judging import OBEYS, ask, open_judge, orders

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]

AC, WA, TLE, SKIPPED = Verdict.AC, Verdict.WA, Verdict.TLE, Verdict.SKIPPED
SECONDS = 2


@pytest.fixture(scope="module")
def judge(tmp_path_factory) -> Iterator[Judge]:
    """A judge with two slots and a time budget of two seconds."""
    judge = open_judge(tmp_path_factory.mktemp("judge"), submission_s=SECONDS)
    yield judge
    judge.close()


@pytest.fixture
def tests(tmp_path):
    return partial(orders, tmp_path)


def verdicts(got: Judgement) -> list[Verdict]:
    return [one.verdict for one in got.results]


@pytest.mark.parametrize("stops", [False, True])
def test_who_passes_all_tests_until_the_time_is_up_is_too_slow_at_the_next(judge, tests, stops):
    got = ask(judge, "python", OBEYS, tests(*["0.7 1"] * 9), stop_on_first_failure=stops)
    found = verdicts(got)
    at = found.index(TLE)
    # At most three tests use it up, and another may have started during the third.
    assert 1 <= at <= 5
    assert found == [AC] * at + [TLE] + [SKIPPED] * (8 - at)
    assert (got.verdict, got.passed, got.failed) == (TLE, at, 1)
    for one in got.results[at:]:
        assert f"{SECONDS} s" in (one.message or "")
        assert one.wall_ms == 0


def test_who_had_failed_by_then_keeps_the_verdict_of_the_failure(judge, tests):
    got = ask(judge, "python", OBEYS, tests("0 1", "0.7 2", *["0.7 1"] * 9))
    found = verdicts(got)
    assert found[:2] == [AC, WA]
    assert found[-1] is SKIPPED
    assert set(found) <= {AC, WA, SKIPPED}
    assert (got.verdict, got.failed) == (WA, 1)
    assert f"{SECONDS} s" in (got.results[-1].message or "")


def test_a_program_that_never_ends_takes_no_longer_for_having_many_tests(judge, tests):
    got = ask(judge, "python", "while True: pass", tests(*["0 1"] * 200), time_limit_ms=50)
    found = verdicts(got)
    ran = found.index(SKIPPED)
    assert ran < 30
    assert found == [TLE] * ran + [SKIPPED] * (200 - ran)
    assert got.verdict is TLE


def test_a_last_test_that_uses_the_time_up_counts_as_it_ended(judge, tests):
    got = ask(judge, "python", OBEYS, tests("2.2 1"))
    assert (got.verdict, got.passed) == (AC, 1)


def test_time_in_which_others_have_the_slots_is_not_counted(judge, tests):
    given = tests("0.4 1", "0.4 1")
    began = time.monotonic()
    with ThreadPoolExecutor(6) as threads:
        futures = [threads.submit(ask, judge, "python", OBEYS, given) for _ in range(6)]
        assert [future.result().verdict for future in futures] == [AC] * 6
    assert time.monotonic() - began > SECONDS
