"""`algoitny table …`: create, show and delete the DynamoDB table."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from graphql_api.cli.console import AsJson, Output
from graphql_api.config import get_settings
from graphql_api.data.dynamo.table import Table, open_table
from graphql_api.data.errors import DomainError

app = typer.Typer(help="Create, show and delete the DynamoDB table.", no_args_is_help=True)


@contextmanager
def _engine_errors(output: Output) -> Iterator[None]:
    """Print the error of DynamoDB and exit with 1 if a statement of the block fails."""
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
            help="Recreate an index that lacks attributes; its lists are empty until it is filled.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Create the table, or correct the settings of an existing table.

    It is safe to run this again.
    """
    output, table = Output(as_json=as_json), open_table(get_settings())
    outcomes: dict[str, str] = {}
    with _engine_errors(output):
        for step in table.provision(rebuild_indexes=rebuild_indexes):
            outcomes[step.setting] = step.outcome
            output.line(f"{table.name}: {step.setting}: {step.outcome}")
    output.document({"table": table.name, "steps": outcomes})


@app.command()
def describe(*, as_json: AsJson = False) -> None:
    """Show the state, the size and the indexes of the table."""
    output, table = Output(as_json=as_json), open_table(get_settings())
    with _engine_errors(output):
        description = _require_table(output, table)
    output.line(
        f"{table.name}: {description['TableStatus']}, {description['ItemCount']} items, "
        f"{description['TableSizeBytes']} bytes (DynamoDB updates both every six hours)"
    )
    for index in description.get("GlobalSecondaryIndexes", ()):
        output.line(f"  {index['IndexName']}: {index['IndexStatus']}, {index['ItemCount']} items")
    output.document(_for_json(description))


@app.command()
def drop(
    *,
    yes: Annotated[
        bool, typer.Option("--yes", help="Delete without asking for the table's name.")
    ] = False,
) -> None:
    """Delete the table and everything in it. This cannot be undone."""
    output, table = Output(), open_table(get_settings())
    with _engine_errors(output):
        _require_table(output, table)
        if not yes and typer.prompt("Type the table's name to delete it") != table.name:
            output.error("The name does not match. Nothing was deleted.")
            raise typer.Exit(1)
        table.drop()
    output.line(f"Deleted the table {table.name}.")


def _require_table(output: Output, table: Table) -> dict[str, Any]:
    description = table.describe()
    if description is None:
        output.error(
            f"The table {table.name} does not exist. Create it with `algoitny table init`."
        )
        raise typer.Exit(1)
    return description


def _for_json(description: dict[str, Any]) -> dict[str, Any]:
    """Return a table description in which times are strings, as JSON requires."""
    return {
        name: value if isinstance(value, str | int | bool | list | dict) else str(value)
        for name, value in description.items()
    }
