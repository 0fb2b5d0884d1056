"""The lock of DynamoDB Local's files, without running it."""

import hashlib
from pathlib import Path

import pytest

from graphql_api.cli.local.dynamodb_local import LOCK_FILE, LockedFile, find_mismatches, read_lock


def locked(name: str, content: bytes) -> LockedFile:
    return LockedFile(name, hashlib.sha256(content).hexdigest())


def test_the_committed_lock_names_82_files_and_no_url():
    files = read_lock()
    assert len(files) == len({file.name for file in files}) == 82
    assert all(len(file.sha256) == 64 for file in files)
    assert "://" not in LOCK_FILE.read_text()


def test_a_file_is_named_as_the_resolver_names_it(tmp_path: Path):
    lock = tmp_path / "lock"
    lock.write_text(f"# a comment\n\norg.example:thing:1.2:jar {'a' * 64}\n")
    assert read_lock(lock) == (LockedFile("thing-1.2.jar", "a" * 64),)


@pytest.mark.parametrize(
    ("content", "expected"), [(b"as locked", []), (b"as Locked", ["a.jar"]), (None, ["a.jar"])]
)
def test_one_changed_byte_or_a_missing_file_is_detected(
    tmp_path: Path, content: bytes | None, expected: list[str]
):
    if content is not None:
        (tmp_path / "a.jar").write_bytes(content)
    assert find_mismatches(tmp_path, (locked("a.jar", b"as locked"),)) == expected
