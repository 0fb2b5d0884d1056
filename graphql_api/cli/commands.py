"""Every sub-command of `algoitny`, in one command line."""

import typer

from graphql_api.cli import problems, schema, table, users
from graphql_api.cli.dev import dev
from graphql_api.cli.doctor import doctor
from graphql_api.cli.settings import settings
from graphql_api.cli.setup import setup
from graphql_api.cli.submit import submit

app = typer.Typer(
    name="algoitny",
    help="Run, inspect and use AlgoItny. Exit codes: 0 done, 1 failed, 2 wrong use.",
    no_args_is_help=True,
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
