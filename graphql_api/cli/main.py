"""The entry point of the operator's command `algoitny`.

Exit codes:
    0: The command succeeded.
    1: The command failed, or a required program or setting is missing. The reason is printed to
       standard error.
    2: The command line is wrong.

The command `submit` has other exit codes, because its exit code also reports the verdict.
"""

import sys
from typing import NoReturn

import typer
from pydantic import ValidationError

from graphql_api.cli.environment import join_running_session
from graphql_api.cli.local.process import EngineUnavailable
from graphql_api.config import MissingSetting, describe_setting_error, get_settings
from graphql_api.logs import log_to_standard_error


def main() -> None:
    """Run the command line.

    If a local database, a tool or a setting cannot be used, print the reason and exit with 1.
    """
    if sys.argv[1:2] != ["dev"]:
        join_running_session()
    log_to_standard_error()
    try:
        # `join_running_session` changes the settings, so they are read after it. They are read
        # before the import, because the package `tasks` ends the process if a setting is wrong.
        get_settings()
        from graphql_api.cli.app import app  # noqa: PLC0415

        app()
    except EngineUnavailable as error:
        _fail(str(error))
    except (MissingSetting, ValidationError) as error:
        _fail(describe_setting_error(error))


def _fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    sys.exit(1)


if __name__ == "__main__":
    main()
