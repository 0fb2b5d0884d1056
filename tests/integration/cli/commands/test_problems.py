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
from graphql_api.cli.problem_packages.importer import UNFINISHED, Outcome, import_package
from graphql_api.cli.problem_packages.reader import content_hash, find_packages, read_package
from graphql_api.config import Settings, get_settings
from graphql_api.data.dynamo.pages import PageWindow
from graphql_api.data.enums import Comparer, ProblemState
from graphql_api.data.errors import Conflict, InvalidInput
from graphql_api.data.limits import MAX_PAGE_SIZE
from graphql_api.data.problems.inputs import NewProblem, ProblemChanges
from graphql_api.data.stores import Stores, open_stores
from tests.support.paths import ROOT
from tests.support.settings import CREDENTIALS, SECRET

pytestmark = [pytest.mark.dynamodb, pytest.mark.slow]
EXAMPLES = ROOT / "examples" / "problems"


@pytest.fixture
def environment(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    """The environment of a command that is to use the test's table."""
    found = {
        **CREDENTIALS,
        "AWS_ENDPOINT_URL_DYNAMODB": str(settings.aws_endpoint_url_dynamodb),
        "TABLE_NAME": settings.table_name,
        "SECRET_KEYS": SECRET,
        "PATH": os.environ["PATH"],
    }
    for name, value in found.items():
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()
    yield found
    get_settings.cache_clear()


@pytest.fixture
def some(tmp_path: Path) -> Path:
    """Three of the examples, without generators, to be changed."""
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
    found = json.loads(done.stdout)
    assert found["counts"] == {"created": 12}
    listed = json.loads(command(environment, "list", "--json").stdout)
    assert {(one["platform"], one["number"]) for one in listed} == {
        ("algoitny", str(number)) for number in range(1, 13)
    }
    by_number = {one["number"]: one for one in listed}
    assert by_number["4"]["title"] == "달빛 징검다리"
    assert by_number["3"]["comparer"] == Comparer.FLOAT
    assert by_number["2"]["tests"] == 11
    again = command(environment, "import", str(EXAMPLES), "--json")
    assert json.loads(again.stdout)["counts"] == {"unchanged": 12}


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGKILL])
def test_an_import_that_was_stopped_goes_on_where_it_stopped(
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
        _, said = process.communicate(timeout=60)
    if signal_number is signal.SIGINT:
        assert process.returncode == 130
        assert said == "Interrupted. Run the command again: finished packages are skipped.\n"

    again = json.loads(command(environment, "import", str(EXAMPLES), "--json").stdout)

    outcomes = {one["number"]: one["outcome"] for one in again["packages"]}
    assert outcomes["1"] == "unchanged"
    assert outcomes["12"] == "created"
    assert len(json.loads(command(environment, "list", "--json").stdout)) == 12


async def test_a_package_s_validator_arrives_with_it_and_goes_with_it(
    stores: Stores, tmp_path: Path
) -> None:
    path = tmp_path / "11"
    shutil.copytree(EXAMPLES / "011-lantern-row", path)
    await import_package(stores, read_package(path))
    found = await stores.tests.with_problem("algoitny", "11")
    assert found is not None
    assert found.problem.comparer is Comparer.CHECKER
    assert found.problem.stop_on_first_failure
    assert found.checker == read_package(path).checker

    (path / "data/testdata.yaml").unlink()
    text = (path / "problem.yaml").read_text()
    text = text.replace("validation: custom\nvalidator_flags: least_gap 2\n", "")
    (path / "problem.yaml").write_text(text)
    assert await import_package(stores, read_package(path)) is Outcome.UPDATED
    found = await stores.tests.with_problem("algoitny", "11")
    assert found is not None
    assert (found.problem.comparer, found.checker) == (Comparer.TOKENS_IGNORE_CASE, None)
    assert not found.problem.stop_on_first_failure


async def test_an_import_leaves_an_editor_s_limits_of_languages(stores: Stores) -> None:
    package = read_package(EXAMPLES / "001-a-plus-b")
    await import_package(stores, package)
    limits = ProblemChanges(language_limits={"python": 5.0})
    await stores.problems.update("algoitny", "1", limits)
    await import_package(stores, package, force=True)
    problem = await stores.problems.get("algoitny", "1", consistent=True)
    assert problem is not None
    assert problem.language_limits == "python:5"


async def test_a_package_arrives_as_it_is(stores: Stores) -> None:
    package = read_package(EXAMPLES / "002-lighthouse-log")

    assert await import_package(stores, package) is Outcome.CREATED

    found = await stores.tests.with_problem("algoitny", "2")
    assert found is not None
    problem, tests, _ = found
    assert problem.state is ProblemState.COMPLETED
    assert (problem.time_limit_ms, problem.memory_limit_kb) == (3000, 512 * 1024)
    assert problem.content_hash == content_hash(package)
    assert [test.is_sample for test in tests] == [True] * 2 + [False] * 9
    assert [len(test.input) for test in tests][-2:] == [10_344_085, 2_216_142]
    solution = await stores.problems.solution("algoitny", "2")
    assert solution is not None
    assert (solution.language, solution.code) == (
        "cpp",
        (EXAMPLES / "002-lighthouse-log/submissions/accepted/window.cpp").read_text(),
    )
    texts = await stores.problems.statement("algoitny", "2")
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
    assert problem.state is ProblemState.REVIEW  # an editor's decision stays
    texts = await stores.problems.statement("algoitny", "9")
    assert texts is not None
    assert texts.constraints is None


async def test_an_interrupted_import_is_done_again(stores: Stores, some: Path) -> None:
    package = read_package(some / "001-a-plus-b")
    replace = stores.tests.replace

    async def cut(*_: object) -> None:
        raise KeyboardInterrupt

    stores.tests.replace = cut  # type: ignore[assignment, method-assign]
    with pytest.raises(KeyboardInterrupt):
        await import_package(stores, package)
    stores.tests.replace = replace  # type: ignore[method-assign]
    begun = await stores.problems.get("algoitny", "1")
    assert begun is not None
    assert (begun.state, begun.content_hash) == (ProblemState.DRAFT, None)

    assert await import_package(stores, package) is Outcome.UPDATED

    done = await stores.problems.get("algoitny", "1")
    assert done is not None
    assert (done.state, done.test_count) == (ProblemState.COMPLETED, 8)
    assert done.content_hash == content_hash(package)


async def test_while_an_import_replaces_a_problem_its_hash_says_so(
    stores: Stores, some: Path
) -> None:
    package = read_package(some / "001-a-plus-b")
    await import_package(stores, package)
    seen: list[str | None] = []
    replace = stores.tests.replace

    async def spy(platform: str, number: str, tests: object):
        problem = await stores.problems.get(platform, number)
        seen.append(problem.content_hash if problem else None)
        return await replace(platform, number, tests)  # type: ignore[arg-type]

    stores.tests.replace = spy  # type: ignore[method-assign]

    assert await import_package(stores, package, force=True) is Outcome.UPDATED

    assert seen == [UNFINISHED]


async def test_a_deleted_problem_is_not_brought_back(stores: Stores, some: Path) -> None:
    package = read_package(some / "001-a-plus-b")
    await import_package(stores, package)
    await stores.problems.soft_delete("algoitny", "1", "a copy")

    with pytest.raises(Conflict, match="Restore it"):
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
    assert "04-largest.in: has no answer; add 04-largest.ans" in done.stderr
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
    failed = [one for one in json.loads(done.stdout)["packages"] if one["error"]]
    assert [one["number"] for one in failed] == ["9"]
    assert "has the same number as 0009-other" in failed[0]["error"]


@pytest.mark.usefixtures("environment")
def test_packages_are_imported_under_another_platform_and_language() -> None:
    folder = EXAMPLES / "006-shop-sign"

    assert run("import", str(folder), "--platform", "club", "--locale", "ko").exit_code == 0

    assert run("list", "--platform", "algoitny", "--json").stdout.strip() == "[]"
    (found,) = json.loads(run("list", "--platform", "club", "--json").stdout)
    assert (found["title"], found["comparer"]) == ("가게 간판", Comparer.EXACT)


@pytest.mark.usefixtures("environment")
def test_generators_are_not_run_when_the_operator_does_not_want_it() -> None:
    done = run("import", str(EXAMPLES / "008-island-ferries"), "--no-generators")

    assert done.exit_code == 1
    assert "chain.py: generates an input" in done.stderr


@pytest.mark.usefixtures("environment")
def test_problems_are_listed_by_state_and_no_more_than_wanted(some: Path) -> None:
    run("import", str(some))

    assert len(run("list", "--limit", "2").stdout.splitlines()) == 2
    assert run("list", "--state", "draft").stdout == ""
    assert run("list", "--state", "nonsense").exit_code == 2


async def test_a_list_of_several_pages_is_listed_whole(
    environment: dict[str, str], stores: Stores
) -> None:
    numbers = {str(number) for number in range(MAX_PAGE_SIZE + 5)}
    for number in numbers:
        await stores.problems.create(NewProblem(platform="club", number=number, title="Club"))

    done = await asyncio.to_thread(command, environment, "list", "--state", "draft", "--json")

    listed = [one["number"] for one in json.loads(done.stdout)]
    assert len(listed) == len(numbers)
    assert set(listed) == numbers


def test_an_engine_that_is_away_is_an_error_not_a_traceback(
    environment: dict[str, str], some: Path
) -> None:
    away = {**environment, "AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:1"}

    done = command(away, "import", str(some))

    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


def test_a_missing_table_is_said(environment: dict[str, str], some: Path) -> None:
    done = command({**environment, "TABLE_NAME": "no-such-table"}, "import", str(some))

    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "table" in done.stderr


def test_a_directory_without_packages_is_an_error(
    environment: dict[str, str], tmp_path: Path
) -> None:
    done = command(environment, "import", str(tmp_path))

    assert done.returncode == 1
    assert "holds no package" in done.stderr


async def test_find_packages_takes_the_examples_in_order(settings: Settings) -> None:
    async with open_stores(settings) as stores:
        for path in find_packages(EXAMPLES)[:2]:
            await import_package(stores, read_package(path))
        page = await stores.problems.list(window=PageWindow(), platform="algoitny")
    assert [problem.number for problem in page.records] == ["2", "1"]
