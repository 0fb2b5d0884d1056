"""The operator's commands for the table and its users, each run as a process."""

import json
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from graphql_api.config import Settings
from graphql_api.data import keys
from graphql_api.data.enums import JobKind, Role
from graphql_api.data.jobs import NewJob
from graphql_api.data.stores import Stores
from tests.support.paths import ROOT
from tests.support.settings import CREDENTIALS

pytestmark = [pytest.mark.dynamodb, pytest.mark.slow]


def algoitny(settings: Settings, *arguments: str, typed: str = "") -> tuple[int, str, str]:
    env = {
        **CREDENTIALS,
        "AWS_ENDPOINT_URL_DYNAMODB": str(settings.aws_endpoint_url_dynamodb),
        "TABLE_NAME": settings.table_name,
    }
    done = subprocess.run(
        [sys.executable, "-m", "graphql_api.cli.main", *arguments],
        cwd=ROOT,
        env=env,
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def missing_table(settings: Settings) -> Settings:
    """Settings with the name of a table that does not exist."""
    return settings.model_copy(update={"table_name": f"none-{uuid4().hex[:8]}"})


def test_a_table_is_created_shown_and_deleted_only_by_its_name(missing_table: Settings) -> None:
    code, printed, _ = algoitny(missing_table, "table", "init", "--json")
    assert code == 0
    assert json.loads(printed)["steps"]["table"] == "created"
    code, printed, _ = algoitny(missing_table, "table", "describe")
    assert code == 0
    assert printed.startswith(f"{missing_table.table_name}: ACTIVE, 0 items")
    code, _, errors = algoitny(missing_table, "table", "drop", typed="another\n")
    assert (code, errors.strip()) == (1, "The name does not match. Nothing was deleted.")
    code, _, _ = algoitny(missing_table, "table", "drop", typed=f"{missing_table.table_name}\n")
    assert code == 0


@pytest.mark.parametrize("command", [("table", "describe"), ("problems", "list")])
def test_without_engine_and_credentials_the_error_names_both_solutions(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "graphql_api").mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "graphql_api.cli.main", *command],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "make dev" in done.stderr
    assert "AWS_ENDPOINT_URL_DYNAMODB" in done.stderr


def test_a_missing_table_names_the_command_that_creates_it(missing_table: Settings) -> None:
    for arguments in (("table", "describe"), ("table", "drop", "--yes"), ("users", "list")):
        code, printed, errors = algoitny(missing_table, *arguments)
        assert (code, printed) == (1, "")
        assert "algoitny table init" in errors


async def test_an_operator_lists_the_quarantine_and_releases_it(
    settings: Settings, stores: Stores
) -> None:
    new = NewJob(kind=JobKind.REJUDGE, uid="editor", parameters={})
    key = keys.job((await stores.jobs.create(new)).ulid)
    before = await stores.dynamo.get(key, consistent=True)
    assert await stores.executions.quarantine.add(key, KeyError("jk"))
    listed, released, empty = [
        algoitny(settings, "table", "quarantine", *options, "--json")
        for options in ((), ("--release",), ())
    ]
    for code, printed, _ in (listed, released):
        (row,) = json.loads(printed)
        assert (code, row["PK"], row["SK"]) == (0, key["PK"], key["SK"])
    assert (empty[0], json.loads(empty[1])) == (0, [])
    assert await stores.dynamo.get(key, consistent=True) == before


async def test_an_operator_lists_users_and_sets_a_role(settings: Settings, stores: Stores) -> None:
    user = await stores.users.create(email="her@example.org", name="Her")
    code, printed, _ = algoitny(settings, "users", "role", "Her@Example.org", "editor")
    assert (code, printed) == (
        0,
        "her@example.org has the role EDITOR. The API uses the new role within a minute.\n",
    )
    editor = await stores.users.get(user.uid, consistent=True)
    assert editor is not None
    assert editor.role is Role.EDITOR
    code, printed, _ = algoitny(settings, "users", "list", "--json")
    assert [(row["e-mail"], row["role"]) for row in json.loads(printed)] == [
        ("her@example.org", "EDITOR")
    ]
    code, _, errors = algoitny(settings, "users", "role", "unknown@example.org", "editor")
    assert code == 1
    assert "must sign in before the role can be set" in errors
