import io
import json

import pytest

from graphql_api.cli.console import Output


class Terminal(io.StringIO):
    """A stream that reports to be a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def out(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return Terminal()


def test_a_pipe_gets_plain_lines_and_tabs(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output()

    output.line("algoitny/1: created [bold]", "created")
    output.table(("problem", "title"), [("algoitny/1", "A[red]B[/red]")])
    output.note("a note")
    output.document({"not": "asked for"})

    printed = capsys.readouterr()
    assert printed.out == "algoitny/1: created [bold]\nalgoitny/1\tA[red]B[/red]\n"
    assert printed.err == "a note\n"


def test_a_long_line_stays_one_line_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    Output().line("word " * 200)
    Output().table(("a", "b"), [("x" * 300, "y")])

    assert len(capsys.readouterr().out.splitlines()) == 2


def test_a_terminal_gets_colours_and_headings(out: Terminal) -> None:
    output = Output(out=out)

    output.line("verdict AC [not markup]", "AC")
    output.table(("test", "verdict"), [("1", "WA")])

    printed = out.getvalue()
    assert "\x1b[1;32mAC\x1b[0m" in printed
    assert "[not markup]" in printed
    assert "verdict" in printed.splitlines()[1]
    assert "\x1b[1;31mWA" in printed


def test_progress_is_shown_on_a_terminal_only(out: Terminal) -> None:
    with Output(err=out).progress("Importing", 3) as bar:
        bar.advance(bar.task_ids[0])
    assert "1/3" in out.getvalue()

    for quiet in (Output(err=io.StringIO()), Output(as_json=True, err=Terminal())):
        with quiet.progress("Importing", 3) as bar:
            bar.advance(bar.task_ids[0])
        assert quiet._err.file.getvalue() == ""  # type: ignore[attr-defined]


def test_json_output_is_one_document_and_errors_are_apart(
    capsys: pytest.CaptureFixture[str],
) -> None:
    output = Output(as_json=True)

    output.line("not this")
    output.note("nor this")
    output.table(("a",), [("nor this",)])
    output.document({"title": "달빛"})
    output.error("but this")

    printed = capsys.readouterr()
    assert json.loads(printed.out) == {"title": "달빛"}
    assert printed.err == "but this\n"
