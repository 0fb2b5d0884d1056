"""Error messages on a host that lacks a part of the sandbox."""

import os
from pathlib import Path

import pytest

from judge.sandbox.errors import SandboxUnavailable
from judge.sandbox.native.build import build_program
from judge.sandbox.sandbox import ensure_private_directory
from judge.sandbox.spawner import FIRST_BUFFER_UID, NOBODY, buffer_identity, find_bwrap

COMMAND = r"apt-get install -y bubblewrap gcc libc6-dev g\+\+"


def fake_compiler(directory: Path, script: str) -> str:
    compiler = directory / "cc"
    compiler.write_text(f"#!/bin/sh\n{script}\n")
    compiler.chmod(0o755)
    return str(directory)


def test_without_a_compiler_the_command_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxUnavailable, match=COMMAND):
        build_program(tmp_path / "bin")


def test_without_a_static_library_the_command_and_the_compiler_s_words_are_given(
    tmp_path, monkeypatch
):
    said = "echo /usr/bin/ld: cannot find -lc >&2; exit 1"
    monkeypatch.setenv("PATH", fake_compiler(tmp_path, said))
    with pytest.raises(SandboxUnavailable, match=rf"(?s){COMMAND}.*cannot find -lc"):
        build_program(tmp_path / "bin")
    assert list((tmp_path / "bin").iterdir()) == []


def test_a_program_is_built_once_for_its_source(tmp_path, monkeypatch):
    compiler = 'while [ "$1" != -o ]; do shift; done; echo built > "$2"; echo x >> "$0.count"'
    path = fake_compiler(tmp_path, compiler)
    monkeypatch.setenv("PATH", f"{path}:/usr/bin:/bin")
    first, second = build_program(tmp_path / "bin"), build_program(tmp_path / "bin")
    assert first == second
    assert (tmp_path / "cc.count").read_text() == "x\n"
    assert first.stat().st_mode & 0o777 == 0o555


def test_without_bubblewrap_the_command_is_named(tmp_path):
    with pytest.raises(SandboxUnavailable, match=COMMAND):
        find_bwrap((str(tmp_path / "bwrap"),))


def test_a_directory_that_others_may_write_to_is_refused(tmp_path):
    ensure_private_directory(tmp_path / "good")
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    with pytest.raises(SandboxUnavailable, match="WORK_DIR"):
        ensure_private_directory(tmp_path / "open")
    (tmp_path / "file").touch()
    with pytest.raises(SandboxUnavailable, match="WORK_DIR"):
        ensure_private_directory(tmp_path / "file")


@pytest.mark.skipif(os.geteuid() != 0, reason="another user's worker runs as itself")
class TestIdentity:
    def test_each_slot_of_a_root_worker_has_a_user_of_its_own(self):
        uids = [buffer_identity(slot).uid for slot in range(4)]
        assert uids == [FIRST_BUFFER_UID + slot for slot in range(4)]

    def test_without_such_users_it_is_the_user_nobody(self, tmp_path):
        uid_map = tmp_path / "uid_map"
        uid_map.write_text("         0     100000      65536\n")
        assert buffer_identity(0, uid_map).uid == NOBODY
