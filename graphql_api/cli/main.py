"""The operator's command, `algoitny`.

Exit codes, the same for every sub-command: 0 done; 1 it failed or something needed is missing, said
on standard error; 2 the command line is wrong.
"""

import sys
from typing import NoReturn

import typer
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from graphql_api.cli import table
from graphql_api.cli.dev import dev
from graphql_api.cli.doctor import doctor
from graphql_api.cli.engines.process import EngineUnavailable
from graphql_api.cli.environment import join_running_session
from graphql_api.cli.settings import settings
from graphql_api.cli.setup import setup

app = typer.Typer(
    name="algoitny",
    help="Run, inspect and use AlgoItny. Exit codes: 0 done, 1 failed, 2 wrong command line.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command()(dev)
app.command()(doctor)
app.command()(settings)
app.command()(setup)
app.add_typer(table.app, name="table")


@app.callback()
def prepare(context: typer.Context) -> None:
    """Let commands beside a running `algoitny dev` use its engines."""
    if context.invoked_subcommand != "dev":
        join_running_session()


def main() -> None:
    """Run the command line; what cannot be had, or a wrong setting, ends it with 1 and says why."""
    try:
        app()
    except EngineUnavailable as error:
        _fail(str(error))
    except ValidationError as error:
        _fail("\n".join(_setting_error(detail) for detail in error.errors()))


def _setting_error(detail: ErrorDetails) -> str:
    name = ".".join(str(part) for part in detail["loc"]).upper()
    message = detail["msg"].removeprefix("Value error, ")
    return f"{name or 'settings'}: {message} (see docs/settings.md)"


def _fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    sys.exit(1)


if __name__ == "__main__":
    main()
