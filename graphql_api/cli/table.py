"""`algoitny table …`: make, show and remove the table."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from graphql_api.config import Settings, get_settings
from graphql_api.data.errors import DomainError
from graphql_api.data.table import Table, open_table

app = typer.Typer(help="Make, show and remove the DynamoDB table.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


@contextmanager
def _engine_errors() -> Iterator[None]:
    """End the command with 1 and a sentence when the engine fails."""
    try:
        yield
    except DomainError as error:
        typer.echo(error.message, err=True)
        raise typer.Exit(1) from error


@app.command()
def init(*, as_json: AsJson = False) -> None:
    """Make the table, or bring an existing one's settings in line; safe to run again."""
    settings = get_settings()
    done: dict[str, str] = {}
    with _engine_errors():
        for step in open_table(settings).provision():
            done[step.setting] = step.outcome
            if not as_json:
                typer.echo(f"{settings.table_name}: {step.setting}: {step.outcome}")
    if as_json:
        typer.echo(json.dumps({"table": settings.table_name, "steps": done}))


@app.command()
def describe(*, as_json: AsJson = False) -> None:
    """Show the table: state, size, indexes."""
    settings = get_settings()
    with _engine_errors():
        found = _existing(open_table(settings), settings)
    if as_json:
        typer.echo(json.dumps(found, default=str))
        return
    typer.echo(
        f"{found['TableName']}: {found['TableStatus']}, {found['ItemCount']} items, ", nl=False
    )
    typer.echo(f"{found['TableSizeBytes']} bytes (DynamoDB counts these every six hours)")
    for index in found.get("GlobalSecondaryIndexes", ()):
        typer.echo(f"  {index['IndexName']}: {index['IndexStatus']}, {index['ItemCount']} items")


@app.command()
def drop(
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for the table's name.")] = False,
) -> None:
    """Remove the table and everything in it, for ever."""
    settings = get_settings()
    with _engine_errors():
        table = open_table(settings)
        _existing(table, settings)
        if not yes and typer.prompt("Type the table's name to remove it") != table.name:
            typer.echo("That is not its name: nothing was removed.", err=True)
            raise typer.Exit(1)
        table.drop()
    typer.echo(f"{settings.table_name}: removed")


def _existing(table: Table, settings: Settings) -> dict[str, Any]:
    found = table.describe()
    if found is None:
        typer.echo(
            f"there is no table {settings.table_name}; make it with `algoitny table init`", err=True
        )
        raise typer.Exit(1)
    return found
