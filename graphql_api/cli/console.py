"""What commands print: rich on a terminal, plain in a pipe, one JSON document for scripts.

Results go to standard output, everything else (progress, notes, errors) to standard error. Plain
tables are lines of tab-separated columns, without a heading.
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
    """Where a command's words go. With `as_json`, only `document` and `error` print anything.

    `out` and `err` are standard output and standard error unless given.
    """

    def __init__(
        self, *, as_json: bool = False, out: TextIO | None = None, err: TextIO | None = None
    ) -> None:
        self.as_json = as_json
        self._out = Console(file=out or sys.stdout, soft_wrap=True, highlight=False)
        self._err = Console(file=err or sys.stderr, soft_wrap=True, highlight=False)

    @property
    def is_terminal(self) -> bool:
        """True where a person reads what `line` and `table` print."""
        return self._out.is_terminal

    def line(self, text: str, *words: str) -> None:
        """Print a line; `words` are those in it that have a colour on a terminal."""
        if not self.as_json:
            self._print(self._out, text, words)

    def note(self, text: str, *words: str) -> None:
        """Print a line for people to standard error."""
        if not self.as_json:
            self._print(self._err, text, words)

    def error(self, text: str) -> None:
        """Print what went wrong and what to do about it, to standard error."""
        self._print(self._err, text, ())

    def document(self, content: Any) -> None:
        """Print a JSON document, if scripts asked for one."""
        if self.as_json:
            text = orjson.dumps(content, option=orjson.OPT_INDENT_2).decode()
            typer.echo(text, file=self._out.file)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print rows of text under columns."""
        if self.as_json:
            return
        if not self.is_terminal:
            for row in rows:
                typer.echo("\t".join(row), file=self._out.file)
            return
        table = Table(*columns, box=None, header_style="bold", pad_edge=False)
        for row in rows:
            table.add_row(*(_coloured(cell) for cell in row))
        self._out.print(table)

    def progress(self, what: str, total: int) -> Progress:
        """Return a bar on standard error that shows `what` and counts to `total`.

        It is shown on a terminal only.
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
        bar.add_task(escape(what), total=total)
        return bar

    def _print(self, console: Console, text: str, words: Sequence[str]) -> None:
        if not console.is_terminal:
            typer.echo(text, file=console.file)
            return
        marked = escape(text)
        for word in words:
            marked = marked.replace(escape(word), _coloured(word), 1)
        console.print(marked)


def _coloured(word: str) -> str:
    style = COLOURS.get(word) or ("bold red" if word in _FAILURES else None)
    return f"[{style}]{escape(word)}[/]" if style else escape(word)
