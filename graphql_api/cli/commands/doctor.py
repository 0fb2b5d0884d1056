"""`algoitny doctor`: check this machine and say how to fix each problem."""

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Annotated
from urllib.parse import urlsplit

import typer
from rich.console import Console
from rich.table import Table as RichTable

from graphql_api.cli import environment
from graphql_api.cli.local import apt
from graphql_api.cli.local.dynamodb_local import find_mismatches, jars_dir, read_lock
from graphql_api.cli.local.java import find_java
from graphql_api.cli.local.languages import packages_of
from graphql_api.cli.local.node import find_node
from graphql_api.cli.local.paths import project_root
from graphql_api.cli.local.playground import is_built
from graphql_api.cli.local.process import HOST, EngineUnavailable, is_listening
from graphql_api.cli.local.redis_server import REDIS_PORT, answers_ping
from graphql_api.config import Settings
from graphql_api.data.dynamo.table import open_table
from graphql_api.data.errors import DomainError
from judge.judge import Judge
from judge.languages import LANGUAGES
from judge.languages.spec import LanguageSpec
from judge.sandbox.errors import SandboxUnavailable
from judge.toolchains.detection import NOT_WANTED
from tasks.worker.container import judge_config

MINIMUM_PYTHON = (3, 11)
NEEDED_DISK_MB = 1024
DEFAULT_API_PORT = 8000


class State(StrEnum):
    """The result of a check. Only MISSING makes the command fail."""

    OK = "ok"
    NOTE = "note"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report: the checked part, its state, and the remedy for a problem."""

    name: str
    state: State
    detail: str
    advice: str = ""


def doctor(
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document, for scripts.")
    ] = False,
) -> None:
    """Check this machine and say how to fix each problem.

    The exit code is 1 if a required part is missing.
    """
    settings = environment.settings_of_checkout()
    checks = [check for group in _GROUPS for check in group(settings)]
    if as_json:
        typer.echo(json.dumps([asdict(check) for check in checks], ensure_ascii=False))
    else:
        _print(checks)
    if any(check.state is State.MISSING for check in checks):
        raise typer.Exit(1)


def _print(checks: list[Check]) -> None:
    colours = {State.OK: "green", State.NOTE: "yellow", State.MISSING: "red"}
    if not sys.stdout.isatty():
        for check in checks:
            advice = f"; {' '.join(check.advice.split())}" if check.advice else ""
            typer.echo(f"{check.state:<8} {check.name:<20} {check.detail}{advice}")
        return
    table = RichTable(box=None, pad_edge=False)
    for heading in ("", "part", "state", "what to do"):
        table.add_column(heading, overflow="fold")
    for check in checks:
        state = f"[{colours[check.state]}]{check.state}[/]"
        table.add_row(state, check.name, check.detail, check.advice)
    Console(highlight=False).print(table)


def _python(_: Settings) -> Iterator[Check]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info >= MINIMUM_PYTHON:
        yield Check("Python", State.OK, f"{version} at {sys.executable}")
    else:
        yield Check("Python", State.MISSING, version, "make setup PYTHON=/path/to/python3.11")
    if sys.prefix != sys.base_prefix:
        yield Check("virtual environment", State.OK, sys.prefix)
    else:
        yield Check("virtual environment", State.NOTE, "not active", "make setup")


def _system(_: Settings) -> Iterator[Check]:
    missing = apt.find_missing(apt.RUN_PACKAGES)
    advice = apt.install_command(missing)
    for package in apt.RUN_PACKAGES:
        if package not in missing:
            yield Check(package.name, State.OK, f"installed, for {package.purpose}")
        else:
            yield Check(
                package.name, State.MISSING, f"not installed, needed for {package.purpose}", advice
            )


def _dynamodb_local(settings: Settings) -> Iterator[Check]:
    if_missing = State.MISSING if settings.dynamodb_endpoint is None else State.NOTE
    try:
        yield Check("Java", State.OK, str(find_java()))
    except EngineUnavailable as error:
        yield Check("Java", if_missing, str(error))
    mismatches = find_mismatches(jars_dir(), read_lock())
    if mismatches:
        detail = f"{len(mismatches)} files of DynamoDB Local are missing or changed"
        yield Check("DynamoDB Local", if_missing, detail, "make setup")
    else:
        yield Check("DynamoDB Local", State.OK, f"{len(read_lock())} files match their checksums")


def _playground(_: Settings) -> Iterator[Check]:
    node = find_node()
    if node is not None:
        yield Check("Node and npm", State.OK, f"version {node.version} at {node.node}")
    else:
        yield Check(
            "Node and npm",
            State.NOTE,
            "not found, but `make setup` can install them with pip",
            "make setup",
        )
    if not (project_root() / "playground").is_dir():
        yield Check(
            "playground",
            State.NOTE,
            "cannot be built, because its sources are only in a checkout of the repository",
        )
    elif is_built():
        yield Check("playground", State.OK, "built from the current sources")
    else:
        yield Check("playground", State.NOTE, "not built", "make setup")


def _sandbox(settings: Settings) -> Iterator[Check]:
    judge = Judge(judge_config(settings))
    try:
        judge.start()
    except SandboxUnavailable as error:
        yield Check("sandbox", State.MISSING, "the self-test failed", str(error))
        return
    try:
        yield Check("sandbox", State.OK, "passed its self-test")
        for spec in LANGUAGES:
            yield _language(spec, judge)
    finally:
        judge.close()


def _language(spec: LanguageSpec, judge: Judge) -> Check:
    name = f"language {spec.id}"
    language = judge.languages.get(spec.id)
    if language is not None:
        return Check(name, State.OK, f"{language.name} {language.version}")
    reason = judge.missing_languages[spec.id].split("\n")[0]
    missing = [package for package in packages_of(spec) if not package.is_present()]
    if reason == NOT_WANTED or not missing:
        return Check(name, State.NOTE, reason)
    return Check(name, State.NOTE, "not installed", apt.install_command(missing))


def _services(settings: Settings) -> Iterator[Check]:
    advice = "run `make dev`, which starts a local Redis and a local DynamoDB"
    parts = urlsplit(settings.redis_url)
    host, port = parts.hostname or HOST, parts.port or REDIS_PORT
    if answers_ping(host, port):
        yield Check("Redis", State.OK, f"answers at {host}:{port}")
    else:
        yield Check("Redis", State.NOTE, f"no answer at {host}:{port}", advice)
    if settings.dynamodb_endpoint is None and settings.is_development:
        yield Check("table", State.NOTE, "no DynamoDB is running or configured", advice)
        return
    try:
        description = open_table(settings).describe()
    except DomainError as error:
        yield Check("table", State.NOTE, error.message, advice)
        return
    if description is None:
        detail = f"the table {settings.table_name} does not exist"
        yield Check("table", State.NOTE, detail, "algoitny table init")
    else:
        yield Check("table", State.OK, f"{settings.table_name}, {description['TableStatus']}")


def _machine(_: Settings) -> Iterator[Check]:
    port = int(os.environ.get("PORT", DEFAULT_API_PORT))
    session = environment.running_session()
    if session is not None:
        yield Check(
            "session", State.OK, f"`algoitny dev` is running at {session[environment.URL_NAME]}"
        )
    elif is_listening(port):
        yield Check("port", State.NOTE, f"{port} is in use", "use another port: make dev PORT=8001")
    else:
        yield Check("port", State.OK, f"{port} is free")
    free_mb = shutil.disk_usage(project_root()).free // 2**20
    state = State.OK if free_mb >= NEEDED_DISK_MB else State.MISSING
    advice = "" if state is State.OK else f"delete files until {NEEDED_DISK_MB} MB are free"
    yield Check("disk", state, f"{free_mb} MB free", advice)


_GROUPS: tuple[Callable[[Settings], Iterator[Check]], ...] = (
    _python,
    _system,
    _dynamodb_local,
    _playground,
    _sandbox,
    _services,
    _machine,
)
