"""`algoitny setup`: bring what development and tests need, each step one line with its time."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

import typer
from rich.console import Console

from graphql_api.cli.local import apt
from graphql_api.cli.local.dynamodb_local import prepare_jars
from graphql_api.cli.local.java import find_java
from graphql_api.cli.local.languages import lacking_packages
from graphql_api.cli.local.playground import prepare_playground
from graphql_api.cli.local.process import EngineUnavailable

console = Console(highlight=False)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to prepare: its name, the function that does it and whether we can do without."""

    name: str
    prepare: Callable[[], str]
    is_optional: bool = False


def _dynamodb() -> str:
    java = find_java()
    return f"jars checked in {prepare_jars()}, {java}"


def _playground() -> str:
    return "built now" if prepare_playground() else "up to date"


def system_packages(wanted: Sequence[apt.SystemPackage]) -> Step:
    """Return the step that sees to the Debian packages `wanted`, all named in one message."""

    def prepare() -> str:
        installed = apt.ensure(wanted)
        return f"installed {', '.join(installed)}" if installed else "all there"

    return Step("system packages", prepare)


DYNAMODB_STEP = Step("DynamoDB Local", _dynamodb)
PLAYGROUND_STEP = Step("playground", _playground, is_optional=True)


def run_steps(steps: Sequence[Step]) -> bool:
    """Prepare `steps` in order, a line each; return False at the first needed that fails."""
    for step in steps:
        begun = time.monotonic()
        console.print(f"  {step.name:<16} ", end="")
        try:
            outcome = step.prepare()
        except EngineUnavailable as error:
            console.print("[yellow]left out[/]" if step.is_optional else "[red]missing[/]")
            typer.echo(str(error), err=True)
            if step.is_optional:
                continue
            return False
        elapsed_s = time.monotonic() - begun
        console.print(f"[green]ok[/] ({elapsed_s:.1f} s) {outcome}", soft_wrap=True)
    return True


def setup(
    *,
    browser: Annotated[
        bool, typer.Option("--browser", help="Also bring Chromium, for the playground's test.")
    ] = False,
    languages: Annotated[
        bool,
        typer.Option(
            "--languages", help="Also bring the compilers of the languages that CI tests."
        ),
    ] = False,
) -> None:
    """Bring what `make dev` and `make test` need: packages, DynamoDB Local, Redis, playground.

    Fast when everything is there. Exits with 1 when something needed is missing and this user
    cannot install it; the message names the one command that does.
    """
    browsers = (apt.BROWSER_PACKAGE,) if browser else ()
    compilers = lacking_packages() if languages else ()
    is_ci = os.environ.get("CI") == "true"
    steps = (
        system_packages((*apt.RUN_PACKAGES, *browsers, *compilers)),
        DYNAMODB_STEP,
        Step(PLAYGROUND_STEP.name, PLAYGROUND_STEP.prepare, is_optional=not is_ci),
    )
    if not run_steps(steps):
        raise typer.Exit(1)
