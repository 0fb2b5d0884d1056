"""The operator's command, `algoitny`.

Exit codes, the same for every sub-command: 0 done; 1 it failed or something needed is missing, said
on standard error; 2 the command line is wrong.
"""

import sys

import typer

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
    """Run the command line; an engine that cannot be had ends it with 1 and the way to bring it."""
    try:
        app()
    except EngineUnavailable as error:
        print(error, file=sys.stderr)  # noqa: T201 - the message is for the person at the terminal
        sys.exit(1)


if __name__ == "__main__":
    main()
