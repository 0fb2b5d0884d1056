"""The packages of the judge's languages."""

from dataclasses import replace

import pytest

from graphql_api.cli.local.languages import SETUP_LANGUAGES, find_missing_packages, packages_of
from judge.languages import LANGUAGES, find_language

SPECS = {spec.id: spec for spec in LANGUAGES}


def test_setup_installs_only_known_languages() -> None:
    assert set(SPECS) >= SETUP_LANGUAGES


@pytest.mark.parametrize(
    "name", ["python", "c", "c++", "java", "javascript", "go", "rust", "ruby", "php", "lua"]
)
def test_setup_installs_the_most_used_languages(name: str) -> None:
    spec = find_language(name)
    assert spec is not None
    assert spec.id in SETUP_LANGUAGES


def test_a_language_without_its_tool_names_its_packages() -> None:
    spec = replace(SPECS["csharp"], tools={"mcs": ("/usr/bin/no-such-tool",)}, packages="a b")
    packages = packages_of(spec)
    assert [package.name for package in packages] == ["a", "b"]
    assert not any(package.is_present() for package in packages)
    assert {package.purpose for package in packages} == {"submissions in C#"}


def test_no_package_is_missing_if_the_tools_exist() -> None:
    spec = replace(SPECS["bash"], tools={"sh": ("/bin/sh",)})
    assert all(package.is_present() for package in packages_of(spec))
    assert find_missing_packages(["bash"]) == ()


def test_a_missing_package_is_listed_once() -> None:
    names = [package.name for package in find_missing_packages(SPECS)]
    assert len(names) == len(set(names))
