"""Every function, path and language that the documents name exists."""

import re
import tomllib
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

from graphql_api.cli.local.languages import SETUP_LANGUAGES
from hints.diagnosis.texts_en import TEXTS
from judge.languages import LANGUAGES
from judge.languages.spec import LanguageSpec
from tests.support.paths import ROOT

DATA = ROOT / "graphql_api/data"
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*.md")])


def stores_methods() -> set[tuple[str, str]]:
    """Return (class, method) of every public method in the data layer, with inherited methods."""
    methods: set[tuple[str, str]] = set()
    bases: set[tuple[str, str]] = set()
    for path in DATA.rglob("*.py"):
        owner = ""
        for line in path.read_text().splitlines():
            if match := re.match(r"class (\w+)(?:\((\w+)\))?", line):
                owner = match[1]
                bases.add((owner, match[2]))
            elif match := re.match(r"    (?:async )?def ([a-z]\w*)", line):
                methods.add((owner, match[1]))
    return methods | {
        (owner, name) for owner, base in bases for other, name in methods if other == base
    }


def test_every_function_of_the_data_models_tables_exists() -> None:
    named = re.findall(
        r"`(\w+Store|Dynamo|Cursors)\.(\w+)", (ROOT / "docs/data-model.md").read_text()
    )
    assert len(named) > 60
    assert set(named) - stores_methods() == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_paths_that_a_document_names_exist(document: Path) -> None:
    folders = (
        "graphql_api|hints|judge|tasks|tests|docs|benchmarks|examples|deploy|playground"
        "|requirements"
    )
    named = re.findall(rf"`((?:{folders})/[\w./-]+)`", document.read_text())
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)\)", document.read_text())
    missing = [name for name in named if not (ROOT / name).exists()]
    missing += [link for link in links if not (document.parent / link).exists()]
    assert missing == []


def layout() -> dict[str, list[str]]:
    """Return the folders of the tree in ARCHITECTURE.md, each with the names listed in it."""
    tree = (ROOT / "ARCHITECTURE.md").read_text().split("\n## Layout\n")[1].split("```\n")[1]
    folders: dict[str, list[str]] = {"": []}
    path: list[str] = []
    for line in tree.splitlines():
        names = re.match(r"( *)((?:[\w.]+/?, )*[\w.]+/?)", line)
        assert names is not None, line
        del path[len(names[1]) // 2 :]
        listed = names[2].split(", ")
        folders["".join(path)] += listed
        if listed[0].endswith("/"):
            path.append(listed[0])
            folders["".join(path)] = []
    return folders


def test_every_name_in_the_layout_exists() -> None:
    named = [f"{folder}{name}" for folder, names in layout().items() for name in names]
    assert len(named) > 100
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_layout_lists_every_package() -> None:
    sources = (ROOT / "graphql_api", ROOT / "hints", ROOT / "judge", ROOT / "tasks")
    packages = [path.parent for source in sources for path in source.rglob("__init__.py")]
    listed = {folder.rstrip("/") for folder in layout()}
    assert {str(path.relative_to(ROOT)) for path in packages} - listed == set()


def layers_row(contract: dict[str, Any]) -> str:
    """Return the row of ARCHITECTURE.md that lists the layers of a contract."""
    where = contract["containers"][0].replace(".", "/") if "containers" in contract else ""
    layers = " > ".join(
        re.sub(r"(?:graphql_api\.)?(\w+)", r"`\1`", layer) for layer in contract["layers"]
    )
    escaped = layers.replace("|", r"\|")
    return f"| `{where}` | {escaped} |" if where else f"| whole project | {escaped} |"


def test_the_layers_are_those_of_the_contracts() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = settings["tool"]["importlinter"]["contracts"]
    rows = [layers_row(each) for each in contracts if each["type"] == "layers"]
    listed = (ROOT / "ARCHITECTURE.md").read_text().splitlines()
    # The row of the whole project contains the layers of `graphql_api`.
    api = next(row for row in rows if row.startswith("| `graphql_api` |"))
    assert [row for row in rows if row not in [*listed, api]] == []


def test_every_decision_has_a_number_of_its_own() -> None:
    numbers = [path.name[:4] for path in (ROOT / "docs/decisions").glob("0*.md")]
    assert len(numbers) == len(set(numbers))


def row_of(spec: LanguageSpec) -> str:
    """Return the beginning of a language's row in the table of docs/sandbox.md."""
    grace = spec.grace
    aliases = ", ".join(f"`{alias}`" for alias in spec.aliases)
    extra = f" + {grace.time_extra_ms / 1000:g} s" if grace.time_extra_ms else ""
    cpu = f"x {grace.time_multiplier:g}{extra}"
    return (
        f"| `{spec.id}` | {spec.name} | {aliases} | {cpu} | + {grace.memory_extra_kb // 1024} MiB |"
    )


def test_the_table_of_languages_is_the_judge_s() -> None:
    section = (ROOT / "docs/sandbox.md").read_text().split("\n## Languages\n")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    assert len(rows) == len(LANGUAGES)
    for row, spec in zip(rows, LANGUAGES, strict=True):
        assert row.startswith(row_of(spec))
        assert row.endswith(f"| `{spec.packages}` |")


def test_the_readme_counts_the_languages() -> None:
    readme = (ROOT / "README.md").read_text()
    assert f"supports {len(LANGUAGES)} [languages]" in readme
    assert f"installs {len(SETUP_LANGUAGES)} of the languages" in readme


def test_the_table_of_mistakes_has_every_kind_with_its_values() -> None:
    rows = []
    for kind, text in TEXTS.items():
        names = (name for _, name, _, _ in Formatter().parse(text.detail) if name)
        values = ", ".join(f"`{name}`" for name in names) or "none"
        rows.append(f"| `{kind}` | {text.explanation} | {values} |")
    assert rows
    listed = (ROOT / "docs/hints.md").read_text().splitlines()
    assert [line for line in listed if line.startswith("| `")] == rows
