"""Environment variables of an `algoitny dev` session, for its programs and for other commands."""

import os
import secrets
import shlex
from collections.abc import Mapping
from pathlib import Path

from graphql_api.cli.local.paths import data_dir, project_root
from graphql_api.config import Environment, Settings
from graphql_api.private_folders import make_private_folder

PID_NAME = "ALGOITNY_DEV_PID"
URL_NAME = "ALGOITNY_URL"
SECRETS_NAME = "SECRET_KEYS"
LOCAL_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_EC2_METADATA_DISABLED": "true",
}


def settings_of_checkout() -> Settings:
    """Return the settings for commands that run in this checkout.

    The settings are read from environment variables and from the checkout's file `.env`. The
    environment is development, unless the variable ENVIRONMENT is set.
    """
    env_file = project_root() / ".env"
    if "ENVIRONMENT" in os.environ:
        return Settings(_env_file=env_file)
    return Settings(_env_file=env_file, environment=Environment.DEVELOPMENT)


def development_secret() -> str:
    """Return this checkout's secret for signing access tokens in development.

    The secret is stored in `.data/secret` with mode 0600. The first call creates it.
    """
    path = data_dir("secret")
    make_private_folder(path.parent)
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    secret = secrets.token_urlsafe(48)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(f"{secret}\n")
    return secret


def api_secrets(settings: Settings) -> dict[str, str]:
    """Return SECRET_KEYS as a mapping from name to value, for the API that `algoitny dev` starts.

    The other programs that `algoitny dev` starts must not get this variable.
    """
    secrets_given = [key.get_secret_value() for key in settings.secret_keys]
    return {SECRETS_NAME: ",".join(secrets_given) or development_secret()}


def session_variables(
    *, dynamodb_endpoint: str | None, redis_url: str | None, api_url: str
) -> dict[str, str]:
    """Return the environment variables that `algoitny dev` sets for its programs.

    Parameters:
        dynamodb_endpoint: URL of the local DynamoDB. None if the settings contain the
            URL of another DynamoDB.
        redis_url: URL of the local Redis. None if the settings contain the URL of
            another Redis.
        api_url: URL of the API for `algoitny submit`.
    """
    added = {"ENVIRONMENT": "development", URL_NAME: api_url}
    if dynamodb_endpoint is not None:
        added |= {"AWS_ENDPOINT_URL_DYNAMODB": dynamodb_endpoint, **LOCAL_CREDENTIALS}
    if redis_url is not None:
        added["REDIS_URL"] = redis_url
    return added


def session_file() -> Path:
    """Return the path of the file with the variables that `algoitny dev` has set."""
    return data_dir("dev.env")


def write_session(variables: Mapping[str, str]) -> None:
    """Write the variables to the file that other commands read.

    Only the owner can read the file (mode 0600).
    """
    lines = [f"{name}={shlex.quote(value)}\n" for name, value in variables.items()]
    lines.append(f"{PID_NAME}={os.getpid()}\n")
    path = session_file()
    make_private_folder(path.parent)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w") as handle:
        handle.writelines(lines)


def end_session() -> None:
    """Remove the file with the variables that `algoitny dev` has set."""
    session_file().unlink(missing_ok=True)


def running_session() -> dict[str, str] | None:
    """Return the variables that `algoitny dev` has set, or None if it is not running."""
    try:
        assignments = shlex.split(session_file().read_text())
    except (FileNotFoundError, PermissionError):
        return None
    variables = dict(assignment.split("=", 1) for assignment in assignments)
    return variables if Path("/proc", variables.pop(PID_NAME, "none")).exists() else None


def join_running_session() -> None:
    """Use the databases of the `algoitny dev` session that is running in this checkout.

    This sets environment variables of this process. Do nothing if no session is running. Do nothing
    in a production environment, or if a variable already contains the address of a database.
    """
    configured = {"AWS_ENDPOINT_URL_DYNAMODB", "LOCALSTACK_URL", "REDIS_URL"} & os.environ.keys()
    if configured or os.environ.get("ENVIRONMENT") == "production":
        return
    for name, value in (running_session() or {}).items():
        os.environ.setdefault(name, value)
