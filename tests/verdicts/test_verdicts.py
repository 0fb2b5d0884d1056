"""Every program of the suite gets the verdict that its file's name says.

    pytest tests/verdicts                     once
    pytest tests/verdicts --times 3 --busy    three times, with all cores kept busy
    pytest tests/verdicts --limits rlimits    as on a host without control groups

As many are judged at once as the judge has slots; a test waits for its own.
"""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext

import pytest

from graphql_api.data.words import Verdict
from tasks.judge import Judge, Judgement
from tasks.sandbox.errors import SandboxUnavailable
from tasks.sandbox.limits import LimitsHeld
from tests.conftest import make_settings, missing
from tests.verdicts.suite import (
    Labelled,
    all_programs,
    cores_kept_busy,
    judge_program,
    write_test,
)

SLOTS = 2
pytestmark = [pytest.mark.sandbox, pytest.mark.slow]


def pytest_generate_tests(metafunc) -> None:
    if "program" in metafunc.fixturenames:
        metafunc.parametrize("program", all_programs(), ids=lambda one: one.name)
        metafunc.parametrize("time", range(1, metafunc.config.getoption("--times", 1) + 1))


@pytest.fixture(scope="module")
def judge(request, tmp_path_factory) -> Iterator[Judge]:
    limits = request.config.getoption("--limits", None)
    settings = make_settings(
        work_dir=tmp_path_factory.mktemp("judge"),
        judge_slots=SLOTS,
        judge_languages=tuple({program.language for program in all_programs()}),
    )
    judge = Judge(settings, limits and LimitsHeld(limits))
    try:
        judge.start()
    except SandboxUnavailable as error:
        missing(str(error))
    yield judge
    judge.close()


Judgements = dict[tuple[Labelled, int], Future[Judgement]]


@pytest.fixture(scope="module")
def judgements(request, judge, tmp_path_factory) -> Iterator[Judgements]:
    """What each of the chosen programs gets, in the order of the tests."""
    test = write_test(tmp_path_factory.mktemp("problem"))
    chosen = [item.callspec.params for item in request.session.items if _is_of_suite(item)]
    busy = cores_kept_busy() if request.config.getoption("--busy", None) else nullcontext()
    with busy, ThreadPoolExecutor(SLOTS) as pool:
        yield {
            (one["program"], one["time"]): pool.submit(judge_program, judge, one["program"], test)
            for one in chosen
            if one["program"].language in judge.languages
        }
        pool.shutdown(cancel_futures=True)


def _is_of_suite(item: pytest.Item) -> bool:
    return "judgements" in getattr(item, "fixturenames", ())


def test_a_program_gets_its_verdict(judge, judgements, program, time):
    if program.language not in judge.languages:
        pytest.skip(judge.missing_languages.get(program.language, "not in the table"))
    got = judgements[program, time].result()
    assert got.verdict is program.expected(judge.limits_held), got


def test_the_suite_knows_every_verdict_that_a_program_can_get():
    count = Counter(one.expected(LimitsHeld.CGROUP1) for one in all_programs())
    assert count.total() >= 150
    assert count.keys() == set(Verdict) - {Verdict.IE, Verdict.SKIPPED}
