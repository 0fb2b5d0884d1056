"""The labelled programs: each file has the kind of its mistake in its name.

`tests/diagnosis/programs/PROBLEM/KIND-what_it_does.ext` is one program. It tries to solve
`PROBLEMS[PROBLEM]`, and KIND is the kind that its diagnosis must name.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from time import thread_time
from typing import NamedTuple

from graphql_api.data.enums import DiagnosisKind
from graphql_api.data.records import Diagnosis
from hints.diagnosis.diagnose import diagnose
from judge.judge import Judge
from judge.models import Judgement, JudgeRequest, TestCaseFiles
from tests.diagnosis.problems import PROBLEMS, Problem, write_tests
from tests.support.paths import ROOT

PROGRAMS = ROOT / "tests" / "diagnosis" / "programs"
LANGUAGES = {".c": "c", ".cpp": "cpp", ".java": "java", ".js": "javascript", ".py": "python"}
PASSED = "passed"


@dataclass(frozen=True, slots=True)
class LabelledProgram:
    """A failing program and the kind of its mistake."""

    path: Path

    @property
    def name(self) -> str:
        return f"{self.path.parent.name}/{self.path.name}"

    @property
    def problem(self) -> Problem:
        return PROBLEMS[self.path.parent.name]

    @property
    def language(self) -> str:
        return LANGUAGES[self.path.suffix]

    @property
    def expected(self) -> DiagnosisKind:
        return DiagnosisKind(self.path.name.partition("-")[0])

    def make_request(self, tests: Sequence[TestCaseFiles]) -> JudgeRequest:
        problem = self.problem
        return JudgeRequest(
            language=self.language,
            code=self.path.read_text(),
            tests=tests,
            time_limit_ms=problem.time_limit_ms,
            memory_limit_kb=problem.memory_limit_kb,
            comparer=problem.comparer,
            abs_tolerance=problem.tolerance,
            rel_tolerance=problem.tolerance,
            checker=problem.checker,
        )


class DiagnosedProgram(NamedTuple):
    """A program with its judgement and its diagnosis. `diagnosis_ms` is CPU time."""

    program: LabelledProgram
    request: JudgeRequest
    judgement: Judgement
    diagnosis: Diagnosis | None
    diagnosis_ms: float

    @property
    def kind(self) -> str:
        return str(self.diagnosis.kind) if self.diagnosis else PASSED

    @property
    def is_right(self) -> bool:
        return self.kind == self.program.expected


def list_programs() -> list[LabelledProgram]:
    return [
        LabelledProgram(path)
        for path in sorted(PROGRAMS.glob("*/*-*"))
        if path.suffix in LANGUAGES and path.parent.name in PROBLEMS
    ]


def write_all_tests(
    programs: Iterable[LabelledProgram], folder: Path
) -> dict[str, list[TestCaseFiles]]:
    """Write the tests of the programs' problems, each into its own folder. Return them by name."""
    tests = {}
    for name in sorted({program.path.parent.name for program in programs}):
        (folder / name).mkdir()
        tests[name] = write_tests(PROBLEMS[name], folder / name)
    return tests


def diagnose_program(
    judge: Judge, program: LabelledProgram, tests: Sequence[TestCaseFiles]
) -> DiagnosedProgram:
    """Judge a program, and make its diagnosis for an author who may see only the samples."""
    request = program.make_request(tests)
    judgement = judge.judge(request)
    began = thread_time()
    shown = {test.number for test in tests if test.is_sample}
    diagnosis = diagnose(request, judgement, shown)
    spent_ms = (thread_time() - began) * 1000
    return DiagnosedProgram(program, request, judgement, diagnosis, spent_ms)


def diagnose_all(
    judge: Judge,
    programs: Sequence[LabelledProgram],
    tests: Mapping[str, Sequence[TestCaseFiles]],
    slots: int,
) -> list[DiagnosedProgram]:
    """Return the diagnosis of each program that can run on this host, in the given order."""
    usable = [program for program in programs if program.language in judge.languages]
    with ThreadPoolExecutor(slots) as pool:
        return list(
            pool.map(
                lambda program: diagnose_program(judge, program, tests[program.path.parent.name]),
                usable,
            )
        )


def describe_confusion(diagnosed: Sequence[DiagnosedProgram]) -> str:
    """Return a table of the expected kinds, and below it the programs with another kind."""
    by_kind: dict[str, Counter[str]] = {}
    for one in diagnosed:
        by_kind.setdefault(one.program.expected, Counter())[one.kind] += 1
    right = sum(one.is_right for one in diagnosed)
    lines = [f"{'expected kind':28} programs  right  other kinds"]
    for kind, found in sorted(by_kind.items()):
        others = ", ".join(f"{other} {count}" for other, count in found.items() if other != kind)
        lines.append(f"{kind:28} {found.total():8} {found[kind]:6}  {others}".rstrip())
    lines.append(f"{right} of {len(diagnosed)} programs ({right / max(len(diagnosed), 1):.1%})")
    lines += [_describe_mistake(one) for one in diagnosed if not one.is_right]
    return "\n".join(lines)


def _describe_mistake(one: DiagnosedProgram) -> str:
    verdicts = " ".join(test.verdict for test in one.judgement.results)
    return f"{one.program.name}: {one.kind}, the tests have {verdicts}"
