"""`algoitny problems` against DynamoDB Local."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from graphql_api.cli.commands.problems import app
from graphql_api.cli.problem_packages.generators import GeneratorSandbox
from graphql_api.cli.problem_packages.importer import UNFINISHED, Outcome, import_package
from graphql_api.cli.problem_packages.reader import content_hash, find_packages, read_package
from graphql_api.config import Settings, get_settings
from graphql_api.data.dynamo.pages import PageWindow
from graphql_api.data.enums import Comparer, ProblemState, TestVisibility
from graphql_api.data.errors import Conflict, InvalidInput
from graphql_api.data.limits import MAX_PAGE_SIZE
from graphql_api.data.problems.inputs import NewProblem, ProblemChanges
from graphql_api.data.stores import Stores, open_stores
from tests.support.paths import ROOT
from tests.support.settings import CREDENTIALS

pytestmark = [pytest.mark.dynamodb, pytest.mark.slow]
EXAMPLES = ROOT / "examples" / "problems"


@pytest.fixture
def environment(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    """The environment of a command that uses the test's table."""
    variables = {
        **CREDENTIALS,
        "AWS_ENDPOINT_URL_DYNAMODB": str(settings.aws_endpoint_url_dynamodb),
        "TABLE_NAME": settings.table_name,
        "PATH": os.environ["PATH"],
        "WORK_DIR": str(settings.work_dir),
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()
    yield variables
    get_settings.cache_clear()


@pytest.fixture
def some(tmp_path: Path) -> Path:
    """A copy of three examples without generators."""
    folder = tmp_path / "problems"
    for name in ("001-a-plus-b", "004-moonlit-stones", "009-loaf-order"):
        shutil.copytree(EXAMPLES / name, folder / name)
    return folder


def run(*arguments: str):
    return CliRunner().invoke(app, list(arguments))


def command(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    code = "from graphql_api.cli.commands.problems import app; app()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )


def test_all_examples_are_imported_whole(environment: dict[str, str]) -> None:
    done = command(environment, "import", str(EXAMPLES), "--json")

    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["counts"] == {"created": 12}
    listed = json.loads(command(environment, "list", "--json").stdout)
    assert {(entry["platform"], entry["number"]) for entry in listed} == {
        ("algoitny", str(number)) for number in range(1, 13)
    }
    by_number = {entry["number"]: entry for entry in listed}
    assert by_number["4"]["title"] == "달빛 징검다리"
    assert by_number["3"]["comparer"] == Comparer.FLOAT
    assert by_number["2"]["tests"] == 11
    again = command(environment, "import", str(EXAMPLES), "--json")
    assert json.loads(again.stdout)["counts"] == {"unchanged": 12}


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_import_continues_on_the_next_run(
    environment: dict[str, str], signal_number: signal.Signals
) -> None:
    code = "from graphql_api.cli.commands.problems import app; app()"
    with subprocess.Popen(
        [sys.executable, "-c", code, "import", str(EXAMPLES)],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("algoitny/1: created")
        process.send_signal(signal_number)
        _, errors = process.communicate(timeout=60)
    if signal_number is signal.SIGINT:
        assert process.returncode == 130
        assert errors == (
            "The import was interrupted. Run the command again: packages that were already "
            "imported are skipped.\n"
        )

    again = json.loads(command(environment, "import", str(EXAMPLES), "--json").stdout)

    outcomes = {entry["number"]: entry["outcome"] for entry in again["packages"]}
    assert outcomes["1"] == "unchanged"
    assert outcomes["12"] == "created"
    assert len(json.loads(command(environment, "list", "--json").stdout)) == 12


async def test_a_package_s_validator_is_added_and_removed_with_it(
    stores: Stores, tmp_path: Path
) -> None:
    path = tmp_path / "11"
    shutil.copytree(EXAMPLES / "011-lantern-row", path)
    await import_package(stores, read_package(path))
    stored = await stores.tests.with_problem("algoitny", "11")
    assert stored is not None
    assert stored.problem.comparer is Comparer.CHECKER
    assert stored.problem.stop_on_first_failure
    assert stored.checker == read_package(path).checker

    (path / "data/testdata.yaml").unlink()
    text = (path / "problem.yaml").read_text()
    text = text.replace("validation: custom\nvalidator_flags: least_gap 2\n", "")
    (path / "problem.yaml").write_text(text)
    assert await import_package(stores, read_package(path)) is Outcome.UPDATED
    stored = await stores.tests.with_problem("algoitny", "11")
    assert stored is not None
    assert (stored.problem.comparer, stored.checker) == (Comparer.TOKENS_IGNORE_CASE, None)
    assert not stored.problem.stop_on_first_failure


async def test_an_import_keeps_an_editor_s_language_limits(stores: Stores) -> None:
    package = read_package(EXAMPLES / "001-a-plus-b")
    await import_package(stores, package)
    limits = ProblemChanges(language_limits={"python": 5.0})
    await stores.problems.update("algoitny", "1", limits)
    await import_package(stores, package, force=True)
    problem = await stores.problems.get("algoitny", "1", consistent=True)
    assert problem is not None
    assert problem.language_limits == "python:5"


async def test_a_package_sets_the_visibility_of_tests_and_one_without_it_keeps_the_editors(
    stores: Stores, tmp_path: Path
) -> None:
    path = tmp_path / "1"
    shutil.copytree(EXAMPLES / "001-a-plus-b", path)
    settings = path / "algoitny.yaml"

    async def import_again() -> TestVisibility | None:
        await import_package(stores, read_package(path), force=True)
        problem = await stores.problems.get("algoitny", "1", consistent=True)
        assert problem is not None
        return problem.test_visibility

    assert await import_again() is None
    settings.write_text("test_visibility: all\n")
    assert await import_again() is TestVisibility.ALL
    settings.write_text("test_visibility: samples\n")
    assert await import_again() is None
    settings.unlink()
    changes = ProblemChanges(test_visibility=TestVisibility.FIRST_FAILED)
    await stores.problems.update("algoitny", "1", changes)
    assert await import_again() is TestVisibility.FIRST_FAILED


@pytest.mark.sandbox
async def test_a_package_is_stored_completely(stores: Stores, tmp_path: Path) -> None:
    package = read_package(EXAMPLES / "002-lighthouse-log")

    with GeneratorSandbox(tmp_path / "work") as generators:
        outcome = await import_package(stores, package, generators=generators)

    assert outcome is Outcome.CREATED

    stored = await stores.tests.with_problem("algoitny", "2")
    assert stored is not None
    problem, tests, _ = stored
    assert problem.state is ProblemState.COMPLETED
    assert (problem.time_limit_ms, problem.memory_limit_kb) == (3000, 512 * 1024)
    assert problem.content_hash == content_hash(package)
    assert [test.is_sample for test in tests] == [True] * 2 + [False] * 9
    assert [len(test.input) for test in tests][-2:] == [10_344_085, 2_216_142]
    solution = await stores.problems.solution(problem.id)
    assert solution is not None
    assert (solution.language, solution.code) == (
        "cpp",
        (EXAMPLES / "002-lighthouse-log/submissions/accepted/window.cpp").read_text(),
    )
    texts = await stores.problems.statement(problem.id)
    assert texts is not None
    assert "best watch" in str(texts.statement)
    assert "400" in str(texts.constraints)


async def test_a_changed_package_replaces_everything(stores: Stores, some: Path) -> None:
    folder = some / "009-loaf-order"
    await import_package(stores, read_package(folder))
    await stores.problems.set_state("algoitny", "9", ProblemState.REVIEW)
    yaml = (folder / "problem.yaml").read_text()
    (folder / "problem.yaml").write_text(
        yaml.replace("keywords: dynamic-programming knapsack\n", "")
    )
    shutil.rmtree(folder / "data/secret/large")
    statement = folder / "problem_statement/problem.en.tex"
    statement.write_text(statement.read_text().split("\\section*{Constraints}")[0])

    assert await import_package(stores, read_package(folder)) is Outcome.UPDATED

    problem = await stores.problems.get("algoitny", "9")
    assert problem is not None
    assert problem.tags == ()
    assert problem.test_count == 9
    assert problem.state is ProblemState.REVIEW  # the state set by an editor is kept
    texts = await stores.problems.statement(problem.id)
    assert texts is not None
    assert texts.constraints is None


async def test_an_interrupted_import_is_repeated(stores: Stores, some: Path) -> None:
    package = read_package(some / "001-a-plus-b")
    replace = stores.tests.replace

    async def cut(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    stores.tests.replace = cut  # type: ignore[assignment, method-assign]
    with pytest.raises(KeyboardInterrupt):
        await import_package(stores, package)
    stores.tests.replace = replace  # type: ignore[method-assign]
    unfinished = await stores.problems.get("algoitny", "1")
    assert unfinished is not None
    assert (unfinished.state, unfinished.content_hash) == (ProblemState.DRAFT, None)

    assert await import_package(stores, package) is Outcome.UPDATED

    done = await stores.problems.get("algoitny", "1")
    assert done is not None
    assert (done.state, done.test_count) == (ProblemState.COMPLETED, 8)
    assert done.content_hash == content_hash(package)


async def test_the_hash_is_unfinished_during_an_import(stores: Stores, some: Path) -> None:
    package = read_package(some / "001-a-plus-b")
    await import_package(stores, package)
    seen: list[str | None] = []
    replace = stores.tests.replace

    async def spy(platform: str, number: str, tests: object, **options: str | None):
        problem = await stores.problems.get(platform, number)
        seen.append(problem.content_hash if problem else None)
        return await replace(platform, number, tests, **options)  # type: ignore[arg-type]

    stores.tests.replace = spy  # type: ignore[method-assign]

    assert await import_package(stores, package, force=True) is Outcome.UPDATED

    assert seen == [UNFINISHED]


async def test_a_deleted_problem_is_not_restored(stores: Stores, some: Path) -> None:
    package = read_package(some / "001-a-plus-b")
    await import_package(stores, package)
    await stores.problems.soft_delete("algoitny", "1", "a copy")

    with pytest.raises(Conflict, match="Restore the problem"):
        await import_package(stores, package)


async def test_the_platform_obeys_the_rules_of_the_api(stores: Stores, some: Path) -> None:
    with pytest.raises(InvalidInput, match="platform"):
        await import_package(stores, read_package(some / "001-a-plus-b", platform="a#b"))

    assert not (await stores.problems.list(window=PageWindow())).records


@pytest.mark.usefixtures("environment")
def test_a_bad_package_is_named_and_the_others_are_imported(some: Path) -> None:
    (some / "001-a-plus-b/data/secret/04-largest.ans").unlink()

    done = run("import", str(some))

    assert done.exit_code == 1
    assert "04-largest.in: The test has no answer. Add the file 04-largest.ans" in done.stderr
    assert done.stdout.splitlines() == [
        "algoitny/1: failed",
        "algoitny/4: created, 달빛 징검다리, 12 tests",
        "algoitny/9: created, The Fewest Loaves, 14 tests",
        "3 packages: 1 failed, 2 created",
    ]
    assert run("list").stdout.count("algoitny/") == 2


@pytest.mark.usefixtures("environment")
def test_two_packages_of_one_number_are_not_mixed(some: Path) -> None:
    shutil.copytree(some / "004-moonlit-stones", some / "0009-other")

    done = run("import", str(some), "--json")

    assert done.exit_code == 1
    failed = [entry for entry in json.loads(done.stdout)["packages"] if entry["error"]]
    assert [entry["number"] for entry in failed] == ["9"]
    assert "has the same number as 0009-other" in failed[0]["error"]


@pytest.mark.usefixtures("environment")
def test_packages_are_imported_under_another_platform_and_language() -> None:
    folder = EXAMPLES / "006-shop-sign"

    assert run("import", str(folder), "--platform", "club", "--locale", "ko").exit_code == 0

    assert run("list", "--platform", "algoitny", "--json").stdout.strip() == "[]"
    (stored,) = json.loads(run("list", "--platform", "club", "--json").stdout)
    assert (stored["title"], stored["comparer"]) == ("가게 간판", Comparer.EXACT)


@pytest.mark.usefixtures("environment")
def test_no_generators_refuses_packages_with_generators() -> None:
    done = run("import", str(EXAMPLES / "008-island-ferries"), "--no-generators")

    assert done.exit_code == 1
    assert "chain.py: The script generates an input" in done.stderr


@pytest.mark.usefixtures("environment")
def test_the_list_has_a_state_and_a_limit(some: Path) -> None:
    run("import", str(some))

    assert len(run("list", "--limit", "2").stdout.splitlines()) == 2
    assert run("list", "--state", "draft").stdout == ""
    assert run("list", "--state", "nonsense").exit_code == 2


async def test_a_list_of_several_pages_is_complete(
    environment: dict[str, str], stores: Stores
) -> None:
    numbers = {str(number) for number in range(MAX_PAGE_SIZE + 5)}
    for number in numbers:
        await stores.problems.create(NewProblem(platform="club", number=number, title="Club"))

    done = await asyncio.to_thread(command, environment, "list", "--state", "draft", "--json")

    listed = [entry["number"] for entry in json.loads(done.stdout)]
    assert len(listed) == len(numbers)
    assert set(listed) == numbers


def test_an_unreachable_engine_is_an_error_without_a_traceback(
    environment: dict[str, str], some: Path
) -> None:
    away = {**environment, "AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:1"}

    done = command(away, "import", str(some))

    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


def test_a_missing_table_is_an_error(environment: dict[str, str], some: Path) -> None:
    done = command({**environment, "TABLE_NAME": "no-such-table"}, "import", str(some))

    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "table" in done.stderr


def test_a_directory_without_packages_is_an_error(
    environment: dict[str, str], tmp_path: Path
) -> None:
    done = command(environment, "import", str(tmp_path))

    assert done.returncode == 1
    assert "contains no package" in done.stderr


async def test_find_packages_takes_the_examples_in_order(settings: Settings) -> None:
    with GeneratorSandbox(settings.work_dir) as generators:
        async with open_stores(settings) as stores:
            for path in find_packages(EXAMPLES)[:2]:
                await import_package(stores, read_package(path), generators=generators)
            page = await stores.problems.list(window=PageWindow(), platform="algoitny")
    assert [problem.number for problem in page.records] == ["2", "1"]
