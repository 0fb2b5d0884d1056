"""The Debian packages that contain the compilers and interpreters of the judge's languages."""

from collections.abc import Iterable

from graphql_api.cli.local.apt import SystemPackage
from judge.languages import LANGUAGES
from judge.languages.spec import LanguageSpec
from judge.toolchains.installed import find_tools

# `setup --languages` installs these languages in a minute or two. The download is about 130 MB if
# Java, Go and Node.js are already installed. Each of the other languages would add a compiler of
# about the same size.
SETUP_LANGUAGES = frozenset(
    {
        *("python", "pypy", "c", "cpp", "cpp14", "cpp17", "cpp23", "javascript", "typescript"),
        *("java", "csharp", "rust", "go", "nim", "pascal"),
        *("ruby", "php", "perl", "lua", "luajit", "bash", "awk"),
    }
)


def packages_of(spec: LanguageSpec) -> tuple[SystemPackage, ...]:
    """Return the Debian packages that contain a language's compiler or interpreter.

    The packages count as installed if the judge finds the language's tools.
    """

    def is_present() -> bool:
        return not find_tools(spec)[1]

    purpose = f"submissions in {spec.name}"
    return tuple(SystemPackage(name, purpose, is_present) for name in spec.packages.split())


def find_missing_packages(ids: Iterable[str] = SETUP_LANGUAGES) -> tuple[SystemPackage, ...]:
    """Return the missing packages of the languages with these ids, without duplicates.

    The packages are in the order of the table `LANGUAGES`.
    """
    selected = set(ids)
    missing: dict[str, SystemPackage] = {}
    for spec in LANGUAGES:
        if spec.id in selected:
            for package in packages_of(spec):
                if not package.is_present():
                    missing.setdefault(package.name, package)
    return tuple(missing.values())
