"""Which language a source file is written in, by the end of its name.

The ids are those of the judge's table; a test holds the two against each other, as importing the
judge would start more than a look at a file's name is worth.
"""

from pathlib import PurePath

_LANGUAGES = {
    ".awk": "awk",
    ".c": "c",
    ".c++": "cpp",
    ".cc": "cpp",
    ".cl": "commonlisp",
    ".cpp": "cpp",
    ".cs": "csharp",
    ".cxx": "cpp",
    ".d": "d",
    ".f90": "fortran",
    ".go": "go",
    ".hs": "haskell",
    ".java": "java",
    ".js": "javascript",
    ".kt": "kotlin",
    ".lisp": "commonlisp",
    ".lua": "lua",
    ".mjs": "javascript",
    ".ml": "ocaml",
    ".nim": "nim",
    ".pas": "pascal",
    ".php": "php",
    ".pl": "perl",
    ".py": "python",
    ".py3": "python",
    ".rb": "ruby",
    ".rs": "rust",
    ".sh": "bash",
    ".ts": "typescript",
}
# The codes of the Problem Package Format that are no ids of ours.
_CODES = {"lisp": "commonlisp", "python3": "python"}


def language_of(name: str) -> str | None:
    """Return the id of the language of a file of that name; None when it cannot be told."""
    return _LANGUAGES.get(PurePath(name).suffix.lower())


def language_of_code(code: str) -> str | None:
    """Return the id of the language that a package calls by that code; None if it is unknown."""
    found = _CODES.get(code, code)
    return found if found in _LANGUAGES.values() else None


def known_suffixes() -> list[str]:
    """Return the endings that `language_of` knows, sorted."""
    return sorted(_LANGUAGES)
