"""Detection of missing system packages and the install command; nothing is installed here."""

import os
import shutil
from pathlib import Path

import pytest

from graphql_api.cli.local import apt
from graphql_api.cli.local.apt import SystemPackage
from graphql_api.cli.local.process import EngineUnavailable

THERE = SystemPackage("there", "something", lambda: True)
GONE = SystemPackage("gone", "one thing", lambda: False)
LOST = SystemPackage("lost", "another", lambda: False)


def test_nothing_is_done_if_all_packages_are_installed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert apt.ensure_installed((THERE,)) == ()


def test_without_apt_the_packages_are_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(EngineUnavailable, match="gone, lost"):
        apt.ensure_installed((THERE, GONE, LOST))


def test_one_command_names_every_missing_package():
    command = apt.install_command((GONE, LOST))
    assert command.startswith("sudo ")
    assert command.count("apt-get install") == 1
    assert command.endswith("gone lost'")


@pytest.mark.skipif(shutil.which("apt-get") is None, reason="this machine has no apt-get")
def test_a_user_who_is_not_root_gets_the_command(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(EngineUnavailable) as caught:
        apt.ensure_installed((GONE, LOST))
    assert apt.install_command((GONE, LOST)) in str(caught.value)


def test_a_program_hidden_from_the_path_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("PATH", str(tmp_path))
    names = [package.name for package in apt.find_missing(apt.RUN_PACKAGES)]
    assert names == ["bubblewrap", "gcc", "g++", "libc6-dev", "redis-server"]
