"""`algoitny table …`: create, show, migrate and delete the DynamoDB table."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from graphql_api.cli.console import AsJson, Output
from graphql_api.config import get_settings
from graphql_api.data.clock import to_datetime
from graphql_api.data.dynamo.client import open_dynamo
from graphql_api.data.dynamo.quarantine import Quarantine, Quarantined
from graphql_api.data.dynamo.table import Table, open_table
from graphql_api.data.errors import DomainError
from graphql_api.data.migrations.runner import Report, all_migrations
from graphql_api.data.migrations.runner import migrate as run_migrations

app = typer.Typer(help="Create, show, migrate and delete the DynamoDB table.", no_args_is_help=True)


@contextmanager
def _engine_errors(output: Output) -> Iterator[None]:
    """Run the block. If DynamoDB fails, print the error and exit with 1."""
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
            help="Create an index again if it lacks attributes. The lists that use this index are "
            "empty until the new index is filled.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Create the table, or correct the settings of an existing table.

    It is safe to run this command again.
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
        f"{description['TableSizeBytes']} bytes (DynamoDB updates these two numbers every six "
        "hours)"
    )
    for index in description.get("GlobalSecondaryIndexes", ()):
        output.line(f"  {index['IndexName']}: {index['IndexStatus']}, {index['ItemCount']} items")
    output.document(_for_json(description))


@app.command()
def migrate(
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write nothing. Show how many items are outdated.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Rewrite the items that an earlier version of this program wrote.

    Afterwards, all items have the current format.

    It is safe to run this command again, also after an interruption. The exit code is 1 if some
    items could not be rewritten.
    """
    output = Output(as_json=as_json)
    with _engine_errors(output):
        _require_table(output, open_table(get_settings()))
        report = asyncio.run(_migrate(output, is_dry_run=dry_run))
    _print_report(output, report, is_dry_run=dry_run)
    if report.obstacles or report.contended:
        raise typer.Exit(1)


async def _migrate(output: Output, *, is_dry_run: bool) -> Report:
    async with open_dynamo(get_settings()) as dynamo:
        return await run_migrations(
            dynamo,
            all_migrations(dynamo),
            is_dry_run=is_dry_run,
            progress=lambda name, count: output.note(f"{name}: {count} items"),
        )


def _print_report(output: Output, report: Report, *, is_dry_run: bool) -> None:
    for name, wanted in report.wanted.items():
        done = f"{wanted} items to rewrite"
        output.line(f"{name}: {done if is_dry_run else f'{report.rewritten[name]} rewritten'}")
    for obstacle in report.obstacles:
        output.error(
            f"These objects were not changed: {', '.join(obstacle.objects)}. {obstacle.reason}"
        )
    if report.contended:
        output.error(
            f"{report.contended} items were not rewritten, because another request changed them "
            "or an item with the new key already exists. Run `algoitny table migrate` again."
        )
    output.line(_next_step(report, is_dry_run=is_dry_run))
    output.document(
        {
            "read": report.read,
            "wanted": dict(report.wanted),
            "rewritten": dict(report.rewritten),
            "contended": report.contended,
            "obstacles": [
                {"objects": list(obstacle.objects), "reason": obstacle.reason}
                for obstacle in report.obstacles
            ],
        }
    )


def _next_step(report: Report, *, is_dry_run: bool) -> str:
    if report.is_complete:
        return "All items already have the current form."
    if is_dry_run and report.wanted.total():
        return "Nothing was written. Run `algoitny table migrate` to rewrite these items."
    return (
        "Some items still have an earlier form. Follow the messages above, and then run `algoitny "
        "table migrate` again."
    )


@app.command()
def quarantine(
    *,
    release: Annotated[
        bool,
        typer.Option(
            "--release",
            help="Return all items to the index of overdue work. Workers then process them again.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the items in quarantine: unfinished work that a worker could not read.

    The worker removed these items from the index of overdue work, so that no worker reads them
    again. Update AlgoItny to a version that can read these items. Then run this command with
    --release.
    """
    output = Output(as_json=as_json)
    with _engine_errors(output):
        items = asyncio.run(_read_quarantine(release=release))
    rows = [(item.key["PK"], item.key["SK"], item.entity, _time(item.since)) for item in items]
    output.table(("PK", "SK", "kind", "since"), rows)
    if release:
        output.line(
            f"Released {len(items)} items from quarantine. The next sweep of a worker reads them "
            "again."
        )
    output.document([dict(zip(("PK", "SK", "kind", "since"), row, strict=True)) for row in rows])


async def _read_quarantine(*, release: bool) -> list[Quarantined]:
    async with open_dynamo(get_settings()) as dynamo:
        store = Quarantine(dynamo)
        items = await store.list_items()
        if release:
            return [item for item in items if await store.release(item.key)]
        return items


def _time(epoch_ms: int) -> str:
    return to_datetime(epoch_ms).isoformat(timespec="seconds")


@app.command()
def drop(
    *,
    yes: Annotated[
        bool,
        typer.Option(
            "--yes", help="Delete the table without asking you to type its name as confirmation."
        ),
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
            f"The table {table.name} does not exist. Create the table with `algoitny table init`."
        )
        raise typer.Exit(1)
    return description


def _for_json(description: dict[str, Any]) -> dict[str, Any]:
    """Return a table description in which times are strings, as JSON requires."""
    return {
        name: value if isinstance(value, str | int | bool | list | dict) else str(value)
        for name, value in description.items()
    }
