"""Requests of an anonymous caller to a production API that has only the required settings."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from uvicorn.config import STARTUP_FAILURE

from graphql_api.auth.tokens import JwtTokens
from graphql_api.http.protocol import SERVER_OPTIONS
from tests.support.paths import ROOT
from tests.support.settings import CREDENTIALS, SECRET
from tests.support.system import Api, Worker
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.dynamodb, pytest.mark.redis]
REQUIRED = {
    *("PATH", "HOME", *CREDENTIALS),
    *("AWS_ENDPOINT_URL_DYNAMODB", "TABLE_NAME", "REDIS_URL", "SECRET_KEYS"),
}
STRANGER = "https://stranger.example"
SERVE = [sys.executable, "-m", "uvicorn", "graphql_api.app:app", *SERVER_OPTIONS, "--port", "0"]
# The documented command of production starts several processes below a parent process.
WORKERS = pytest.mark.parametrize("workers", ["1", "2"])
SIGN_IN = """mutation { signInForDevelopment(input: {email: "admin@example.org"}) {
  ... on SignInPayload { accessToken } ... on UserError { code } } }"""


@pytest.fixture
def required_env(settings_env: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in settings_env.items() if name in REQUIRED}


@pytest.fixture
def stranger(required_env: dict[str, str], tmp_path: Path) -> Iterator[httpx.Client]:
    """A client of an API process that has only the required settings."""
    with Api(required_env, tmp_path) as api:
        api.wait_until_alive()
        base_url = api.url.removesuffix("/graphql")
        with httpx.Client(base_url=base_url, timeout=60, headers={"origin": STRANGER}) as client:
            yield client


def ask(client: httpx.Client, query: str, **headers: str) -> Any:
    return client.post("/graphql", json={"query": query}, headers=headers).json()


def test_a_stranger_finds_every_default_of_production_closed(
    stranger: httpx.Client, required_env: dict[str, str]
) -> None:
    assert ask(stranger, "{ __typename }")["data"] == {"__typename": "Query"}
    assert "errors" in ask(stranger, "{ __schema { types { name } } }")
    assert "errors" in ask(stranger, '{ __type(name: "User") { name } }')
    for query in ("{ problms { edges { cursor } } }", "{ problems(frst: 1) { edges { cursor } } }"):
        assert "Did you mean" not in str(ask(stranger, query))
    assert ask(stranger, SIGN_IN)["data"] == {"signInForDevelopment": {"code": "FORBIDDEN"}}
    page = stranger.get("/graphql", headers={"accept": "text/html"})
    assert page.is_client_error
    assert "<html" not in page.text
    for path in ("/playground", "/docs", "/redoc", "/openapi.json", "/metrics", "/.env", "/schema"):
        assert stranger.get(path).status_code == httpx.codes.NOT_FOUND, path
    preflight = {"access-control-request-method": "POST"}
    answers = [stranger.options("/graphql", headers=preflight), stranger.get("/healthz")]
    answers.append(stranger.post("/graphql", json={"query": "{ __typename }"}))
    for answer in answers:
        assert "access-control-allow-origin" not in answer.headers
    ready = stranger.get("/readyz").text
    for name in ("AWS_ENDPOINT_URL_DYNAMODB", "TABLE_NAME", "REDIS_URL", "SECRET_KEYS"):
        assert required_env[name] not in ready


def test_a_token_signed_with_another_key_is_refused(stranger: httpx.Client) -> None:
    for secret in (b"development-only-secret-do-not-use-elsewhere", SECRET.encode()[::-1]):
        token = JwtTokens([secret], timedelta(hours=1)).issue("someone").value
        answer = stranger.post(
            "/graphql",
            json={"query": "{ __typename }"},
            headers={"authorization": f"Bearer {token}"},
        )
        assert answer.status_code == httpx.codes.UNAUTHORIZED


def serve_in_vain(env: dict[str, str], workers: str) -> str:
    """Start the API, which must end by itself, and return its standard error."""
    done = subprocess.run(
        [*SERVE, "--workers", workers],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert done.stderr.count("Started server process") == 0
    # uvicorn's parent process ends with 0 after its child has failed to start.
    assert done.returncode == (STARTUP_FAILURE if workers == "1" else 0)
    return done.stderr


@WORKERS
@pytest.mark.parametrize("environment", ["development", "production", None])
def test_an_api_without_secrets_ends_and_gives_the_command_that_creates_one(
    required_env: dict[str, str], environment: str | None, workers: str
) -> None:
    del required_env["SECRET_KEYS"]
    env = required_env | ({"ENVIRONMENT": environment} if environment else {})
    error = serve_in_vain(env, workers)
    assert "`SECRET_KEYS` is not set." in error
    assert "python3 -c 'import secrets; print(secrets.token_urlsafe(32))'" in error


@WORKERS
def test_a_weak_secret_ends_the_api_without_showing_it(
    required_env: dict[str, str], workers: str
) -> None:
    error = serve_in_vain({**required_env, "SECRET_KEYS": "hunter2"}, workers)
    assert "at least 32 bytes" in error
    assert "hunter2" not in error


@WORKERS
@pytest.mark.thorough
@pytest.mark.parametrize(
    ("name", "value"), [("ADMIN_EMAILS", "nobody"), ("RUN_SECONDS", "soon"), ("ENVIRONMENT", "x")]
)
def test_a_malformed_setting_ends_the_api_and_is_named(
    required_env: dict[str, str], name: str, value: str, workers: str
) -> None:
    assert name in serve_in_vain({**required_env, name: value}, workers)


@pytest.mark.sandbox
def test_a_worker_starts_without_secrets_and_keeps_its_files_private(
    required_env: dict[str, str], tmp_path: Path
) -> None:
    del required_env["SECRET_KEYS"]
    work = tmp_path / "new" / "work"
    env = {**required_env, "WORK_DIR": str(work), "JUDGE_LANGUAGES": "python"}
    with Worker(env, tmp_path) as worker:
        wait_until("the worker's files", (work / "sandbox" / "shared").exists)
        assert worker.is_running
        assert [path.stat().st_mode & 0o777 for path in (work.parent, work)] == [0o700] * 2


@pytest.mark.parametrize(
    "command", [["table", "describe"], ["problems", "list"], ["users", "list"]]
)
def test_a_command_that_only_reads_the_table_needs_no_secrets(
    required_env: dict[str, str], command: list[str]
) -> None:
    del required_env["SECRET_KEYS"]
    done = subprocess.run(
        [sys.executable, "-m", "graphql_api.cli.main", *command],
        cwd=ROOT,
        env=required_env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
