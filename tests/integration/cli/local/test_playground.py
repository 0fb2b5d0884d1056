"""The playground's build, from a copy of its sources in a separate checkout."""

import shutil
from pathlib import Path

import pytest

from graphql_api.cli.local import playground
from graphql_api.cli.local.node import find_node
from tests.support.paths import ROOT


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with the playground's sources and the installed packages of the real one."""
    source = ROOT / "playground"
    if find_node() is None or not (source / "node_modules").is_dir():
        pytest.skip("no Node, or the playground was never built here: make setup")
    (tmp_path / "graphql_api").mkdir()
    (tmp_path / "pyproject.toml").touch()
    target = tmp_path / "playground"
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("node_modules"))
    shutil.copytree(source / "node_modules", target / "node_modules", copy_function=_link)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _link(source: str, target: str) -> None:
    Path(target).hardlink_to(source)


@pytest.mark.npm
@pytest.mark.slow
def test_the_page_is_built_once_and_again_only_when_its_sources_change(checkout: Path):
    assert playground.prepare_playground()
    assert not playground.prepare_playground()
    source = checkout / "playground" / "src" / "page.css"
    source.write_text(source.read_text() + "\n/* changed */\n")
    assert not playground.is_built()
    assert playground.prepare_playground()


@pytest.mark.npm
@pytest.mark.slow
def test_the_built_page_loads_nothing_from_other_hosts(checkout: Path):
    playground.prepare_playground()
    page = (checkout / ".data" / "playground" / "index.html").read_text()
    assert "default-src 'self'" in page
    assert 'src="http' not in page
    assert 'href="http' not in page
    for name in ("editor.worker", "json.worker", "graphql.worker", "main"):
        assert list((checkout / ".data" / "playground").glob(f"{name}-*.js.gz"))


@pytest.mark.npm
def test_the_npm_lock_contains_no_url():
    assert '"resolved"' not in (ROOT / "playground" / "package-lock.json").read_text()
