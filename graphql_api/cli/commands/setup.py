"""`algoitny setup`: install the programs that development and tests need, step by step."""

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
from graphql_api.cli.local.languages import find_missing_packages
from graphql_api.cli.local.paths import restrict_data_dir
from graphql_api.cli.local.playground import prepare_playground
from graphql_api.cli.local.process import EngineUnavailable

console = Console(highlight=False)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the installation.

    `prepare` returns a short text about the result. If an optional step fails, the next steps
    still run.
    """

    name: str
    prepare: Callable[[], str]
    is_optional: bool = False


def _dynamodb() -> str:
    java = find_java()
    return f"jars verified in {prepare_jars()}, {java}"


def _playground() -> str:
    return "built" if prepare_playground() else "up to date"


def system_packages_step(packages: Sequence[apt.SystemPackage]) -> Step:
    """Return the step that installs `packages`. Its error names all packages that are missing."""

    def prepare() -> str:
        installed = apt.ensure_installed(packages)
        return f"installed {', '.join(installed)}" if installed else "all installed"

    return Step("system packages", prepare)


DYNAMODB_STEP = Step("DynamoDB Local", _dynamodb)
PLAYGROUND_STEP = Step("playground", _playground, is_optional=True)


def run_steps(steps: Sequence[Step]) -> bool:
    """Run `steps` in order and print one line for each step.

    If a required step fails, skip the remaining steps and return False.
    """
    for step in steps:
        started = time.monotonic()
        console.print(f"  {step.name:<16} ", end="")
        try:
            outcome = step.prepare()
        except EngineUnavailable as error:
            console.print("[yellow]skipped[/]" if step.is_optional else "[red]missing[/]")
            typer.echo(str(error), err=True)
            if step.is_optional:
                continue
            return False
        elapsed_s = time.monotonic() - started
        console.print(f"[green]ok[/] ({elapsed_s:.1f} s) {outcome}", soft_wrap=True)
    return True


def setup(
    *,
    browser: Annotated[
        bool, typer.Option("--browser", help="Also install Chromium, for the playground's test.")
    ] = False,
    languages: Annotated[
        bool,
        typer.Option(
            "--languages", help="Also install the compilers of the languages tested by CI."
        ),
    ] = False,
) -> None:
    """Install the programs that `make dev` and `make test` need.

    This installs system packages, DynamoDB Local, Redis and the playground. Parts that are
    already installed are skipped. If the current user cannot install a required part, the command
    fails with exit code 1. The message then contains the command that installs the part.
    """
    restrict_data_dir()
    browsers = (apt.BROWSER_PACKAGE,) if browser else ()
    compilers = find_missing_packages() if languages else ()
    is_ci = os.environ.get("CI") == "true"
    steps = (
        system_packages_step((*apt.RUN_PACKAGES, *browsers, *compilers)),
        DYNAMODB_STEP,
        Step(PLAYGROUND_STEP.name, PLAYGROUND_STEP.prepare, is_optional=not is_ci),
    )
    if not run_steps(steps):
        raise typer.Exit(1)
