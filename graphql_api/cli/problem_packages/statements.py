"""Reader of a problem's statement. The result is Markdown with formulas between `$`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from graphql_api.cli.problem_packages.files import PackageError, read_text
from graphql_api.cli.problem_packages.latex import problem_name, to_markdown
from graphql_api.cli.problem_packages.metadata import Format, Metadata

LONGEST_STATEMENT_BYTES = 192 * 1024
FOLDERS = {
    Format.LEGACY: ("problem_statement",),
    Format.V2023_07: ("statement", "problem_statement"),
}
_FILE = re.compile(r"problem(?:\.(?P<language>[a-z]{2,3}(?:-[A-Z]{2})?))?\.(?P<type>tex|md|pdf)")
_CONSTRAINTS = re.compile(
    r"^(#{1,6}) *(?:Constraints|Limits|제한|제약|제약 조건) *\n(.*?)(?=^#{1,6} |\Z)",
    re.MULTILINE | re.DOTALL | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """The texts of a problem in one natural language, and the titles in all natural languages.

    `constraints` is the text of the constraints section. `statement` does not contain this section.
    """

    title: str
    titles: Mapping[str, str]
    statement: str
    constraints: str | None


def read_texts(root: Path, metadata: Metadata, locale: str) -> Texts:
    """Read the statement in the natural language `locale` (`en`, `ko`).

    If the package has no statement in this language, the English statement is read. If the package
    has no English statement, the first language in alphabetical order is used.

    Raises:
        PackageError: The title is missing, or the package has no statement in Markdown or LaTeX.
    """
    folder, files = _find_statement_files(root, metadata.format)
    if metadata.format is Format.V2023_07 and set(files) != set(metadata.names):
        raise PackageError(
            root / "problem.yaml",
            f"The languages of the key `name` ({_join_names(metadata.names)}) differ from the "
            f"languages of the statements ({_join_names(files)}). Add the missing name or "
            "statement for each language.",
        )
    language = locale if locale in files else "en" if "en" in files else min(files)
    path = folder / files[language]
    text = _replace_constants(read_text(path, LONGEST_STATEMENT_BYTES), metadata.constants)
    name = problem_name(text) if path.suffix == ".tex" else None
    title = metadata.names.get(language) or next(iter(metadata.names.values()), None) or name
    if not title:
        raise PackageError(
            root / "problem.yaml", "The key `name` is missing. Add the name of the problem."
        )
    markdown = to_markdown(text) if path.suffix == ".tex" else text
    statement, constraints = _split_constraints(markdown)
    return Texts(
        title=title,
        titles=metadata.names or {language: title},
        statement=statement,
        constraints=constraints,
    )


def _find_statement_files(root: Path, version: Format) -> tuple[Path, dict[str, str]]:
    """Return the folder of the statements, and one file name for each natural language.

    If a language has a Markdown file and a LaTeX file, the Markdown file is returned.

    Raises:
        PackageError: The package has no statement in Markdown or LaTeX.
    """
    for name in FOLDERS[version]:
        folder = root / name
        files: dict[str, str] = {}
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            match = _FILE.fullmatch(path.name)
            # `.md` sorts before `.tex`, so Markdown, which needs no conversion, is preferred.
            if match and match["type"] != "pdf" and path.is_file():
                files.setdefault(match["language"] or "en", path.name)
        if files:
            return folder, files
    folder = root / FOLDERS[version][0]
    raise PackageError(
        folder,
        "The directory contains no statement in Markdown or LaTeX. Add the file problem.en.md.",
    )


def _join_names(names: Mapping[str, str]) -> str:
    return ", ".join(sorted(names)) or "no language"


def _replace_constants(text: str, constants: Mapping[str, str]) -> str:
    r"""Return `text` with the values of the package's constants.

    A constant is written as `{{name}}`, or in LaTeX also as `\constant{name}`.
    """
    for name, value in constants.items():
        text = text.replace("{{" + name + "}}", value).replace(f"\\constant{{{name}}}", value)
    return text


def _split_constraints(markdown: str) -> tuple[str, str | None]:
    match = _CONSTRAINTS.search(markdown)
    if match is None or not match[2].strip():
        return markdown.strip() + "\n", None
    statement = markdown[: match.start()].rstrip() + "\n\n" + markdown[match.end() :].lstrip()
    return statement.strip() + "\n", match[2].strip() + "\n"
