"""Every language of the table, from source to verdict, in the real sandbox."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from graphql_api.cli.local.languages import SETUP_LANGUAGES
from graphql_api.data.enums import Verdict
from judge.judge import Judge, JudgeConfig
from judge.languages import LANGUAGES
from judge.models import Judgement, JudgeRequest, TestCaseFiles
from judge.sandbox.cgroups import LimitBackend
from judge.sandbox.errors import SandboxUnavailable
from judge.toolchains.detection import UNPREPARED
from tests.support.programs import GREEDY, PROGRAMS
from tests.support.services import skip_or_fail

pytestmark = [pytest.mark.thorough, pytest.mark.sandbox, pytest.mark.slow]
every_language = pytest.mark.parametrize("language", [spec.id for spec in LANGUAGES])
# Directories of the host and of the sandbox that no message may name.
PLACES = re.compile(r"(?<!\w)/(usr|lib|box|tmp|opt|mnt|run|work|root|etc|bin)\b")


def config_of(work_dir: Path, languages: tuple[str, ...] = ()) -> JudgeConfig:
    return JudgeConfig(work_dir=work_dir, slots=2, languages=languages)


@pytest.fixture(scope="module")
def work_dir(tmp_path_factory) -> Path:
    """A work directory for both judges, which share precompiled files."""
    return Path(tmp_path_factory.mktemp("languages"))


@pytest.fixture(scope="module")
def found() -> list[set[str]]:
    """The languages after each change in the best judge."""
    return []


@pytest.fixture(scope="module")
def best_judge(work_dir, found) -> Iterator[Judge]:
    """A judge that starts like a worker: it does not wait for precompiled libraries."""
    judge = Judge(config_of(work_dir))
    try:
        judge.start(lambda: found.append(set(judge.languages)))
    except SandboxUnavailable as error:
        skip_or_fail(str(error))
    while UNPREPARED in judge.missing_languages.values():
        time.sleep(0.1)
    yield judge
    judge.close()


@pytest.fixture(scope="module")
def bare_judge(work_dir) -> Iterator[Judge]:
    """A judge without control groups."""
    with Judge(config_of(work_dir), LimitBackend.RLIMITS) as judge:
        yield judge


@pytest.fixture(params=["best", "bare"])
def judge(request) -> Judge:
    judge: Judge = request.getfixturevalue(f"{request.param}_judge")
    return judge


@pytest.fixture
def cases(tmp_path) -> list[TestCaseFiles]:
    given, expected = tmp_path / "1.in", tmp_path / "1.out"
    given.write_text("40 2\n")
    expected.write_text("42\n")
    return [TestCaseFiles(1, is_sample=True, input_path=given, expected_path=expected)]


def ask(judge: Judge, language: str, code: str, tests: list[TestCaseFiles], **limits) -> Judgement:
    need(judge, language)
    given = {"time_limit_ms": 10_000, "memory_limit_kb": 64 * 1024} | limits
    return judge.judge(JudgeRequest(language, code, tests, **given))


def need(judge: Judge, language: str) -> None:
    reason = judge.missing_languages.get(language)
    if reason is not None:
        skip_or_fail(reason) if language in SETUP_LANGUAGES else pytest.skip(reason)


def test_a_worker_does_not_wait_for_what_takes_long_to_prepare(best_judge, found):
    need(best_judge, "go")
    assert len(found) == 2
    assert found[1] - found[0] == {"go"}
    assert "bash" in found[0]


def test_a_judge_that_is_closed_while_it_prepares_leaves_nothing_half_made(tmp_path, best_judge):
    need(best_judge, "go")
    judge = Judge(config_of(tmp_path, ("go",))).start(lambda: None)
    assert judge.missing_languages["go"] == UNPREPARED
    judge.close()
    made = tmp_path / "sandbox/shared/precompiled"
    assert [one for one in made.iterdir() if not one.name.endswith(".lock")] == []


@every_language
def test_a_right_program_is_accepted(judge, cases, language):
    got = ask(judge, language, PROGRAMS[language].total, cases)
    assert (got.verdict, got.results[0].output) == (Verdict.AC, "42\n"), got
    assert got.results[0].error == ""


@every_language
def test_a_program_that_is_none_gets_ce_with_a_message_that_names_its_line_and_no_place(
    best_judge, cases, language
):
    got = ask(best_judge, language, PROGRAMS[language].broken, cases)
    assert got.verdict is Verdict.CE
    assert got.compile_output
    assert not PLACES.search(got.compile_output), got.compile_output


@every_language
def test_a_program_that_fails_gets_re(best_judge, cases, language):
    got = ask(best_judge, language, PROGRAMS[language].failing, cases)
    assert got.verdict is Verdict.RE, got


@every_language
def test_a_program_that_takes_all_memory_gets_mle(judge, cases, language):
    got = ask(judge, language, PROGRAMS[language].hungry, cases)
    assert got.verdict is Verdict.MLE, got


@pytest.mark.parametrize("language", GREEDY)
def test_a_runtime_that_is_refused_memory_is_out_of_memory_and_no_failure(
    best_judge, cases, language
):
    got = ask(best_judge, language, GREEDY[language], cases)
    assert got.verdict is Verdict.MLE, got


@every_language
def test_a_program_that_does_not_end_gets_tle(best_judge, cases, language):
    got = ask(best_judge, language, PROGRAMS[language].endless, cases, time_limit_ms=20)
    assert got.verdict is Verdict.TLE, got
