"""Every program of the suite gets the verdict in its file name.

    pytest tests/verdicts                     once
    pytest tests/verdicts --times 3 --busy    three times, with all cores kept busy
    pytest tests/verdicts --tests 3           with three tests, some of them started ahead
    pytest tests/verdicts --limits rlimits    as on a host without control groups

The judge runs as many programs at once as it has slots; each test waits for its own program.
"""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from typing import Any

import pytest

from graphql_api.data.enums import Verdict
from judge.judge import Judge, JudgeConfig
from judge.models import Judgement
from judge.sandbox.cgroups import LimitBackend
from judge.sandbox.errors import SandboxUnavailable
from tests.support.services import skip_or_fail
from tests.support.tiers import by_tier, first_of_each
from tests.support.verdicts import (
    Labelled,
    all_programs,
    cores_kept_busy,
    judge_program,
    write_tests,
)

# One more than the cores of the host that it is meant for: a program that sleeps needs no core.
SLOTS = 3
# The languages that a host of CI must have.
ALWAYS = {"c", "cpp", "java", "javascript", "python"}
pytestmark = [pytest.mark.sandbox, pytest.mark.slow]


def first_tier() -> list[Labelled]:
    """Return one program of each verdict in the languages of CI, and one of each other language."""
    return first_of_each(
        all_programs(),
        lambda program: (
            program.language,
            program.language in ALWAYS and program.expected(LimitBackend.CGROUP1),
        ),
    )


def pytest_generate_tests(metafunc) -> None:
    if "program" in metafunc.fixturenames:
        programs = by_tier(all_programs(), first_tier())
        metafunc.parametrize("program", programs, ids=lambda program: program.name)
        metafunc.parametrize("time", range(1, metafunc.config.getoption("--times", 1) + 1))


@pytest.fixture(scope="module")
def judge(request, tmp_path_factory) -> Iterator[Judge]:
    limits = request.config.getoption("--limits", None)
    config = JudgeConfig(
        work_dir=tmp_path_factory.mktemp("judge"),
        slots=SLOTS,
        languages=tuple({one["program"].language for one in _chosen(request)}),
    )
    judge = Judge(config, limits and LimitBackend(limits))
    try:
        judge.start()
    except SandboxUnavailable as error:
        skip_or_fail(str(error))
    yield judge
    judge.close()


Judgements = dict[tuple[Labelled, int], Future[Judgement]]


@pytest.fixture(scope="module")
def judgements(request, judge, tmp_path_factory) -> Iterator[Judgements]:
    """The verdicts of the selected programs, in the order of the tests."""
    count = request.config.getoption("--tests", 1)
    tests = write_tests(tmp_path_factory.mktemp("problem"), count)
    busy = cores_kept_busy() if request.config.getoption("--busy", None) else nullcontext()
    with busy, ThreadPoolExecutor(SLOTS) as pool:
        yield {
            (one["program"], one["time"]): pool.submit(judge_program, judge, one["program"], tests)
            for one in _chosen(request)
            if one["program"].language in judge.languages
        }
        pool.shutdown(cancel_futures=True)


def _chosen(request) -> list[dict[str, Any]]:
    """Return the parameters of the selected tests."""
    items = request.session.items
    return [
        one.callspec.params for one in items if "judgements" in getattr(one, "fixturenames", ())
    ]


def test_a_program_gets_its_verdict(judge, judgements, program, time):
    if program.language not in judge.languages:
        why = judge.missing_languages[program.language]
        skip_or_fail(why) if program.language in ALWAYS else pytest.skip(why)
    got = judgements[program, time].result()
    expected = program.expected(judge.limit_backend)
    assert got.verdict is expected, got
    if expected is not Verdict.CE:
        assert {one.verdict for one in got.results} == {expected}, got


def test_the_suite_knows_every_verdict_that_a_program_can_get():
    count = Counter(one.expected(LimitBackend.CGROUP1) for one in all_programs())
    assert count.total() >= 150
    assert count.keys() == set(Verdict) - {Verdict.IE, Verdict.SKIPPED}
