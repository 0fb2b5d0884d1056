"""The rights of the files under `.data/`."""

import os
from pathlib import Path

import pytest

from graphql_api.cli.local.paths import restrict_data_dir
from graphql_api.private_folders import make_private_folder


@pytest.fixture(autouse=True)
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "graphql_api").mkdir()
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rights(path: Path) -> int:
    return path.lstat().st_mode & 0o777


def test_a_missing_data_folder_is_created_for_its_owner_only(checkout: Path):
    restrict_data_dir()
    assert rights(checkout / ".data") == 0o700


def test_wider_rights_are_removed_from_everything_but_the_files_of_sandboxes(checkout: Path):
    data = checkout / ".data"
    shared = data / "work" / "sandbox" / "shared" / "bin"
    for folder in (data / "redis" / "appendonlydir", data / "work" / "tests", shared):
        folder.mkdir(parents=True)
        (folder / "file").touch()
        (folder / "file").chmod(0o755)
    outside = checkout / "outside"
    outside.touch(mode=0o644)
    (data / "link").symlink_to(outside)

    restrict_data_dir()

    open_to_others = {path for path in (data, *data.rglob("*")) if rights(path) & 0o077}
    assert open_to_others == {data / "link", shared.parent, shared, shared / "file"}
    assert rights(data / "redis" / "appendonlydir" / "file") == 0o700
    assert rights(outside) == 0o644


def test_new_folders_are_private_whatever_the_umask(checkout: Path):
    before = os.umask(0)
    try:
        make_private_folder(checkout / ".data" / "a" / "b")
    finally:
        os.umask(before)
    assert [rights(checkout / ".data" / name) for name in ("", "a", "a/b")] == [0o700] * 3
