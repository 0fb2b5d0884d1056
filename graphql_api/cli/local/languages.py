"""The Debian packages of the judge's languages: those that setup brings, and those of one."""

from collections.abc import Iterable

from graphql_api.cli.local.apt import SystemPackage
from judge.languages import LANGUAGES, LanguageSpec
from judge.toolchains.installed import find_tools

# What can be brought in a minute or two; together about 130 MB to fetch where Java, Go and Node.js
# are there. The others' compilers take as much each.
BROUGHT = frozenset(
    {
        *("python", "pypy", "c", "cpp", "cpp14", "cpp17", "cpp23", "javascript", "typescript"),
        *("java", "csharp", "rust", "go", "nim", "pascal"),
        *("ruby", "php", "perl", "lua", "luajit", "bash", "awk"),
    }
)


def packages_of(spec: LanguageSpec) -> tuple[SystemPackage, ...]:
    """Return the packages of a language; they are there when its tools are where it looks."""

    def is_present() -> bool:
        return not find_tools(spec)[1]

    purpose = f"submissions in {spec.name}"
    return tuple(SystemPackage(name, purpose, is_present) for name in spec.packages.split())


def lacking_packages(ids: Iterable[str] = BROUGHT) -> tuple[SystemPackage, ...]:
    """Return the packages that those languages lack here, each once, in the table's order."""
    wanted = set(ids)
    lacking: dict[str, SystemPackage] = {}
    for spec in LANGUAGES:
        if spec.id in wanted:
            for package in packages_of(spec):
                if not package.is_present():
                    lacking.setdefault(package.name, package)
    return tuple(lacking.values())
