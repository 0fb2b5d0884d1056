"""`algoitny submit` with the running API and worker."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.functional.conftest import ADMIN
from tests.support.paths import ROOT
from tests.support.system import Api, Worker

pytestmark = [pytest.mark.slow, pytest.mark.dynamodb, pytest.mark.redis, pytest.mark.sandbox]
EXAMPLES = ROOT / "examples" / "problems"


@pytest.fixture
def environment(system_env: dict[str, str], api: Api, worker: Worker) -> dict[str, str]:
    """The environment of a command beside the running session."""
    assert worker.is_running
    return {**system_env, "ALGOITNY_URL": api.url.removesuffix("/graphql")}


def submit(
    environment: dict[str, str], file: Path, problem: str, *arguments: str
) -> subprocess.CompletedProcess[str]:
    command = ["submit", str(file), "--problem", problem, "--email", ADMIN, *arguments]
    return subprocess.run(
        [sys.executable, "-m", "graphql_api.cli.main", *command],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_an_accepted_program_exits_with_0_and_shows_each_test(environment: dict[str, str]) -> None:
    done = submit(environment, EXAMPLES / "001-a-plus-b/submissions/accepted/add.py", "algoitny/1")

    assert done.returncode == 0, done.stderr
    history, *rows, last = done.stdout.splitlines()
    assert history.startswith("history ")
    assert [row.split("\t")[:3] for row in rows[:3]] == [
        ["1", "sample", "AC"],
        ["2", "sample", "AC"],
        ["3", "", "AC"],
    ]
    assert last.startswith("AC: 8 of 8 tests passed, ")
    assert last.endswith("algoitny/1 A+B")


def test_a_wrong_program_exits_with_1(environment: dict[str, str]) -> None:
    folder = EXAMPLES / "004-moonlit-stones/submissions/wrong_answer"

    done = submit(environment, folder / "two_hops.py", "algoitny/4")

    assert done.returncode == 1
    assert "expected '7', got '5'" in done.stdout


def test_a_program_that_does_not_compile_shows_the_compiler(environment: dict[str, str]) -> None:
    folder = EXAMPLES / "001-a-plus-b/submissions/compile_error"

    done = submit(environment, folder / "no_semicolon.c", "algoitny/1", "--json")

    assert done.returncode == 1
    history = json.loads(done.stdout)
    assert history["verdict"] == "CE"
    assert "expected" in history["compileOutput"]


def test_a_problem_that_is_not_there_exits_with_2(environment: dict[str, str]) -> None:
    done = submit(environment, EXAMPLES / "001-a-plus-b/submissions/accepted/add.py", "algoitny/99")

    assert done.returncode == 2
    assert "(NOT_FOUND)" in done.stderr
