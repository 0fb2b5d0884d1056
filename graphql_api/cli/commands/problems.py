"""`algoitny problems …`: import problem packages, list problems."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from graphql_api.cli.console import AsJson, Output
from graphql_api.cli.problem_packages import (
    Package,
    PackageError,
    find_duplicates,
    find_packages,
    package_number,
    read_package,
)
from graphql_api.cli.problem_packages.importer import import_package
from graphql_api.config import get_settings
from graphql_api.data.dynamo.pages import PageWindow
from graphql_api.data.enums import ProblemState
from graphql_api.data.errors import DomainError, Unavailable
from graphql_api.data.limits import MAX_PAGE_SIZE
from graphql_api.data.records import Problem
from graphql_api.data.stores import Stores, open_stores

app = typer.Typer(
    help="Import and list problems, with the operator's rights.", no_args_is_help=True
)
INTERRUPTED = 130
FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What became of one package; `error` says why it failed."""

    package: str
    platform: str
    number: str
    outcome: str
    title: str | None = None
    tests: int | None = None
    notes: tuple[str, ...] = ()
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """The options of `problems import` that apply to every package."""

    platform: str
    locale: str
    force: bool
    generators: bool


@app.command("import")
def import_(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A problem package, or a directory of packages.")
    ],
    *,
    platform: Annotated[str, typer.Option(help="The platform of the problems.")] = "algoitny",
    locale: Annotated[
        str, typer.Option(help="Title and statement in this language (en, ko), if there.")
    ] = "en",
    force: Annotated[bool, typer.Option("--force", help="Write also what did not change.")] = False,
    generators: Annotated[
        bool,
        typer.Option(
            help="Run the scripts that write large inputs, with your rights; "
            "--no-generators refuses packages that have them."
        ),
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Import problem packages (ICPC/Kattis format, `legacy` and `2023-07`); safe to run again.

    What did not change is skipped, so an import that was interrupted goes on where it stopped.
    Exits with 1 if a package could not be imported; the others are.
    """
    output = Output(as_json=as_json)
    wishes = ImportOptions(platform=platform, locale=locale, force=force, generators=generators)
    try:
        found = asyncio.run(_import_all(output, find_packages(folder), wishes))
    except (PackageError, DomainError, OSError) as error:
        output.document({"error": str(error)})
        output.error(str(error))
        raise typer.Exit(1) from error
    except KeyboardInterrupt:
        output.error("Interrupted. Run it again: what is done already will be skipped.")
        raise typer.Exit(INTERRUPTED) from None
    _summarise(output, found)
    if any(one.error for one in found):
        raise typer.Exit(1)


async def _import_all(
    output: Output, paths: Sequence[Path], wishes: ImportOptions
) -> list[Imported]:
    """Import one package after the other, saying of each what became of it."""
    twice = find_duplicates(paths)
    found: list[Imported] = []
    async with open_stores(get_settings()) as stores:
        with output.progress("Importing", len(paths)) as bar:
            for path in paths:
                _show(bar, f"{wishes.platform}/{package_number(path)}")
                if path in twice:
                    why = f"has the number of {twice[path].name}; give it another one"
                    one = _failure(path, wishes, f"{path}: {why}")
                else:
                    one = await _import_one(stores, path, wishes)
                found.append(one)
                _report(output, one)
                bar.advance(bar.task_ids[0])
    return found


async def _import_one(stores: Stores, path: Path, wishes: ImportOptions) -> Imported:
    try:
        package = await asyncio.to_thread(
            read_package, path, platform=wishes.platform, locale=wishes.locale
        )
        _refuse_generators(package, wishes)
        outcome = await import_package(stores, package, force=wishes.force)
    except Unavailable:
        raise  # the others would fare no better
    except PackageError as error:
        return _failure(path, wishes, str(error))
    except DomainError as error:
        return _failure(path, wishes, f"{path}: {error.message}")
    return Imported(
        package=str(path),
        platform=package.platform,
        number=package.number,
        outcome=outcome.value,
        title=package.title,
        tests=len(package.tests),
        notes=package.notes,
    )


def _refuse_generators(package: Package, wishes: ImportOptions) -> None:
    scripts = [test.generated.script for test in package.tests if test.generated]
    if scripts and not wishes.generators:
        raise PackageError(
            scripts[0], "would run to write an input; leave out --no-generators if you trust it"
        )


def _failure(path: Path, wishes: ImportOptions, error: str) -> Imported:
    return Imported(
        package=str(path),
        platform=wishes.platform,
        number=package_number(path),
        outcome=FAILED,
        error=error,
    )


def _show(bar: Progress, what: str) -> None:
    bar.update(bar.task_ids[0], description=f"Importing {what}")


def _report(output: Output, one: Imported) -> None:
    name = f"{one.platform}/{one.number}"
    if one.error:
        output.line(f"{name}: {FAILED}", FAILED)
        output.note(one.error)
        return
    output.line(f"{name}: {one.outcome}, {one.title}, {one.tests} tests", one.outcome)
    for note in one.notes:
        output.note(f"  {note}")


def _summarise(output: Output, found: Sequence[Imported]) -> None:
    counts: dict[str, int] = {}
    for one in found:
        counts[one.outcome] = counts.get(one.outcome, 0) + 1
    said = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
    output.line(f"{len(found)} packages: {said}", *counts)
    output.document({"packages": [asdict(one) for one in found], "counts": counts})


@app.command("list")
def list_(
    *,
    platform: Annotated[str | None, typer.Option(help="Only problems of this platform.")] = None,
    state: Annotated[
        ProblemState, typer.Option(help="Only problems in this state.", case_sensitive=False)
    ] = ProblemState.COMPLETED,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, newest first.")] = 1000,
    as_json: AsJson = False,
) -> None:
    """List problems, newest first."""
    output = Output(as_json=as_json)
    try:
        found = asyncio.run(_list(platform, state, limit))
    except DomainError as error:
        output.error(error.message)
        raise typer.Exit(1) from error
    output.document([_facts(problem) for problem in found])
    columns = ("problem", "title", "tests", "time", "memory", "solution", "tags")
    output.table(columns, list(_rows(found)))
    if not found and output.is_terminal:
        output.line(f"There are none in state {state}. Import some: algoitny problems import DIR")


async def _list(platform: str | None, state: ProblemState, limit: int) -> list[Problem]:
    found: list[Problem] = []
    async with open_stores(get_settings()) as stores:
        position: str | None = None
        while len(found) < limit:
            window = PageWindow(size=min(MAX_PAGE_SIZE, limit - len(found)), after=position)
            page = await stores.problems.list(window=window, platform=platform, state=state)
            found += page.records
            position = page.end
            if not page.has_next:
                break
    return found


def _rows(found: Sequence[Problem]) -> Iterator[tuple[str, ...]]:
    for problem in found:
        yield (
            f"{problem.platform}/{problem.number}",
            problem.title,
            str(problem.test_count),
            f"{problem.time_limit_ms} ms",
            f"{problem.memory_limit_kb} KB",
            problem.language or "-",
            ", ".join(problem.tags),
        )


def _facts(problem: Problem) -> dict[str, object]:
    return {
        "platform": problem.platform,
        "number": problem.number,
        "title": problem.title,
        "state": problem.state,
        "tests": problem.test_count,
        "timeLimitMs": problem.time_limit_ms,
        "memoryLimitKb": problem.memory_limit_kb,
        "comparer": problem.comparer,
        "solutionLanguage": problem.language,
        "tags": list(problem.tags),
        "url": problem.link,
    }
