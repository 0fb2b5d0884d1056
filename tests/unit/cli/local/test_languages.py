"""Which packages the judge's languages need."""

from dataclasses import replace

import pytest

from graphql_api.cli.local.languages import SETUP_LANGUAGES, find_missing_packages, packages_of
from judge.languages import LANGUAGES, find_language

SPECS = {spec.id: spec for spec in LANGUAGES}


def test_what_setup_brings_is_in_the_table() -> None:
    assert set(SPECS) >= SETUP_LANGUAGES


@pytest.mark.parametrize(
    "name", ["python", "c", "c++", "java", "javascript", "go", "rust", "ruby", "php", "lua"]
)
def test_the_languages_that_everybody_expects_are_brought(name: str) -> None:
    spec = find_language(name)
    assert spec is not None
    assert spec.id in SETUP_LANGUAGES


def test_a_language_whose_tool_is_not_there_names_its_packages() -> None:
    spec = replace(SPECS["csharp"], tools={"mcs": ("/usr/bin/no-such-tool",)}, packages="a b")
    packages = packages_of(spec)
    assert [package.name for package in packages] == ["a", "b"]
    assert not any(package.is_present() for package in packages)
    assert {package.purpose for package in packages} == {"submissions in C#"}


def test_nothing_is_lacked_where_the_tools_are() -> None:
    spec = replace(SPECS["bash"], tools={"sh": ("/bin/sh",)})
    assert all(package.is_present() for package in packages_of(spec))
    assert find_missing_packages(["bash"]) == ()


def test_packages_are_lacked_once_each() -> None:
    names = [package.name for package in find_missing_packages(SPECS)]
    assert len(names) == len(set(names))
