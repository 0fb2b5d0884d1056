"""The language table `LANGUAGES`, with one module for each family of languages.

To add a language, add an entry to the module of its family: `c_family` (C and C++), `compiled`
(other languages with native code), `managed` (virtual machines) or `scripts`.

The table is plain data. `judge.toolchains.detection.detect_languages` finds the languages that a
host can run, by compiling and running a program in each language.
"""

from pathlib import PurePath

from judge.languages import c_family, compiled, managed, scripts
from judge.languages.spec import LanguageSpec

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
# Several languages can have the same file extension (`.py`, `.cpp`, `.lua`). The extension then
# selects the first of these languages in the table.
_BY_EXTENSION = {
    extension: spec
    for spec in reversed(LANGUAGES)
    for extension in (PurePath(spec.file_name).suffix, *spec.extensions)
}


def find_language(name_or_alias: str) -> LanguageSpec | None:
    """Return the language with this id, name or alias, or None if no language has it.

    Case is ignored.
    """
    return _BY_NAME.get(name_or_alias.strip().casefold())


def find_language_of_file(name: str) -> LanguageSpec | None:
    """Return the language that uses the extension of a file name. Case is ignored.

    Return None if the extension is unknown. `.h` also counts as unknown, because both C and C++ use
    it.
    """
    return _BY_EXTENSION.get(PurePath(name).suffix.lower())


def file_extensions() -> list[str]:
    """Return all file extensions that `find_language_of_file` accepts, sorted."""
    return sorted(_BY_EXTENSION)
