"""The environment that `algoitny dev` gives its programs, and lends to commands beside it."""

import os
import secrets
import shlex
from collections.abc import Mapping
from pathlib import Path

from graphql_api.cli.local.paths import data_dir, project_root
from graphql_api.config import Settings

PID_NAME = "ALGOITNY_DEV_PID"
URL_NAME = "ALGOITNY_URL"
LOCAL_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_EC2_METADATA_DISABLED": "true",
}


def settings_of_checkout() -> Settings:
    """Return the settings as the environment and the checkout's `.env` give them, read afresh."""
    return Settings(_env_file=project_root() / ".env")


def development_secret() -> str:
    """Return the secret of this checkout; made once, in `.data/secret`, for its owner alone."""
    path = data_dir("secret")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    secret = secrets.token_urlsafe(48)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(f"{secret}\n")
    return secret


def session_variables(
    settings: Settings, *, dynamodb_endpoint: str | None, redis_url: str | None, api_url: str
) -> dict[str, str]:
    """Return the variables that a session adds to the environment.

    Parameters:
        dynamodb_endpoint: our own engine's URL; None when the settings name another.
        redis_url: the same for Redis.
        api_url: the address that `algoitny submit` sends its questions to.
    """
    added = {"ENVIRONMENT": "development", URL_NAME: api_url}
    if "secret_keys" not in settings.model_fields_set:
        added["SECRET_KEYS"] = development_secret()
    if dynamodb_endpoint is not None:
        added |= {"AWS_ENDPOINT_URL_DYNAMODB": dynamodb_endpoint, **LOCAL_CREDENTIALS}
    if redis_url is not None:
        added["REDIS_URL"] = redis_url
    return added


def session_file() -> Path:
    """Return the file that names the variables of the session that runs in this checkout."""
    return data_dir("dev.env")


def write_session(variables: Mapping[str, str]) -> None:
    """Write the session's variables for commands beside it; readable by the owner alone."""
    lines = [f"{name}={shlex.quote(value)}\n" for name, value in variables.items()]
    lines.append(f"{PID_NAME}={os.getpid()}\n")
    path = session_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w") as handle:
        handle.writelines(lines)


def end_session() -> None:
    """Remove the session's variables."""
    session_file().unlink(missing_ok=True)


def running_session() -> dict[str, str] | None:
    """Return the variables of the session that runs in this checkout; None when none does."""
    try:
        words = shlex.split(session_file().read_text())
    except (FileNotFoundError, PermissionError):
        return None
    variables = dict(word.split("=", 1) for word in words)
    return variables if Path("/proc", variables.pop(PID_NAME, "none")).exists() else None


def join_running_session() -> None:
    """Use the engines of the session that runs in this checkout, if one does.

    An environment that names an engine or production itself is left as it is.
    """
    chosen = {"AWS_ENDPOINT_URL_DYNAMODB", "LOCALSTACK_URL", "REDIS_URL"} & os.environ.keys()
    if chosen or os.environ.get("ENVIRONMENT") == "production":
        return
    for name, value in (running_session() or {}).items():
        os.environ.setdefault(name, value)
