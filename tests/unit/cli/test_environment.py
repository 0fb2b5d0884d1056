"""The environment variables of a session for other commands."""

import os
import stat
from pathlib import Path

import pytest

from graphql_api.cli import environment
from graphql_api.config import Settings
from tests.support.settings import SECRET


@pytest.fixture(autouse=True)
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty checkout without an engine in the environment."""
    (tmp_path / "graphql_api").mkdir()
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.chdir(tmp_path)
    for name in ("AWS_ENDPOINT_URL_DYNAMODB", "LOCALSTACK_URL", "REDIS_URL", "ENVIRONMENT"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_the_secret_is_created_once_and_readable_only_by_its_owner(checkout: Path):
    first = environment.development_secret()
    assert environment.development_secret() == first
    assert len(first) >= 32
    assert stat.S_IMODE((checkout / ".data" / "secret").stat().st_mode) == 0o600


def variables(**engines: str | None) -> dict[str, str]:
    values = {"dynamodb_endpoint": None, "redis_url": None, **engines}
    return environment.session_variables(api_url="http://127.0.0.1:1", **values)


def test_local_credentials_are_only_for_a_local_engine():
    assert "AWS_ACCESS_KEY_ID" not in variables()
    assert variables(dynamodb_endpoint="http://x")["AWS_ACCESS_KEY_ID"] == "local"


def test_a_session_is_development_and_its_variables_hold_no_secret():
    assert variables(redis_url="redis://h/0")["ENVIRONMENT"] == "development"
    assert "SECRET_KEYS" not in variables(redis_url="redis://h/0")


def test_a_secret_that_is_set_is_not_replaced():
    given = {"SECRET_KEYS": f"{SECRET},{SECRET[::-1]}"}
    assert (
        environment.api_secrets(Settings(_env_file=None, secret_keys=given["SECRET_KEYS"])) == given
    )


def test_the_created_secret_is_strong_enough_for_the_api():
    created = environment.api_secrets(Settings(_env_file=None))
    assert Settings(_env_file=None, secret_keys=created["SECRET_KEYS"]).signing_secrets


def test_the_checkouts_env_file_is_read(checkout: Path):
    (checkout / ".env").write_text("LOCALSTACK_URL=http://127.0.0.1:4566\n")
    assert environment.settings_of_checkout().dynamodb_endpoint == "http://127.0.0.1:4566"


def test_a_command_joins_a_running_session(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "environ", dict(os.environ))
    environment.write_session({"REDIS_URL": "redis://h/0", "TABLE_NAME": "with 'quotes' and $"})
    environment.join_running_session()
    assert os.environ["REDIS_URL"] == "redis://h/0"
    assert os.environ["TABLE_NAME"] == "with 'quotes' and $"
    mode = environment.session_file().stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


@pytest.mark.parametrize(
    ("name", "value"),
    [("ENVIRONMENT", "production"), ("AWS_ENDPOINT_URL_DYNAMODB", "http://elsewhere")],
)
def test_production_and_a_configured_engine_are_unchanged(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
):
    monkeypatch.setattr(os, "environ", {**os.environ, name: value})
    environment.write_session({"REDIS_URL": "redis://h/0"})
    environment.join_running_session()
    assert "REDIS_URL" not in os.environ


def test_a_dead_session_is_ignored():
    environment.write_session({"REDIS_URL": "redis://h/0"})
    path = environment.session_file()
    path.write_text(path.read_text().replace(str(os.getpid()), "999999999"))
    assert environment.running_session() is None


def test_the_end_of_a_session_removes_its_variables():
    environment.write_session({"REDIS_URL": "redis://h/0"})
    assert environment.running_session() == {"REDIS_URL": "redis://h/0"}
    environment.end_session()
    assert environment.running_session() is None
