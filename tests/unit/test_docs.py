"""What the documents name exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DATA = ROOT / "graphql_api/data"
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*.md")])


def stores_methods() -> set[tuple[str, str]]:
    """Return (class, method) of everything public that the data layer defines."""
    found: set[tuple[str, str]] = set()
    for path in DATA.glob("*.py"):
        owner = ""
        for line in path.read_text().splitlines():
            if match := re.match(r"class (\w+)", line):
                owner = match[1]
            elif match := re.match(r"    (?:async )?def ([a-z]\w*)", line):
                found.add((owner, match[1]))
    return found


def test_every_function_of_the_data_models_tables_exists() -> None:
    named = re.findall(
        r"`(\w+Store|Dynamo|Cursors)\.(\w+)", (ROOT / "docs/data-model.md").read_text()
    )
    assert len(named) > 60
    assert set(named) - stores_methods() == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_paths_that_a_document_names_exist(document: Path) -> None:
    folders = "graphql_api|tasks|tests|docs|benchmarks|examples|deploy|playground|requirements"
    named = re.findall(rf"`((?:{folders})/[\w./-]+)`", document.read_text())
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)\)", document.read_text())
    missing = [name for name in named if not (ROOT / name).exists()]
    missing += [link for link in links if not (document.parent / link).exists()]
    assert missing == []


def test_every_decision_has_a_number_of_its_own() -> None:
    numbers = [path.name[:4] for path in (ROOT / "docs/decisions").glob("0*.md")]
    assert len(numbers) == len(set(numbers))
