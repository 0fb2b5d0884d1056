"""`algoitny schema export`: write the GraphQL schema to a file, or check that a file is current."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Export the GraphQL schema as text.", no_args_is_help=True)
SCHEMA_FILE = Path("schema.graphql")


def schema_text() -> str:
    """Return the schema in GraphQL's schema definition language, including descriptions."""
    # Imported here, because building the schema takes half a second, and other commands do not need
    # it.
    from graphql_api.schema.schema import schema  # noqa: PLC0415

    return schema.as_str().rstrip() + "\n"


@app.command()
def export(
    *,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The file to write. `-` means standard output.")
    ] = SCHEMA_FILE,
    check: Annotated[
        bool,
        typer.Option("--check", help="Write nothing, and exit with code 1 if the file differs."),
    ] = False,
) -> None:
    """Write the GraphQL schema of this version to a file."""
    text = schema_text()
    if check:
        _compare(output, text)
    elif str(output) == "-":
        typer.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")
        typer.echo(f"Wrote {output} ({len(text.splitlines())} lines).")


def _compare(path: Path, text: str) -> None:
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        typer.echo(f"{path} matches the code.")
        return
    typer.echo(f"{path} does not match the code. Update the file with `make schema`.", err=True)
    raise typer.Exit(1)
