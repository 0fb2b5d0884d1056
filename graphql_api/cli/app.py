"""The command line `algoitny` with all its sub-commands."""

import typer

from graphql_api.cli.commands import problems, schema, table, users
from graphql_api.cli.commands.dev import dev
from graphql_api.cli.commands.doctor import doctor
from graphql_api.cli.commands.settings import settings
from graphql_api.cli.commands.setup import setup
from graphql_api.cli.commands.submit import submit

app = typer.Typer(
    name="algoitny",
    help="Run, inspect and use AlgoItny. Exit codes: 0 success, 1 failure, 2 wrong usage.",
    no_args_is_help=True,
    rich_markup_mode="markdown",  # rewraps the paragraphs of docstrings
    pretty_exceptions_enable=False,
)
app.command()(dev)
app.command()(setup)
app.command()(doctor)
app.command()(settings)
app.command()(submit)
app.add_typer(table.app, name="table")
app.add_typer(problems.app, name="problems")
app.add_typer(users.app, name="users")
app.add_typer(schema.app, name="schema")
