"""`algoitny doctor` on this machine, and with an environment that hides parts of it."""

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
    report = checks(done)
    for name in ("sandbox", "language python", "language c", "language cpp", "DynamoDB Local"):
        assert report[name]["state"] == "ok"


def test_every_language_of_the_table_is_reported():
    report = checks(doctor("--json", JUDGE_LANGUAGES="bash"))
    languages = {name: check for name, check in report.items() if name.startswith("language ")}
    assert list(languages) == [f"language {spec.id}" for spec in LANGUAGES]
    assert languages["language bash"]["detail"].startswith("Bash ")
    assert (
        languages["language python"]["detail"]
        == "The setting JUDGE_LANGUAGES does not contain this language."
    )


def test_missing_packages_fail_and_name_one_install_command(tmp_path: Path):
    done = doctor("--json", PATH=str(tmp_path))
    assert done.returncode == 1
    report = checks(done)
    lacking = [report[package.name] for package in RUN_PACKAGES]
    assert {check["state"] for check in lacking} == {"missing"}
    (advice,) = {check["advice"] for check in lacking}
    assert all(package.name in advice for package in RUN_PACKAGES)


def test_a_configured_engine_and_redis_are_checked(settings_env: dict[str, str]):
    report = checks(doctor("--json", **settings_env))
    assert report["Redis"]["state"] == "ok"
    assert report["table"]["state"] == "ok"
    assert settings_env["TABLE_NAME"] in report["table"]["detail"]


def test_a_missing_table_is_a_note_with_its_command(settings_env: dict[str, str]):
    report = checks(doctor("--json", **{**settings_env, "TABLE_NAME": "no_such_table"}))
    assert report["table"]["state"] == "note"
    assert "table init" in report["table"]["advice"]


def test_in_a_pipe_each_check_is_one_line():
    lines = doctor().stdout.splitlines()
    assert len(lines) > 15
    assert all(line.split()[0] in {"ok", "note", "missing"} for line in lines)


def test_a_wrong_setting_is_one_sentence_and_no_traceback():
    done = doctor(ACCESS_TOKEN_MINUTES="soon")
    assert done.returncode == 1
    assert done.stderr.startswith("ACCESS_TOKEN_MINUTES: ")
    assert "Traceback" not in done.stderr
