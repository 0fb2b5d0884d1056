"""Which language a source file is written in, by the end of its name."""

from pathlib import PurePath

from tasks.sandbox.languages import LANGUAGES

# Endings beside those of the file names that the judge itself uses (main.py, Main.java).
_MORE = {".cc": "cpp", ".cxx": "cpp", ".c++": "cpp", ".py3": "python", ".mjs": "javascript"}
_LANGUAGES = {PurePath(spec.file_name).suffix: spec.id for spec in LANGUAGES} | _MORE


def language_of(name: str) -> str | None:
    """Return the id of the language of a file of that name; None when it cannot be told."""
    return _LANGUAGES.get(PurePath(name).suffix.lower())


def known_suffixes() -> list[str]:
    """Return the endings that `language_of` knows, sorted."""
    return sorted(_LANGUAGES)
