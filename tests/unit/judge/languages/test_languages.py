import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from judge.languages import LANGUAGES, find_language
from judge.languages.spec import MIB_KB
from judge.toolchains import installed
from judge.toolchains.installed import fill, find_tools, read_state, run_limits


@pytest.mark.parametrize("spec", LANGUAGES, ids=lambda spec: spec.id)
def test_a_language_is_found_by_id_name_and_alias_in_any_case(spec):
    for word in (spec.id, spec.name, *spec.aliases):
        for written in (word, word.upper(), f" {word} "):
            assert find_language(written) is spec


def test_no_word_means_two_languages():
    words = [
        word.casefold()
        for spec in LANGUAGES
        for word in {spec.id, spec.name.casefold(), *spec.aliases}
    ]
    assert len(words) == len(set(words))


@pytest.mark.parametrize("word", ["", "cobol", "c ++", "pythonx"])
def test_other_words_are_no_language(word):
    assert find_language(word) is None


def test_ids_are_lower_case_words():
    assert all(re.fullmatch("[a-z]+[0-9]*", spec.id) for spec in LANGUAGES)


@pytest.mark.parametrize(
    ("word", "language"),
    [
        ("py", "python"),
        ("c++", "cpp"),
        ("cpp20", "cpp"),
        ("c++17", "cpp17"),
        ("cpp17", "cpp17"),
        ("js", "javascript"),
        ("ts", "typescript"),
        ("rb", "ruby"),
        ("rs", "rust"),
        ("kt", "kotlin"),
        ("C#", "csharp"),
        ("golang", "go"),
        ("hs", "haskell"),
    ],
)
def test_the_words_that_people_use_are_known(word, language):
    found = find_language(word)
    assert found is not None
    assert found.id == language


@pytest.mark.parametrize("spec", LANGUAGES, ids=lambda spec: spec.id)
def test_every_command_names_only_tools_that_are_looked_for(spec):
    tools = {name: Path("/tool") for name in spec.tools}
    made = spec.precompiled.command if spec.precompiled else ()
    for command in (spec.version, spec.compile, spec.run, made):
        assert not any(
            "{" in word and "}" in word and "\n" not in word
            for word in fill(command, tools, memory_kb=4096)
        )


def test_the_memory_limit_is_put_into_commands_in_megabytes():
    assert fill(("-Xmx{memory_mb}m", "{java}"), {"java": Path("/j")}, 262_144) == ("-Xmx256m", "/j")
    assert fill(("{memory_mb}",), {}, 5) == ("1",)
    assert fill(("{memory_mb}",), {}) == ("{memory_mb}",)


@pytest.mark.parametrize(
    ("language", "cpu_ms", "memory_kb", "space_kb"),
    [
        ("c", 2000, 262_144, 262_144 + 64 * MIB_KB),
        ("cpp", 2000, 262_144, 262_144 + 64 * MIB_KB),
        ("python", 6000, 262_144 + 16 * MIB_KB, 262_144 + 80 * MIB_KB),
        ("javascript", 4000, 262_144 + 128 * MIB_KB, None),
        ("java", 4500, 262_144 + 512 * MIB_KB, None),
    ],
)
def test_the_problem_s_limits_get_the_language_s_grace(language, cpu_ms, memory_kb, space_kb):
    spec = find_language(language)
    assert spec is not None
    limits = run_limits(spec, 2000, 262_144)
    assert (limits.cpu_ms, limits.memory_kb, limits.address_space_kb) == (
        cpu_ms,
        memory_kb,
        space_kb,
    )
    assert limits.wall_ms == 3 * cpu_ms + 1000


class TestFindingTools:
    spec = LANGUAGES[0]

    def find(self, *candidates) -> tuple[dict[str, Path], str]:
        return find_tools(replace(self.spec, tools={"python3": candidates}))

    def test_the_best_place_that_is_there_is_taken(self):
        assert self.find("/usr/bin/missing", "/bin/sh") == ({"python3": Path("/bin/sh")}, "")

    def test_a_missing_tool_names_the_packages(self):
        tools, why = self.find("/usr/bin/missing")
        assert tools == {}
        assert "apt-get install -y python3" in why

    def test_a_link_to_a_private_place_is_refused_with_the_place(self, tmp_path, monkeypatch):
        """Such as a version manager in a home directory that only its owner may enter."""
        private = tmp_path / "python3.99"
        private.touch()
        (tmp_path / "link").symlink_to(private)
        _, why = self.find(str(tmp_path / "link"))
        assert f"leads to {private}" in why
        assert "cannot access" in why
        monkeypatch.setattr(installed, "REACHABLE", (tmp_path,))
        assert self.find(str(tmp_path / "link"))[1] == ""

    def test_of_the_places_of_a_pattern_the_last_is_taken(self, tmp_path, monkeypatch):
        monkeypatch.setattr(installed, "REACHABLE", (tmp_path,))
        for version in ("1.9", "1.95", "1.94"):
            (tmp_path / version).touch()
        tools, _ = self.find(str(tmp_path / "none-*"), str(tmp_path / "1.9*"))
        assert tools == {"python3": tmp_path / "1.95"}


def test_a_replaced_tool_is_distinguished_from_the_old_one(tmp_path):
    tool = tmp_path / "tool"
    tool.write_text("one")
    before = read_state({"tool": tool})
    assert read_state({"tool": tool}) == before
    os.utime(tool, (1, 1))
    assert read_state({"tool": tool}) != before
