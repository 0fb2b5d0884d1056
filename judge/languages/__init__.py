"""The table of languages, `LANGUAGES`, with one module for each family.

To add a language, add its entry to the module of its family: `c_family` (C and C++), `compiled`
(other native code), `managed` (virtual machines) or `scripts`.

The table is plain data. `judge.toolchains.detection.detect_languages` finds out which languages a
host can run, by compiling and running a program of each.
"""

from pathlib import PurePath

from judge.languages import c_family, compiled, managed, scripts
from judge.languages.spec import GIB_KB, MIB_KB, Grace, LanguageSpec, Precompiled

__all__ = [
    "GIB_KB",
    "LANGUAGES",
    "MIB_KB",
    "Grace",
    "LanguageSpec",
    "Precompiled",
    "file_extensions",
    "find_language",
    "find_language_of_file",
]

LANGUAGES: tuple[LanguageSpec, ...] = (
    *scripts.PYTHONS,
    *c_family.LANGUAGES,
    *managed.LANGUAGES,
    *compiled.LANGUAGES,
    *scripts.LANGUAGES,
)

_BY_NAME = {
    word.casefold(): spec for spec in LANGUAGES for word in (spec.id, spec.name, *spec.aliases)
}
# Several languages can share an ending (`.py`, `.cpp`, `.lua`): the first in the table has it.
_BY_EXTENSION = {
    extension: spec
    for spec in reversed(LANGUAGES)
    for extension in (PurePath(spec.file_name).suffix, *spec.extensions)
}


def find_language(name_or_alias: str) -> LanguageSpec | None:
    """Return the language with this id, name or alias, ignoring case; None if there is none."""
    return _BY_NAME.get(name_or_alias.strip().casefold())


def find_language_of_file(name: str) -> LanguageSpec | None:
    """Return the language of a source file by the ending of its name, in any case.

    Returns None for an unknown ending, also for `.h`, which C and C++ share.
    """
    return _BY_EXTENSION.get(PurePath(name).suffix.lower())


def file_extensions() -> list[str]:
    """Return the endings that `find_language_of_file` knows, sorted."""
    return sorted(_BY_EXTENSION)
