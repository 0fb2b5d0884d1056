"""The checks and decisions of `algoitny dev` before it starts a program."""

import io
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from graphql_api.cli.commands import dev
from graphql_api.config import Settings


@pytest.fixture(autouse=True)
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "graphql_api").mkdir()
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def plan(**values: str) -> dev.Session:
    return dev._plan(Settings(_env_file=None, **values), 8000)  # type: ignore[arg-type]


def test_by_default_both_engines_are_local_under_the_data_folder(checkout: Path):
    session = plan()
    assert session.dynamodb is not None
    assert session.dynamodb.data_dir == checkout / ".data" / "dynamodb"
    assert session.redis is not None
    assert session.variables["AWS_ENDPOINT_URL_DYNAMODB"] == session.dynamodb.endpoint
    assert session.variables["REDIS_URL"] == session.redis.url


@pytest.mark.parametrize("name", ["aws_endpoint_url_dynamodb", "localstack_url"])
def test_a_configured_endpoint_means_no_local_dynamodb_and_no_local_credentials(name: str):
    session = plan(**{name: "http://127.0.0.1:4566"})
    assert session.dynamodb is None
    assert session.redis is not None
    assert not {"AWS_ENDPOINT_URL_DYNAMODB", "AWS_ACCESS_KEY_ID"} & session.variables.keys()
    assert "DynamoDB Local" not in [step.name for step in session.steps]


def test_a_configured_redis_means_no_local_redis():
    session = plan(redis_url="redis://127.0.0.1:6379/0")
    assert session.redis is None
    assert "REDIS_URL" not in session.variables


def test_a_used_port_is_an_error_with_another_port(
    taken_port: int, capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(typer.Exit):
        dev._check_port(taken_port)
    assert f"Port {taken_port} is used by another program" in capsys.readouterr().out


def test_engines_avoid_their_default_ports():
    """A restarting engine must not find its port used by another session's engine."""
    first, second = plan(), plan()
    assert first.dynamodb is not None
    assert second.dynamodb is not None
    assert first.redis is not None
    assert second.redis is not None
    ports = [first.dynamodb.port, second.dynamodb.port, first.redis.port, second.redis.port]
    assert len(set(ports)) == 4
    assert not {8001, 6379} & set(ports)


def test_the_engines_output_goes_only_to_the_log_file(capsys: pytest.CaptureFixture[str]):
    log = io.StringIO()
    write = dev._writer(log)
    write("redis", "ready to accept connections")
    write("api", "serving")
    assert "ready to accept connections" in log.getvalue()
    assert capsys.readouterr().out == "api      | serving\n"


def test_two_sessions_in_one_checkout_are_refused(capsys: pytest.CaptureFixture[str]):
    with dev._session_lock():
        with pytest.raises(typer.Exit), dev._session_lock():
            pass
        assert "is already running in this checkout" in capsys.readouterr().out
    with dev._session_lock():
        pass


def test_the_examples_hash_follows_names_and_contents(tmp_path: Path):
    folder = tmp_path / "examples"
    folder.mkdir()
    hashes = {dev._folder_hash(folder)}
    for name, content in (("a", "1"), ("a", "2"), ("b", "2")):
        (folder / name).write_text(content)
        hashes.add(dev._folder_hash(folder))
    assert len(hashes) == 4


@pytest.mark.parametrize(
    ("status", "redis", "workers", "expected"),
    [
        (200, "ok", "ok", True),
        (200, "ok", "away", False),
        (200, "away", "unknown", False),
        (503, "ok", "ok", False),
        (0, "ok", "ok", False),
    ],
)
def test_a_session_waits_until_the_body_of_readyz_reports_redis_and_a_worker(
    status: int, redis: str, workers: str, *, expected: bool
) -> None:
    parts = {"table": "ok", "redis": redis, "workers": workers}
    body = json.dumps({name: {"state": state} for name, state in parts.items()})
    assert dev._is_complete(status, body) is expected
