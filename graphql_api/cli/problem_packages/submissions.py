"""Reader of a package's submissions and their expected verdicts."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from graphql_api.cli.problem_packages.files import PackageError, read_mapping, read_text
from graphql_api.cli.problem_packages.model import Solution, Submission
from graphql_api.cli.problem_packages.values import Values
from graphql_api.data.enums import Verdict
from graphql_api.data.limits import CODE_BYTES
from judge.languages import find_language, find_language_of_file
from judge.languages.spec import LanguageSpec

FILE = "submissions.yaml"

_AC = frozenset({Verdict.AC})
_SLOW = frozenset({Verdict.TLE, Verdict.ILE})
_CRASH = frozenset({Verdict.RE, Verdict.MLE, Verdict.OLE})
_WRONG = frozenset({Verdict.WA})
_ANY = _AC | _WRONG | _SLOW | _CRASH | {Verdict.CE}

# For each folder: the verdicts that a test may have, and the verdicts that must occur. At least one
# test must have one of the verdicts that must occur. The format defines the first six folders.
_FOLDERS: dict[str, tuple[frozenset[Verdict], frozenset[Verdict]]] = {
    "accepted": (_AC, _AC),
    "rejected": (_ANY, _ANY - _AC),
    "wrong_answer": (_AC | _WRONG, _WRONG),
    "time_limit_exceeded": (_AC | _SLOW, _SLOW),
    "run_time_error": (_AC | {Verdict.RE}, frozenset({Verdict.RE})),
    "brute_force": (_AC | _SLOW | _CRASH, _SLOW | _CRASH),
    "memory_limit_exceeded": (_AC | {Verdict.MLE}, frozenset({Verdict.MLE})),
    "output_limit_exceeded": (_AC | {Verdict.OLE}, frozenset({Verdict.OLE})),
    "compile_error": (frozenset({Verdict.CE}), frozenset({Verdict.CE})),
    "compiler_error": (frozenset({Verdict.CE}), frozenset({Verdict.CE})),
}
_WORDS = {
    "AC": _AC,
    "WA": _WRONG,
    "TLE": _SLOW,
    "RTE": _CRASH,
    "MLE": frozenset({Verdict.MLE}),
    "OLE": frozenset({Verdict.OLE}),
    "CE": frozenset({Verdict.CE}),
}
_BRACES = re.compile(r"\{([^{}]*)\}")
_BEST_LANGUAGES = ("python", "cpp", "c", "java", "javascript")


@dataclass(frozen=True, slots=True, kw_only=True)
class Submissions:
    """The one-file submissions of a package. `notes` describes the skipped submissions."""

    programs: tuple[Submission, ...]
    notes: tuple[str, ...]


def read_submissions(root: Path) -> Submissions:
    """Return the submissions of a package and their expected verdicts.

    The verdicts are defined by the name of a submission's folder and by `submissions.yaml`.

    Raises:
        PackageError: `submissions.yaml` is malformed or contradictory.
    """
    folder = root / "submissions"
    rules = _read_rules(folder)
    programs: list[Submission] = []
    notes: list[str] = []
    for path in _list_programs(folder):
        name = path.relative_to(folder).as_posix()
        source = _find_source(path)
        own_rules = [values for pattern, values in rules if _matches(pattern, name)]
        expected = _find_expected_verdicts(folder, name, own_rules)
        if source is None or expected is None:
            reason = (
                "it consists of several source files"
                if source is None
                else "its expected verdict is unknown"
            )
            notes.append(f"Skipped the submission submissions/{name}, because {reason}.")
            continue
        language = _find_language(source, own_rules)
        is_model = any(values.get("model_solution") is True for values in own_rules)
        programs.append(
            Submission(
                name=name,
                path=source,
                language=language,
                expected_verdicts=expected,
                is_model=is_model,
            )
        )
    return Submissions(programs=tuple(programs), notes=tuple(notes))


def choose_solution(submissions: Sequence[Submission]) -> Solution | None:
    """Return the author's solution: one of the submissions that must be accepted.

    A submission with `model_solution: true` in `submissions.yaml` is preferred. The next criterion
    is the language, in the order of `_BEST_LANGUAGES`. Submissions in an unknown
    language are ignored. If no submission remains, return None.

    Raises:
        PackageError: The solution is not UTF-8, empty or too long.
    """
    accepted = [
        submission
        for submission in submissions
        if submission.expected_verdicts == _AC and submission.language
    ]
    if not accepted:
        return None
    best = min(accepted, key=_preference)
    code = read_text(best.path, CODE_BYTES)
    if not code.strip():
        raise PackageError(best.path, "The file is empty. Add the code of the submission.")
    return Solution(language=str(best.language), code=code)


def _preference(submission: Submission) -> tuple[bool, int, str]:
    language = submission.language or ""
    known = language in _BEST_LANGUAGES
    rank = _BEST_LANGUAGES.index(language) if known else len(_BEST_LANGUAGES)
    return not submission.is_model, rank, submission.name


def _list_programs(folder: Path) -> Iterator[Path]:
    """Yield the files and directories in each folder of `submissions/`."""
    for kind in sorted(folder.iterdir()) if folder.is_dir() else ():
        if kind.is_dir():
            yield from (path for path in sorted(kind.iterdir()) if not path.name.startswith("."))


def _find_source(path: Path) -> Path | None:
    if path.is_file():
        return path
    files = [file for file in path.rglob("*") if file.is_file()]
    return files[0] if len(files) == 1 else None


def _find_language(source: Path, rules: Sequence[Values]) -> str | None:
    for values in rules:
        code = values.text("language")
        if code is not None:
            return _id(find_language(code))
    return _id(find_language_of_file(source.name))


def _id(spec: LanguageSpec | None) -> str | None:
    return None if spec is None else spec.id


def _read_rules(folder: Path) -> list[tuple[str, Values]]:
    path = folder / FILE
    if not path.is_file():
        return []
    whole = Values(path, read_mapping(path))
    return [
        (pattern, whole.mapping(key)) for key in whole.names() for pattern in _expand_braces(key)
    ]


def _expand_braces(pattern: str) -> list[str]:
    """Return the patterns that result from expanding each `{a,b}` in a pattern."""
    match = _BRACES.search(pattern)
    if match is None:
        return [pattern]
    before, after = pattern[: match.start()], pattern[match.end() :]
    return [
        expanded
        for alternative in match[1].split(",")
        for expanded in _expand_braces(before + alternative + after)
    ]


def _matches(pattern: str, name: str) -> bool:
    """Return whether a pattern matches the path of a submission or one of its parent folders."""
    patterns = PurePosixPath(pattern).parts
    parts = PurePosixPath(name).parts[: len(patterns)]
    return len(patterns) == len(parts) and all(map(fnmatchcase, parts, patterns))


def _find_expected_verdicts(
    folder: Path, name: str, rules: Sequence[Values]
) -> frozenset[Verdict] | None:
    """Return the verdicts that are allowed for a submission.

    Return None if neither the folder of the submission nor a rule defines verdicts.

    Raises:
        PackageError: A verdict is unknown, or the rules allow no verdict.
    """
    kind = name.partition("/")[0]
    bounds = [_FOLDERS[kind]] if kind in _FOLDERS else []
    for values in rules:
        permitted = _read_verdicts(values, "permitted")
        required = _read_verdicts(values, "required")
        if permitted or required:
            bounds.append((permitted or _ANY, required or _ANY))
    if not bounds:
        return None
    permitted = frozenset.intersection(*(bound[0] for bound in bounds))
    if any(Verdict.AC not in required for _, required in bounds):
        permitted -= _AC
    if not permitted:
        raise PackageError(
            folder / FILE,
            f"No verdict satisfies all rules for the submission {name}, because the rules "
            "contradict each other. Correct the rules.",
        )
    return permitted


def _read_verdicts(values: Values, key: str) -> frozenset[Verdict]:
    verdicts: frozenset[Verdict] = frozenset()
    for word in values.string_list(key):
        if word not in _WORDS:
            raise values.error(
                key,
                f"contains {word!r}, which is not a verdict. Use these verdicts: "
                f"{', '.join(_WORDS)}.",
            )
        verdicts |= _WORDS[word]
    return verdicts
