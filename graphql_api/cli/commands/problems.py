"""`algoitny problems …`: import problem packages and list problems."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from graphql_api.cli.console import AsJson, Output
from graphql_api.cli.problem_packages.files import PackageError
from graphql_api.cli.problem_packages.generators import GeneratorSandbox
from graphql_api.cli.problem_packages.importer import import_package
from graphql_api.cli.problem_packages.model import Package
from graphql_api.cli.problem_packages.reader import (
    find_duplicates,
    find_packages,
    package_number,
    read_package,
)
from graphql_api.config import get_settings
from graphql_api.data.dynamo.pages import PageWindow
from graphql_api.data.enums import ProblemState
from graphql_api.data.errors import DomainError, Unavailable
from graphql_api.data.limits import MAX_PAGE_SIZE
from graphql_api.data.records import Problem
from graphql_api.data.stores import Stores, open_stores

app = typer.Typer(
    help="Import and list problems, with the operator's access to the DynamoDB table.",
    no_args_is_help=True,
)
INTERRUPTED = 130
FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """The result of importing one package. `error` is None if the import succeeded."""

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
    """The options of `problems import`. They apply to every package."""

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
    platform: Annotated[
        str, typer.Option(help="The platform to import the problems into.")
    ] = "algoitny",
    locale: Annotated[
        str,
        typer.Option(
            help="Language of title and statement, such as en or ko, if the package "
            "has this language."
        ),
    ] = "en",
    force: Annotated[
        bool,
        typer.Option(
            "--force", help="Also import packages that have not changed since their last import."
        ),
    ] = False,
    generators: Annotated[
        bool,
        typer.Option(
            help="Run the scripts of the packages that generate large inputs, in the sandbox. "
            "With --no-generators, the import of a package with such a script fails."
        ),
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Import problem packages (ICPC/Kattis format, versions `legacy` and `2023-07`).

    Unchanged packages are skipped, so an interrupted import can be repeated. If a package fails,
    the other packages are still imported, and the exit code is 1.
    """
    output = Output(as_json=as_json)
    options = ImportOptions(platform=platform, locale=locale, force=force, generators=generators)
    try:
        results = asyncio.run(_import_all(output, find_packages(folder), options))
    except (PackageError, DomainError, OSError) as error:
        output.document({"error": str(error)})
        output.error(str(error))
        raise typer.Exit(1) from error
    except KeyboardInterrupt:
        output.error(
            "The import was interrupted. Run the command again: packages that were already "
            "imported are skipped."
        )
        raise typer.Exit(INTERRUPTED) from None
    _summarise(output, results)
    if any(result.error for result in results):
        raise typer.Exit(1)


async def _import_all(
    output: Output, paths: Sequence[Path], options: ImportOptions
) -> list[Imported]:
    """Import the packages in order and report each result."""
    duplicates = find_duplicates(paths)
    results: list[Imported] = []
    settings = get_settings()
    async with open_stores(settings) as stores:
        with (
            GeneratorSandbox(settings.work_dir, settings.judge_slots) as generators,
            output.progress("Importing", len(paths)) as bar,
        ):
            for path in paths:
                _show(bar, f"{options.platform}/{package_number(path)}")
                if path in duplicates:
                    reason = (
                        f"The package has the same number as {duplicates[path].name}. Change one "
                        "of the two numbers."
                    )
                    result = _failure(path, options, f"{path}: {reason}")
                else:
                    result = await _import_one(stores, path, options, generators)
                results.append(result)
                _report(output, result)
                bar.advance(bar.task_ids[0])
    return results


async def _import_one(
    stores: Stores, path: Path, options: ImportOptions, generators: GeneratorSandbox
) -> Imported:
    try:
        package = await asyncio.to_thread(
            read_package, path, platform=options.platform, locale=options.locale
        )
        _refuse_generators(package, options)
        outcome = await import_package(stores, package, force=options.force, generators=generators)
    except Unavailable:
        raise  # all other packages would fail too
    except PackageError as error:
        return _failure(path, options, str(error))
    except DomainError as error:
        return _failure(path, options, f"{path}: {error.message}")
    return Imported(
        package=str(path),
        platform=package.platform,
        number=package.number,
        outcome=outcome.value,
        title=package.title,
        tests=len(package.tests),
        notes=package.notes,
    )


def _refuse_generators(package: Package, options: ImportOptions) -> None:
    scripts = [test.generated.script for test in package.tests if test.generated]
    if scripts and not options.generators:
        raise PackageError(
            scripts[0],
            "The script generates an input. Remove the option --no-generators, so that the script "
            "can run in the sandbox.",
        )


def _failure(path: Path, options: ImportOptions, error: str) -> Imported:
    return Imported(
        package=str(path),
        platform=options.platform,
        number=package_number(path),
        outcome=FAILED,
        error=error,
    )


def _show(bar: Progress, problem: str) -> None:
    bar.update(bar.task_ids[0], description=f"Importing {problem}")


def _report(output: Output, result: Imported) -> None:
    name = f"{result.platform}/{result.number}"
    if result.error:
        output.line(f"{name}: {FAILED}", FAILED)
        output.note(result.error)
        return
    output.line(f"{name}: {result.outcome}, {result.title}, {result.tests} tests", result.outcome)
    for note in result.notes:
        output.note(f"  {note}")


def _summarise(output: Output, results: Sequence[Imported]) -> None:
    counts: dict[str, int] = {}
    for result in results:
        counts[result.outcome] = counts.get(result.outcome, 0) + 1
    summary = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
    output.line(f"{len(results)} packages: {summary}", *counts)
    output.document({"packages": [asdict(result) for result in results], "counts": counts})


@app.command("list")
def list_(
    *,
    platform: Annotated[str | None, typer.Option(help="Only problems of this platform.")] = None,
    state: Annotated[
        ProblemState, typer.Option(help="Only problems in this state.", case_sensitive=False)
    ] = ProblemState.COMPLETED,
    limit: Annotated[
        int, typer.Option(min=1, help="Maximum number of problems, newest first.")
    ] = 1000,
    as_json: AsJson = False,
) -> None:
    """List problems, newest first."""
    output = Output(as_json=as_json)
    try:
        problems = asyncio.run(_list(platform, state, limit))
    except DomainError as error:
        output.error(error.message)
        raise typer.Exit(1) from error
    output.document([_facts(problem) for problem in problems])
    columns = ("problem", "title", "tests", "time", "memory", "solution", "tags")
    output.table(columns, list(_rows(problems)))
    if not problems and output.is_terminal:
        output.line(
            f"No problem has the state {state}. Import problems with `algoitny problems "
            "import DIR`."
        )


async def _list(platform: str | None, state: ProblemState, limit: int) -> list[Problem]:
    problems: list[Problem] = []
    async with open_stores(get_settings()) as stores:
        position: str | None = None
        while len(problems) < limit:
            window = PageWindow(size=min(MAX_PAGE_SIZE, limit - len(problems)), after=position)
            page = await stores.problems.list(window=window, platform=platform, state=state)
            problems += page.records
            position = page.end
            if not page.has_next:
                break
    return problems


def _rows(problems: Sequence[Problem]) -> Iterator[tuple[str, ...]]:
    for problem in problems:
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
