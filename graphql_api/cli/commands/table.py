"""`algoitny table …`: make, show and remove the table."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from graphql_api.cli.console import AsJson, Output
from graphql_api.config import get_settings
from graphql_api.data.dynamo.table import Table, open_table
from graphql_api.data.errors import DomainError

app = typer.Typer(help="Make, show and remove the DynamoDB table.", no_args_is_help=True)


@contextmanager
def _engine_errors(output: Output) -> Iterator[None]:
    """End the command with 1 and a sentence when the engine fails."""
    try:
        yield
    except DomainError as error:
        output.error(error.message)
        raise typer.Exit(1) from error


@app.command()
def init(
    *,
    rebuild_indexes: Annotated[
        bool,
        typer.Option(
            "--rebuild-indexes",
            help="Make an index anew that carries too little; lists are away until it is filled.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make the table, or bring an existing one's settings in line; safe to run again."""
    output, table = Output(as_json=as_json), open_table(get_settings())
    done: dict[str, str] = {}
    with _engine_errors(output):
        for step in table.provision(rebuild_indexes=rebuild_indexes):
            done[step.setting] = step.outcome
            output.line(f"{table.name}: {step.setting}: {step.outcome}")
    output.document({"table": table.name, "steps": done})


@app.command()
def describe(*, as_json: AsJson = False) -> None:
    """Show the table: state, size, indexes."""
    output, table = Output(as_json=as_json), open_table(get_settings())
    with _engine_errors(output):
        found = _existing(output, table)
    output.line(
        f"{table.name}: {found['TableStatus']}, {found['ItemCount']} items, "
        f"{found['TableSizeBytes']} bytes (DynamoDB counts these every six hours)"
    )
    for index in found.get("GlobalSecondaryIndexes", ()):
        output.line(f"  {index['IndexName']}: {index['IndexStatus']}, {index['ItemCount']} items")
    output.document(_for_json(found))


@app.command()
def drop(
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for the table's name.")] = False,
) -> None:
    """Remove the table and everything in it, for ever."""
    output, table = Output(), open_table(get_settings())
    with _engine_errors(output):
        _existing(output, table)
        if not yes and typer.prompt("Type the table's name to remove it") != table.name:
            output.error("That is not its name: nothing was removed.")
            raise typer.Exit(1)
        table.drop()
    output.line(f"{table.name}: removed")


def _existing(output: Output, table: Table) -> dict[str, Any]:
    found = table.describe()
    if found is None:
        output.error(f"there is no table {table.name}; make it with `algoitny table init`")
        raise typer.Exit(1)
    return found


def _for_json(found: dict[str, Any]) -> dict[str, Any]:
    """Return a description whose times are texts."""
    return {
        name: value if isinstance(value, str | int | bool | list | dict) else str(value)
        for name, value in found.items()
    }
