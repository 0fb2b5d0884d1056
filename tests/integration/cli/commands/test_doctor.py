"""`algoitny doctor` on this machine, and on one where things are hidden from it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from graphql_api.cli.local.apt import RUN_PACKAGES
from judge.languages import LANGUAGES
from tests.support.paths import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.sandbox, pytest.mark.dynamodb, pytest.mark.redis]


def doctor(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "graphql_api.cli.main", "doctor", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def checks(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, str]]:
    return {check["name"]: check for check in json.loads(done.stdout)}


@pytest.mark.usefixtures("dynamodb_endpoint", "redis_server")
def test_a_machine_that_can_run_the_tests_lacks_nothing():
    done = doctor("--json")
    assert done.returncode == 0, done.stdout + done.stderr
    found = checks(done)
    for name in ("sandbox", "language python", "language c", "language cpp", "DynamoDB Local"):
        assert found[name]["state"] == "ok"


def test_every_language_of_the_table_is_told_of():
    found = checks(doctor("--json", JUDGE_LANGUAGES="bash"))
    told = {name: check for name, check in found.items() if name.startswith("language ")}
    assert list(told) == [f"language {spec.id}" for spec in LANGUAGES]
    assert told["language bash"]["detail"].startswith("Bash ")
    assert told["language python"]["detail"] == "not among JUDGE_LANGUAGES"


def test_missing_packages_are_named_with_the_one_command_for_all_and_fail(tmp_path: Path):
    done = doctor("--json", PATH=str(tmp_path))
    assert done.returncode == 1
    found = checks(done)
    lacking = [found[package.name] for package in RUN_PACKAGES]
    assert {check["state"] for check in lacking} == {"missing"}
    (advice,) = {check["advice"] for check in lacking}
    assert all(package.name in advice for package in RUN_PACKAGES)


def test_a_named_engine_and_redis_are_tried(settings_env: dict[str, str]):
    found = checks(doctor("--json", **settings_env))
    assert found["Redis"]["state"] == "ok"
    assert found["table"]["state"] == "ok"
    assert settings_env["TABLE_NAME"] in found["table"]["detail"]


def test_a_table_that_is_not_there_is_a_note_with_its_command(settings_env: dict[str, str]):
    found = checks(doctor("--json", **{**settings_env, "TABLE_NAME": "no_such_table"}))
    assert found["table"]["state"] == "note"
    assert "table init" in found["table"]["advice"]


def test_in_a_pipe_each_check_is_one_line():
    lines = doctor().stdout.splitlines()
    assert len(lines) > 15
    assert all(line.split()[0] in {"ok", "note", "missing"} for line in lines)


def test_a_wrong_setting_is_one_sentence_and_no_traceback():
    done = doctor(ACCESS_TOKEN_MINUTES="soon")
    assert done.returncode == 1
    assert done.stderr.startswith("ACCESS_TOKEN_MINUTES: ")
    assert "Traceback" not in done.stderr
