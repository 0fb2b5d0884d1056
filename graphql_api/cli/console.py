"""Output of the commands: colours on a terminal, plain text in a pipe, JSON for scripts.

Results go to standard output. Progress, notes and errors go to standard error. In a pipe, a table
is printed as tab-separated lines without column headings.
"""

import sys
from collections.abc import Sequence
from typing import Annotated, Any, TextIO

import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document, for scripts.")]

COLOURS = {
    "AC": "bold green",
    "created": "green",
    "updated": "green",
    "unchanged": "dim",
    "failed": "bold red",
}
_FAILURES = frozenset({"WA", "TLE", "ILE", "MLE", "OLE", "RE", "CE", "IE"})


class Output:
    """The output of one command. With `as_json`, only `document` and `error` print anything.

    `out` and `err` are the two output streams (default: standard output and standard error).
    """

    def __init__(
        self, *, as_json: bool = False, out: TextIO | None = None, err: TextIO | None = None
    ) -> None:
        self.as_json = as_json
        self._out = Console(file=out or sys.stdout, soft_wrap=True, highlight=False)
        self._err = Console(file=err or sys.stderr, soft_wrap=True, highlight=False)

    @property
    def is_terminal(self) -> bool:
        """True if standard output is a terminal."""
        return self._out.is_terminal

    def line(self, text: str, *highlights: str) -> None:
        """Print a line. On a terminal, the words in `highlights` are coloured."""
        if not self.as_json:
            self._print(self._out, text, highlights)

    def note(self, text: str, *highlights: str) -> None:
        """Print a line to standard error. With `as_json`, print nothing."""
        if not self.as_json:
            self._print(self._err, text, highlights)

    def error(self, text: str) -> None:
        """Print an error message to standard error, even with `as_json`."""
        self._print(self._err, text, ())

    def document(self, content: Any) -> None:
        """Print a JSON document. Without `as_json`, print nothing."""
        if self.as_json:
            text = orjson.dumps(content, option=orjson.OPT_INDENT_2).decode()
            typer.echo(text, file=self._out.file)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print a table with column headings."""
        if self.as_json:
            return
        if not self.is_terminal:
            for row in rows:
                typer.echo("\t".join(row), file=self._out.file)
            return
        table = Table(*columns, box=None, header_style="bold", pad_edge=False)
        for row in rows:
            table.add_row(*(_colour(cell) for cell in row))
        self._out.print(table)

    def progress(self, description: str, total: int) -> Progress:
        """Return a progress bar that counts to `total`.

        The bar is shown on standard error, but only if standard error is a terminal.
        """
        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._err,
            transient=True,
            disable=self.as_json or not self._err.is_terminal,
        )
        bar.add_task(escape(description), total=total)
        return bar

    def _print(self, console: Console, text: str, highlights: Sequence[str]) -> None:
        if not console.is_terminal:
            typer.echo(text, file=console.file)
            return
        marked = escape(text)
        for word in highlights:
            marked = marked.replace(escape(word), _colour(word), 1)
        console.print(marked)


def _colour(word: str) -> str:
    style = COLOURS.get(word) or ("bold red" if word in _FAILURES else None)
    return f"[{style}]{escape(word)}[/]" if style else escape(word)
