"""The languages that the judge knows: one table, and how each is found on a host.

`LANGUAGES` is plain data and touches no host. What a host can really run is the outcome of
`judge.toolchains.detection.detect_languages`, which compiles and runs a program of each.
"""

from judge.languages import c_family, compiled, managed, scripts
from judge.languages.spec import GIB_KB, MIB_KB, Grace, LanguageSpec, Precompiled

__all__ = [
    "GIB_KB",
    "LANGUAGES",
    "MIB_KB",
    "Grace",
    "LanguageSpec",
    "Precompiled",
    "find_language",
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


def find_language(name_or_alias: str) -> LanguageSpec | None:
    """Return the language of that id, name or alias, in any case; None when there is none."""
    return _BY_NAME.get(name_or_alias.strip().casefold())
